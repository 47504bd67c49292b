//! Copies of a company's rows: taken into a file, brought back from one, or wiped for a fresh start. All
//! rows change in one write, so that nobody ever meets half a company. Knows no entity by name.

pub mod autotask;

use bitting_calls::seed::{self, Demo};
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::instance::{self, Instance};
use bitting_psa::outbox::Message as _;
use bitting_psa::outbox::callbacks::Message;
use bitting_psa::problem::Problem;
use bitting_psa::row::owned;
use bitting_query::sql::render_with;
use bitting_query::{Filter, Select, Value};
use bitting_rules::rulebook::Rulebook;
use bitting_store::table::{Cells, Change, Key, Table};
use bitting_store::{Durability, Flow, Location, Store, StoreError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A database of either PSA, as far as copying it goes.
struct Copied<'a> {
    store: &'a Store,
    tables: Vec<Table>,
    /// Table of messages on their way.
    outbox: Arc<str>,
    /// Table of what opens it.
    keys: &'static str,
}

impl<'a> Copied<'a> {
    fn of(instance: &'a Instance) -> Self {
        Self {
            store: &instance.backend.store,
            tables: kept(instance::tables(instance.catalog(), &Rulebook)),
            outbox: Arc::from(Message::TABLE),
            keys: bitting_psa::keys::TABLE,
        }
    }
}

/// The tables that have rows.
fn kept(tables: Vec<Table>) -> Vec<Table> {
    let tables = tables.into_iter();
    tables.filter(|table| table.key != Key::Gone).collect()
}

/// The file of a named copy.
pub fn file(state: &Path, company: &str, name: &str) -> Result<PathBuf, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 60 || !name.chars().all(plain) {
        let message = format!("'{name}' cannot name a copy; use 1 to 60 letters, digits, - and _.");
        return Err(ApiError::bad_request(message).into());
    }
    let folder = state.join("snapshots").join(company.to_ascii_lowercase());
    Ok(folder.join(format!("{name}.sqlite")))
}

/// Names of the copies that were taken of a company, with when and how many bytes.
pub fn taken(state: &Path, company: &str) -> Vec<(String, std::time::SystemTime, u64)> {
    let folder = state.join("snapshots").join(company.to_ascii_lowercase());
    // No folder: nothing was taken.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let about = path.metadata().ok()?;
            let fits = path.extension().is_some_and(|end| end == "sqlite");
            let name = path.file_stem()?.to_str()?.to_owned();
            fits.then_some((name, about.modified().ok()?, about.len()))
        })
        .collect();
    all.sort_by_key(|(_, at, _)| std::cmp::Reverse(*at));
    all
}

/// Copies the company into a new file, in place of an older copy of that name.
pub async fn take(instance: &Instance, file: &Path) -> Result<(), Problem> {
    take_into(&Copied::of(instance), file).await
}

async fn take_into(copied: &Copied<'_>, file: &Path) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        tracing::error!(%error, "a snapshot's file cannot be made");
        ApiError::server("The snapshot's file cannot be made; the server's log says why.")
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let fresh = file.with_extension("new");
    remove(&fresh).map_err(failed)?;
    match copied.store.snapshot(&fresh).await {
        // A database that cannot copy itself into a file is read row by row.
        Err(StoreError::Unsupported { .. }) => {
            let copy = open(copied, &fresh).await?;
            let rows = rows(copied.store, &copied.tables).await?;
            copy.load(rows.into_iter(), &mut |_| {}).await?;
        }
        taken => taken?,
    }
    std::fs::rename(&fresh, file).map_err(failed)?;
    Ok(())
}

/// Brings a copy back: everything since is gone. What callbacks still had to be told is gone as well,
/// because it was told or overtaken since.
pub async fn restore(instance: &Instance, file: &Path) -> Result<(), Problem> {
    if instance.is_gate() {
        return Err(not_of_a_gate());
    }
    bring_back(&Copied::of(instance), file).await?;
    refresh(instance).await
}

