//! Servers that share a database: what one of them keeps in memory of keys, rights and names is dropped as soon
//! as another has changed it. Every request reads two words at rest first; a write that changes what they stand
//! for puts new ones there. A database of one server's own has none of this. Knows no entity by name.

use crate::labels::LabelCache;
use crate::secret::word;
use bitting_catalog::entity::Entity;
use bitting_query::{Filter, Kind, Select, Value};
use bitting_store::table::{Cell, Change, Column, Flow, Key, Table};
use bitting_store::{Store, StoreError};
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Mutex, MutexGuard};

const TABLE: &str = "bitting_versions";
const COLUMN: &str = "word";
/// Row of the word for keys, roles, settings and whatever else decides what a caller may do.
const RIGHTS: i64 = 1;
/// Row of the word for names of records.
const NAMES: i64 = 2;

/// Columns of a table that are of no weight: a write of nothing else changes no right.
const IDLE: [&str; 1] = ["last_used"];

/// What this server has seen of the words at rest.
#[derive(Debug)]
pub struct Versions {
    /// Tables whose rows decide what callers may do.
    deciding: HashSet<Arc<str>>,
    /// Columns that names of records are made of, by table.
    naming: HashMap<Arc<str>, HashSet<Arc<str>>>,
    seen: RwLock<Words>,
    /// Held while things are read anew, so that requests that come meanwhile do it once.
    reading: Mutex<()>,
    /// Writes of names so far, and those that a new word covers.
    named: AtomicU64,
    told: Mutex<u64>,
}

/// The words at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    rights: String,
    names: String,
}

/// What another server has changed. To be read anew while this is held; see [`Versions::caught_up`].
pub struct Moved<'a> {
    pub rights: bool,
    pub names: bool,
    now: Words,
    _turn: MutexGuard<'a, ()>,
}

impl Versions {
    pub fn new(entities: &[Entity], labels: &LabelCache) -> Self {
        let mut naming: HashMap<Arc<str>, HashSet<Arc<str>>> = HashMap::new();
        for entity in entities {
            let columns = naming.entry(entity.table.clone()).or_default();
            let members = labels.recipe(entity.id).members.iter();
            columns.extend(members.map(|(_, column)| column.clone()));
        }
        naming.retain(|_, columns| !columns.is_empty());
        Self {
            deciding: HashSet::new(),
            naming,
            seen: RwLock::default(),
            reading: Mutex::default(),
            named: AtomicU64::new(0),
            told: Mutex::default(),
        }
    }

    /// Says which tables decide what callers may do.
    pub fn decide(&mut self, tables: impl IntoIterator<Item = Arc<str>>) {
        self.deciding.extend(tables);
    }

    /// Adds a new word to changes of rights: in the same write, so that no revocation goes untold.
    pub fn stamp(&self, changes: &mut Vec<Change>) {
        if changes.iter().any(|change| self.is_of_rights(change)) {
            changes.push(renewed(RIGHTS));
        }
    }

    fn is_of_rights(&self, change: &Change) -> bool {
        let of_weight = match change {
            Change::Insert { .. } | Change::Delete { .. } => true,
            Change::Update { values, .. } => {
                let mut names = values.iter().map(|(name, _)| &**name);
                names.any(|name| !IDLE.contains(&name))
            }
            _ => false,
        };
        of_weight && self.deciding.contains(change.table())
    }

    /// Whether these changes give a record another name.
    pub fn renames(&self, changes: &[Change]) -> bool {
        changes.iter().any(|change| match change {
            Change::Update { table, values, .. } => self
                .naming
                .get(table)
                .is_some_and(|columns| values.iter().any(|(name, _)| columns.contains(name))),
            Change::Delete { table, .. } => self.naming.contains_key(table),
            _ => false,
        })
    }

    /// Tells the others of names that are at rest by now. Many writes at once make one new word: the row would
    /// else be what they all wait for.
    pub async fn renamed(&self, store: &Store) -> Result<(), StoreError> {
        let wanted = self.named.fetch_add(1, Ordering::AcqRel) + 1;
        let mut told = self.told.lock().await;
        if *told >= wanted {
            return Ok(());
        }
        let covered = self.named.load(Ordering::Acquire);
        store.write(vec![renewed(NAMES)]).await?;
        *told = covered;
        Ok(())
    }

    /// Puts new words at rest: after a load, which goes past [`Self::stamp`].
    pub async fn renew(&self, store: &Store) -> Result<(), StoreError> {
        if read(store).await?.is_none() {
            let first = [RIGHTS, NAMES].map(|id| Change::Insert {
                table: Arc::from(TABLE),
                id,
                values: fresh(),
            });
            let laid_down = store.write(first.into()).await;
            // Another server that opens the same database may have been first.
            if read(store).await?.is_none() {
                laid_down?;
            }
        }
        store.write(vec![renewed(RIGHTS), renewed(NAMES)]).await
    }

    /// What others have changed since the last look.
    pub async fn look(&self, store: &Store) -> Result<Option<Moved<'_>>, StoreError> {
        let now = read(store).await?.unwrap_or_default();
        if *self.seen.read() == now {
            return Ok(None);
        }
        let turn = self.reading.lock().await;
        // Whoever held the turn before may have seen this, or more.
        let now = read(store).await?.unwrap_or_default();
        let seen = self.seen.read().clone();
        if seen == now {
            return Ok(None);
        }
        Ok(Some(Moved {
            rights: seen.rights != now.rights,
            names: seen.names != now.names,
            now,
            _turn: turn,
        }))
    }

    /// Everything that had moved is read anew.
    pub fn caught_up(&self, moved: Moved<'_>) {
        *self.seen.write() = moved.now;
    }
}

/// The table: one row for each word.
pub fn table() -> Table {
    Table {
        name: Arc::from(TABLE),
        key: Key::Id,
        columns: vec![Column {
            name: Arc::from(COLUMN),
            kind: Kind::Text,
        }],
        indexes: Vec::new(),
        sparse: Vec::new(),
    }
}

fn fresh() -> Vec<(Arc<str>, Value)> {
    vec![(Arc::from(COLUMN), Value::Text(word()))]
}

fn renewed(id: i64) -> Change {
    Change::Update {
        table: Arc::from(TABLE),
        id,
        values: fresh(),
    }
}

async fn read(store: &Store) -> Result<Option<Words>, StoreError> {
    let select = Select {
        table: Arc::from(TABLE),
        columns: vec![Arc::from("id"), Arc::from(COLUMN)],
        filter: Filter::Constant(true),
        order: Vec::new(),
        limit: None,
        offset: 0,
    };
    let statement = bitting_query::sql::render_with(&select, store.dialect(), store);
    let mut words = Words::default();
    let mut rows = 0;
    store
        .select_quick(&statement, &mut |cells| {
            if let (Cell::Integer(id), Cell::Text(text)) = (cells.cell(0), cells.cell(1)) {
                let word = if id == RIGHTS {
                    &mut words.rights
                } else {
                    &mut words.names
                };
                text.clone_into(word);
                rows += 1;
            }
            Flow::Continue
        })
        .await?;
    Ok((rows == 2).then_some(words))
}
