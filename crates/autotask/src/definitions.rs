//! User-defined fields: which entity a definition is for, and the fields that all definitions amount to.

use bitting_catalog::Catalog;
use bitting_catalog::entity::EntityId;
use bitting_dialects::autotask::udf::Defined;
use bitting_psa::backend::Backend;
use bitting_query::Filter;
use bitting_store::StoreError;
use std::collections::HashMap;
use std::sync::Arc;

/// Which entity a definition of a user-defined field is for, by its number.
pub const DEFINED_FOR: [(i64, &str); 14] = [
    (1, "Companies"),
    (2, "Contacts"),
    (3, "Contracts"),
    (4, "ConfigurationItems"),
    (5, "Opportunities"),
    (6, "Products"),
    (7, "Projects"),
    (8, "SalesOrders"),
    (9, "Services"),
    (10, "ServiceBundles"),
    (11, "CompanySiteConfigurations"),
    (12, "Subscriptions"),
    (13, "Tasks"),
    (14, "Tickets"),
];

/// Records that define fields, and the values that these take.
const DEFINITIONS: &str = "UserDefinedFieldDefinitions";
const ITEMS: &str = "UserDefinedFieldListItems";

/// The tables whose rows define fields.
pub fn defining(catalog: &Catalog) -> Vec<Arc<str>> {
    let homes = [DEFINITIONS, ITEMS].into_iter();
    homes
        .filter_map(|path| Some(catalog.entity_at(path)?.table.clone()))
        .collect()
}

/// User-defined fields by entity, from the records that define them.
pub async fn defined(backend: &Backend) -> Result<HashMap<EntityId, Arc<[Defined]>>, StoreError> {
    let mut fields: HashMap<EntityId, Vec<Defined>> = HashMap::new();
    let (Some(definitions), Some(items)) = (
        backend.catalog.entity_at(DEFINITIONS),
        backend.catalog.entity_at(ITEMS),
    ) else {
        return Ok(HashMap::new());
    };
    let all = Filter::Constant(true);
    let listed = backend
        .raw_rows(items, all.clone(), Vec::new(), None)
        .await?;
    for row in backend.raw_rows(definitions, all, Vec::new(), None).await? {
        let target = DEFINED_FOR
            .iter()
            .find(|(number, _)| Some(*number) == row.integer("udf_type"))
            .and_then(|(_, path)| backend.catalog.entity_at(path));
        let (Some(target), Some(name)) = (target, row.text("name")) else {
            continue;
        };
        let kind = match row.integer("data_type") {
            Some(3) => "double",
            Some(4) => "datetime",
            _ => "string",
        };
        let values = listed
            .iter()
            .filter(|item| item.integer("udf_field_id") == Some(row.id))
            .filter_map(|item| item.text("value_for_display").map(Arc::from))
            .collect();
        fields.entry(target.id).or_default().push(Defined {
            id: row.id,
            name: Arc::from(name),
            label: Arc::from(name),
            description: Arc::from(row.text("description").unwrap_or_default()),
            kind,
            required: row.flag("is_required"),
            values,
            protected: row.flag("is_protected"),
        });
    }
    Ok(fields
        .into_iter()
        .map(|(entity, fields)| (entity, fields.into()))
        .collect())
}
