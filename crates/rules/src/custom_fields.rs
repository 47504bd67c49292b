//! Definitions of custom fields: which records list them, and what a definition has to say. Values are
//! kept and checked where records are saved.

use super::related;
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::record::CustomField;
use bitting_psa::backend::Defined;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use serde_json::json;
use std::collections::HashMap;

/// The entity that keeps definitions.
pub const PATH: &str = "system/userDefinedFields";
/// Sequence numbers that the vendor takes.
const SEQUENCE: std::ops::RangeInclusive<i64> = 1..=500;

/// A pod, as the vendor calls the part of a screen that shows a record's custom fields. No source lists
/// their ids: these are ours, and stay as they are.
#[derive(Debug)]
pub struct Pod {
    pub id: i64,
    pub name: &'static str,
    /// Entity whose records list the pod's fields, wherever they are shown.
    pub path: &'static str,
}

const fn pod(id: i64, name: &'static str, path: &'static str) -> Pod {
    Pod { id, name, path }
}

/// Every pod.
pub static PODS: &[Pod] = &[
    pod(1, "Company", "company/companies"),
    pod(2, "Contact", "company/contacts"),
    pod(3, "Site", "company/companies/sites"),
    pod(4, "Configuration", "company/configurations"),
    pod(5, "Service Ticket", "service/tickets"),
    pod(6, "Project Ticket", "project/tickets"),
    pod(7, "Project", "project/projects"),
    pod(8, "Project Phase", "project/projects/phases"),
    pod(9, "Opportunity", "sales/opportunities"),
    pod(10, "Activity", "sales/activities"),
    pod(11, "Sales Order", "sales/orders"),
    pod(12, "Agreement", "finance/agreements"),
    pod(13, "Agreement Addition", "finance/agreements/additions"),
    pod(14, "Agreement Adjustment", "finance/agreements/adjustments"),
    pod(15, "Agreement Site", "finance/agreements/sites"),
    pod(16, "Invoice", "finance/invoices"),
    pod(17, "Company Finance", "finance/companyFinance"),
    pod(18, "Member", "system/members"),
    pod(19, "Member Template", "system/membertemplates"),
    pod(20, "Time Entry", "time/entries"),
    pod(21, "Expense Entry", "expense/entries"),
    pod(22, "Product", "procurement/products"),
    pod(23, "Product Catalog", "procurement/catalog"),
    pod(24, "Purchase Order", "procurement/purchaseorders"),
    pod(
        25,
        "Purchase Order Item",
        "procurement/purchaseorders/lineitems",
    ),
    pod(26, "RMA", "procurement/rmaTags"),
];

/// Checks a definition and gives its options their ids.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let resource = draft.resource.clone();
    let mut errors = Vec::new();
    let pod = draft.integer("podId");
    if let Some(id) = pod
        && PODS.iter().all(|pod| pod.id != id)
    {
        let known: Vec<String> = PODS
            .iter()
            .map(|pod| format!("{} {}", pod.id, pod.name))
            .collect();
        let message = format!("There is no pod {id}; pods are {}.", known.join(", "));
        errors.push(FieldError::invalid(&resource, "podId", message));
    }
    if let Some(number) = draft.integer("sequenceNumber")
        && !SEQUENCE.contains(&number)
    {
        let message = "sequenceNumber must lie between 1 and 500.";
        errors.push(FieldError::invalid(&resource, "sequenceNumber", message));
    }
    if let (Some(pod), Some(caption)) = (pod, draft.text("caption")) {
        let others = related::under(context.instance, PATH, "pod_id", pod).await?;
        let taken = others.iter().any(|row| {
            let other = row.text("caption").unwrap_or_default();
            row.id != draft.row.id && other.eq_ignore_ascii_case(caption)
        });
        if taken {
            let message = format!("The pod has a field {caption} already.");
            errors.push(FieldError::exists(&resource, "caption", message));
        }
    }
    if draft.is_new() {
        draft.default(
            "dateCreated",
            related::text(bitting_psa::moment::time(context.now)),
        );
    }
    draft.default("entryTypeIdentifier", related::text("EntryField"));
    number_options(draft);
    draft.errors.extend(errors);
    Ok(())
}

