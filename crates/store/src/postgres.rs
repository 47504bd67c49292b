//! Rows in a schema of a PostgreSQL database, which several servers may share. Knows nothing of
//! what the tables mean.
//!
//! Writes run SERIALIZABLE and are tried again when two of them clash, so that a check and the
//! change that relies on it hold together as they do behind SQLite's single writer.

mod apply;
mod cells;
mod ddl;
mod fault;
mod lock;
mod open;

use crate::error::StoreError;
use crate::keyed::{Asked, KeyedStatements};
use crate::layout::Layout;
use crate::location::DatabaseUrl;
use crate::sqlite::off_thread;
use crate::table::{Cells, Change, Flow};
use apply::{Applier, Trouble};
use bitting_query::Value;
use cells::{Bound, PostgresCells};
use deadpool_postgres::{Object, Pool, PoolError};
use fault::{fault, lacks_table};
use futures::TryStreamExt;
pub use lock::Lock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio_postgres::IsolationLevel;

/// How often a write that clashed with another is tried.
const ATTEMPTS: u32 = 40;
/// Prepared statements kept by each connection; beyond that they are all forgotten.
const STATEMENTS: usize = 512;
/// Changes that travel together while loading in bulk.
const LOAD: usize = 1000;

/// The key of an advisory lock: of the schema's shape, or of one table's ids.
fn lock_key(schema: &str, table: &str) -> i64 {
    let bytes = schema.bytes().chain([b'.']).chain(table.bytes());
    bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |print, byte| {
            (print ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
        .cast_signed()
}

pub struct Postgres {
    place: Arc<str>,
    schema: String,
    layout: Layout,
    keyed: KeyedStatements,
    pool: Pool,
    /// Tables known to exist. Others may exist too: another server may have made them since.
    exists: Vec<AtomicBool>,
    /// Of each table an id that its sequence is known to have passed.
    passed: Vec<AtomicI64>,
}

impl Postgres {
    pub async fn open(url: &DatabaseUrl, schema: &str, layout: Layout) -> Result<Self, StoreError> {
        let place: Arc<str> = Arc::from(format!("schema {schema} of the PostgreSQL database"));
        let pool = open::pool(url, schema, &place)?;
        let mut client = pool
            .get()
            .await
            .map_err(|error| unavailable(&place, error))?;
        let present = open::adopt(&mut client, &layout, schema, &place).await?;
        drop(client);
        Ok(Self {
            exists: present.into_iter().map(AtomicBool::new).collect(),
            passed: layout.tables().map(|_| AtomicI64::new(0)).collect(),
            keyed: KeyedStatements::new(["$1", "$2"]),
            schema: schema.to_string(),
            place,
            layout,
            pool,
        })
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    pub async fn select(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        // A second try follows the making of empty tables that the statement joins.
        for _ in 0..2 {
            match self.read(sql, params, each).await? {
                Ok(()) => return Ok(()),
                Err(error) if lacks_table(&error) => {
                    self.look().await?;
                    if self.layout.main_of(sql).is_some_and(|at| !self.has(at)) {
                        return Ok(());
                    }
                    for at in self.layout.named_in(sql) {
                        self.ensure(at).await?;
                    }
                }
                Err(error) => return Err(fault(&self.place, &error)),
            }
        }
        Err(StoreError::Refused {
            place: self.place.to_string(),
            detail: "the statement names tables that cannot be made".into(),
        })
    }

    async fn read(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<Result<(), tokio_postgres::Error>, StoreError> {
        let client = self.client().await?;
        let read = async {
            let statement = client.prepare_cached(sql).await?;
            let rows = client
                .query_raw(&statement, params.iter().map(Bound))
                .await?;
            futures::pin_mut!(rows);
            while let Some(row) = rows.try_next().await? {
                if each(&PostgresCells(&row)) == Flow::Stop {
                    break;
                }
            }
            Ok(())
        };
        Ok(read.await)
    }

    pub async fn get(
        &self,
        table: &Arc<str>,
        id: i64,
        columns: &[Arc<str>],
        pair: Option<(&Arc<str>, i64)>,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        let at = self.layout.find(table)?;
        let mut parameters = vec![Value::Integer(id)];
        let mut asked = Asked::Nothing;
        if let Some((pairs, key)) = pair {
            asked = Asked::Pair(self.layout.find(pairs)?);
            parameters.push(Value::Integer(key));
        }
        let sql = self.keyed.statement(&self.layout, at, columns, asked)?;
        self.select(&sql, &parameters, each).await
    }

    pub async fn under(
        &self,
        table: &Arc<str>,
        (column, value): (&str, i64),
        columns: &[Arc<str>],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        let at = self.layout.find(table)?;
        let asked = Asked::Under(self.layout.place(at, column)?);
        let sql = self.keyed.statement(&self.layout, at, columns, asked)?;
        self.select(&sql, &[Value::Integer(value)], each).await
    }

    pub async fn write(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut highest = HashMap::new();
        for change in changes {
            let at = self.layout.check(change)?;
            note(&mut highest, at, change);
            self.ensure(at).await?;
        }
        self.pass(&highest).await?;
        let mut attempt = 0;
        loop {
            match self.attempt(changes).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Clash(error)) if attempt + 1 == ATTEMPTS => return Err(error),
                Err(Trouble::Clash(_)) => {
                    attempt += 1;
                    tokio::time::sleep(pause(attempt)).await;
                }
            }
        }
    }

    async fn attempt(&self, changes: &[Change]) -> Result<(), Trouble> {
        let mut client = self.client().await.map_err(Trouble::Final)?;
        let trouble = |error: tokio_postgres::Error| Trouble::of(&self.place, &error);
        let work = client
            .build_transaction()
            .isolation_level(IsolationLevel::Serializable)
            .start()
            .await
            .map_err(trouble)?;
        let applier = Applier {
            work: &work,
            layout: &self.layout,
            place: &self.place,
        };
        applier.apply_all(changes).await?;
        work.commit().await.map_err(trouble)
    }

    /// Everything in one transaction. A clash is not tried again: the changes come only once.
    pub async fn load(
        &self,
        mut changes: impl Iterator<Item = Change> + Send,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let broken = |error: tokio_postgres::Error| fault(&self.place, &error);
        let work = client.transaction().await.map_err(broken)?;
        let applier = Applier {
            work: &work,
            layout: &self.layout,
            place: &self.place,
        };
        let mut highest = HashMap::new();
        let mut done = 0;
        loop {
            // Whoever makes the changes may take their time over it.
            let some: Vec<Change> = off_thread(|| changes.by_ref().take(LOAD).collect());
            if some.is_empty() {
                break;
            }
            for change in &some {
                let at = self.layout.check(change)?;
                note(&mut highest, at, change);
                self.ensure(at).await?;
            }
            applier
                .apply_all(&some)
                .await
                .map_err(Trouble::into_error)?;
            done += some.len() as u64;
            progress(done);
        }
        self.pass(&highest).await?;
        work.commit().await.map_err(broken)?;
        Ok(done)
    }

    pub async fn next_id(&self, table: &Arc<str>) -> Result<i64, StoreError> {
        let at = self.layout.find(table)?;
        self.ensure(at).await?;
        // Shared with others who take ids, but not with one who moves the sequence.
        let sql = format!(
            "SELECT pg_advisory_xact_lock_shared($1)::text, nextval('{}')",
            ddl::sequence(table).replace('\'', "''")
        );
        let client = self.client().await?;
        let take = async {
            let statement = client.prepare_cached(&sql).await?;
            let row = client
                .query_one(&statement, &[&lock_key(&self.schema, table)])
                .await?;
            row.try_get::<_, i64>(1)
        };
        let id = take.await.map_err(|error| fault(&self.place, &error))?;
        self.passed[at].fetch_max(id, Ordering::AcqRel);
        Ok(id)
    }

    /// Moves sequences past ids that were given from outside.
    async fn pass(&self, highest: &HashMap<usize, i64>) -> Result<(), StoreError> {
        for (&at, &id) in highest {
            if id <= self.passed[at].load(Ordering::Acquire) {
                continue;
            }
            let table = &self.layout.table(at).name;
            let sequence = ddl::sequence(table);
            let sql = format!(
                "SELECT setval('{}', $1) FROM {sequence} WHERE last_value < $1 OR (NOT is_called AND $1 >= 1)",
                sequence.replace('\'', "''")
            );
            let mut client = self.client().await?;
            let pass = async {
                let work = client.transaction().await?;
                work.execute(
                    "SELECT pg_advisory_xact_lock($1)",
                    &[&lock_key(&self.schema, table)],
                )
                .await?;
                work.execute(&sql, &[&id]).await?;
                work.commit().await
            };
            pass.await.map_err(|error| fault(&self.place, &error))?;
            self.passed[at].fetch_max(id, Ordering::AcqRel);
        }
        Ok(())
    }

    /// Makes a table that is not there yet, in a transaction of its own: other servers may be
    /// making it too, and an empty table harms nobody.
    async fn ensure(&self, at: usize) -> Result<(), StoreError> {
        if self.has(at) {
            return Ok(());
        }
        let table = self.layout.table(at);
        let mut client = self.client().await?;
        let made = open::make(&mut client, table, &self.schema).await;
        made.map_err(|error| fault(&self.place, &error))?;
        self.exists[at].store(true, Ordering::Release);
        Ok(())
    }

    /// Looks again which tables exist: another server may have made some.
    async fn look(&self) -> Result<(), StoreError> {
        let client = self.client().await?;
        let rows = client
            .query(
                "SELECT tablename::text FROM pg_tables WHERE schemaname = $1",
                &[&self.schema],
            )
            .await
            .map_err(|error| fault(&self.place, &error))?;
        for row in rows {
            let name = row.try_get::<_, &str>(0).unwrap_or_default();
            if let Some(at) = self.layout.position(name) {
                self.exists[at].store(true, Ordering::Release);
            }
        }
        Ok(())
    }

    async fn client(&self) -> Result<Object, StoreError> {
        let client = self
            .pool
            .get()
            .await
            .map_err(|error| unavailable(&self.place, error))?;
        if client.statement_cache.size() > STATEMENTS {
            client.statement_cache.clear();
        }
        Ok(client)
    }

    fn has(&self, at: usize) -> bool {
        self.exists[at].load(Ordering::Acquire)
    }
}

/// The highest id inserted into each table.
fn note(highest: &mut HashMap<usize, i64>, at: usize, change: &Change) {
    if let Change::Insert { id, .. } = change {
        let known = highest.entry(at).or_insert(*id);
        *known = (*known).max(*id);
    }
}

/// Longer with every attempt and different for each, so that those who clashed do not meet again.
fn pause(attempt: u32) -> Duration {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| u64::from(since.subsec_nanos()));
    let most = 2_000 * u64::from(attempt.min(20));
    Duration::from_micros(200 + (nanos / 7) % most)
}

fn unavailable(place: &str, error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => fault(place, &error),
        PoolError::Timeout(_) => StoreError::Unavailable {
            place: place.to_string(),
            detail: "no connection became free in time".into(),
        },
        other => StoreError::Unavailable {
            place: place.to_string(),
            detail: other.to_string(),
        },
    }
}
