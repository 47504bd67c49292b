//! What the path names before the record: every parent must be there, be open to the caller, and hang under
//! the one before it.

use crate::pipeline::call::{Call, needs};
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::marks;
use bitting_psa::permit::{Permit, authorize, pass_through};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;

/// Splits the ids in the path into those of parents and the record's own.
pub fn split<'i>(call: &Call<'_>, ids: &'i [i64]) -> (&'i [i64], Option<i64>) {
    match ids.split_last() {
        Some((own, rest)) if call.ends_in_own_id() => (rest, Some(*own)),
        _ => (ids, None),
    }
}

/// Every parent in the path must be there, be visible, and hang under the one before it.
pub(super) async fn pass_parents(
    call: &Call<'_>,
    asked: &Permit<'_>,
    ids: &[i64],
) -> Result<(), Problem> {
    let mut above: Option<i64> = None;
    for (parent, id) in call.entity.parents.iter().zip(ids) {
        let Some(target) = parent.entity else {
            continue;
        };
        let entity = call.instance.catalog().entity(target);
        let permit = pass_through(&call.caller, entity);
        let missing = || ApiError::not_found(&entity.schema, &id.to_string());
        let permit = match marks::is_own(entity, &call.caller, *id) {
            Some(true) => permit.whole(),
            Some(false) => return Err(missing().into()),
            None => permit,
        };
        // A parent that is worked out (a report) is looked up by the rule that works out its children.
        if !entity.stored {
            continue;
        }
        let found = call.instance.backend.row(&permit, *id).await?;
        let (entity, row) = match found {
            Some(row) => (entity, row),
            None => sibling(call, asked, entity, *id)
                .await?
                .ok_or_else(missing)?,
        };
        if let (Some(above), Some(own)) = (above, entity.parents.last())
            && row.integer(&own.column) != Some(above)
        {
            return Err(missing().into());
        }
        above = Some(*id);
        // The role in a project decides about what hangs on the project's records, too.
        if let Some(name) = entity.scope.project.as_deref()
            && call.entity.scope.project.is_none()
        {
            let project = match name {
                "id" => Some(row.id),
                name => entity
                    .any_field(name)
                    .and_then(|field| row.integer(&field.column)),
            };
            let bars = call.caller.barred(needs(call), asked.verb());
            let mut bars = bars.iter();
            if bars.any(|bar| project.is_some_and(|project| bar.projects.contains(&project))) {
                let refusal = asked.refuse(
                    call.instance.backend.grounds(),
                    bitting_policy::Why::ProjectRole,
                );
                return Err(refusal.by(&call.caller.role.name).into());
            }
        }
        // Level My of what hangs on a record is about the caller's own records.
        if asked.mine() && call.entity.ownership.parent && bitting_psa::mine::is_owned(entity) {
            let own = pass_through(&call.caller, entity).owned();
            if call.instance.backend.row(&own, *id).await?.is_none() {
                return Err(match asked.verb() {
                    Verb::Inquire => missing().into(),
                    _ => asked
                        .refuse(
                            call.instance.backend.grounds(),
                            bitting_policy::Why::Ownership,
                        )
                        .by(&call.caller.role.name)
                        .into(),
                });
            }
        }
    }
    Ok(())
}

/// A record that rests in the parent's table and is another door's: notes of a project's ticket are asked for
/// under the service desk's tickets, too. The caller needs the right of that door for the same verb.
async fn sibling<'a>(
    call: &Call<'a>,
    asked: &Permit<'_>,
    home: &Entity,
    id: i64,
) -> Result<Option<(&'a Entity, Row)>, Problem> {
    if home.only.is_empty() || home.stored_in.is_some() {
        return Ok(None);
    }
    let backend = &call.instance.backend;
    for other in &call.instance.catalog().entities {
        let beside = other.table == home.table && other.id != home.id;
        if !beside || other.only.is_empty() || !other.parents.is_empty() {
            continue;
        }
        let needs = &other.right.needs;
        let Ok(permit) = authorize(backend.grounds(), &call.caller, other, needs, asked.verb())
        else {
            continue;
        };
        let found = backend.row(&pass_through(&call.caller, other), id).await?;
        if let Some(row) = found.filter(|row| !permit.closed_by_project(row, false)) {
            return Ok(Some((other, row)));
        }
    }
    Ok(None)
}
