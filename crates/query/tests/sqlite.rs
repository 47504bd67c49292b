//! SQLite answers what `eval` says, for random filters, orders and pages over random rows.

#![allow(clippy::unwrap_used, clippy::format_collect)]

use bitting_query::testing::{
    Cell, MAIN, OTHER, PAIRS, Record, World, filter, render_few, schema, select, world,
};
use bitting_query::{
    Comparison, Dialect, Filter, Indexes, Kind, Link, Order, Path, Pattern, Piece, Select,
    Statement, Value, render, render_count, render_delete, render_with, simplify,
};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value as Bound;
use std::sync::{Arc, LazyLock};

/// Every column has an index, or none has. `flagged`: two of them only together with a flag.
struct Indexed {
    all: bool,
    flagged: bool,
}

fn indexed(all: bool, flagged: bool) -> Indexed {
    Indexed { all, flagged }
}

impl Indexes for Indexed {
    fn leads(&self, _: &str, _: &str) -> bool {
        self.all
    }

    fn flag(&self, _: &str, column: &str) -> Option<Arc<str>> {
        (self.flagged && ["whole", "other"].contains(&column)).then(|| "flag".into())
    }

    fn joint(&self, _: &str) -> Vec<&[Arc<str>]> {
        static SETS: LazyLock<[[Arc<str>; 2]; 2]> =
            LazyLock::new(|| ["parent", "other"].map(|column| ["whole".into(), column.into()]));
        let sets = SETS.iter().map(|set| &set[..]);
        sets.filter(|_| self.all).collect()
    }
}

fn bind(value: &Value) -> Bound {
    match value {
        Value::Null => Bound::Null,
        Value::Integer(value) => Bound::Integer(*value),
        Value::Number(value) => Bound::Real(*value),
        Value::Boolean(value) => Bound::Integer(i64::from(*value)),
        Value::Text(value) => Bound::Text(value.clone()),
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn open() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for (table, columns) in schema() {
        let columns: String = columns
            .iter()
            .map(|(name, kind)| {
                let sort = match kind {
                    Kind::Integer | Kind::Boolean => "INTEGER",
                    Kind::Number => "REAL",
                    Kind::Text => "TEXT COLLATE NOCASE",
                    Kind::DateTime | Kind::Json => "TEXT",
                };
                format!(", {} {sort}", quote(name))
            })
            .collect();
        connection
            .execute_batch(&format!(
                "CREATE TABLE {} (id INTEGER PRIMARY KEY{columns}) STRICT",
                quote(table)
            ))
            .unwrap();
    }
    connection
        .execute_batch(&format!(
            "CREATE TABLE {} (key INTEGER, id INTEGER, PRIMARY KEY (key, id)) WITHOUT ROWID;
             CREATE INDEX by_other ON {} (other, flag); CREATE INDEX by_name ON {} (\"na\"\"me\");
             CREATE INDEX by_main ON line (main);",
            quote(PAIRS),
            quote(MAIN),
            quote(MAIN)
        ))
        .unwrap();
    connection
}

fn fill(connection: &Connection, world: &World) {
    for (table, _) in schema() {
        connection
            .execute_batch(&format!("DELETE FROM {}", quote(table)))
            .unwrap();
    }
    connection
        .execute_batch(&format!("DELETE FROM {}", quote(PAIRS)))
        .unwrap();
    for insert in world.inserts() {
        let names: String = insert
            .values
            .iter()
            .map(|(name, _)| format!(", {}", quote(name)))
            .collect();
        let places: String = insert.values.iter().map(|_| ", ?").collect();
        let sql = format!(
            "INSERT INTO {} (id{names}) VALUES (?{places})",
            quote(&insert.table)
        );
        let cells = std::iter::once(Bound::Integer(insert.id))
            .chain(insert.values.iter().map(|(_, value)| bind(value)));
        connection
            .prepare_cached(&sql)
            .unwrap()
            .execute(rusqlite::params_from_iter(cells))
            .unwrap();
    }
    for (key, id) in &world.pairs {
        connection
            .execute(
                &format!("INSERT INTO {} VALUES (?, ?)", quote(PAIRS)),
                [key, id],
            )
            .unwrap();
    }
}

fn ask(connection: &Connection, statement: &Statement) -> Vec<i64> {
    let mut prepared = connection
        .prepare(&statement.sql)
        .unwrap_or_else(|error| panic!("{error}: {}", statement.sql));
    let cells = statement.params.iter().map(bind);
    let rows = prepared
        .query_map(rusqlite::params_from_iter(cells), |row| row.get(0))
        .unwrap();
    rows.collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}: {}", statement.sql))
}

fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(usual);
    ProptestConfig {
        cases,
        failure_persistence: Option::None,
        ..ProptestConfig::default()
    }
}

#[test]
fn pages_are_those_eval_gives() {
    let connection = open();
    proptest!(cases(1000), |(world in world(), selects in prop::collection::vec(select(), 8), few in 0..2_u32)| {
        fill(&connection, &world);
        for select in selects {
            let expected = world.expected(&select);
            let statements = [
                render(&select, Dialect::Sqlite),
                render_with(&select, Dialect::Sqlite, &indexed(false, false)),
                render_few(&select, Dialect::Sqlite, &indexed(true, false), few),
                render_few(&select, Dialect::Sqlite, &indexed(true, true), few),
            ];
            for statement in statements {
                prop_assert_eq!(&ask(&connection, &statement), &expected, "{}\n{:?}", statement.sql, statement.params);
            }
        }
    });
}

