//! A server that is killed in the midst of writing has kept every write it acknowledged, and
//! nothing of half a write.

use super::place::{Place, everything, insert, read, table};
use bitting_query::{Kind, Value};
use bitting_store::Table;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const FILE: &str = "BITTING_STORE_CRASH_FILE";
const SCHEMA: &str = "BITTING_STORE_CRASH_SCHEMA";

fn tables() -> Vec<Table> {
    vec![
        table("a", &[("n", Kind::Integer)], &[]),
        table("b", &[("n", Kind::Integer)], &[&["n"]]),
    ]
}

pub async fn a_killed_server_keeps_its_word(at: Place) {
    for round in 0..3 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "contract::crash::child", "--nocapture"])
            .stdout(Stdio::piped());
        match &at {
            Place::Sqlite(path) => command.env(FILE, path),
            Place::Postgres { schema, .. } => command.env(SCHEMA, schema),
        };
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = Vec::new();
        let mut hear = |line: String| {
            if let Some(id) = line.strip_prefix("done ") {
                acknowledged.push(id.parse::<i64>().unwrap());
            }
            acknowledged.len()
        };
        while hear(lines.next().expect("the child wrote enough").unwrap()) < 100 + 70 * round {}
        child.kill().unwrap();
        child.wait().unwrap();
        lines.map_while(Result::ok).for_each(|line| {
            hear(line);
        });
        let store = at.open(&tables()).await;
        let ids = async |table: &str| -> HashSet<i64> {
            read(&store, &everything(table, &["id", "n"]))
                .await
                .into_iter()
                .map(|row| match row[..] {
                    [Value::Integer(id), Value::Integer(n)] if id == n => id,
                    _ => panic!("half a row: {row:?}"),
                })
                .collect()
        };
        // A PostgreSQL server may still be finishing what the child had sent: two reads belong together
        // when nothing came between.
        let (a, b) = loop {
            let (a, b) = (ids("a").await, ids("b").await);
            if a == ids("a").await {
                break (a, b);
            }
        };
        assert_eq!(a, b, "half a write was kept");
        for id in acknowledged {
            assert!(a.contains(&id), "{id} was acknowledged and is gone");
        }
    }
}

/// Not a test but the process that is killed; run by itself it does nothing.
#[test]
fn child() {
    let at = match (std::env::var_os(FILE), std::env::var(SCHEMA)) {
        (Some(path), _) => Place::Sqlite(PathBuf::from(path)),
        (_, Ok(schema)) => Place::Postgres {
            url: std::env::var(super::place::VARIABLE).unwrap(),
            schema,
        },
        _ => return,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = at.open(&tables()).await;
        let mut tasks = Vec::new();
        for _ in 0..6 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                // Ends on an error, so that the parent does not wait for words that never come.
                while let Ok(id) = store.next_id(&"a".into()).await {
                    let n = [("n", Value::Integer(id))];
                    let write = vec![insert("a", id, &n), insert("b", id, &n)];
                    if store.write(write).await.is_err() {
                        return;
                    }
                    writeln!(std::io::stdout(), "\ndone {id}").unwrap();
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}
