//! A record made after another (`/copy`): the record with everything it owns, in one write. What is copied,
//! under which name and what stays behind is said in one table; the owned records are those whose paths
//! hang under the record's in the catalog. Links among the copied records lead to the copies.

use super::related::{self, text};
use crate::acting;
use bitting_catalog::entity::{Entity, EntityId, Field, Kind as FieldKind, Scalar};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_dialects::connectwise::names;
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::draft::Draft;
use bitting_psa::moment;
use bitting_psa::permit::Permit;
use bitting_psa::pointers::pointers;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::saving::turn;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value};
use std::collections::HashMap;

/// What a copy is like, by the rule that a path names.
struct Plan {
    rule: &'static str,
    /// The field that tells a copy from its model. Without one both may be called the same.
    name: Option<&'static str>,
    /// Fields that tell the story of the model (its state, its dates): empty in the copy, or as new ones
    /// start.
    fresh: &'static [Fresh],
    /// Records that hang on the model and are not its own: answers of customers.
    leave: &'static [&'static str],
}

/// A field of one entity that starts anew.
struct Fresh {
    of: &'static str,
    field: &'static str,
}

const fn plan(rule: &'static str, name: &'static str) -> Plan {
    Plan {
        rule,
        name: Some(name),
        fresh: &[],
        leave: &[],
    }
}

const fn fresh(of: &'static str, field: &'static str) -> Fresh {
    Fresh { of, field }
}

const ORDERS: &str = "procurement/purchaseorders";
const LINES: &str = "procurement/purchaseorders/lineitems";

static PLANS: &[Plan] = &[
    plan("copy_agreement_type", "name"),
    Plan {
        rule: "copy_agreement",
        name: Some("name"),
        fresh: &[
            fresh("finance/agreements", "cancelledFlag"),
            fresh("finance/agreements", "dateCancelled"),
            fresh("finance/agreements", "reasonCancelled"),
            fresh("finance/agreements", "nextInvoiceDate"),
        ],
        leave: &["finance/agreements/adjustments"],
    },
    plan("copy_board", "name"),
    plan("copy_calendar", "name"),
    Plan {
        // A copy of a product is another product, of which nothing lies in stock.
        leave: &["procurement/catalog/inventory"],
        ..plan("copy_catalog_item", "identifier")
    },
    plan("copy_company_service_template", "name"),
    plan("copy_holiday_list", "name"),
    plan("copy_portal_configuration", "name"),
    Plan {
        rule: "copy_purchase_order",
        name: Some("poNumber"),
        fresh: &[
            fresh(ORDERS, "cancelReason"),
            fresh(ORDERS, "closedFlag"),
            fresh(ORDERS, "closedBy"),
            fresh(ORDERS, "dateClosed"),
            fresh(ORDERS, "enteredBy"),
            fresh(ORDERS, "poDate"),
            fresh(ORDERS, "shipmentDate"),
            fresh(ORDERS, "status"),
            fresh(ORDERS, "trackingNumber"),
            fresh(ORDERS, "vendorInvoiceDate"),
            fresh(ORDERS, "vendorInvoiceNumber"),
            fresh(ORDERS, "vendorOrderNumber"),
            fresh(LINES, "batchedFlag"),
            fresh(LINES, "canceledBy"),
            fresh(LINES, "canceledFlag"),
            fresh(LINES, "canceledReason"),
            fresh(LINES, "closedFlag"),
            fresh(LINES, "dateCanceled"),
            fresh(LINES, "dateCanceledUtc"),
            fresh(LINES, "dateReceived"),
            fresh(LINES, "expectedArrivalDate"),
            fresh(LINES, "packingSlip"),
            fresh(LINES, "purchaseOrderNumber"),
            fresh(LINES, "receivedQuantity"),
            fresh(LINES, "receivedStatus"),
            fresh(LINES, "serialNumbers"),
            fresh(LINES, "shipDate"),
            fresh(LINES, "trackingNumber"),
            fresh(LINES, "unbatchedRecId"),
            fresh(LINES, "vendorOrderNumber"),
        ],
        leave: &["procurement/purchaseorders/notes"],
    },
    Plan {
        rule: "copy_survey",
        name: Some("name"),
        fresh: &[],
        leave: &["service/surveys/results", "company/surveys/results"],
    },
    Plan {
        rule: "copy_survey_question",
        name: None,
        fresh: &[],
        leave: &[],
    },
    plan("copy_tax_code", "identifier"),
    Plan {
        rule: "copy_workflow",
        name: Some("name"),
        fresh: &[
            fresh("system/workflows", "batchLastRan"),
            fresh("system/workflows/events", "dateTestedUTC"),
            fresh("system/workflows/events", "testRecordsMatched"),
        ],
        leave: &[],
    },
    Plan {
        rule: "copy_workflow_event",
        name: Some("name"),
        fresh: &[
            fresh("system/workflows/events", "dateTestedUTC"),
            fresh("system/workflows/events", "testRecordsMatched"),
        ],
        leave: &[],
    },
];

