//! What every change of a record leaves behind in the same write: a line in the audit trail, and messages
//! for callbacks. Knows neither's particulars.
//!
//! Whoever has a record in hand before and after says so with [`saved`], [`altered`] or [`removed`]. What a
//! write changes beside that (a ticket's hours with a time entry, an attached device, a document, rows that go
//! with their record) is found by [`complete`] in the list of its changes, so that no verb can forget it.

mod outcome;
mod trails;

pub use trails::Trails;

use super::{audit, callbacks};
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::layout::EXTRA;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;
use outcome::Outcome;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Which tables leave a trail; read from the catalog at the first write.
fn trails_of(instance: &Instance) -> &Trails {
    let kept: &OnceLock<Trails> = instance.memory();
    kept.get_or_init(|| Trails::new(instance.catalog()))
}

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
    told(context, entity, Some(before), Some(&after), changes).await
}

/// A record was deleted.
pub async fn removed(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    told(context, entity, Some(row), None, changes).await
}

async fn told(
    context: Context<'_>,
    entity: &Entity,
    before: Option<&Row>,
    after: Option<&Row>,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    Box::pin(audit::record(context, entity, before, after, changes)).await?;
    Box::pin(callbacks::record(context, entity, before, after, changes)).await
}

/// Adds to the changes of a write what nobody has said of it yet: of records that changed, and of records that
/// something was hung on or taken from, which counts as a change of theirs.
pub async fn complete(context: Context<'_>, changes: &mut Vec<Change>) -> Result<(), Problem> {
    let (catalog, trails) = (context.instance.catalog(), trails_of(context.instance));
    let rows = outcome::rows(changes, |table| trails.of(table).is_some());
    let mut said = audit::said(changes);
    said.extend(bitting_psa::outbox::callbacks::said(changes, catalog));
    let mut parts = Vec::new();
    for ((table, id), outcome) in &rows {
        let Some(trail) = trails.of(table) else {
            continue;
        };
        let own = !trail.own.is_empty();
        if own && said.contains(&(table.clone(), *id)) {
            continue;
        }
        let before = match outcome {
            Outcome::Made(_) => None,
            Outcome::Changed(_) | Outcome::Gone => at_rest(context, table, *id).await?,
        };
        let after = match (outcome, &before) {
            (Outcome::Made(places), _) => {
                let mut made = Row::new(*id);
                outcome::put(&mut made, changes, places);
                Some(made)
            }
            (Outcome::Changed(places), Some(before)) => {
                let mut after = before.clone();
                outcome::put(&mut after, changes, places);
                Some(after)
            }
            (Outcome::Changed(_), None) | (Outcome::Gone, _) => None,
        };
        let Some(row) = after.as_ref().or(before.as_ref()) else {
            continue;
        };
        if !own {
            parts.push((table.clone(), before, after));
            continue;
        }
        let Some(entity) = trails.entity(catalog, table, row) else {
            continue;
        };
        if let (Some(before), Some(after)) = (&before, &after)
            && !differs(entity, before, after)
        {
            continue;
        }
        told(context, entity, before.as_ref(), after.as_ref(), changes).await?;
        said.insert((table.clone(), *id));
    }
    for (table, before, after) in parts {
        let (before, after) = (before.as_ref(), after.as_ref());
        let Some(row) = after.or(before) else {
            continue;
        };
        let Some(record) = trails.record(catalog, &table, row) else {
            continue;
        };
        // What comes or goes with its record is told with it.
        if let Some(Outcome::Made(_) | Outcome::Gone) = rows.get(&record) {
            continue;
        }
        let Some(entity) = trails.home(catalog, &table) else {
            continue;
        };
        let what = match (before, after) {
            (None, _) => "added",
            (Some(before), Some(after)) if differs(entity, before, after) => "changed",
            (Some(_), Some(_)) => continue,
            (_, None) => "removed",
        };
        let text = format!("{} was {what}.", trails::name(catalog, entity, row));
        hung(context, record, text, &mut said, changes).await?;
    }
    Ok(())
}

/// Says of a record what hangs on it now, or no longer does.
async fn hung(
    context: Context<'_>,
    (table, id): (Arc<str>, i64),
    text: String,
    said: &mut BTreeSet<(Arc<str>, i64)>,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    let (catalog, trails) = (context.instance.catalog(), trails_of(context.instance));
    let Some(row) = at_rest(context, &table, id).await? else {
        return Ok(());
    };
    let Some(entity) = trails.entity(catalog, &table, &row) else {
        return Ok(());
    };
    audit::note(context, entity, id, text, changes).await?;
    if said.insert((table, id)) {
        Box::pin(callbacks::record(
            context,
            entity,
            Some(&row),
            Some(&row),
            changes,
        ))
        .await?;
    }
    Ok(())
}

async fn at_rest(context: Context<'_>, table: &str, id: i64) -> Result<Option<Row>, Problem> {
    let instance = context.instance;
    match trails_of(instance).home(instance.catalog(), table) {
        Some(entity) => Ok(instance.backend.raw_row(entity, id).await?),
        None => Ok(None),
    }
}

/// Whether something that records show is not as it was: stamps and places alone are no change.
fn differs(entity: &Entity, before: &Row, after: &Row) -> bool {
    let mut columns = entity.fields.iter().chain(&entity.hidden);
    before.get(EXTRA) != after.get(EXTRA)
        || columns.any(|field| before.get(&field.column) != after.get(&field.column))
}
