//! What only a shared server can do wrong.

use super::place::{Place, count, everything, get, insert, on_postgres, read, table, text};
use bitting_query::Kind;
use bitting_store::{DatabaseUrl, Location, Store, StoreError, Table};

fn tables() -> Vec<Table> {
    vec![table("a", &[("name", Kind::Text)], &[&["name"]])]
}

#[test]
fn two_servers_share_a_schema() {
    on_postgres("two_servers_share_a_schema", |at| {
        Box::pin(async move {
            let (first, second) = (at.open(&tables()).await, at.open(&tables()).await);
            assert_eq!(count(&second, "a").await, 0);
            first
                .write(vec![insert("a", 1, &[("name", text("x"))])])
                .await
                .unwrap();
            // The second did not know of the table when it was opened.
            assert_eq!(get(&second, "a", 1, &["name"]).await, Some(vec![text("x")]));
            assert_eq!(
                read(&second, &everything("a", &["name"])).await,
                [[text("x")]]
            );
            assert_eq!(first.next_id(&"a".into()).await.unwrap(), 2);
            assert_eq!(second.next_id(&"a".into()).await.unwrap(), 3);
            assert_eq!(first.next_id(&"a".into()).await.unwrap(), 4);
        })
    });
}

#[test]
fn many_servers_open_at_once() {
    on_postgres("many_servers_open_at_once", |at| {
        Box::pin(async move {
            let mut tasks = Vec::new();
            for id in 1..=6 {
                let at: Place = at.clone();
                tasks.push(tokio::spawn(async move {
                    let store = at.open(&tables()).await;
                    store.write(vec![insert("a", id, &[])]).await.unwrap();
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(count(&at.open(&tables()).await, "a").await, 6);
        })
    });
}

/// Needs no server: all of these fail.
#[test]
fn no_password_in_any_error() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for url in [
            "postgres://me:hunter2@127.0.0.1:1/none",
            "postgres://me:hunter2@127.0.0.1:1/none?sslmode=require",
            "postgres://me:hunter2@127.0.0.1:port/none",
            "host=127.0.0.1 port=1 password=hunter2 unknown=1",
            "hunter2",
        ] {
            let location = Location::Postgres {
                url: DatabaseUrl::new(url),
                schema: "s".into(),
            };
            assert!(!format!("{location:?}").contains("hunter2"));
            let error = Store::open(&location, tables()).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    StoreError::Open { .. } | StoreError::Unavailable { .. }
                ),
                "{error:?}"
            );
            assert!(
                !format!("{error} {error:?}").contains("hunter2"),
                "{error:?}"
            );
        }
        let url = DatabaseUrl::new("postgres://me:hunter2@127.0.0.1:1/none");
        let location = Location::Postgres {
            url,
            schema: "s\"; DROP".into(),
        };
        assert!(Store::open(&location, tables()).await.is_err());
    });
}

/// While one server loads, holding locks on what it has written, others open, write and make
/// tables, and the load itself may still need new tables.
#[test]
fn a_load_does_not_hold_up_other_servers() {
    on_postgres("a_load_does_not_hold_up_other_servers", |at| {
        Box::pin(async move {
            let tables: Vec<Table> = ["a", "b", "c"]
                .map(|name| table(name, &[("name", Kind::Text)], &[&["name"]]))
                .to_vec();
            let first = at.open(&tables).await;
            first
                .write(vec![insert("a", 1, &[("name", text("x"))])])
                .await
                .unwrap();
            let (halfway, wait_halfway) = tokio::sync::oneshot::channel();
            let (go_on, wait_go_on) = std::sync::mpsc::channel();
            let mut signal = Some((halfway, wait_go_on));
            let rows = (2..4_000).map(move |id| {
                if id == 3_000 {
                    let (halfway, wait) = signal.take().unwrap();
                    halfway.send(()).unwrap();
                    wait.recv().unwrap();
                }
                insert(
                    if id < 3_000 { "a" } else { "c" },
                    id,
                    &[("name", text("x"))],
                )
            });
            let loading = tokio::spawn({
                let first = first.clone();
                async move { first.load(rows, &mut |_| {}).await }
            });
            wait_halfway.await.unwrap();
            let second = at.open(&tables).await;
            second
                .write(vec![insert("b", 1, &[("name", text("y"))])])
                .await
                .unwrap();
            second
                .write(vec![insert("a", 9_000, &[("name", text("y"))])])
                .await
                .unwrap();
            go_on.send(()).unwrap();
            assert_eq!(loading.await.unwrap().unwrap(), 3_998);
            assert_eq!(count(&second, "a").await, 3_000);
            assert_eq!(count(&second, "c").await, 1_000);
            assert!(second.next_id(&"a".into()).await.unwrap() > 9_000);
        })
    });
}
