//! What goes in comes out, and at once.

use super::place::{
    Place, count, everything, get, insert, owned, pairs, read, table, text, values,
};
use bitting_query::{Comparison, Filter, Kind, Link, Path, Select, Value};
use bitting_store::{Cell, Cells, Change, Flow, Table};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::sync::Arc;

fn tables() -> Vec<Table> {
    let columns = [
        ("whole", Kind::Integer),
        ("amount", Kind::Number),
        ("flag", Kind::Boolean),
        ("name", Kind::Text),
        ("at", Kind::DateTime),
        ("json", Kind::Json),
    ];
    vec![table("row", &columns, &[&["whole"]])]
}

pub async fn text_comes_back_as_it_went(at: Place) {
    let store = at.open(&tables()).await;
    let long = "Überlänge ".repeat(200_000);
    let texts = [
        "",
        " ",
        "'",
        "''",
        "\"",
        "\\",
        "%_",
        "?1 $1 :a",
        "a\nb\r\n\t",
        "naïve façade",
        "日本語",
        "👩‍👩‍👧‍👦",
        "\u{1}\u{7f}",
        "\u{feff}",
        "\u{10ffff}",
        "Robert'); DROP TABLE row;--",
        "1e5",
        "0123",
        "null",
        "true",
        long.as_str(),
    ];
    for (at, given) in texts.iter().enumerate() {
        let id = at as i64 + 1;
        let row = [
            ("name", text(given)),
            ("at", text(given)),
            ("json", text(given)),
        ];
        store.write(vec![insert("row", id, &row)]).await.unwrap();
        let found = get(&store, "row", id, &["name", "at", "json", "whole"])
            .await
            .unwrap();
        assert_eq!(found, [text(given), text(given), text(given), Value::Null]);
    }
    drop(store);
    let store = at.open(&tables()).await;
    let found = read(&store, &everything("row", &["name"])).await;
    let expected: Vec<Vec<Value>> = texts.iter().map(|given| vec![text(given)]).collect();
    assert!(found == expected);
}

pub async fn every_kind_comes_back_as_it_went(at: Place) {
    let store = at.open(&tables()).await;
    let row = (
        prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::Integer)],
        prop_oneof![
            Just(Value::Null),
            proptest::num::f64::NORMAL.prop_map(Value::Number)
        ],
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Boolean)],
        prop_oneof![Just(Value::Null), "[^\0]{0,20}".prop_map(Value::Text)],
    );
    let mut runner = TestRunner::deterministic();
    let columns = ["whole", "amount", "flag", "name"];
    for id in 1..200 {
        let (whole, amount, flag, name) = row.new_tree(&mut runner).unwrap().current();
        let given = vec![whole, amount, flag, name];
        let pairs: Vec<(&str, Value)> = columns.iter().copied().zip(given.clone()).collect();
        if id % 2 == 0 {
            store.write(vec![insert("row", id, &pairs)]).await.unwrap();
        } else {
            let update = Change::Update {
                table: "row".into(),
                id,
                values: values(&pairs),
            };
            store
                .write(vec![insert("row", id, &[]), update])
                .await
                .unwrap();
        }
        assert_eq!(get(&store, "row", id, &columns).await.unwrap(), given);
    }
    // A whole number in a column of numbers is a number when it comes back.
    store
        .write(vec![insert("row", 1000, &[("amount", Value::Integer(5))])])
        .await
        .unwrap();
    assert_eq!(
        get(&store, "row", 1000, &["amount"]).await.unwrap(),
        [Value::Number(5.0)]
    );
}

pub async fn a_reader_may_stop(at: Place) {
    let store = at.open(&tables()).await;
    let rows = (1..=500)
        .map(|id| insert("row", id, &[("whole", Value::Integer(id))]))
        .collect();
    store.write(rows).await.unwrap();
    let statement = bitting_query::render(&everything("row", &["id"]), store.dialect());
    for _ in 0..50 {
        let mut seen = 0;
        let mut each = |_: &dyn Cells| {
            seen += 1;
            if seen == 3 {
                Flow::Stop
            } else {
                Flow::Continue
            }
        };
        store.select(&statement, &mut each).await.unwrap();
        assert_eq!(seen, 3);
    }
    assert_eq!(count(&store, "row").await, 500);
}

