//! Lists that are worked out and not stored (rows of a role, setup screens): filtered, sorted and paged in
//! memory by the same filter language, and written by the same writer.

use crate::backend::{Ask, Backend, Look, Page};
use crate::permit::Permit;
use crate::pipeline::Call;
use crate::problem::Problem;
use crate::row::Row;
use bitting_catalog::entity::Entity;
use bitting_query::{Elements, Filter, Path, Value, and, matches};
use std::borrow::Cow;
use std::cmp::Ordering;

/// A row as the evaluator sees it.
struct Seen<'a>(&'a Row);

impl bitting_query::Row for Seen<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        if !path.through.is_empty() {
            return Cow::Owned(Value::Null);
        }
        match &*path.column {
            "id" => Cow::Owned(Value::Integer(self.0.id)),
            column => Cow::Borrowed(self.0.get(column)),
        }
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        // Worked-out rows belong to nobody; who may read them reads them all.
        true
    }
}

/// A row that a reference points to, as the filter on the reference sees it.
pub struct Target<'a>(pub &'a Row);

impl bitting_query::Row for Target<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        match &*path.column {
            "id" => Cow::Owned(Value::Integer(self.0.id)),
            column => Cow::Borrowed(self.0.get(column)),
        }
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}

/// One page of them.
pub fn list(backend: &Backend, permit: &Permit<'_>, rows: Vec<Row>, ask: Ask<'_>) -> Page {
    let mut rows = kept(rows, permit, &ask.filter);
    rows.sort_by(|left, right| {
        bitting_query::eval::compare_rows(&ask.order, &Seen(left), &Seen(right))
            .then(left.id.cmp(&right.id))
    });
    let from = usize::try_from(ask.offset)
        .unwrap_or(usize::MAX)
        .min(rows.len());
    let to = from.saturating_add(ask.limit as usize).min(rows.len());
    let more = to < rows.len();
    let last = rows.get(to.wrapping_sub(1)).map(|row| row.id);
    Page {
        body: backend.write_rows(permit, &rows[from..to], ask.look, true),
        more,
        last,
    }
}

pub fn count(rows: &[Row], permit: &Permit<'_>, filter: &Filter) -> u64 {
    kept(rows.to_vec(), permit, filter).len() as u64
}

/// The row with this id, if the filter keeps it.
pub fn one(
    backend: &Backend,
    permit: &Permit<'_>,
    rows: Vec<Row>,
    id: i64,
    filter: Filter,
    look: Look<'_>,
) -> Option<Vec<u8>> {
    let rows: Vec<Row> = kept(rows, permit, &filter)
        .into_iter()
        .filter(|row| row.id == id)
        .collect();
    (!rows.is_empty()).then(|| backend.write_rows(permit, &rows[..1], look, false))
}

/// Whether a parent in the path is such a row: `None` when its entity is stored.
pub async fn row(
    _call: &Call<'_>,
    _entity: &Entity,
    _id: i64,
) -> Result<Option<Option<Row>>, Problem> {
    Ok(None)
}

fn kept(rows: Vec<Row>, permit: &Permit<'_>, filter: &Filter) -> Vec<Row> {
    let filter = and(permit.narrow(), filter.clone());
    let mut rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| matches(&filter, &Seen(row)))
        .collect();
    rows.sort_by(|left, right| left.id.cmp(&right.id).then(Ordering::Equal));
    rows
}
