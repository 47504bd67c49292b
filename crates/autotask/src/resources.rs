//! Resources as callers: the lines of business that one works for, and whether others may act for it. Beside the
//! rules the only room that names their entities.

use bitting_catalog::entity::Entity;
use bitting_psa::backend::{Backend, equals};
use bitting_query::{Kind, Value};
use bitting_store::StoreError;
use std::sync::Arc;

pub const RESOURCES: &str = "Resources";
/// License of API users.
pub const API_USER: i64 = 7;
/// Licenses whose holders can be acted for on some entities alone; nobody acts for those with none.
const ACTED_FOR: [(i64, &[&str]); 6] = [
    (4, &["Projects", "TaskNotes"]),
    (5, &[]),
    (6, &[]),
    (API_USER, &[]),
    (
        8,
        &[
            "Tickets",
            "Projects",
            "ServiceCalls",
            "TimeEntries",
            "TicketNotes",
            "TaskNotes",
        ],
    ),
    (9, &["Tickets", "Projects", "TaskNotes"]),
];

/// Lines of business that a resource works for.
pub async fn lines(backend: &Backend, resource: i64) -> Result<Arc<[i64]>, StoreError> {
    let Some(listing) = backend.catalog.entity_at("OrganizationalResources") else {
        return Ok(Arc::from([]));
    };
    let filter = equals("resource_id", Kind::Integer, Value::Integer(resource));
    let rows = backend.raw_rows(listing, filter, Vec::new(), None).await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.integer("organizational_level_association_id"))
        .collect())
}

/// Whether the license of a resource lets others act for it on an entity.
pub async fn can_act_as(
    backend: &Backend,
    resource: i64,
    entity: &Entity,
) -> Result<bool, StoreError> {
    let Some(resources) = backend.catalog.entity_at(RESOURCES) else {
        return Ok(false);
    };
    let Some(row) = backend.raw_row(resources, resource).await? else {
        return Ok(false);
    };
    let license = row.integer("license_type");
    let limited = ACTED_FOR
        .iter()
        .find(|(number, _)| Some(*number) == license);
    Ok(row.flag("is_active") && limited.is_none_or(|(_, open)| open.contains(&&*entity.path)))
}
