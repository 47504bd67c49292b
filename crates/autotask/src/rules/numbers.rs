//! Numbers that records take when they are made, one after another within a day: `T20260302.0001`.

use super::super::answer::Trouble;
use super::super::tenant::Tenant;
use crate::draft::Draft;
use bitting_catalog::entity::Entity;
use bitting_psa::backend::column;
use bitting_query::{Comparison, Filter, Kind, Path, Value, and};
use bitting_store::StoreError;

/// Entities with a number: its field, and the letter it begins with.
const SERIES: [(&str, &str, &str); 4] = [
    ("Tickets", "ticketNumber", "T"),
    ("Projects", "projectNumber", "P"),
    ("Phases", "phaseNumber", "T"),
    ("Tasks", "taskNumber", "T"),
];

fn series(entity: &Entity) -> Option<(&'static str, &'static str)> {
    let found = SERIES.iter().find(|(path, ..)| *path == &*entity.path);
    found.map(|(_, field, letter)| (*field, *letter))
}

/// Gives a new record its number, where it has none. One that has a number keeps it, though a change of the whole
/// record leaves it out.
pub async fn give(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let Some((field, letter)) = series(draft.entity) else {
        return Ok(());
    };
    if draft.text(field).is_some() {
        return Ok(());
    }
    if draft.before.is_some() {
        draft.ignore(field);
        return Ok(());
    }
    let Some(name) = draft.column(field).map(str::to_owned) else {
        return Ok(());
    };
    let day = format!("{letter}{}", tenant.now().strftime("%Y%m%d."));
    let path = column(&name, Kind::Text);
    let key = format!("{} {day}", draft.entity.path);
    // Two records that are made at once must not take the same number. Held until it is given, not until the record
    // is at rest: records that wait for each other's writes would share no commit.
    let _turn = tenant.numbering.lock().await;
    let last = tenant.numbers.lock().get(&key).copied();
    let mut number = match last {
        Some(last) => last + 1,
        None => made(tenant, draft.entity, &path, &day).await? + 1,
    };
    loop {
        let text = format!("{day}{number:04}");
        let taken = Filter::Compare {
            path: path.clone(),
            op: Comparison::Equal,
            value: Value::Text(text.clone()),
        };
        if !tenant.backend.raw_any(draft.entity, taken).await? {
            let mut numbers = tenant.numbers.lock();
            // What was counted on other days is of no more use.
            numbers.retain(|known, _| known.ends_with(&day));
            numbers.insert(key, number);
            drop(numbers);
            draft.set(field, Value::Text(text));
            return Ok(());
        }
        number += 1;
    }
}

/// How many records have a number of that day: one range of the index.
async fn made(tenant: &Tenant, entity: &Entity, path: &Path, day: &str) -> Result<u64, StoreError> {
    let bound = |op, text: String| Filter::Compare {
        path: path.clone(),
        op,
        value: Value::Text(text),
    };
    // The sign behind the point is the slash.
    let end = format!("{}/", day.trim_end_matches('.'));
    let of_day = and(
        bound(Comparison::GreaterOrEqual, day.to_owned()),
        bound(Comparison::Less, end),
    );
    tenant.backend.raw_count(entity, &of_day).await
}
