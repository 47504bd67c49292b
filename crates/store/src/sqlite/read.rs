//! Connections that only read, handed out one reader at a time. Each sees whatever was committed
//! before its statement began. Knows no table.
//!
//! A small stack of connections rather than one per thread: the last one used is the next one
//! taken, so that its cache is warm, none outlives the store, and a burst of scans on the blocking
//! pool leaves no hundred open files behind.

use super::cells::{Bound, SqliteCells, booleans};
use crate::table::{Cells, Flow};
use bitting_query::Value;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Connections kept open while nobody reads.
const IDLE: usize = 8;
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 128;
/// Answers whose booleans are remembered by each connection.
const SHAPES: usize = 512;

/// What a reading connection holds of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// As much of it as SQLite maps at most: beyond it each page costs a system call and a copy. For rows that are
    /// asked for one by one, again and again.
    Mapped,
    /// Nothing but a cache of so many KiB, so that the memory of a program that walks whole tables does not grow
    /// with them.
    Cached(u32),
}

pub struct Readers {
    path: PathBuf,
    hold: Hold,
    idle: Mutex<Vec<Reader>>,
}

/// One connection, and what it knows of the answers it gave.
pub struct Reader {
    connection: Connection,
    shapes: HashMap<Box<str>, Arc<[bool]>, RandomState>,
}

impl Readers {
    pub fn new(path: PathBuf, hold: Hold) -> Self {
        Self {
            path,
            hold,
            idle: Mutex::new(Vec::new()),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lends a connection to `work`.
    pub fn lend<T>(
        &self,
        work: impl FnOnce(&mut Reader) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let taken = self.idle.lock().pop();
        let mut reader = match taken {
            Some(reader) => reader,
            None => self.connect()?,
        };
        let result = work(&mut reader);
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(reader);
        }
        result
    }

    fn connect(&self) -> rusqlite::Result<Reader> {
        // Opened for writing because a reader may have to recover the log after a crash; query_only
        // then keeps it from changing rows.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        let (mapped, cache) = match self.hold {
            Hold::Mapped => (2_147_418_112_u32, 1024),
            Hold::Cached(cache) => (0, cache),
        };
        connection.execute_batch(&format!(
            "PRAGMA busy_timeout=5000; PRAGMA query_only=ON; PRAGMA mmap_size={mapped}; \
             PRAGMA cache_size=-{cache}; PRAGMA temp_store=MEMORY;"
        ))?;
        // Else SQLite plans a statement anew at each run whose LIMIT, or whose pattern, is a parameter:
        // four times the cost of the run itself. The order of tables and indexes is said in the SQL.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Reader {
            connection,
            shapes: HashMap::default(),
        })
    }
}

impl Reader {
    /// Runs a statement and shows each row to `each` until it has seen enough.
    pub fn run(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        for (at, value) in params.iter().enumerate() {
            statement.raw_bind_parameter(at + 1, Bound(value))?;
        }
        let shape = if let Some(shape) = self.shapes.get(sql) {
            shape.clone()
        } else {
            if self.shapes.len() >= SHAPES {
                self.shapes.clear();
            }
            let shape: Arc<[bool]> = Arc::from(booleans(&statement));
            self.shapes.insert(Box::from(sql), shape.clone());
            shape
        };
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if each(&SqliteCells {
                row,
                booleans: &shape,
            }) == Flow::Stop
            {
                break;
            }
        }
        Ok(())
    }
}
