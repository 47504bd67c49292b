//! What the dates of a record amount to, and how much of a project is done: fields that no caller sets and that
//! clients rely on being numbers.

use super::super::answer::Trouble;
use super::super::tenant::Tenant;
use crate::draft::Draft;
use bitting_psa::backend::equals;
use bitting_query::{Filter, Kind, Value, and};
use bitting_store::table::Change;
use jiff::Timestamp;

/// A task that is done.
const COMPLETE: i64 = 5;

/// Hours of a service call.
pub fn service_call(draft: &mut Draft<'_>) {
    if let Some(seconds) = seconds(draft) {
        #[allow(clippy::cast_precision_loss)]
        draft.set("duration", Value::Number(seconds as f64 / 3_600.0));
    }
}

/// Days of a project, the first and the last among them.
pub fn project(draft: &mut Draft<'_>) {
    if let Some(seconds) = seconds(draft) {
        draft.set("duration", Value::Integer(seconds / 86_400 + 1));
    }
    draft.default("completedPercentage", Value::Integer(0));
}

/// The span between start and end; an end before the start is an error.
fn seconds(draft: &mut Draft<'_>) -> Option<i64> {
    let at = |name: &str| draft.text(name)?.parse::<Timestamp>().ok();
    let (start, end) = (at("startDateTime")?, at("endDateTime")?);
    let seconds = end.as_second() - start.as_second();
    if seconds < 0 {
        draft
            .errors
            .push("endDateTime must be later than startDateTime".to_owned());
        return None;
    }
    Some(seconds)
}

/// A task that is made, moved or done changes the share of its projects that is done.
pub async fn task(
    tenant: &Tenant,
    draft: &Draft<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    let Some(projects) = tenant.catalog().entity_at("Projects") else {
        return Ok(());
    };
    let tasks = draft.entity;
    let now = draft.integer("projectID");
    let then = match (&draft.before, draft.column("projectID")) {
        (Some(before), Some(column)) => before.integer(column),
        _ => None,
    };
    for project in now
        .into_iter()
        .chain(then.filter(|then| Some(*then) != now))
    {
        let others = and(
            equals("project_id", Kind::Integer, Value::Integer(project)),
            Filter::Not(Box::new(bitting_psa::backend::with_id(draft.row.id))),
        );
        let done = equals("status", Kind::Integer, Value::Integer(COMPLETE));
        let mut all = tenant.backend.raw_count(tasks, &others).await?;
        let mut complete = tenant.backend.raw_count(tasks, &and(others, done)).await?;
        if now == Some(project) {
            all += 1;
            complete += u64::from(draft.integer("status") == Some(COMPLETE));
        }
        let share = (complete * 100).checked_div(all).unwrap_or_default();
        changes.push(Change::Update {
            table: projects.table.clone(),
            id: project,
            values: vec![(
                "completed_percentage".into(),
                Value::Integer(i64::try_from(share).unwrap_or_default()),
            )],
        });
    }
    Ok(())
}
