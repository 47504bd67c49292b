//! What the changes of one write come to, row by row, for the tables somebody keeps a trail of. Knows neither
//! audit nor callbacks.

use crate::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes of one row.
#[derive(Debug, Clone)]
pub enum Outcome {
    Made(Row),
    /// These values, by column, over those at rest.
    Changed(Vec<(Arc<str>, Value)>),
    Gone,
}

/// Rows by table and id.
pub type Rows = BTreeMap<(Arc<str>, i64), Outcome>;

/// The rows of some tables that a write touches. One that is made and goes in the same write never was.
pub fn rows(changes: &[Change], wanted: impl Fn(&str) -> bool) -> Rows {
    let mut rows = Rows::new();
    for change in changes {
        let (Change::Insert { table, id, .. }
        | Change::Update { table, id, .. }
        | Change::Delete { table, id }) = change
        else {
            continue;
        };
        if !wanted(table) {
            continue;
        }
        let key = (table.clone(), *id);
        match change {
            Change::Insert { values, .. } => {
                let mut row = Row::new(*id);
                put(&mut row, values);
                rows.insert(key, Outcome::Made(row));
            }
            Change::Update { values, .. } => match rows.get_mut(&key) {
                Some(Outcome::Made(row)) => put(row, values),
                Some(Outcome::Changed(so_far)) => so_far.extend(values.iter().cloned()),
                _ => {
                    rows.insert(key, Outcome::Changed(values.clone()));
                }
            },
            _ => {
                if let Some(Outcome::Made(_)) = rows.insert(key.clone(), Outcome::Gone) {
                    rows.remove(&key);
                }
            }
        }
    }
    rows
}

/// Puts values into a row, by column.
pub fn put(row: &mut Row, values: &[(Arc<str>, Value)]) {
    for (column, value) in values {
        row.set(column, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, rows};
    use bitting_query::Value;
    use bitting_store::table::Change;
    use std::sync::Arc;

    #[test]
    fn one_row_is_one_outcome() {
        let table: Arc<str> = Arc::from("t");
        let values = |number: i64| vec![(Arc::from("n"), Value::Integer(number))];
        let insert = |id| Change::Insert {
            table: table.clone(),
            id,
            values: values(1),
        };
        let update = |id, number| Change::Update {
            table: table.clone(),
            id,
            values: values(number),
        };
        let delete = |id| Change::Delete {
            table: table.clone(),
            id,
        };
        let changes = [
            insert(1),
            update(1, 2),
            update(2, 3),
            update(2, 4),
            update(3, 5),
            delete(3),
            insert(4),
            delete(4),
        ];
        let rows = rows(&changes, |table| table == "t");
        let of = |id: i64| rows.get(&(table.clone(), id));
        assert!(matches!(of(1), Some(Outcome::Made(row)) if row.integer("n") == Some(2)));
        assert!(matches!(of(2), Some(Outcome::Changed(values)) if values.len() == 2));
        assert!(matches!(of(3), Some(Outcome::Gone)));
        assert!(of(4).is_none());
        assert!(super::rows(&changes, |_| false).is_empty());
    }
}