async fn bring_back(copied: &Copied<'_>, file: &Path) -> Result<(), Problem> {
    if !file.is_file() {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        return Err(ApiError::not_found("Snapshot", &name).into());
    }
    let copy = open(copied, file).await?;
    let mut changes = wiped(copied, &BTreeSet::new()).await?;
    let mut kept = rows(&copy, &copied.tables).await?;
    kept.retain(|change| !stays(copied, change));
    changes.extend(kept);
    drop(copy);
    copied.store.load(changes.into_iter(), &mut |_| {}).await?;
    Ok(())
}

/// Starts the company anew. The keys of its first two members open their successors: a client under test
/// goes on with the key that it has.
pub async fn reset(instance: &Instance, demo: Option<&Demo>) -> Result<(), Problem> {
    reset_watched(instance, demo, &mut |_| {}).await
}

/// The same; `progress` hears how many demo rows are done.
pub(crate) async fn reset_watched(
    instance: &Instance,
    demo: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), Problem> {
    if instance.is_gate() {
        return Err(not_of_a_gate());
    }
    let first = seed::members(instance);
    let at_rest = keys(instance).await?;
    let mut kept = instance.keys.list(None);
    kept.retain(|key| first.contains(&Some(key.member)) && at_rest.contains(&key.id));
    let ids: BTreeSet<i64> = kept.iter().map(|key| key.id).collect();
    let changes = wiped(&Copied::of(instance), &ids).await?;
    instance
        .backend
        .store
        .load(changes.into_iter(), &mut |_| {})
        .await?;
    refresh(instance).await?;
    let seeded = seed::company(instance, demo, progress)
        .await
        .map_err(ApiError::server)?;
    let now = [seeded.admin, seeded.least];
    let moved: Vec<_> = kept
        .iter()
        .filter_map(|key| {
            let at = first
                .iter()
                .position(|member| *member == Some(key.member))?;
            Some(key.moved_to(now[at]?))
        })
        .collect();
    instance
        .backend
        .write(moved.iter().map(bitting_psa::keys::Key::update).collect())
        .await?;
    for key in moved {
        instance.keys.put(key);
    }
    refresh(instance).await
}

async fn open(copied: &Copied<'_>, file: &Path) -> Result<Store, StoreError> {
    let tables = copied.tables.clone();
    Store::open_with(&Location::File(file.to_owned()), tables, Durability::Off).await
}

fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Everything in memory is read anew; keys that are no longer at rest open nothing from here on.
async fn refresh(instance: &Instance) -> Result<(), Problem> {
    let at_rest = keys(instance).await?;
    for key in instance.keys.list(None) {
        if !at_rest.contains(&key.id) {
            instance.keys.remove(key.id);
        }
    }
    Ok(instance.reload().await?)
}

/// Settings of the first company that name the server's other databases.
const SERVERS: [&str; 2] = [
    bitting_calls::shelf::OTHERS,
    bitting_autotask::shelf::OTHERS,
];

/// Rows that belong to the server and not to the company's state: which other companies there are, and
/// messages on their way.
fn stays(copied: &Copied<'_>, change: &Change) -> bool {
    let servers =
        |value: &Value| matches!(value, Value::Text(name) if SERVERS.contains(&name.as_str()));
    match change {
        Change::Insert { table, values, .. } => {
            *table == copied.outbox
                || (&**table == instance::SETTINGS
                    && values
                        .iter()
                        .any(|(name, value)| &**name == "name" && servers(value)))
        }
        _ => false,
    }
}

