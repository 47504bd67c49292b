//! Members, API members, roles and locations: who a caller is and what its place in the company shows it.

use super::projects;
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_policy::Role;
use bitting_psa::backend::equals;
use bitting_psa::caller::Caller;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Value};
use std::collections::HashMap;
use std::sync::Arc;

const API_MEMBERS: &str = "system/apiMembers";
const MEMBERS: &str = "system/members";
const ROLES: &str = "system/securityroles";
const LOCATIONS: &str = "system/locations";

/// Whether a change of this entity can change what a caller may do. A member has several forms (its own
/// account, the API member), and all of them rest in one table.
pub fn decides_rights(catalog: &Catalog, entity: &Entity) -> bool {
    let home = catalog.home(entity.id);
    [MEMBERS, ROLES, LOCATIONS].contains(&&*home.path)
        || projects::roles::DECIDING.contains(&&*home.path)
}

/// Builds the caller of a member's keys; `None` when there is no such member or it is inactive.
pub async fn caller(instance: &Instance, member: i64) -> Result<Option<Caller>, Problem> {
    let Some(row) = member_row(instance, member).await? else {
        return Ok(None);
    };
    if row.flag("inactive_flag") {
        return Ok(None);
    }
    let role = role(instance, row.integer("security_role_id")).await?;
    let scope = scope(instance, row.integer("security_location_id")).await?;
    let boards: Vec<i64> = row
        .text("excluded_service_board_ids")
        .map(|json| serde_json::from_str(json).unwrap_or_default())
        .unwrap_or_default();
    let bars = if role.admin {
        Arc::from([])
    } else {
        projects::roles::bars(instance, member).await?
    };
    Ok(Some(Caller {
        member,
        bars,
        identifier: Arc::from(row.text("identifier").unwrap_or_default()),
        role,
        scope,
        excluded_boards: boards.into(),
        default_board: row.integer("service_default_board_id"),
        default_location: row.integer("default_location_id"),
        default_department: row.integer("default_department_id"),
        block_price: row.flag("block_price_flag"),
        block_cost: row.flag("block_cost_flag"),
        key: None,
    }))
}

/// The member's record, whether full or API member: both rest in one table.
pub async fn member_row(instance: &Instance, member: i64) -> Result<Option<Row>, Problem> {
    row(instance, API_MEMBERS, member).await
}

/// The role with the flags of its record; a member without a role may do nothing.
async fn role(instance: &Instance, id: Option<i64>) -> Result<Arc<Role>, Problem> {
    let Some(id) = id else {
        return Ok(Arc::new(Role::new(instance.registry(), 0, "no role")));
    };
    let mut role = (*instance.role(id)).clone();
    let Some(row) = row(instance, ROLES, id).await? else {
        role.inactive = true;
        return Ok(Arc::new(role));
    };
    row.text("name")
        .unwrap_or_default()
        .clone_into(&mut role.name);
    role.admin = row.flag("admin_flag");
    role.inactive = row.flag("inactive_flag");
    Ok(Arc::new(role))
}

/// The nodes below the member's own in the structure, itself included; `None` at the top, which sees all.
async fn scope(instance: &Instance, node: Option<i64>) -> Result<Option<Arc<[i64]>>, Problem> {
    let Some(node) = node else {
        return Ok(Some(Arc::from([])));
    };
    let Some(entity) = instance.catalog().entity_at(LOCATIONS) else {
        return Ok(None);
    };
    let rows = instance
        .backend
        .raw_rows(entity, Filter::Constant(true), Vec::new(), None)
        .await?;
    let above: HashMap<i64, Option<i64>> = rows
        .iter()
        .map(|row| (row.id, row.integer("reports_to_id")))
        .collect();
    if above.get(&node).copied().flatten().is_none() {
        // The top sees all; a node that is gone sees nothing.
        let gone = !above.contains_key(&node);
        return Ok(gone.then(|| Arc::from([])));
    }
    let mut below: Vec<i64> = above
        .keys()
        .copied()
        .filter(|other| reaches(&above, *other, node))
        .collect();
    below.sort_unstable();
    Ok(Some(below.into()))
}

/// Whether `from` is `to` or hangs somewhere below it. A loop in the data ends the walk.
fn reaches(above: &HashMap<i64, Option<i64>>, from: i64, to: i64) -> bool {
    let mut at = Some(from);
    for _ in 0..=above.len() {
        match at {
            Some(node) if node == to => return true,
            Some(node) => at = above.get(&node).copied().flatten(),
            None => return false,
        }
    }
    false
}

/// The top of the structure, where records without a location of their own hang.
pub async fn top_location(instance: &Instance) -> Result<Option<i64>, Problem> {
    let Some(entity) = instance.catalog().entity_at(LOCATIONS) else {
        return Ok(None);
    };
    let filter = Filter::IsNull {
        path: bitting_psa::backend::column("reports_to_id", Kind::Integer),
    };
    let rows = instance
        .backend
        .raw_rows(entity, filter, Vec::new(), Some(1))
        .await?;
    Ok(rows.first().map(|row| row.id))
}

/// The id of the member with this identifier, in any letter case.
pub async fn member_with(instance: &Instance, identifier: &str) -> Result<Option<i64>, Problem> {
    let Some(entity) = instance.catalog().entity_at(MEMBERS) else {
        return Ok(None);
    };
    let filter = equals("identifier", Kind::Text, Value::Text(identifier.to_owned()));
    let rows = instance
        .backend
        .raw_rows(entity, filter, Vec::new(), Some(1))
        .await?;
    Ok(rows.first().map(|row| row.id))
}

async fn row(instance: &Instance, path: &str, id: i64) -> Result<Option<Row>, Problem> {
    let entity: Option<&Entity> = instance.catalog().entity_at(path);
    match entity {
        Some(entity) => Ok(instance.backend.raw_row(entity, id).await?),
        None => Ok(None),
    }
}
