//! Who can own records, and which records can still be pointed to.

use super::super::answer::Trouble;
use crate::draft::Draft;
use crate::resources::{API_USER, RESOURCES};
use bitting_catalog::entity::Entity;
use bitting_dialects::autotask::error::Refusal;
use bitting_psa::backend::Backend;
use bitting_psa::row::Row;
use bitting_query::Value;

/// Fields that name whose a record is, or who works on it. Users of the API make records and never own one.
const OWNERS: [&str; 4] = [
    "ownerResourceID",
    "assignedResourceID",
    "assignedToResourceID",
    "projectLeadResourceID",
];
/// Entities whose records make a resource part of another record's team.
const TEAMS: [&str; 4] = [
    "CompanyTeams",
    "TicketSecondaryResources",
    "TaskSecondaryResources",
    "ServiceCallTicketResources",
];
/// Lists that cannot be chosen from once a row is inactive.
const USABLE_WHILE_ACTIVE: [&str; 3] = ["Resources", "Contacts", "Roles"];
/// Refuses records that would be an API user's.
pub async fn owners(backend: &Backend, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let Some(resources) = backend.catalog.entity_at(RESOURCES) else {
        return Ok(());
    };
    let team = TEAMS.contains(&&*draft.entity.path);
    let named = OWNERS.iter().chain(team.then_some(&"resourceID"));
    for name in named {
        let Some(id) = draft
            .integer(name)
            .filter(|_| draft.gives(name) && draft.changes(name))
        else {
            continue;
        };
        let row = backend.raw_row(resources, id).await?;
        if row.is_some_and(|row| row.integer("license_type") == Some(API_USER)) {
            draft
                .errors
                .push(Refusal::reference(name, &resources.schema));
        }
    }
    Ok(())
}

/// Whether a record may be chosen: people and roles only while they are active.
pub fn is_usable(target: &Entity, row: &Row) -> bool {
    if !USABLE_WHILE_ACTIVE.contains(&&*target.path) {
        return true;
    }
    !matches!(
        row.get("is_active"),
        Value::Boolean(false) | Value::Integer(0)
    )
}
