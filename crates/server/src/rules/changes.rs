//! What every change of a record leaves behind in the same write: a line in the audit trail, and messages
//! for callbacks. Knows neither's particulars.

use super::{Context, audit, callbacks};
use crate::draft::Draft;
use crate::problem::Problem;
use crate::row::Row;
use bitting_catalog::entity::Entity;
use bitting_query::Value;
use bitting_store::table::Change;

/// A record was created or changed.
pub async fn saved(
    context: Context<'_>,
    draft: &Draft<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    let (entity, before, after) = (draft.entity, draft.before.as_ref(), Some(&draft.row));
    Box::pin(audit::record(context, entity, before, after, changes)).await?;
    // Only a call that asks for silence gets it: the flag at rest does not silence later calls.
    let silent = draft.gave("skipCallback") && draft.flag("skipCallback");
    if !silent {
        Box::pin(callbacks::record(context, entity, before, after, changes)).await?;
    }
    Ok(())
}

/// A record beside the one that was asked about got these values, by column.
pub async fn altered(
    context: Context<'_>,
    entity: &Entity,
    before: &Row,
    values: &[(impl AsRef<str> + Sync, Value)],
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    let mut after = before.clone();
    for (column, value) in values {
        after.set(column.as_ref(), value.clone());
    }
    let (before, after) = (Some(before), Some(&after));
    Box::pin(audit::record(context, entity, before, after, changes)).await?;
    Box::pin(callbacks::record(context, entity, before, after, changes)).await
}

/// A record was deleted.
pub async fn removed(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    Box::pin(audit::record(context, entity, Some(row), None, changes)).await?;
    Box::pin(callbacks::record(context, entity, Some(row), None, changes)).await
}
