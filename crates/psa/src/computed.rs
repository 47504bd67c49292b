//! Lists that are worked out and not stored (rows of a role, setup screens): filtered, sorted and paged in
//! memory by the same filter language, and written by the same writer.

mod behind;

use crate::backend::{Ask, Backend, Look, Page};
use crate::marks;
use crate::permit::Permit;
use crate::row::Row;
use bitting_query::{Elements, Filter, Kind, Path, Value, and, matches};
use bitting_store::StoreError;
use std::borrow::Cow;

/// A row as the evaluator sees it.
struct Seen<'a>(&'a Row);

impl bitting_query::Row for Seen<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        if !path.through.is_empty() {
            return Cow::Owned(Value::Null);
        }
        match &*path.column {
            "id" => Cow::Owned(Value::Integer(self.0.id)),
            column => match self.0.get(column) {
                // Answers show a flag that nobody has set as false.
                Value::Null if path.kind == Kind::Boolean => Cow::Owned(Value::Boolean(false)),
                value => Cow::Borrowed(value),
            },
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

/// One page of them: in the order asked for, else as the rule gave them; `forward` pages go by id.
pub async fn list(
    backend: &Backend,
    permit: &Permit<'_>,
    rows: Vec<Row>,
    ask: Ask<'_>,
    forward: bool,
) -> Result<Page, StoreError> {
    let mut rows = kept(backend, rows, permit, ask.filter).await?;
    if forward || !ask.order.is_empty() {
        let order = behind::sortable(backend, &mut rows, &ask.order).await?;
        rows.sort_by(|left, right| {
            bitting_query::eval::compare_rows(&order, &Seen(left), &Seen(right))
                .then(left.id.cmp(&right.id))
        });
    }
    let from = usize::try_from(ask.offset)
        .unwrap_or(usize::MAX)
        .min(rows.len());
    let limit = usize::try_from(ask.limit).unwrap_or(usize::MAX);
    let to = from.saturating_add(limit).min(rows.len());
    let more = to < rows.len();
    let page = &rows[from..to];
    Ok(Page {
        body: backend.write_rows(permit, page, ask.look, true).await?,
        more,
        last: page.last().map(|row| row.id),
        total: Some(rows.len() as u64),
    })
}

pub async fn count(
    backend: &Backend,
    rows: Vec<Row>,
    permit: &Permit<'_>,
    filter: Filter,
) -> Result<u64, StoreError> {
    Ok(kept(backend, rows, permit, filter).await?.len() as u64)
}

/// The row with this id, if the filter keeps it.
pub async fn one(
    backend: &Backend,
    permit: &Permit<'_>,
    rows: Vec<Row>,
    id: i64,
    filter: Filter,
    look: Look<'_>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let mut rows = kept(backend, rows, permit, filter).await?;
    rows.retain(|row| row.id == id);
    match rows.first() {
        Some(_) => backend
            .write_rows(permit, &rows[..1], look, false)
            .await
            .map(Some),
        None => Ok(None),
    }
}

/// Worked-out rows belong to nobody and hang nowhere: the rule that made them looked at the caller. Only a
/// permit of stored rows narrows them further.
async fn kept(
    backend: &Backend,
    mut rows: Vec<Row>,
    permit: &Permit<'_>,
    filter: Filter,
) -> Result<Vec<Row>, StoreError> {
    let filter = if marks::looks_behind(permit.entity()) {
        behind::settled(backend, &rows, filter).await?
    } else {
        filter
    };
    let filter = if permit.entity().stored {
        and(permit.narrow(), filter)
    } else {
        filter
    };
    rows.retain(|row| matches(&filter, &Seen(row)));
    Ok(rows)
}