/// Changes that delete every row but those that stay, and but these keys.
async fn wiped(copied: &Copied<'_>, keys: &BTreeSet<i64>) -> Result<Vec<Change>, StoreError> {
    let store = copied.store;
    let mut changes = Vec::new();
    for table in &copied.tables {
        let name = &table.name;
        if table.key == Key::Pair {
            let ids: BTreeSet<i64> = ids(store, table).await?.into_iter().collect();
            changes.extend(ids.into_iter().map(|id| Change::Unpair {
                table: name.clone(),
                id,
            }));
        } else if &**name == instance::SETTINGS {
            let all = rows(store, std::slice::from_ref(table)).await?;
            changes.extend(all.iter().filter(|row| !stays(copied, row)).filter_map(
                |row| match row {
                    Change::Insert { table, id, .. } => Some(Change::Delete {
                        table: table.clone(),
                        id: *id,
                    }),
                    _ => None,
                },
            ));
        } else {
            let stay = |id: &i64| &**name == copied.keys && keys.contains(id);
            let gone = ids(store, table).await?.into_iter().filter(|id| !stay(id));
            changes.extend(gone.map(|id| Change::Delete {
                table: name.clone(),
                id,
            }));
        }
    }
    Ok(changes)
}

/// Keys at rest.
async fn keys(instance: &Instance) -> Result<BTreeSet<i64>, StoreError> {
    let ids = ids(&instance.backend.store, &bitting_psa::keys::table()).await?;
    Ok(ids.into_iter().collect())
}

async fn ids(store: &Store, table: &Table) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::new();
    each(store, table, vec![Arc::from("id")], &mut |values| {
        if let [Value::Integer(id)] = values[..] {
            ids.push(id);
        }
    })
    .await?;
    Ok(ids)
}

/// Every row of these tables, as the changes that make them.
async fn rows(store: &Store, tables: &[Table]) -> Result<Vec<Change>, StoreError> {
    let mut rows = Vec::new();
    for table in tables {
        let name = &table.name;
        if table.key == Key::Pair {
            let columns = vec![Arc::from("key"), Arc::from("id")];
            each(store, table, columns, &mut |values| {
                if let [Value::Integer(key), Value::Integer(id)] = values[..] {
                    rows.push(Change::Pair {
                        table: name.clone(),
                        key,
                        id,
                    });
                }
            })
            .await?;
            continue;
        }
        let mut columns: Vec<Arc<str>> = vec![Arc::from("id")];
        columns.extend(table.columns.iter().map(|column| column.name.clone()));
        let names = columns.clone();
        each(store, table, columns, &mut |mut values| {
            let Some(Value::Integer(id)) = values.first().cloned() else {
                return;
            };
            let values = names.iter().cloned().zip(values.drain(..)).skip(1);
            let values = values.filter(|(_, value)| *value != Value::Null).collect();
            rows.push(Change::Insert {
                table: name.clone(),
                id,
                values,
            });
        })
        .await?;
    }
    Ok(rows)
}

async fn each(
    store: &Store,
    table: &Table,
    columns: Vec<Arc<str>>,
    take: &mut (dyn FnMut(Vec<Value>) + Send),
) -> Result<(), StoreError> {
    let kinds: Vec<_> = columns
        .iter()
        .map(|name| {
            table
                .columns
                .iter()
                .find(|column| column.name == *name)
                .map(|column| column.kind)
        })
        .collect();
    let select = Select {
        table: table.name.clone(),
        columns,
        filter: Filter::Constant(true),
        order: Vec::new(),
        limit: None,
        offset: 0,
    };
    let statement = render_with(&select, store.dialect(), store);
    store
        .select(&statement, &mut |cells: &dyn Cells| {
            let value = |(index, kind): (usize, &Option<bitting_query::Kind>)| {
                match (kind, owned(cells.cell(index))) {
                    // SQLite keeps booleans as integers.
                    (Some(bitting_query::Kind::Boolean), Value::Integer(flag)) => {
                        Value::Boolean(flag != 0)
                    }
                    (_, value) => value,
                }
            };
            take(kinds.iter().enumerate().map(value).collect());
            Flow::Continue
        })
        .await
}

/// Copies, resets and faults are a sandbox's: what stands behind a gate is somebody's business.
pub(crate) fn not_of_a_gate() -> Problem {
    let mut error = ApiError::no_endpoint();
    "A gate has no copies, resets or faults: its records are those of the PSA behind it."
        .clone_into(&mut error.message);
    error.into()
}
