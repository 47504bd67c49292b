//! The door to the rows: one type whichever database is behind it. Knows no SQL of its own; a
//! statement comes rendered from `bitting_query`.

use crate::error::StoreError;
use crate::layout::Layout;
use crate::location::{Durability, Location};
use crate::postgres::Postgres;
use crate::sqlite::{Hold, Sqlite, off_thread};
use crate::table::{Cell, Cells, Change, Flow, Table};
use crate::turn::Turn;
use bitting_query::Statement;
use bitting_query::sql::{Dialect, Indexes};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// KiB of pages that each connection caches where nothing is mapped: a month of report rows that were written in
/// another order than they are read.
const WALKED: u32 = 8192;

/// Rows at rest. Cheap to clone; the last clone to go closes the database.
#[derive(Clone)]
pub struct Store(Arc<Behind>);

enum Behind {
    Sqlite(Box<Sqlite>),
    Postgres(Box<Postgres>),
}

impl Store {
    /// Opens the database at `location` for these tables, durable to the full.
    ///
    /// No table is made here: the first write makes it, and until then it reads as empty. A table
    /// that is there and lacks a described column or index gets it; what is no longer described
    /// stays as it is.
    pub async fn open(location: &Location, tables: Vec<Table>) -> Result<Self, StoreError> {
        Self::open_with(location, tables, Durability::Full).await
    }

    /// Like [`Store::open`], with the durability said. [`Location::Memory`] is never durable.
    pub async fn open_with(
        location: &Location,
        tables: Vec<Table>,
        durability: Durability,
    ) -> Result<Self, StoreError> {
        Self::open_as(location, tables, durability, Hold::Mapped).await
    }

    /// Like [`Store::open`], for a program that walks whole tables: of an SQLite file nothing is mapped, so that
    /// memory does not grow with it.
    pub async fn open_to_walk(location: &Location, tables: Vec<Table>) -> Result<Self, StoreError> {
        Self::open_as(location, tables, Durability::Full, Hold::Cached(WALKED)).await
    }

    async fn open_as(
        location: &Location,
        tables: Vec<Table>,
        durability: Durability,
        hold: Hold,
    ) -> Result<Self, StoreError> {
        let layout = Layout::new(tables);
        let behind = match location {
            Location::Memory => Behind::Sqlite(Box::new(off_thread(|| {
                Sqlite::open(None, layout, Durability::Off, hold)
            })?)),
            Location::Left(directory) => Behind::Sqlite(Box::new(off_thread(|| {
                Sqlite::open_left(directory.clone(), layout, hold)
            })?)),
            Location::File(path) => Behind::Sqlite(Box::new(off_thread(|| {
                Sqlite::open(Some(path.clone()), layout, durability, hold)
            })?)),
            Location::Postgres { url, schema } => {
                Behind::Postgres(Box::new(Postgres::open(url, schema, layout).await?))
            }
        };
        Ok(Self(Arc::new(behind)))
    }