pub async fn a_writer_reads_its_own_write(at: Place) {
    let store = at.open(&tables()).await;
    let mut tasks = Vec::new();
    for task in 0..8_i64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for round in 0..20 {
                let id = task * 1000 + round + 1;
                store
                    .write(vec![insert("row", id, &[("whole", Value::Integer(round))])])
                    .await
                    .unwrap();
                assert_eq!(
                    get(&store, "row", id, &["whole"]).await,
                    Some(vec![Value::Integer(round)])
                );
                let update = values(&[("whole", Value::Integer(-round))]);
                store
                    .write(vec![Change::Update {
                        table: "row".into(),
                        id,
                        values: update,
                    }])
                    .await
                    .unwrap();
                assert_eq!(
                    get(&store, "row", id, &["whole"]).await,
                    Some(vec![Value::Integer(-round)])
                );
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

pub async fn joined_tables_need_not_exist(at: Place) {
    let tables = [
        table("a", &[("b", Kind::Integer)], &[]),
        table("b", &[("name", Kind::Text)], &[]),
        pairs("mine"),
    ];
    let store = at.open(&tables).await;
    let path = Path {
        through: vec![Link {
            column: "b".into(),
            table: "b".into(),
        }],
        column: "name".into(),
        kind: Kind::Text,
    };
    let named = Filter::Compare {
        path,
        op: Comparison::Equal,
        value: text("x"),
    };
    let mine = Filter::InIndex {
        table: "mine".into(),
        key: 1,
    };
    let select = |filter: Filter| Select {
        filter,
        ..everything("a", &["id"])
    };
    for filter in [
        named.clone(),
        mine.clone(),
        Filter::Not(Box::new(named.clone())),
    ] {
        assert!(read(&store, &select(filter)).await.is_empty());
    }
    store
        .write(vec![insert("a", 1, &[("b", Value::Integer(5))])])
        .await
        .unwrap();
    assert!(read(&store, &select(named.clone())).await.is_empty());
    assert!(read(&store, &select(mine.clone())).await.is_empty());
    let either = Filter::Or(vec![Filter::Not(Box::new(named)), mine]);
    assert_eq!(read(&store, &select(either)).await, [[Value::Integer(1)]]);
}

pub async fn rows_come_with_whether_a_pair_holds_them_and_under_a_value(at: Place) {
    let tables = [
        table(
            "a",
            &[("b", Kind::Integer), ("name", Kind::Text)],
            &[&["b"]],
        ),
        pairs("mine"),
    ];
    let store = at.open(&tables).await;
    let (name, mine) = (Arc::from("a"), Arc::from("mine"));
    let paired = async |id, key| {
        let mut found = Vec::new();
        let columns = [Arc::from("b")];
        store
            .get_paired(&name, id, &columns, (&mine, key), &mut |cells| {
                let held = match cells.cell(1) {
                    Cell::Integer(held) => held != 0,
                    Cell::Boolean(held) => held,
                    other => panic!("{other:?}"),
                };
                found.push((owned(cells.cell(0)), held));
                Flow::Continue
            })
            .await
            .unwrap();
        found
    };
    let under = async |value| {
        let mut found = Vec::new();
        let columns = [Arc::from("id"), Arc::from("name")];
        store
            .under(&name, ("b", value), &columns, &mut |cells| {
                found.push((owned(cells.cell(0)), owned(cells.cell(1))));
                Flow::Continue
            })
            .await
            .unwrap();
        found
    };
    assert_eq!((paired(1, 7).await, under(5).await), (vec![], vec![]));
    let five = || Value::Integer(5);
    store
        .write(vec![
            insert("a", 3, &[("b", five()), ("name", text("three"))]),
            insert("a", 1, &[("b", five())]),
            insert("a", 2, &[("b", Value::Integer(6))]),
        ])
        .await
        .unwrap();
    // The table of pairs is not there yet.
    assert_eq!(paired(1, 7).await, [(five(), false)]);
    let pair = |key, id| Change::Pair {
        table: mine.clone(),
        key,
        id,
    };
    store.write(vec![pair(7, 1), pair(8, 3)]).await.unwrap();
    assert_eq!(paired(1, 7).await, [(five(), true)]);
    assert_eq!(paired(1, 8).await, [(five(), false)]);
    assert_eq!(paired(9, 7).await, []);
    let found = [
        (Value::Integer(1), Value::Null),
        (Value::Integer(3), text("three")),
    ];
    assert_eq!(under(5).await, found);
    assert_eq!(under(7).await, []);
    let refused = store
        .under(&name, ("name", 1), &[], &mut |_| Flow::Stop)
        .await;
    assert!(refused.is_err(), "a column of text holds no id");
}
