//! What jobs remember between runs, in tables of our own: links, watermarks, runs, an outbox with its steps,
//! mappings, ticket threads, leases, and rows read from a PSA. Knows no integration.

use crate::Failure;
use crate::steps::Steps;
use bitting_query::{Comparison, Filter, Kind, Path, Select, Value as Rest, render};
use bitting_store::{Cell, Cells, Change, Column, Flow, Key, Location, Store, StoreError, Table};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Which of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Our record and the PSA's, with a fingerprint of what was last seen.
    Link,
    /// How far a job has read.
    Watermark,
    /// What ran, when, and what came of it.
    Run,
    /// Things to do in the PSA, with the steps that are done.
    Outbox,
    /// What of ours stands for what of theirs.
    Mapping,
    /// A ticket that stays open and grows.
    Thread,
    /// Who runs a job at the moment.
    Lease,
    /// Rows of reports.
    Fact,
}

impl Shelf {
    const EVERY: [Self; 8] = [
        Self::Link,
        Self::Watermark,
        Self::Run,
        Self::Outbox,
        Self::Mapping,
        Self::Thread,
        Self::Lease,
        Self::Fact,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Link => "sync_link",
            Self::Watermark => "sync_watermark",
            Self::Run => "sync_run",
            Self::Outbox => "sync_outbox",
            Self::Mapping => "sync_mapping",
            Self::Thread => "sync_thread",
            Self::Lease => "sync_lease",
            Self::Fact => "sync_fact",
        }
    }

    fn indexes(self) -> Vec<Vec<Arc<str>>> {
        let of_kind = |column: &str| vec!["kind".into(), "integration".into(), column.into()];
        let mut indexes = vec![vec!["name".into()], of_kind("psa_id")];
        if self == Self::Fact {
            // `updated` is the day there, by which periods are found.
            indexes.push(of_kind("updated"));
        }
        indexes
    }
}

/// One row. `integration`, `kind` and `key` name it; one row per name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Given by the store; 0 before that.
    pub id: i64,
    pub integration: String,
    pub kind: String,
    pub key: String,
    /// Id of the PSA's record.
    pub psa_id: Option<i64>,
    /// A word of the job that keeps it.
    pub state: String,
    /// Fingerprint of the content.
    pub hash: String,
    /// Moment of the last change, ISO 8601 in UTC.
    pub updated: String,
    pub data: Value,
}

impl Record {
    pub fn new(integration: &str, kind: &str, key: impl Into<String>) -> Self {
        Self {
            integration: integration.to_owned(),
            kind: kind.to_owned(),
            key: key.into(),
            ..Self::default()
        }
    }
}

const COLUMNS: [(&str, Kind); 8] = [
    ("integration", Kind::Text),
    ("kind", Kind::Text),
    ("name", Kind::Text),
    ("psa_id", Kind::Integer),
    ("state", Kind::Text),
    ("hash", Kind::Text),
    ("updated", Kind::Text),
    ("data", Kind::Json),
];

/// The tables, open. Cheap to clone; the last clone to go closes them, which must not happen on a thread of a
/// runtime.
#[derive(Clone)]
pub struct State {
    pub(crate) store: Store,
    pub(crate) runtime: Arc<Runtime>,
    pub steps: Arc<Steps>,
    /// The lease under which everything is written. Ids of leases are never used twice, so a write under one that
    /// was taken away fails as a whole, however late it comes.
    fence: Option<i64>,
}

impl State {
    /// Opens the tables. Nobody else can hold an SQLite file, so what its last process left locked is free.
    pub fn open(location: &Location) -> Result<Self, Failure> {
        let state = Self::opened(location)?;
        if matches!(location, Location::File(_) | Location::Memory) {
            state.free()?;
        }
        Ok(state)
    }

