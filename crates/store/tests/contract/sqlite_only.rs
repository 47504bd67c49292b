//! What only a file can do wrong.

use super::place::{Place, count, get, insert, on_sqlite, read, table, text};
use bitting_query::{Comparison, Filter, Kind, Path as Column, Value};
use bitting_store::{Durability, Held, Location, Store, StoreError, Table};
use std::path::Path;

fn tables() -> Vec<Table> {
    vec![table("a", &[("name", Kind::Text)], &[&["name"]])]
}

fn path(at: &Place) -> &Path {
    let Place::Sqlite(path) = at else {
        unreachable!()
    };
    path
}

#[test]
fn a_second_server_is_refused() {
    on_sqlite(|at| {
        Box::pin(async move {
            let store = at.open(&tables()).await;
            let error = at.try_open(&tables()).await.unwrap_err();
            let expected = StoreError::Locked {
                path: path(&at).to_path_buf(),
                process: Some(std::process::id()),
            };
            assert_eq!(error, expected);
            assert!(
                error.to_string().contains(&path(&at).display().to_string()),
                "{error}"
            );
            let clone = store.clone();
            drop(store);
            assert!(at.try_open(&tables()).await.is_err());
            drop(clone);
            at.open(&tables()).await;
        })
    });
}

#[test]
fn a_damaged_file_is_refused() {
    let damages: [fn(&mut Vec<u8>); 5] = [
        // To SQLite itself a file without a byte is a new one.
        Vec::clear,
        |bytes| bytes[..64].fill(b'x'),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.truncate(10),
        |bytes| bytes[100..4096].fill(0xA5),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        on_sqlite(|at| {
            Box::pin(async move {
                let store = at.open(&tables()).await;
                let rows = (1..500)
                    .map(|id| insert("a", id, &[("name", text("some name"))]))
                    .collect();
                store.write(rows).await.unwrap();
                drop(store);
                let mut bytes = std::fs::read(path(&at)).unwrap();
                damage(&mut bytes);
                std::fs::write(path(&at), &bytes).unwrap();
                let error = at.try_open(&tables()).await.unwrap_err();
                assert!(
                    matches!(error, StoreError::Corrupt { .. }),
                    "{number}: {error}"
                );
                assert!(
                    error.to_string().contains(&path(&at).display().to_string()),
                    "{error}"
                );
                // Refusing is all that happens to it.
                assert_eq!(std::fs::read(path(&at)).unwrap(), bytes);
            })
        });
    }
}

#[test]
fn a_file_that_was_taken_away_is_made_anew() {
    on_sqlite(|at| {
        Box::pin(async move {
            drop(at.open(&tables()).await);
            std::fs::remove_file(path(&at)).unwrap();
            let store = at.open(&tables()).await;
            assert_eq!(count(&store, "a").await, 0);
        })
    });
}

#[test]
fn a_place_that_cannot_be_is_refused() {
    on_sqlite(|at| {
        Box::pin(async move {
            let blocked = path(&at).to_path_buf();
            std::fs::write(&blocked, b"").unwrap();
            let location = Location::File(blocked.join("rows.sqlite"));
            let error = Store::open(&location, tables()).await.unwrap_err();
            assert!(matches!(error, StoreError::Open { .. }), "{error}");
        })
    });
}

#[test]
fn memory_leaves_nothing_behind() {
    on_sqlite(|_| {
        Box::pin(async {
            let first = Store::open(&Location::Memory, tables()).await.unwrap();
            let second = Store::open(&Location::Memory, tables()).await.unwrap();
            first
                .write(vec![insert("a", 1, &[("name", text("x"))])])
                .await
                .unwrap();
            assert_eq!(count(&first, "a").await, 1);
            assert_eq!(count(&second, "a").await, 0);
            let directory = Path::new(first.place()).parent().unwrap().to_path_buf();
            assert!(directory.exists());
            drop(first);
            assert!(!directory.exists());
        })
    });
}

