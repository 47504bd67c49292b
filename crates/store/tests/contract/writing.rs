//! A write holds as a whole, survives, and keeps the rules it carries.

use super::place::{Place, count, everything, get, insert, pairs, read, table, text, values};
use bitting_query::{Filter, Kind, Select, Value};
use bitting_store::{Change, StoreError, Table};

fn tables() -> Vec<Table> {
    vec![
        table(
            "a",
            &[
                ("name", Kind::Text),
                ("n", Kind::Integer),
                ("flag", Kind::Boolean),
                ("x", Kind::Number),
            ],
            &[&["name"], &["n"]],
        ),
        table("b", &[("a", Kind::Integer)], &[&["a"]]),
        pairs("mine"),
    ]
}

fn unique(name: &str, n: Value, except: Option<i64>) -> Change {
    Change::Unique {
        table: "a".into(),
        values: values(&[("name", text(name)), ("n", n)]),
        except,
        name: "name".into(),
    }
}

pub async fn a_write_holds_as_a_whole_or_not_at_all(at: Place) {
    let store = at.open(&tables()).await;
    let failing = [
        Change::Update {
            table: "a".into(),
            id: 99,
            values: values(&[("n", Value::Integer(1))]),
        },
        Change::Delete {
            table: "b".into(),
            id: 99,
        },
        insert("a", 1, &[]),
        insert("a", 3, &[("nothing", Value::Null)]),
    ];
    for last in failing {
        let write = vec![
            insert("a", 1, &[("name", text("x"))]),
            insert("b", 1, &[]),
            last,
        ];
        store.write(write).await.unwrap_err();
        assert_eq!(count(&store, "a").await, 0);
        assert_eq!(count(&store, "b").await, 0);
    }
    store
        .write(vec![
            insert("a", 1, &[("name", text("x"))]),
            insert("b", 1, &[]),
        ])
        .await
        .unwrap();
    let error = store.write(vec![insert("a", 1, &[])]).await.unwrap_err();
    assert_eq!(
        error,
        StoreError::Exists {
            table: "a".into(),
            id: 1
        }
    );
    let write = vec![
        Change::Update {
            table: "a".into(),
            id: 1,
            values: values(&[("name", text("y"))]),
        },
        Change::Delete {
            table: "b".into(),
            id: 1,
        },
        Change::Delete {
            table: "b".into(),
            id: 1,
        },
    ];
    assert_eq!(
        store.write(write).await.unwrap_err(),
        StoreError::Missing {
            table: "b".into(),
            id: 1
        }
    );
    assert_eq!(get(&store, "a", 1, &["name"]).await, Some(vec![text("x")]));
    assert_eq!(count(&store, "b").await, 1);
    store.write(vec![]).await.unwrap();
}

pub async fn a_failure_hurts_nobody_else(at: Place) {
    let store = at.open(&tables()).await;
    let mut tasks = Vec::new();
    for id in 1..=120_i64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut write = vec![insert("a", id, &[("n", Value::Integer(id))])];
            if id % 3 == 0 {
                write.push(Change::Delete {
                    table: "b".into(),
                    id: 5,
                });
            }
            (id, store.write(write).await)
        }));
    }
    for task in tasks {
        let (id, result) = task.await.unwrap();
        let expected = if id % 3 == 0 {
            Err(StoreError::Missing {
                table: "b".into(),
                id: 5,
            })
        } else {
            Ok(())
        };
        assert_eq!(result, expected);
        assert_eq!(get(&store, "a", id, &["n"]).await.is_some(), id % 3 != 0);
    }
    assert_eq!(count(&store, "a").await, 80);
}

