//! Tables and their columns over the life of a database.

use super::place::{Place, count, everything, get, insert, pairs, read, table, text};
use bitting_query::{Kind, Value};
use bitting_store::{Change, Key, StoreError, Table};

pub async fn tables_appear_with_their_first_write(at: Place) {
    let tables = [
        table("a", &[("name", Kind::Text)], &[&["name"]]),
        table("b", &[("n", Kind::Integer)], &[]),
    ];
    let store = at.open(&tables).await;
    assert!(
        read(&store, &everything("a", &["id", "name"]))
            .await
            .is_empty()
    );
    assert_eq!(count(&store, "a").await, 0);
    assert_eq!(get(&store, "a", 1, &["name"]).await, None);
    for change in [
        Change::Update {
            table: "a".into(),
            id: 1,
            values: vec![("name".into(), text("x"))],
        },
        Change::Update {
            table: "a".into(),
            id: 1,
            values: vec![],
        },
        Change::Delete {
            table: "a".into(),
            id: 1,
        },
    ] {
        let error = store.write(vec![change]).await.unwrap_err();
        assert_eq!(
            error,
            StoreError::Missing {
                table: "a".into(),
                id: 1
            }
        );
    }
    store
        .write(vec![insert("a", 1, &[("name", text("x"))])])
        .await
        .unwrap();
    assert_eq!(count(&store, "a").await, 1);
    assert_eq!(count(&store, "b").await, 0);
    drop(store);
    let store = at.open(&tables).await;
    assert_eq!(get(&store, "a", 1, &["name"]).await, Some(vec![text("x")]));
    assert_eq!(get(&store, "b", 1, &["n"]).await, None);
}

pub async fn an_added_column_keeps_what_is_there(at: Place) {
    let store = at.open(&[table("a", &[("name", Kind::Text)], &[])]).await;
    store
        .write(vec![insert("a", 7, &[("name", text("kept"))])])
        .await
        .unwrap();
    drop(store);
    let wider = [table(
        "a",
        &[
            ("name", Kind::Text),
            ("flag", Kind::Boolean),
            ("at", Kind::DateTime),
            ("n", Kind::Integer),
            ("j", Kind::Json),
            ("x", Kind::Number),
        ],
        &[&["name"], &["n", "name"], &["at"]],
    )];
    for round in 0..3 {
        let store = at.open(&wider).await;
        let row = get(&store, "a", 7, &["name", "flag", "at", "n", "j", "x"])
            .await
            .unwrap();
        assert_eq!(row[0], text("kept"));
        let flag = if round == 0 {
            Value::Null
        } else {
            Value::Boolean(true)
        };
        assert_eq!(row[1], flag);
        assert_eq!(
            row[2..],
            [Value::Null, Value::Null, Value::Null, Value::Null]
        );
        let values = vec![("flag".into(), Value::Boolean(true))];
        store
            .write(vec![Change::Update {
                table: "a".into(),
                id: 7,
                values,
            }])
            .await
            .unwrap();
    }
}

pub async fn a_column_no_longer_described_stays(at: Place) {
    let both = [table(
        "a",
        &[("old", Kind::Text), ("new", Kind::Text)],
        &[&["old"]],
    )];
    let store = at.open(&both).await;
    store
        .write(vec![insert(
            "a",
            1,
            &[("old", text("o")), ("new", text("n"))],
        )])
        .await
        .unwrap();
    drop(store);
    let store = at.open(&[table("a", &[("new", Kind::Text)], &[])]).await;
    let values = vec![("new".into(), text("m"))];
    store
        .write(vec![Change::Update {
            table: "a".into(),
            id: 1,
            values,
        }])
        .await
        .unwrap();
    drop(store);
    let store = at.open(&both).await;
    assert_eq!(
        get(&store, "a", 1, &["old", "new"]).await,
        Some(vec![text("o"), text("m")])
    );
}

pub async fn a_table_of_pairs_that_is_no_more_goes(at: Place) {
    let rows = || table("a", &[("n", Kind::Integer)], &[]);
    let (old, new) = (pairs("a__old"), pairs("a__new"));
    let pair = |table: &str| Change::Pair {
        table: table.into(),
        key: 1,
        id: 7,
    };
    let store = at.open(&[rows(), old.clone(), new.clone()]).await;
    let changes = vec![insert("a", 7, &[]), pair("a__old"), pair("a__new")];
    store.write(changes).await.unwrap();
    drop(store);
    let gone = Table {
        key: Key::Gone,
        ..old.clone()
    };
    for _ in 0..2 {
        let store = at.open(&[rows(), gone.clone(), new.clone()]).await;
        assert_eq!(count(&store, "a__new").await, 1);
        assert_eq!(count(&store, "a").await, 1);
        drop(store);
    }
    // Dropped: whoever describes it anew finds nothing in it.
    let store = at.open(&[rows(), old, new]).await;
    assert_eq!(count(&store, "a__old").await, 0);
    assert_eq!(count(&store, "a__new").await, 1);
}

pub async fn a_newer_format_is_refused(at: Place) {
    let tables = [table("a", &[], &[])];
    drop(at.open(&tables).await);
    at.meddle("UPDATE bitting_meta SET value = 999 WHERE name = 'format'")
        .await;
    let error = at.try_open(&tables).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 999, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("newer version"), "{error}");
}

pub async fn what_is_not_ours_is_refused(at: Place) {
    at.meddle("CREATE TABLE cooking (recipe TEXT)").await;
    let error = at.try_open(&[table("a", &[], &[])]).await.unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
}

pub async fn what_is_not_described_is_refused(at: Place) {
    let store = at.open(&[table("a", &[("n", Kind::Integer)], &[])]).await;
    let error = store
        .write(vec![insert("nowhere", 1, &[])])
        .await
        .unwrap_err();
    assert_eq!(
        error,
        StoreError::UnknownTable {
            table: "nowhere".into()
        }
    );
    let error = store
        .write(vec![insert("a", 1, &[("m", Value::Integer(1))])])
        .await
        .unwrap_err();
    assert_eq!(
        error,
        StoreError::UnknownColumn {
            table: "a".into(),
            column: "m".into()
        }
    );
    let error = store.next_id(&"nowhere".into()).await.unwrap_err();
    assert_eq!(
        error,
        StoreError::UnknownTable {
            table: "nowhere".into()
        }
    );
    let error = store
        .write(vec![Change::Pair {
            table: "a".into(),
            key: 1,
            id: 1,
        }])
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    assert_eq!(count(&store, "a").await, 0);
}

pub async fn long_names_stay_apart(at: Place) {
    let name = "company/configurations/questions/of_the_type_that_belongs_to";
    let columns = [
        ("a_rather_long_name_of_a_column_first", Kind::Text),
        ("a_rather_long_name_of_a_column_second", Kind::Text),
    ];
    let tables = [table(
        name,
        &columns,
        &[
            &[columns[0].0],
            &[columns[1].0],
            &[columns[0].0, columns[1].0],
        ],
    )];
    for round in 1..4 {
        let store = at.open(&tables).await;
        let id = store.next_id(&name.into()).await.unwrap();
        assert_eq!(id, round);
        store
            .write(vec![insert(name, id, &[(columns[1].0, text("x"))])])
            .await
            .unwrap();
        assert_eq!(
            get(&store, name, id, &[columns[0].0, columns[1].0]).await,
            Some(vec![Value::Null, text("x")])
        );
    }
}