/// Lists of plain numbers that are ids, which the catalog does not say: (entity, field, whose ids).
const LISTS: [(&str, &str, &str); 2] = [
    (
        "service/boards/subtypes",
        "typeAssociationIds",
        "service/boards/types",
    ),
    (
        "service/boards/items/associations",
        "subTypeAssociationIds",
        "service/boards/subtypes",
    ),
];

/// Names that a record has in other systems: two records with one of them would be taken for one.
const ELSEWHERE: [&str; 4] = [
    "connectWiseId",
    "connectWiseID",
    "integrationXRef",
    "integrationXref",
];

/// One record of the copy, before its links are set.
struct Made<'a> {
    entity: &'a Entity,
    row: Row,
}

/// Answers a `/copy`; `None` when the rule copies nothing.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let Some(plan) = PLANS.iter().find(|plan| plan.rule == rule) else {
        return Ok(None);
    };
    copy(context, permit, plan, id, body).await.map(Some)
}

/// The ids that a body may name: the model's, where the path has none, and the copy's name.
async fn copy(
    context: Context<'_>,
    permit: &Permit<'_>,
    plan: &Plan,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let entity = permit.entity();
    let resource = names::resource(&entity.schema);
    let members = acting::members(body, &entity.schema)?;
    let from = match id {
        Some(id) => id,
        None => related::member(&members, "id")
            .and_then(related::number)
            .ok_or_else(|| Problem::field(&resource, FieldError::missing(&resource, "id")))?,
    };
    let _turn = turn::turn(context.instance, entity).await;
    let model = acting::model(context, entity, from).await?;
    let mut made = tree(context, entity, &model, plan).await?;
    let root = &mut made[0];
    root.row = named(
        context,
        plan,
        entity,
        &members,
        std::mem::take(&mut root.row),
    )
    .await?;
    let new = root.row.id;
    let mut changes = Vec::new();
    for (index, Made { entity, row }) in made.into_iter().enumerate() {
        let mut draft = Draft::new(entity, row);
        if index == 0 {
            begin(context, &mut draft, &model).await?;
            changes.extend(saving::laid_down(context, permit, &mut draft, None).await?);
            continue;
        }
        let permit = acting::authorized(context, entity, Verb::Add)?;
        // What a record owns hangs where the record hangs, and the copy hangs where its model does.
        let node = draft.row.integer(SCOPE);
        changes.extend(saving::laid_down(context, &permit, &mut draft, node).await?);
    }
    saving::finish(context, entity, changes).await?;
    acting::shown(context, &permit.reading(), new).await
}

/// The record and everything it owns, outermost first, each with an id of its own and links that lead to
/// the copies.
async fn tree<'a>(
    context: Context<'a>,
    entity: &'a Entity,
    model: &Row,
    plan: &Plan,
) -> Result<Vec<Made<'a>>, Problem> {
    let backend = &context.instance.backend;
    let mut made = vec![Made {
        entity,
        row: model.clone(),
    }];
    let mut next = 0;
    while let Some(above) = made.get(next) {
        let (entity, id) = (above.entity, above.row.id);
        next += 1;
        let owned = pointers(&backend.catalog, entity)
            .into_iter()
            .filter(|pointer| pointer.child && !plan.leave.contains(&&*pointer.from.path));
        for pointer in owned {
            // A name for the same rows under another path would copy them twice.
            let holder = context.instance.catalog().home(pointer.from.id).id;
            if holder != pointer.from.id {
                continue;
            }
            let filter = equals(&pointer.column, Kind::Integer, Value::Integer(id));
            let any = backend.raw_count(pointer.from, &filter).await?;
            if any == 0 {
                continue;
            }
            // Who may not read what the record owns cannot have a copy of it.
            let permit = acting::authorized(context, pointer.from, Verb::Inquire)?;
            for row in backend.rows(&permit, filter, Vec::new(), None).await? {
                made.push(Made {
                    entity: pointer.from,
                    row,
                });
            }
        }
    }
    let catalog = context.instance.catalog();
    let mut ids: HashMap<(EntityId, i64), i64> = HashMap::new();
    for one in &mut made {
        let id = backend.store.next_id(&one.entity.table).await?;
        ids.insert((catalog.home(one.entity.id).id, one.row.id), id);
    }
    for one in &mut made {
        for field in plan
            .fresh
            .iter()
            .filter(|fresh| *fresh.of == *one.entity.path)
        {
            if let Some(field) = one.entity.any_field(field.field) {
                one.row.set(&field.column, Value::Null);
            }
        }
        for name in ELSEWHERE {
            if let Some(field) = one.entity.any_field(name) {
                one.row.set(&field.column, Value::Null);
            }
        }
        let copy_of = |target: EntityId, id: i64| ids.get(&(catalog.home(target).id, id)).copied();
        for parent in &one.entity.parents {
            if let (Some(target), Some(id)) = (parent.entity, one.row.integer(&parent.column))
                && let Some(id) = copy_of(target, id)
            {
                one.row.set(&parent.column, Value::Integer(id));
            }
        }
        let parents: Vec<&str> = one
            .entity
            .parents
            .iter()
            .map(|parent| &*parent.column)
            .collect();
        for field in one.entity.fields.iter().chain(&one.entity.hidden) {
            if !parents.contains(&&*field.column) {
                relink(catalog, one.entity, field, &mut one.row, &copy_of);
            }
        }
        if let Some(id) = copy_of(one.entity.id, one.row.id) {
            one.row.id = id;
        }
    }
    Ok(made)
}