#[test]
fn a_snapshot_is_a_database() {
    on_sqlite(|at| {
        Box::pin(async move {
            let store = at.open(&tables()).await;
            store
                .write(vec![insert("a", 3, &[("name", text("then"))])])
                .await
                .unwrap();
            let copy = path(&at).with_file_name("copy.sqlite");
            store.snapshot(&copy).await.unwrap();
            store
                .write(vec![insert("a", 4, &[("name", text("later"))])])
                .await
                .unwrap();
            let copied = Store::open(&Location::File(copy), tables()).await.unwrap();
            assert_eq!(
                get(&copied, "a", 3, &["name"]).await,
                Some(vec![text("then")])
            );
            assert_eq!(count(&copied, "a").await, 1);
            assert_eq!(copied.next_id(&"a".into()).await.unwrap(), 4);
        })
    });
}

#[test]
fn less_durable_is_durable_past_the_end() {
    on_sqlite(|at| {
        Box::pin(async move {
            let store = Store::open_with(&at.location(), tables(), Durability::Off)
                .await
                .unwrap();
            store.write(vec![insert("a", 1, &[])]).await.unwrap();
            drop(store);
            let store = at.open(&tables()).await;
            assert_eq!(count(&store, "a").await, 1);
        })
    });
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    on_sqlite(|at| {
        Box::pin(async move {
            let store = at.open(&tables()).await;
            store.write(vec![insert("a", 1, &[])]).await.unwrap();
            for end in ["", "-wal", "-shm"] {
                let path = format!("{}{end}", path(&at).display());
                let mode = std::fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{path}");
            }
        })
    });
}

/// A runtime with one thread has nowhere to move a scan to; it still answers.
#[test]
fn one_thread_is_enough() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Store::open(&Location::Memory, tables()).await.unwrap();
        store.write(vec![insert("a", 1, &[])]).await.unwrap();
        assert_eq!(count(&store, "a").await, 1);
    });
}

#[test]
fn a_temporary_file_can_be_left_to_another_store() {
    on_sqlite(|_| {
        Box::pin(async move {
            let first = Store::open(&Location::Memory, tables()).await.unwrap();
            let row = insert("a", 1, &[("name", text("kept"))]);
            first.write(vec![row]).await.unwrap();
            let left = first.leave().expect("a directory");
            // As long as it is open, it belongs to one of them.
            let early = Store::open(&Location::Left(left.clone()), tables()).await;
            assert!(matches!(early, Err(StoreError::Locked { .. })));
            assert!(left.exists(), "who was refused must not take it away");
            drop(first);
            let second = Store::open(&Location::Left(left.clone()), tables())
                .await
                .unwrap();
            assert_eq!(count(&second, "a").await, 1);
            drop(second);
            assert!(!left.exists());
        })
    });
}

#[test]
fn a_database_that_is_held_is_nobody_elses_until_it_is_released() {
    on_sqlite(|at| {
        Box::pin(async move {
            drop(at.open(&tables()).await);
            let held = Held::take(Location::File(path(&at).to_path_buf())).unwrap();
            let refused = at.try_open(&tables()).await;
            assert!(matches!(refused, Err(StoreError::Locked { .. })));
            let location = held.release();
            assert!(Store::open(&location, tables()).await.is_ok());
        })
    });
}

#[test]
fn a_temporary_file_that_is_held_goes_with_its_holder_or_with_who_opens_it() {
    on_sqlite(|_| {
        Box::pin(async move {
            let left = || async {
                let first = Store::open(&Location::Memory, tables()).await.unwrap();
                first.write(vec![insert("a", 1, &[])]).await.unwrap();
                (first.leave().expect("a directory"), first)
            };
            let (directory, first) = left().await;
            let early = Held::take(Location::Left(directory.clone()));
            assert!(matches!(early, Err(StoreError::Locked { .. })));
            assert!(directory.exists(), "who was refused must not take it away");
            drop(first);
            let held = Held::take(Location::Left(directory.clone())).unwrap();
            drop(held);
            assert!(!directory.exists());

            let (directory, first) = left().await;
            drop(first);
            let held = Held::take(Location::Left(directory.clone())).unwrap();
            let store = Store::open(&held.release(), tables()).await.unwrap();
            assert_eq!(count(&store, "a").await, 1);
            drop(store);
            assert!(!directory.exists());
        })
    });
}

