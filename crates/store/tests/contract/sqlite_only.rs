//! What only a file can do wrong.

use super::place::{Place, count, get, insert, on_sqlite, read, table, text};
use bitting_query::{Comparison, Filter, Kind, Order, Path as Column, Value};
use bitting_store::{Change, Durability, Held, Location, Store, StoreError, Table};
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

/// Where most rows have no value, an index holds the others alone. A file with a whole index gets that one in its place,
/// and one that a later version left gets the whole one back; no row is found or missed for it.
#[test]
fn an_index_of_values_alone_takes_the_place_of_a_whole_one() {
    on_sqlite(|at| {
        Box::pin(async move {
            let columns = [("of", Kind::Integer), ("who", Kind::Integer)];
            let whole = [table("a", &columns, &[&["of"], &["of", "who"]])];
            let mut sparse = whole.clone();
            sparse[0].sparse = vec![vec!["of".into()], vec!["of".into(), "who".into()]];
            let names = || {
                let connection = rusqlite::Connection::open(path(&at)).unwrap();
                let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY 1";
                let mut statement = connection.prepare(sql).unwrap();
                let names = statement.query_map([], |row| row.get::<_, String>(0));
                names.unwrap().map(Result::unwrap).collect::<Vec<_>>()
            };
            let steps = |sql: &str| {
                let connection = rusqlite::Connection::open(path(&at)).unwrap();
                let sql = format!("EXPLAIN QUERY PLAN {sql}");
                let mut statement = connection.prepare(&sql).unwrap();
                let lines = statement.query_map([], |row| row.get::<_, String>(3));
                lines.unwrap().map(Result::unwrap).collect::<String>()
            };
            let store = at.open(&whole).await;
            let rows = (1..=9_i64).map(|id| {
                let given = (id % 3 == 0).then_some(Value::Integer(id % 2));
                insert("a", id, &[("of", given.unwrap_or(Value::Null))])
            });
            store.write(rows.collect()).await.unwrap();
            drop(store);
            let kept = [["ix_a__of", "ix_a__of__who"], ["sx_a__of", "sx_a__of__who"]];
            assert_eq!(names(), kept[0]);
            for (described, kept) in [(&sparse, kept[1]), (&whole, kept[0]), (&sparse, kept[1])] {
                let store = at.open(described).await;
                assert_eq!(names(), kept);
                let of = || Column {
                    through: vec![],
                    column: "of".into(),
                    kind: Kind::Integer,
                };
                let mut page = super::place::everything("a", &["id"]);
                for (filter, found) in [
                    (Filter::IsNull { path: of() }, vec![1, 2, 4, 5, 7, 8]),
                    (
                        Filter::Compare {
                            path: of(),
                            op: Comparison::Equal,
                            value: Value::Integer(1),
                        },
                        vec![3, 9],
                    ),
                ] {
                    let found: Vec<_> = found
                        .into_iter()
                        .map(|id| vec![Value::Integer(id)])
                        .collect();
                    page.filter = filter;
                    assert_eq!(read(&store, &page).await, found);
                    page.limit = Some(20);
                    page.order = vec![Order::by(of(), false)];
                    assert_eq!(read(&store, &page).await, found);
                    (page.limit, page.order) = (None, vec![]);
                }
                for (value, used) in [(0, true), (7, false)] {
                    let unused = Change::Unused {
                        table: "a".into(),
                        column: "of".into(),
                        value: Value::Integer(value),
                        name: "a".into(),
                    };
                    let asked = store.write(vec![unused]).await;
                    assert_eq!(asked.is_err(), used, "{value}");
                }
                drop(store);
                // Whoever is asked whether a value is used looks it up, and reads no table.
                let asked = steps("SELECT 1 FROM a WHERE \"of\" = 7 LIMIT 1");
                assert!(asked.contains(&format!("INDEX {}", kept[0])), "{asked}");
            }
            // A former version that opened the file made its own index beside this one.
            at.meddle("CREATE INDEX ix_a__of ON a (\"of\")").await;
            drop(at.open(&sparse).await);
            assert_eq!(names(), kept[1]);
        })
    });
}

/// Readers look up every page in the log, as long as there is one: it is moved to the file once nobody writes.
#[test]
fn the_log_is_moved_to_the_file_once_nobody_writes() {
    on_sqlite(|at| {
        Box::pin(async move {
            let store = at.open(&tables()).await;
            let long = text(&"x".repeat(4000));
            let file = || std::fs::metadata(path(&at)).unwrap().len();
            let rows = (1..=100).map(|id| insert("a", id, &[("name", long.clone())]));
            store.write(rows.collect()).await.unwrap();
            assert!(file() < 100_000, "{}", file());
            store.rest();
            store.rest();
            // Another thread does it.
            while file() < 400_000 {
                std::thread::yield_now();
            }
            assert_eq!(get(&store, "a", 7, &["name"]).await, Some(vec![long]));
        })
    });
}