    fn opened(location: &Location) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| {
                Failure::Held(format!("cannot start a runtime for the state: {error}"))
            })?;
        let tables = Shelf::EVERY
            .iter()
            .map(|shelf| Table {
                name: shelf.name().into(),
                key: Key::Id,
                columns: COLUMNS
                    .iter()
                    .map(|(name, kind)| Column {
                        name: (*name).into(),
                        kind: *kind,
                    })
                    .collect(),
                indexes: shelf.indexes(),
                sparse: Vec::new(),
            })
            .collect();
        let store = runtime.block_on(Store::open_to_walk(location, tables))?;
        Ok(Self {
            store,
            runtime: Arc::new(runtime),
            steps: Arc::default(),
            fence: None,
        })
    }

    /// A copy of what a file held by another process has in it, to look at. Leases stay as they are.
    pub fn look(file: &std::path::Path, copy: &std::path::Path) -> Result<Self, Failure> {
        bitting_store::copy_file(file, copy)?;
        let mut state = Self::opened(&Location::File(copy.to_owned()))?;
        state.steps = Arc::default();
        Ok(state)
    }

    /// The same tables, written to under a lease only.
    #[must_use]
    pub fn fenced(&self, lease: i64) -> Self {
        Self {
            fence: Some(lease),
            ..self.clone()
        }
    }

    /// Whether the lease of this run still holds: looked at before each write to the PSA, which no database can
    /// fence.
    pub fn holds(&self) -> Result<(), Failure> {
        let Some(lease) = self.fence else {
            return Ok(());
        };
        let table: Arc<str> = Shelf::Lease.name().into();
        let mut there = false;
        let mut each = |_: &dyn Cells| {
            there = true;
            Flow::Stop
        };
        let columns = [Arc::from("id")];
        self.runtime
            .block_on(self.store.get(&table, lease, &columns, &mut each))?;
        if there {
            Ok(())
        } else {
            Err(Failure::Overtaken)
        }
    }

    /// Puts the end of a lease off. No step of the job.
    pub fn renew(&self, lease: i64, until: &str) -> Result<(), Failure> {
        let update = Change::Update {
            table: Shelf::Lease.name().into(),
            id: lease,
            values: vec![("updated".into(), Rest::Text(until.to_owned()))],
        };
        self.commit(vec![update])
    }

    /// Takes a lease away, if it is still there. No step of the job.
    pub fn release(&self, lease: i64) -> Result<(), Failure> {
        let delete = Change::Delete {
            table: Shelf::Lease.name().into(),
            id: lease,
        };
        match self.commit(vec![delete]) {
            Err(Failure::Overtaken) => Ok(()),
            other => other,
        }
    }

    /// Takes every lease away: their holders are known to be gone.
    pub fn free(&self) -> Result<(), Failure> {
        let leases = self.select(Shelf::Lease, Filter::Constant(true))?;
        self.remove_all(
            Shelf::Lease,
            &leases.iter().map(|lease| lease.id).collect::<Vec<_>>(),
        )
    }

    /// The row of this name.
    pub fn find(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        key: &str,
    ) -> Result<Option<Record>, Failure> {
        let filter = Filter::And(vec![
            equal("name", key),
            equal("kind", kind),
            equal("integration", integration),
        ]);
        // Columns compare without letter case, names of rows do not.
        Ok(self
            .select(shelf, filter)?
            .into_iter()
            .find(|record| record.key == key))
    }

    /// Every row of a kind, oldest first.
    pub fn all(&self, shelf: Shelf, integration: &str, kind: &str) -> Result<Vec<Record>, Failure> {
        self.select(
            shelf,
            Filter::And(vec![equal("kind", kind), equal("integration", integration)]),
        )
    }

    /// Every row of an integration, of all of them where it is `None`.
    pub fn every(&self, shelf: Shelf, integration: Option<&str>) -> Result<Vec<Record>, Failure> {
        self.select(
            shelf,
            integration.map_or(Filter::Constant(true), |integration| {
                equal("integration", integration)
            }),
        )
    }

    /// Fingerprint and row id by name, for a job that compares many.
    pub fn hashes(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
    ) -> Result<HashMap<String, Record>, Failure> {
        Ok(self
            .all(shelf, integration, kind)?
            .into_iter()
            .map(|record| (record.key.clone(), record))
            .collect())
    }

    /// Writes a row: a new one, or over the one of the same name.
    pub fn put(&self, shelf: Shelf, record: &mut Record) -> Result<(), Failure> {
        if record.id == 0 {
            record.id = self
                .find(shelf, &record.integration, &record.kind, &record.key)?
                .map_or(0, |found| found.id);
        }
        self.put_all(shelf, std::slice::from_mut(record))
    }

    /// Writes rows in one transaction. Rows without an id are new.
    pub fn put_all(&self, shelf: Shelf, records: &mut [Record]) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        let table: Arc<str> = shelf.name().into();
        let mut changes = Vec::with_capacity(records.len());
        for record in records {
            let new = record.id == 0;
            if new {
                record.id = self.runtime.block_on(self.store.next_id(&table))?;
            }
            let (table, id, values) = (table.clone(), record.id, values(record));
            changes.push(if new {
                Change::Insert { table, id, values }
            } else {
                Change::Update { table, id, values }
            });
        }
        self.write(changes)
    }

    /// Takes rows away in one transaction.
    pub fn remove_all(&self, shelf: Shelf, ids: &[i64]) -> Result<(), Failure> {
        let table: Arc<str> = shelf.name().into();
        let changes: Vec<Change> = ids
            .iter()
            .map(|id| Change::Delete {
                table: table.clone(),
                id: *id,
            })
            .collect();
        if changes.is_empty() {
            Ok(())
        } else {
            self.write(changes)
        }
    }

    pub fn remove(&self, shelf: Shelf, id: i64) -> Result<(), Failure> {
        self.remove_all(shelf, &[id])
    }

    /// Takes the lease of a job where nobody has one. Atomic, also between servers.
    pub fn lease(&self, record: &mut Record) -> Result<bool, Failure> {
        let table: Arc<str> = Shelf::Lease.name().into();
        record.id = self.runtime.block_on(self.store.next_id(&table))?;
        let name = |column: &str, value: &str| (Arc::from(column), Rest::Text(value.to_owned()));
        let unique = Change::Unique {
            table: table.clone(),
            values: vec![
                name("integration", &record.integration),
                name("kind", &record.kind),
                name("name", &record.key),
            ],
            except: None,
            name: "lease".into(),
        };
        let insert = Change::Insert {
            table,
            id: record.id,
            values: values(record),
        };
        match self
            .runtime
            .block_on(self.store.write(vec![unique, insert]))
        {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What a watermark says.
    pub fn watermark(&self, integration: &str, dataset: &str) -> Result<Option<String>, Failure> {
        Ok(self
            .find(Shelf::Watermark, integration, "watermark", dataset)?
            .map(|record| record.state))
    }

    pub fn set_watermark(
        &self,
        integration: &str,
        dataset: &str,
        value: &str,
    ) -> Result<(), Failure> {
        let mut record = Record::new(integration, "watermark", dataset);
        value.clone_into(&mut record.state);
        self.put(Shelf::Watermark, &mut record)
    }

    pub(crate) fn write(&self, mut changes: Vec<Change>) -> Result<(), Failure> {
        if let Some(lease) = self.fence {
            // In the same transaction, and a change rather than a look, so that two servers wait for each other.
            changes.push(Change::Update {
                table: Shelf::Lease.name().into(),
                id: lease,
                values: vec![("kind".into(), Rest::Text("lease".to_owned()))],
            });
        }
        self.commit(changes)?;
        self.steps.done()
    }

    fn commit(&self, changes: Vec<Change>) -> Result<(), Failure> {
        match self.runtime.block_on(self.store.write(changes)) {
            Err(StoreError::Missing { table, .. }) if *table == *Shelf::Lease.name() => {
                Err(Failure::Overtaken)
            }
            done => Ok(done?),
        }
    }

    fn select(&self, shelf: Shelf, filter: Filter) -> Result<Vec<Record>, Failure> {
        let mut columns: Vec<Arc<str>> = vec!["id".into()];
        columns.extend(COLUMNS.iter().map(|(name, _)| Arc::from(*name)));
        let select = Select {
            table: shelf.name().into(),
            columns,
            filter,
            order: Vec::new(),
            limit: None,
            offset: 0,
        };
        let statement = render(&select, self.store.dialect());
        let mut found = Vec::new();
        let mut each = |cells: &dyn Cells| {
            found.push(record(cells));
            Flow::Continue
        };
        self.runtime
            .block_on(self.store.select(&statement, &mut each))?;
        Ok(found)
    }
}

pub(crate) fn equal(column: &str, value: &str) -> Filter {
    let path = Path {
        through: Vec::new(),
        column: column.into(),
        kind: Kind::Text,
    };
    Filter::Compare {
        path,
        op: Comparison::Equal,
        value: Rest::Text(value.to_owned()),
    }
}

fn values(record: &Record) -> Vec<(Arc<str>, Rest)> {
    let text = |text: &str| Rest::Text(text.to_owned());
    let cells = [
        text(&record.integration),
        text(&record.kind),
        text(&record.key),
        record.psa_id.map_or(Rest::Null, Rest::Integer),
        text(&record.state),
        text(&record.hash),
        text(&record.updated),
        text(&record.data.to_string()),
    ];
    COLUMNS
        .iter()
        .map(|(name, _)| Arc::from(*name))
        .zip(cells)
        .collect()
}

fn record(cells: &dyn Cells) -> Record {
    let text = |at: usize| match cells.cell(at) {
        Cell::Text(text) => text.to_owned(),
        _ => String::new(),
    };
    let integer = |at: usize| match cells.cell(at) {
        Cell::Integer(id) => Some(id),
        _ => None,
    };
    Record {
        id: integer(0).unwrap_or_default(),
        integration: text(1),
        kind: text(2),
        key: text(3),
        psa_id: integer(4),
        state: text(5),
        hash: text(6),
        updated: text(7),
        data: serde_json::from_str(&text(8)).unwrap_or_default(),
    }
}