pub async fn unique_ignores_letter_case(at: Place) {
    let store = at.open(&tables()).await;
    let n = Value::Integer(5);
    store
        .write(vec![
            unique("Acme", n.clone(), None),
            insert("a", 1, &[("name", text("Acme")), ("n", n.clone())]),
        ])
        .await
        .unwrap();
    let conflict = Err(StoreError::Conflict {
        name: "name".into(),
    });
    assert_eq!(
        store.write(vec![unique("aCME", n.clone(), None)]).await,
        conflict
    );
    assert_eq!(
        store.write(vec![unique("aCME", n.clone(), Some(1))]).await,
        Ok(())
    );
    assert_eq!(
        store.write(vec![unique("aCME", n.clone(), Some(2))]).await,
        conflict
    );
    assert_eq!(
        store
            .write(vec![unique("aCME", Value::Integer(6), None)])
            .await,
        Ok(())
    );
    assert_eq!(
        store.write(vec![unique("aCME ", n.clone(), None)]).await,
        Ok(())
    );
    assert_eq!(
        store.write(vec![unique("acm_", n.clone(), None)]).await,
        Ok(())
    );
    // Only ASCII letters fold.
    store
        .write(vec![insert("a", 2, &[("name", text("Ähre"))])])
        .await
        .unwrap();
    assert_eq!(
        store.write(vec![unique("ähre", Value::Null, None)]).await,
        Ok(())
    );
    assert_eq!(
        store.write(vec![unique("ÄHRE", Value::Null, None)]).await,
        conflict
    );
    // A row just inserted counts, and one whole write fails with it.
    let write = vec![
        insert("a", 3, &[("name", text("New")), ("n", n.clone())]),
        unique("NEW", n.clone(), Some(4)),
    ];
    assert_eq!(store.write(write).await, conflict);
    assert_eq!(get(&store, "a", 3, &["name"]).await, None);
}

pub async fn unique_holds_between_writers(at: Place) {
    let store = at.open(&tables()).await;
    for round in 0..5_i64 {
        let mut tasks = Vec::new();
        for task in 0..8_i64 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let n = Value::Integer(round);
                let id = round * 100 + task + 1;
                store
                    .write(vec![
                        unique("same", n.clone(), None),
                        insert("a", id, &[("name", text("Same")), ("n", n)]),
                    ])
                    .await
            }));
        }
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => won += 1,
                Err(error) => assert_eq!(
                    error,
                    StoreError::Conflict {
                        name: "name".into()
                    }
                ),
            }
        }
        assert_eq!(won, 1);
    }
    assert_eq!(count(&store, "a").await, 5);
}

pub async fn unused_finds_users(at: Place) {
    let store = at.open(&tables()).await;
    let unused = |value: i64| Change::Unused {
        table: "b".into(),
        column: "a".into(),
        value: Value::Integer(value),
        name: "company".into(),
    };
    store
        .write(vec![insert("a", 1, &[]), unused(1)])
        .await
        .unwrap();
    store
        .write(vec![insert("b", 1, &[("a", Value::Integer(1))])])
        .await
        .unwrap();
    let error = store
        .write(vec![
            Change::Delete {
                table: "a".into(),
                id: 1,
            },
            unused(1),
        ])
        .await
        .unwrap_err();
    assert_eq!(
        error,
        StoreError::InUse {
            name: "company".into()
        }
    );
    assert_eq!(count(&store, "a").await, 1);
    store.write(vec![unused(2)]).await.unwrap();
    store
        .write(vec![
            Change::Delete {
                table: "b".into(),
                id: 1,
            },
            unused(1),
            Change::Delete {
                table: "a".into(),
                id: 1,
            },
        ])
        .await
        .unwrap();
    assert_eq!(count(&store, "a").await, 0);
    // Also for text, without regard to letter case, and for pairs.
    let named = Change::Unused {
        table: "a".into(),
        column: "name".into(),
        value: text("NAME"),
        name: "name".into(),
    };
    store
        .write(vec![insert("a", 2, &[("name", text("name"))])])
        .await
        .unwrap();
    assert_eq!(
        store.write(vec![named]).await,
        Err(StoreError::InUse {
            name: "name".into()
        })
    );
    let paired = Change::Unused {
        table: "mine".into(),
        column: "key".into(),
        value: Value::Integer(9),
        name: "member".into(),
    };
    store.write(vec![paired.clone()]).await.unwrap();
    store
        .write(vec![Change::Pair {
            table: "mine".into(),
            key: 9,
            id: 2,
        }])
        .await
        .unwrap();
    assert_eq!(
        store.write(vec![paired]).await,
        Err(StoreError::InUse {
            name: "member".into()
        })
    );
}

