//! Filters mean the same to the database as to `bitting_query::eval`.

use super::place::{Place, pairs, read, table};
use bitting_query::testing::{self, MAIN, OTHER, PAIRS};
use bitting_query::{Value, render_count};
use bitting_store::{Change, Table};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

fn tables() -> Vec<Table> {
    let mut tables: Vec<Table> = testing::schema()
        .iter()
        .map(|(name, columns)| {
            let indexes: &[&[&str]] = match *name {
                MAIN => &[&["other"], &["na\"me"], &["at"], &["whole", "amount"]],
                OTHER => &[&["name"]],
                _ => &[&["main"]],
            };
            let mut table = table(name, columns, indexes);
            if *name == MAIN {
                // They leave out the rows without a value, and no answer shows it.
                table.sparse = vec![
                    vec!["other".into()],
                    vec!["at".into()],
                    vec!["whole".into(), "amount".into()],
                ];
            }
            table
        })
        .collect();
    tables.push(pairs(PAIRS));
    tables
}

pub async fn sql_agrees_with_eval(at: Place) {
    let store = at.open(&tables()).await;
    let mut runner = TestRunner::deterministic();
    let mut rows: Vec<Change> = Vec::new();
    for _ in 0..12 {
        let world = testing::world().new_tree(&mut runner).unwrap().current();
        let mut changes: Vec<Change> = rows
            .drain(..)
            .filter_map(|row| match row {
                Change::Insert { table, id, .. } => Some(Change::Delete { table, id }),
                Change::Pair { table, id, .. } => Some(Change::Unpair { table, id }),
                _ => None,
            })
            .collect();
        for row in world.inserts() {
            rows.push(Change::Insert {
                table: row.table,
                id: row.id,
                values: row.values,
            });
        }
        for (key, id) in &world.pairs {
            rows.push(Change::Pair {
                table: PAIRS.into(),
                key: *key,
                id: *id,
            });
        }
        changes.extend(rows.iter().cloned());
        store.write(changes).await.unwrap();
        for _ in 0..40 {
            let select = testing::select().new_tree(&mut runner).unwrap().current();
            let found: Vec<Value> = read(&store, &select)
                .await
                .into_iter()
                .map(|mut row| row.swap_remove(0))
                .collect();
            let expected: Vec<Value> = world
                .expected(&select)
                .into_iter()
                .map(Value::Integer)
                .collect();
            assert_eq!(found, expected, "{select:#?} on {world:#?}");
            let filter = testing::filter().new_tree(&mut runner).unwrap().current();
            let counted = store
                .count(&render_count(MAIN, &filter, store.dialect()))
                .await
                .unwrap();
            assert_eq!(
                counted,
                world.ids(&filter).len() as u64,
                "{filter:#?} on {world:#?}"
            );
        }
    }
}
