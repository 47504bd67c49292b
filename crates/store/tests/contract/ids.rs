//! Ids are given out once.

use super::place::{Place, insert, table};
use bitting_query::Kind;
use bitting_store::{Change, Table};
use std::collections::HashSet;

fn tables() -> Vec<Table> {
    vec![
        table("a", &[("n", Kind::Integer)], &[]),
        table("b", &[], &[]),
    ]
}

pub async fn ids_count_up(at: Place) {
    let store = at.open(&tables()).await;
    for id in 1..5 {
        assert_eq!(store.next_id(&"a".into()).await.unwrap(), id);
    }
    assert_eq!(store.next_id(&"b".into()).await.unwrap(), 1);
}

pub async fn ids_are_never_used_twice(at: Place) {
    let mut seen = HashSet::new();
    for _ in 0..4 {
        let store = at.open(&tables()).await;
        for _ in 0..3 {
            let id = store.next_id(&"a".into()).await.unwrap();
            assert!(seen.insert(id), "{id} was given out before");
            store.write(vec![insert("a", id, &[])]).await.unwrap();
        }
        let last = *seen.iter().max().unwrap();
        for id in [last, last - 1] {
            store
                .write(vec![Change::Delete {
                    table: "a".into(),
                    id,
                }])
                .await
                .unwrap();
        }
    }
}

pub async fn ids_from_outside_count(at: Place) {
    let store = at.open(&tables()).await;
    store.write(vec![insert("a", 1, &[])]).await.unwrap();
    assert_eq!(store.next_id(&"a".into()).await.unwrap(), 2);
    store
        .write(vec![
            insert("a", 50, &[]),
            insert("a", 40, &[]),
            insert("a", -3, &[]),
        ])
        .await
        .unwrap();
    assert_eq!(store.next_id(&"a".into()).await.unwrap(), 51);
    store.write(vec![insert("a", 70, &[])]).await.unwrap();
    drop(store);
    let store = at.open(&tables()).await;
    assert_eq!(store.next_id(&"a".into()).await.unwrap(), 71);
}

pub async fn ids_differ_between_takers(at: Place) {
    let store = at.open(&tables()).await;
    let mut tasks = Vec::new();
    for task in 0..8_i64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut ids = Vec::new();
            for round in 0..20 {
                ids.push(store.next_id(&"a".into()).await.unwrap());
                if round == 10 {
                    // Someone else brings ids of their own in between.
                    store
                        .write(vec![insert("a", 10_000 * (task + 1), &[])])
                        .await
                        .unwrap();
                }
            }
            ids
        }));
    }
    let mut seen: HashSet<i64> = (1..=8).map(|task| 10_000 * task).collect();
    for task in tasks {
        for id in task.await.unwrap() {
            assert!(seen.insert(id), "{id} was given out twice");
        }
    }
}