/// KiB of the file's pages that count as this process's own.
#[cfg(target_os = "linux")]
fn resident(path: &Path) -> u64 {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let (mut ours, mut sum) = (false, 0);
    for line in maps.lines() {
        let first = line.split(' ').next().unwrap_or_default();
        if !first.ends_with(':') {
            ours = line.ends_with(&*path.to_string_lossy());
        } else if ours && first == "Rss:" {
            let size = line.split_whitespace().nth(1).unwrap();
            sum += size.parse::<u64>().unwrap();
        }
    }
    sum
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_read_is_given_back_once_nobody_reads() {
    on_sqlite(|at| {
        Box::pin(async move {
            let store = at.open(&tables()).await;
            let long = "x".repeat(4000);
            let rows = (1..=1000).map(|id| insert("a", id, &[("name", text(&long))]));
            store.load(rows, &mut |_| {}).await.unwrap();
            drop(store);
            let store = at.open(&tables()).await;
            let file = path(&at).canonicalize().unwrap();
            let read = || async {
                for id in 1..=1000 {
                    assert_eq!(
                        get(&store, "a", id, &["name"]).await,
                        Some(vec![text(&long)])
                    );
                }
            };
            read().await;
            assert!(resident(&file) > 3000, "{}", resident(&file));
            store.rest();
            assert!(resident(&file) > 3000, "it was read since the last time");
            store.rest();
            assert_eq!(resident(&file), 0);
            // As before, and mapped as before.
            read().await;
            assert!(resident(&file) > 3000, "{}", resident(&file));
        })
    });
}

/// Rows of one value come in three runs under a flag, so that no index of the column alone is kept; a file that has one
/// from before loses it, and nothing else.
#[test]
fn an_index_that_one_with_a_flag_serves_as_well_goes() {
    on_sqlite(|at| {
        Box::pin(async move {
            let columns = [("of", Kind::Integer), ("done", Kind::Boolean)];
            let tables = [table("a", &columns, &[&["of"], &["of", "done"]])];
            let store = at.open(&tables).await;
            let rows = (1..=9_i64).map(|id| {
                let done = match id % 3 {
                    0 => Value::Null,
                    rest => Value::Boolean(rest == 1),
                };
                insert("a", id, &[("of", Value::Integer(id % 2)), ("done", done)])
            });
            store.write(rows.collect()).await.unwrap();
            drop(store);
            let names = || {
                let connection = rusqlite::Connection::open(path(&at)).unwrap();
                let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY 1";
                let mut statement = connection.prepare(sql).unwrap();
                let names = statement.query_map([], |row| row.get::<_, String>(0));
                names.unwrap().map(Result::unwrap).collect::<Vec<_>>()
            };
            assert_eq!(names(), ["ix_a__of__done"]);
            at.meddle("CREATE INDEX ix_a__of ON a (\"of\")").await;
            let store = at.open(&tables).await;
            assert_eq!(names(), ["ix_a__of__done"]);
            let mut page = super::place::everything("a", &["id"]);
            page.limit = Some(4);
            page.filter = Filter::Compare {
                path: Column {
                    through: vec![],
                    column: "of".into(),
                    kind: Kind::Integer,
                },
                op: Comparison::Equal,
                value: Value::Integer(1),
            };
            let ids = |ids: &[i64]| {
                ids.iter()
                    .map(|id| vec![Value::Integer(*id)])
                    .collect::<Vec<_>>()
            };
            assert_eq!(read(&store, &page).await, ids(&[1, 3, 5, 7]));
            page.offset = 3;
            assert_eq!(read(&store, &page).await, ids(&[7, 9]));
        })
    });
}