/// Leads one field to the copies of what it points to.
fn relink(
    catalog: &bitting_catalog::Catalog,
    entity: &Entity,
    field: &Field,
    row: &mut Row,
    copy_of: &dyn Fn(EntityId, i64) -> Option<i64>,
) {
    let listed = || {
        let known = LISTS
            .iter()
            .find(|(of, name, _)| **of == *entity.path && **name == *field.name);
        known
            .and_then(|(_, _, target)| catalog.entity_at(target))
            .map(|target| target.id)
    };
    match &field.kind {
        FieldKind::Reference(reference) => {
            if let (Some(target), Some(id)) = (reference.target, row.integer(&field.column))
                && let Some(id) = copy_of(target, id)
            {
                row.set(&field.column, Value::Integer(id));
            }
        }
        FieldKind::Integer => {
            if let (Some(target), Some(id)) = (field.id_of, row.integer(&field.column))
                && let Some(id) = copy_of(target, id)
            {
                row.set(&field.column, Value::Integer(id));
            }
        }
        FieldKind::References(_) | FieldKind::List(Scalar::Integer) => {
            let target = match &field.kind {
                FieldKind::References(reference) => reference.target,
                _ => field.id_of.or_else(listed),
            };
            if let Some(target) = target
                && !row.is_null(&field.column)
            {
                let ids: Vec<i64> = related::numbers(row, &field.column)
                    .into_iter()
                    .map(|id| copy_of(target, id).unwrap_or(id))
                    .collect();
                row.set_text(
                    &field.column,
                    serde_json::to_string(&ids).unwrap_or_default(),
                );
            }
        }
        _ => {}
    }
}

/// What the copy starts with anew: the defaults of its data file, and those that set-up marks. What it must
/// have and nothing gives, it has from the model.
async fn begin(context: Context<'_>, draft: &mut Draft<'_>, model: &Row) -> Result<(), Problem> {
    // One default per table: the model keeps the mark.
    draft.set("defaultFlag", Value::Boolean(false));
    saving::fill_defaults(draft);
    bitting_psa::references::fill_defaults(context.instance, draft).await?;
    if draft.is_null("poDate") {
        draft.set("poDate", text(moment::time(context.now)));
    }
    if draft.is_null("enteredBy") {
        draft.set("enteredBy", text(&*context.caller.identifier));
    }
    for field in draft.entity.fields.iter().filter(|field| field.required) {
        if draft.row.is_null(&field.column) {
            draft
                .row
                .set(&field.column, model.get(&field.column).clone());
        }
    }
    Ok(())
}

