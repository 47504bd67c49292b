//! Who works on a ticket or a task: one primary resource, and others beside it, each of whom is there once.

use super::super::answer::Trouble;
use super::super::tenant::Tenant;
use crate::draft::Draft;
use bitting_psa::backend::equals;
use bitting_query::{Filter, Kind, Value, and};

/// What has a team: its entity, those beside the primary resource, and how they point to it.
const TEAMS: [(&str, &str, &str); 2] = [
    ("Tickets", "TicketSecondaryResources", "ticketID"),
    ("Tasks", "TaskSecondaryResources", "taskID"),
];

/// Where the roles are that a resource can have on a ticket.
const ROLES: [&str; 3] = [
    "ResourceRoles",
    "ResourceServiceDeskRoles",
    "ResourceRoleDepartments",
];

/// Who is beside the primary resource cannot become it without leaving that place first.
pub async fn primary(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let team = TEAMS.iter().find(|(of, ..)| *of == &*draft.entity.path);
    let (Some((_, path, _)), Some(resource)) = (team, draft.integer("assignedResourceID")) else {
        return Ok(());
    };
    if draft.before.is_some()
        && draft.changes("assignedResourceID")
        && is_beside(tenant, path, draft.row.id, resource).await?
    {
        draft.errors.push(
            "The assignedResourceID is already a secondary resource of this record; remove it there first."
                .to_owned(),
        );
    }
    Ok(())
}

/// Whoever joins is neither the primary resource nor there already, and has the role it joins in.
pub async fn secondary(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let team = TEAMS
        .iter()
        .find(|(_, path, _)| *path == &*draft.entity.path);
    let Some((of, path, field)) = team else {
        return Ok(());
    };
    let (Some(id), Some(resource), Some(listing)) = (
        draft.integer(field),
        draft.integer("resourceID"),
        tenant.catalog().entity_at(of),
    ) else {
        return Ok(());
    };
    if let Some(role) = draft.integer("roleID")
        && !has_role(tenant, resource, role).await?
    {
        let pair = "resourceID and roleID are not a valid pair";
        draft.errors.push(pair.to_owned());
    }
    let holder = tenant.backend.raw_row(listing, id).await?;
    let held = holder.and_then(|holder| holder.integer("assigned_resource_id"));
    let place = if held == Some(resource) {
        "the primary"
    } else if is_beside(tenant, path, id, resource).await? {
        "a secondary"
    } else {
        return Ok(());
    };
    draft.errors.push(format!(
        "The resourceID is already {place} resource of this record."
    ));
    Ok(())
}

async fn is_beside(tenant: &Tenant, path: &str, id: i64, resource: i64) -> Result<bool, Trouble> {
    let Some(listing) = tenant.catalog().entity_at(path) else {
        return Ok(false);
    };
    let of = TEAMS.iter().find(|(_, known, _)| *known == path);
    let field = of.and_then(|(.., name)| listing.fields.iter().find(|field| *field.name == **name));
    let Some(field) = field else { return Ok(false) };
    let filter = and(
        equals(&field.column, Kind::Integer, Value::Integer(id)),
        equals("resource_id", Kind::Integer, Value::Integer(resource)),
    );
    Ok(tenant.backend.raw_any(listing, filter).await?)
}

/// Whether a resource can work in a role.
pub async fn has_role(tenant: &Tenant, resource: i64, role: i64) -> Result<bool, Trouble> {
    for path in ROLES {
        let Some(listing) = tenant.catalog().entity_at(path) else {
            continue;
        };
        let of = and(
            equals("resource_id", Kind::Integer, Value::Integer(resource)),
            equals("role_id", Kind::Integer, Value::Integer(role)),
        );
        let inactive = equals("is_active", Kind::Boolean, Value::Boolean(false));
        let filter = and(of, Filter::Not(Box::new(inactive)));
        if tenant.backend.raw_any(listing, filter).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
