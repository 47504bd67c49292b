//! What the changes of one write come to, row by row, for the tables somebody keeps a trail of. Knows neither
//! audit nor callbacks.

use bitting_psa::row::Row;
use bitting_store::table::Change;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes of one row. Rows are put together when somebody asks: most writes have told all they did.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// By the changes at these places.
    Made(Vec<usize>),
    /// By the changes at these places, over what is at rest.
    Changed(Vec<usize>),
    Gone,
}

/// Rows by table and id.
pub type Rows = BTreeMap<(Arc<str>, i64), Outcome>;

/// The rows of some tables that a write touches. One that is made and goes in the same write never was.
pub fn rows(changes: &[Change], wanted: impl Fn(&str) -> bool) -> Rows {
    let mut rows = Rows::new();
    for (place, change) in changes.iter().enumerate() {
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
            Change::Insert { .. } => {
                rows.insert(key, Outcome::Made(vec![place]));
            }
            Change::Update { .. } => match rows.get_mut(&key) {
                Some(Outcome::Made(places) | Outcome::Changed(places)) => places.push(place),
                _ => {
                    rows.insert(key, Outcome::Changed(vec![place]));
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

/// Puts into a row what the changes at these places say of it.
pub fn put(row: &mut Row, changes: &[Change], places: &[usize]) {
    for place in places {
        if let Change::Insert { values, .. } | Change::Update { values, .. } = &changes[*place] {
            for (column, value) in values {
                row.set_named(column, value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, put, rows};
    use bitting_psa::row::Row;
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
        let held = |places: &[usize]| {
            let mut row = Row::new(0);
            put(&mut row, &changes, places);
            row.integer("n")
        };
        assert!(matches!(of(1), Some(Outcome::Made(places)) if held(places) == Some(2)));
        assert!(
            matches!(of(2), Some(Outcome::Changed(places)) if places.len() == 2 && held(places) == Some(4))
        );
        assert!(matches!(of(3), Some(Outcome::Gone)));
        assert!(of(4).is_none());
        assert!(super::rows(&changes, |_| false).is_empty());
    }
}
