//! Whose a record is, where rows under it say so: who is on a project's team, or on an opportunity's, has it as
//! their own. The record keeps their names in a column that no answer shows, so that level My reads it as it reads
//! any other owner.

use super::related::{self, text};
use bitting_catalog::entity::Entity;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::placement;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;

/// The column of the record, and that of the rows which names a member.
const NAMES: &str = "onTeam";
const MEMBER: &str = "member_id";

/// The record that a team's row is saved under gets a new owner, and the one it left loses one.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let changes = told(context, draft.entity, &draft.row, true).await?;
    draft.also.extend(changes);
    Ok(())
}

/// Who goes from a team has its record no longer.
pub async fn delete(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    also.extend(told(context, entity, row, false).await?);
    Ok(())
}

/// The changes that say who is on the team: the rows at rest, this one as it will be, or gone.
async fn told(
    context: Context<'_>,
    entity: &Entity,
    own: &Row,
    stays: bool,
) -> Result<Vec<Change>, Problem> {
    let instance = context.instance;
    let Some(parent) = entity.parents.last() else {
        return Ok(Vec::new());
    };
    let (Some(above), Some(id)) = (parent.entity, own.integer(&parent.column)) else {
        return Ok(Vec::new());
    };
    let above = instance.catalog().entity(above);
    let Some(record) = related::one(instance, &above.path, id).await? else {
        return Ok(Vec::new());
    };
    let mut team = related::under(instance, &entity.path, &parent.column, id).await?;
    team.retain(|row| row.id != own.id);
    team.extend(stays.then(|| own.clone()));
    team.sort_by_key(|row| row.id);
    let mut names: Vec<String> = Vec::new();
    for member in team.iter().filter_map(|row| row.integer(MEMBER)) {
        let row = super::members::member_row(instance, member).await?;
        let name = row.and_then(|row| row.text("identifier").map(str::to_owned));
        names.extend(name.filter(|name| !names.contains(name)));
    }
    let names = Some(names.join(", ")).filter(|names| !names.is_empty());
    let mut draft = Draft::changing(above, record);
    draft.set(NAMES, names.map_or(Value::Null, text));
    let Some(before) = draft.before.clone().filter(|before| *before != draft.row) else {
        return Ok(Vec::new());
    };
    placement::own(instance, context.caller, &mut draft).await?;
    let mut changes = vec![Change::Update {
        table: above.table.clone(),
        id,
        values: draft.row.changes_since(&before),
    }];
    changes.append(&mut draft.also);
    Ok(changes)
}