    /// Shows each row of the answer to `each` until it says [`Flow::Stop`]. For statements that may
    /// read many rows: they run off the threads that serve other requests.
    pub async fn select(
        &self,
        statement: &Statement,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => {
                sqlite
                    .select(false, &statement.sql, &statement.params, each)
                    .await
            }
            Behind::Postgres(postgres) => {
                postgres
                    .select(&statement.sql, &statement.params, each)
                    .await
            }
        }
    }

    /// Like [`Store::select`], for statements that an index answers within microseconds: they run
    /// on the calling thread.
    pub async fn select_quick(
        &self,
        statement: &Statement,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => {
                sqlite
                    .select(true, &statement.sql, &statement.params, each)
                    .await
            }
            Behind::Postgres(postgres) => {
                postgres
                    .select(&statement.sql, &statement.params, each)
                    .await
            }
        }
    }

    /// Shows the row with this id to `each`; does not call it when there is none.
    pub async fn get(
        &self,
        table: &Arc<str>,
        id: i64,
        columns: &[Arc<str>],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.get(table, id, columns, None, each),
            Behind::Postgres(postgres) => postgres.get(table, id, columns, None, each).await,
        }
    }

    /// Like [`Store::get`], with one more cell after the columns: whether the table of pairs holds the row under
    /// the key (an integer other than 0, or true). Both are of one moment.
    pub async fn get_paired(
        &self,
        table: &Arc<str>,
        id: i64,
        columns: &[Arc<str>],
        (pairs, key): (&Arc<str>, i64),
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        let pair = Some((pairs, key));
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.get(table, id, columns, pair, each),
            Behind::Postgres(postgres) => postgres.get(table, id, columns, pair, each).await,
        }
    }

    /// Shows the rows whose column of integers holds the value to `each`, by id. For a handful that an index leads
    /// to: it runs on the calling thread, and its statement need not be rendered.
    pub async fn under(
        &self,
        table: &Arc<str>,
        of: (&str, i64),
        columns: &[Arc<str>],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.under(table, of, columns, each),
            Behind::Postgres(postgres) => postgres.under(table, of, columns, each).await,
        }
    }

    /// The number a counting statement answers with; 0 when its table does not exist yet.
    pub async fn count(&self, statement: &Statement) -> Result<u64, StoreError> {
        let mut count = 0;
        let mut each = |cells: &dyn Cells| {
            if let Cell::Integer(found) = cells.cell(0) {
                count = found.unsigned_abs();
            }
            Flow::Stop
        };
        self.select(statement, &mut each).await?;
        Ok(count)
    }

    /// Makes all of these changes, in order, or none of them. When it returns they are durable and
    /// every read that begins afterwards sees them. A caller that stops waiting does not take the
    /// write back.
    pub async fn write(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.write(changes).await,
            Behind::Postgres(postgres) => postgres.write(&changes).await,
        }
    }

    /// Makes a great many changes in one transaction and answers how many. `progress` hears the
    /// number done every few thousand and at the end. Other writes wait for it.
    pub async fn load(
        &self,
        changes: impl Iterator<Item = Change> + Send,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<u64, StoreError> {
        let mut changes = changes;
        match &*self.0 {
            Behind::Sqlite(sqlite) => off_thread(|| sqlite.load(&mut changes, progress)),
            Behind::Postgres(postgres) => postgres.load(changes, progress).await,
        }
    }

    /// An id that no row of this table has or ever had.
    pub async fn next_id(&self, table: &Arc<str>) -> Result<i64, StoreError> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.next_id(table),
            Behind::Postgres(postgres) => postgres.next_id(table).await,
        }
    }

    /// Waits for the turn of this name among the servers that share the database, and has it until the answer is
    /// dropped. Whoever has a database alone needs no more than a lock of its own process.
    pub async fn turn(&self, name: &str) -> Result<Turn, StoreError> {
        match &*self.0 {
            Behind::Sqlite(_) => Ok(Turn::alone()),
            Behind::Postgres(postgres) => Ok(Turn::held(postgres.lock(name).await?)),
        }
    }

    /// Copies all rows into a new SQLite file at `path`, which must not exist.
    pub async fn snapshot(&self, path: &Path) -> Result<(), StoreError> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.snapshot(path).await,
            Behind::Postgres(_) => Err(StoreError::Unsupported {
                what: "a copy into one file",
                instead: "use the database's own pg_dump",
            }),
        }
    }

    /// For whoever calls it now and then: where nobody has read since the last time, memory that reading and writing
    /// have filled goes back to the system. It is filled again as it is needed.
    pub fn rest(&self) {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.rest(),
            Behind::Postgres(_) => {}
        }
    }

    /// Whether nothing was ever written to a table, so that no statement need be asked of it.
    pub fn is_blank(&self, table: &str) -> bool {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.is_blank(table),
            // Another server may have made the table; the database knows.
            Behind::Postgres(_) => false,
        }
    }

    /// How to render statements for this store; the store itself says what its indexes are:
    /// `bitting_query::sql::render_with(&select, store.dialect(), &store)`.
    pub fn dialect(&self) -> Dialect {
        match &*self.0 {
            Behind::Sqlite(_) => Dialect::Sqlite,
            Behind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Leaves the directory of a [`Location::Memory`] behind, once closed, for the store that opens it with
    /// [`Location::Left`]. No other location has one to leave.
    pub fn leave(&self) -> Option<PathBuf> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.leave(),
            Behind::Postgres(_) => None,
        }
    }

    /// Where the rows are, for people: a path, or a schema's name.
    pub fn place(&self) -> &str {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.place(),
            Behind::Postgres(postgres) => postgres.place(),
        }
    }
}

impl Indexes for Store {
    fn leads(&self, table: &str, column: &str) -> bool {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.layout().leads(table, column),
            Behind::Postgres(postgres) => postgres.layout().leads(table, column),
        }
    }

    fn joint(&self, table: &str) -> Vec<&[Arc<str>]> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.layout().joint(table),
            Behind::Postgres(postgres) => postgres.layout().joint(table),
        }
    }

    fn sparse(&self, table: &str, column: &str) -> bool {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.layout().sparse(table, column),
            // It keeps whole indexes.
            Behind::Postgres(_) => false,
        }
    }

    fn flag(&self, table: &str, column: &str) -> Option<Arc<str>> {
        match &*self.0 {
            Behind::Sqlite(sqlite) => sqlite.layout().flag(table, column).cloned(),
            // It keeps the index of the column alone, since it plans by its own statistics.
            Behind::Postgres(_) => None,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Store({})", self.place())
    }
}