pub async fn pairs_are_kept_once(at: Place) {
    let store = at.open(&tables()).await;
    let pair = |key, id| Change::Pair {
        table: "mine".into(),
        key,
        id,
    };
    let rows = (1..=4).map(|id| insert("a", id, &[])).collect();
    store.write(rows).await.unwrap();
    store
        .write(vec![Change::Unpair {
            table: "mine".into(),
            id: 1,
        }])
        .await
        .unwrap();
    store
        .write(vec![
            pair(7, 1),
            pair(7, 1),
            pair(7, 2),
            pair(8, 1),
            pair(8, 3),
        ])
        .await
        .unwrap();
    store.write(vec![pair(7, 1)]).await.unwrap();
    let ids = async |key| {
        let filter = Filter::InIndex {
            table: "mine".into(),
            key,
        };
        read(
            &store,
            &Select {
                filter,
                ..everything("a", &["id"])
            },
        )
        .await
    };
    assert_eq!(ids(7).await, [[Value::Integer(1)], [Value::Integer(2)]]);
    assert_eq!(ids(8).await, [[Value::Integer(1)], [Value::Integer(3)]]);
    assert!(ids(9).await.is_empty());
    store
        .write(vec![Change::Unpair {
            table: "mine".into(),
            id: 1,
        }])
        .await
        .unwrap();
    assert_eq!(ids(7).await, [[Value::Integer(2)]]);
    assert_eq!(ids(8).await, [[Value::Integer(3)]]);
}

pub async fn nul_and_wrong_kinds_are_refused(at: Place) {
    let store = at.open(&tables()).await;
    let refused = [
        ("name", text("a\0b")),
        ("name", Value::Integer(1)),
        ("n", text("1")),
        ("n", Value::Number(1.0)),
        ("n", Value::Boolean(true)),
        ("flag", Value::Integer(1)),
        ("x", Value::Number(f64::NAN)),
        ("x", Value::Number(f64::INFINITY)),
        ("x", text("1.5")),
    ];
    for (column, value) in refused {
        let error = store
            .write(vec![insert("a", 1, &[(column, value)])])
            .await
            .unwrap_err();
        assert!(
            matches!(&error, StoreError::Unstorable { column: named, .. } if &**named == column),
            "{error}"
        );
    }
    assert_eq!(count(&store, "a").await, 0);
}

pub async fn many_writers_lose_nothing(at: Place) {
    let store = at.open(&tables()).await;
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..25 {
                let id = store.next_id(&"a".into()).await.unwrap();
                store
                    .write(vec![
                        insert("a", id, &[("n", Value::Integer(id))]),
                        insert("b", id, &[]),
                    ])
                    .await
                    .unwrap();
                ids.push(id);
            }
            ids
        }));
    }
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=400).collect::<Vec<i64>>());
    drop(store);
    let store = at.open(&tables()).await;
    let found: Vec<Vec<Value>> = ids
        .iter()
        .map(|id| vec![Value::Integer(*id), Value::Integer(*id)])
        .collect();
    assert_eq!(read(&store, &everything("a", &["id", "n"])).await, found);
    assert_eq!(count(&store, "b").await, 400);
}

pub async fn a_load_is_one_write(at: Place) {
    let store = at.open(&tables()).await;
    let rows = |to: i64| {
        (1..=to).flat_map(|id| {
            [
                insert(
                    "a",
                    id,
                    &[("n", Value::Integer(id % 7)), ("name", text("Row"))],
                ),
                Change::Pair {
                    table: "mine".into(),
                    key: id % 3,
                    id,
                },
            ]
        })
    };
    let failing = rows(2_000).chain([insert("a", 5, &[])]);
    let error = store.load(failing, &mut |_| {}).await.unwrap_err();
    assert_eq!(
        error,
        StoreError::Exists {
            table: "a".into(),
            id: 5
        }
    );
    assert_eq!(count(&store, "a").await, 0);
    let mut heard = Vec::new();
    let done = store
        .load(rows(2_500), &mut |done| heard.push(done))
        .await
        .unwrap();
    assert_eq!(done, 5_000);
    assert_eq!(heard.last(), Some(&5_000));
    assert!(heard.is_sorted());
    assert_eq!(count(&store, "a").await, 2_500);
    assert_eq!(store.next_id(&"a".into()).await.unwrap(), 2_501);
    let n = Value::Integer(3);
    assert_eq!(
        store.write(vec![unique("ROW", n, None)]).await,
        Err(StoreError::Conflict {
            name: "name".into()
        })
    );
    drop(store);
    let store = at.open(&tables()).await;
    assert_eq!(count(&store, "a").await, 2_500);
}