/// Two worlds that differ in nothing but what stands in rows out of sight are answered in one order.
#[test]
fn what_is_out_of_sight_leaves_no_mark_on_an_order() {
    let connection = open();
    let link = |column: &str, table: &str| Link {
        column: column.into(),
        table: table.into(),
    };
    let path = |through, column: &str, kind| Path {
        through,
        column: column.into(),
        kind,
    };
    let sight = Filter::Compare {
        path: path(vec![], "rank", Kind::Integer),
        op: Comparison::Greater,
        value: Value::Integer(1),
    };
    let (name, rank) = (0, 1);
    let other = || path(vec![link("other", OTHER)], "name", Kind::Text);
    let beyond = || {
        path(
            vec![link("other", OTHER), link("main", MAIN)],
            "whole",
            Kind::Integer,
        )
    };
    let moved = std::cell::Cell::new(0_usize);
    proptest!(cases(800), |(world in world(), names in prop::collection::vec("[a-cA-C]{0,2}", 8), descending: bool)| {
        let mut twin = world.clone();
        for (row, text) in twin.tables[1].iter_mut().zip(names) {
            let seen = matches!(&row.cells[rank], Cell::Value(Value::Integer(rank)) if *rank > 1);
            if !seen {
                row.cells[name] = Cell::Value(Value::Text(text));
                row.cells[3] = Cell::Value(Value::Integer(row.id % 3));
            }
        }
        for (path, sights) in [
            (other(), vec![sight.clone()]),
            (beyond(), vec![sight.clone(), Filter::Constant(true)]),
        ] {
            let mut select = Select {
                table: MAIN.into(),
                columns: vec!["id".into()],
                filter: Filter::Constant(true),
                order: vec![Order { path, descending, sights }],
                limit: None,
                offset: 0,
            };
            let mut orders = Vec::new();
            for world in [&world, &twin] {
                fill(&connection, world);
                orders.push(ask(&connection, &render(&select, Dialect::Sqlite)));
                orders.push(world.expected(&select));
            }
            prop_assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
            select.order[0].sights.clear();
            moved.set(moved.get() + usize::from(world.expected(&select) != twin.expected(&select)));
        }
    });
    let moved = moved.get();
    assert!(
        moved > 100,
        "{moved} orders would have told what is out of sight"
    );
}

#[test]
fn filters_part_the_rows_in_two() {
    let connection = open();
    proptest!(cases(1000), |(world in world(), filters in prop::collection::vec(prop_oneof![filter(), select().prop_map(|select| select.filter)], 8))| {
        fill(&connection, &world);
        for filter in filters {
            let ids = world.ids(&filter);
            let not = Filter::Not(Box::new(filter.clone()));
            prop_assert_eq!(world.ids(&not).len() + ids.len(), world.tables[0].len());
            prop_assert_eq!(&world.ids(&simplify(filter.clone())), &ids);
            for (filter, wanted) in [(&filter, ids.len()), (&not, world.tables[0].len() - ids.len())] {
                let count = render_count(MAIN, filter, Dialect::Sqlite);
                prop_assert_eq!(ask(&connection, &count), vec![wanted as i64], "{}", count.sql);
            }
            let delete = render_delete(MAIN, &filter, Dialect::Sqlite);
            let undone = connection.unchecked_transaction().unwrap();
            let cells = delete.params.iter().map(bind);
            let gone = connection.execute(&delete.sql, rusqlite::params_from_iter(cells)).unwrap();
            drop(undone);
            // A row whose filter looks at other rows is judged before any is gone.
            prop_assert_eq!(gone, ids.len(), "{}", delete.sql);
        }
    });
}

#[test]
fn large_filters_are_no_error() {
    let connection = open();
    // One row, without which SQLite would never look at a pattern.
    let cells = schema()[0].1.iter().map(|(_, kind)| {
        let text = *kind == Kind::Text;
        Cell::Value(if text {
            Value::Text("it's \"7\"\\".into())
        } else {
            Value::Null
        })
    });
    let row = Record {
        id: 1,
        cells: cells.collect(),
    };
    let world = World {
        tables: vec![vec![row], vec![], vec![]],
        pairs: vec![],
    };
    fill(&connection, &world);
    let path = |column: &str, kind| Path {
        through: vec![],
        column: column.into(),
        kind,
    };
    let id = |id| Filter::Compare {
        path: path("id", Kind::Integer),
        op: Comparison::NotEqual,
        value: Value::Integer(id),
    };
    let text = |number: i64| Value::Text(format!("it's \"{number}\"\\"));
    let mut nested = id(0);
    for depth in 0..90 {
        nested = Filter::Not(Box::new(Filter::Or(vec![
            nested,
            Filter::And(vec![id(depth), id(-depth)]),
        ])));
    }
    let filters = [
        Filter::And((0..5000).map(id).collect()),
        Filter::Or((0..5000).map(id).collect()),
        Filter::OneOf {
            path: path("id", Kind::Integer),
            values: (0..40_000).map(Value::Integer).collect(),
        },
        Filter::OneOf {
            path: path("na\"me", Kind::Text),
            values: (0..40_000).map(text).collect(),
        },
        Filter::Contains {
            path: path("na\"me", Kind::Text),
            text: "%".repeat(100_000),
        },
        Filter::Like {
            path: path("na\"me", Kind::Text),
            pattern: Pattern(vec![
                Piece::AnyRun,
                Piece::Text("_".repeat(9_000)),
                Piece::AnyRun,
            ]),
        },
        nested,
    ];
    for filter in filters {
        let select = Select {
            table: MAIN.into(),
            columns: vec!["id".into()],
            filter,
            order: vec![],
            limit: Some(5),
            offset: 0,
        };
        let statement = render(&select, Dialect::Sqlite);
        assert_eq!(ask(&connection, &statement), world.expected(&select));
    }
}