/// Gives the copy the name that the body says, or the first free one after the model's.
async fn named(
    context: Context<'_>,
    plan: &Plan,
    entity: &Entity,
    members: &serde_json::Map<String, serde_json::Value>,
    mut row: Row,
) -> Result<Row, Problem> {
    let Some(field) = plan.name.and_then(|name| entity.any_field(name)) else {
        return Ok(row);
    };
    let resource = names::resource(&entity.schema);
    let said = match related::member(members, &field.name) {
        None => None,
        Some(serde_json::Value::String(name)) if !name.trim().is_empty() => Some(name.trim()),
        Some(_) => {
            let message = format!("{} must be a text that is not empty.", field.name);
            let error = FieldError::invalid(&resource, &field.name, message);
            return Err(Problem::field(&resource, error));
        }
    };
    if let Some(name) = said {
        if let Some(max) = field.max
            && name.chars().count() > max as usize
        {
            let error = FieldError::too_long(&resource, &field.name, max);
            return Err(Problem::field(&resource, error));
        }
        if taken(context, entity, field, &row, name).await? {
            let message = format!(
                "{} with the {} {name} already exists.",
                entity.schema, field.name
            );
            let error = FieldError::exists(&resource, &field.name, message);
            return Err(Problem::field(&resource, error));
        }
        row.set_text(&field.column, name);
        return Ok(row);
    }
    let Some(model) = row.text(&field.column).map(str::to_owned) else {
        return Ok(row);
    };
    let mut number = 1;
    loop {
        let name = suffixed(&model, number, field.max);
        if !taken(context, entity, field, &row, &name).await? {
            row.set_text(&field.column, name);
            return Ok(row);
        }
        number += 1;
    }
}

/// Whether a record beside it (under the same parent, where it has one) bears the name.
async fn taken(
    context: Context<'_>,
    entity: &Entity,
    field: &Field,
    row: &Row,
    name: &str,
) -> Result<bool, Problem> {
    let mut filter = equals(&field.column, Kind::Text, text(name));
    if let Some(parent) = entity.parents.last()
        && let Some(id) = row.integer(&parent.column)
    {
        let under = equals(&parent.column, Kind::Integer, Value::Integer(id));
        filter = bitting_query::and(filter, under);
    }
    Ok(context.instance.backend.raw_count(entity, &filter).await? > 0)
}

/// `Help Desk (copy)`, `Help Desk (copy 2)`: cut so that it fits.
fn suffixed(name: &str, number: u32, max: Option<u32>) -> String {
    let suffix = if number == 1 {
        " (copy)".to_owned()
    } else {
        format!(" (copy {number})")
    };
    let room = max.map_or(usize::MAX, |max| {
        (max as usize).saturating_sub(suffix.chars().count())
    });
    let kept: String = name.chars().take(room).collect();
    format!("{}{suffix}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{LISTS, PLANS, suffixed};
    use bitting_catalog::Catalog;
    use bitting_catalog::entity::{Entity, EntityId};

    /// What hangs under an entity, as paths, each with what hangs under it.
    fn owned(catalog: &Catalog, id: EntityId, leave: &[&str], into: &mut Vec<String>) {
        let under = |from: &&Entity| {
            let above = from.parents.last().and_then(|parent| parent.entity);
            let home = |id| catalog.home(id).id;
            from.stored && from.stored_in.is_none() && above.map(home) == Some(home(id))
        };
        for entity in catalog.entities.iter().filter(under) {
            if !leave.contains(&&*entity.path) {
                into.push(entity.path.to_string());
                owned(catalog, entity.id, leave, into);
            }
        }
    }

    #[test]
    fn every_plan_is_of_a_path_and_names_what_is_there() {
        let (_, catalog) = Catalog::embedded().expect("the shipped data reads");
        let mut table = String::new();
        for plan in PLANS {
            let of_rule: Vec<_> = catalog
                .routes
                .iter()
                .filter(|route| route.rule.as_deref() == Some(plan.rule))
                .collect();
            assert!(!of_rule.is_empty(), "{}", plan.rule);
            for route in of_rule {
                let entity = catalog.entity(route.entity);
                let known = plan
                    .name
                    .is_none_or(|name| entity.any_field(name).is_some());
                assert!(known, "{} has no {:?}", entity.path, plan.name);
                let mut with = Vec::new();
                owned(&catalog, entity.id, plan.leave, &mut with);
                table.push_str(&[&entity.path, ": ", &with.join(" "), "\n"].concat());
            }
            for fresh in plan.fresh {
                let entity = catalog.entity_at(fresh.of).expect(fresh.of);
                let known = entity.any_field(fresh.field).is_some();
                assert!(known, "{} has no {}", fresh.of, fresh.field);
            }
        }
        for (of, field, target) in LISTS {
            let entity = catalog.entity_at(of).expect(of);
            assert!(entity.any_field(field).is_some() && catalog.entity_at(target).is_some());
        }
        assert_eq!(
            table,
            include_str!("copying/owned.txt"),
            "what copies take along"
        );
    }

    #[test]
    fn a_name_makes_room_for_its_suffix() {
        assert_eq!(suffixed("Help Desk", 1, Some(50)), "Help Desk (copy)");
        assert_eq!(suffixed("Help Desk", 12, None), "Help Desk (copy 12)");
        assert_eq!(suffixed("äöüß häuser", 1, Some(12)), "äöüß (copy)");
    }
}