/// Options that are new get the next ids of their field.
fn number_options(draft: &mut Draft<'_>) {
    let Some(text) = draft.text("options") else {
        return;
    };
    let Ok(mut options) = serde_json::from_str::<Vec<serde_json::Value>>(text) else {
        return;
    };
    let used = options
        .iter()
        .filter_map(|option| option["id"].as_i64())
        .max()
        .unwrap_or(0);
    let new = options
        .iter_mut()
        .filter(|option| option["id"].as_i64().is_none());
    for (option, id) in new.zip(used + 1..) {
        if let Some(members) = option.as_object_mut() {
            members.shift_insert(0, "id".to_owned(), json!(id));
        }
    }
    draft.set("options", related::text(json!(options).to_string()));
}

/// Reads every definition and makes records list them from now on.
pub async fn load(instance: &Instance) -> Result<(), Problem> {
    let mut rows = related::all(instance, PATH).await?;
    rows.sort_by_key(|row| (row.integer("sequence_number"), row.id));
    let mut by_pod: HashMap<i64, Vec<Defined>> = HashMap::new();
    for row in &rows {
        by_pod
            .entry(row.integer("pod_id").unwrap_or_default())
            .or_default()
            .push(defined(row));
    }
    let catalog = instance.catalog();
    for entity in catalog
        .entities
        .iter()
        .filter(|entity| entity.custom_fields)
    {
        let fields = pod_of(catalog, entity).and_then(|pod| by_pod.get(&pod.id));
        let fields = fields.cloned().unwrap_or_default();
        instance.backend.set_custom_fields(entity.id, fields);
    }
    Ok(())
}

/// The pod of an entity's records: its own, else that of the records it shows.
fn pod_of(catalog: &Catalog, entity: &Entity) -> Option<&'static Pod> {
    let home = catalog.home(entity.id);
    [entity, home]
        .into_iter()
        .find_map(|entity| PODS.iter().find(|pod| pod.path == &*entity.path))
}

fn defined(row: &Row) -> Defined {
    let caption = row.text("caption").unwrap_or_default().to_owned();
    let kind = row
        .text("field_type_identifier")
        .unwrap_or("Text")
        .to_owned();
    let head = json!({
        "caption": caption,
        "type": kind,
        "entryMethod": row.text("entry_type_identifier").unwrap_or("EntryField"),
        "numberOfDecimals": row.integer("number_decimals").unwrap_or(0),
    });
    let head = head.to_string();
    let options: Vec<serde_json::Value> = row
        .text("options")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let chosen = matches!(row.text("entry_type_identifier"), Some("List" | "Option"));
    Defined {
        shown: CustomField {
            id: row.id,
            head: head.as_bytes()[1..head.len() - 1].into(),
        },
        caption,
        kind,
        options: options
            .iter()
            .filter(|option| chosen && option["inactiveFlag"] != json!(true))
            .filter_map(|option| option["optionValue"].as_str().map(str::to_owned))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::PODS;
    use bitting_catalog::Catalog;
    use std::collections::BTreeSet;

    #[test]
    fn every_entity_with_custom_fields_has_one_pod() {
        let (_, catalog) = Catalog::embedded().expect("the shipped data reads");
        for entity in catalog
            .entities
            .iter()
            .filter(|entity| entity.custom_fields)
        {
            assert!(
                super::pod_of(&catalog, entity).is_some(),
                "no pod for {}",
                entity.path
            );
        }
        for pod in PODS {
            let entity = catalog
                .entity_at(pod.path)
                .unwrap_or_else(|| panic!("{}", pod.path));
            assert!(entity.custom_fields, "{} lists no custom fields", pod.path);
        }
        let ids: BTreeSet<i64> = PODS.iter().map(|pod| pod.id).collect();
        assert_eq!(ids.len(), PODS.len());
    }
}
