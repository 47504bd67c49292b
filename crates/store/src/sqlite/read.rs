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

impl Hold {
    /// Bytes of the file that a connection maps.
    fn mapped(self) -> u32 {
        match self {
            Self::Mapped => 2_147_418_112,
            Self::Cached(_) => 0,
        }
    }
}

pub struct Readers {
    path: PathBuf,
    hold: Hold,
    idle: Mutex<Idle>,
}

/// The connections that nobody reads with, and how long that has been so.
struct Idle {
    readers: Vec<Reader>,
    stir: Stir,
}

/// What has happened since rest was last offered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stir {
    Read,
    Nothing,
    /// Nothing, and rest was taken.
    AtRest,
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
            idle: Mutex::new(Idle {
                readers: Vec::new(),
                stir: Stir::Nothing,
            }),
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
        let taken = self.idle.lock().readers.pop();
        let mut reader = match taken {
            Some(reader) => reader,
            None => self.connect()?,
        };
        let result = work(&mut reader);
        let mut idle = self.idle.lock();
        idle.stir = Stir::Read;
        if idle.readers.len() < IDLE {
            idle.readers.push(reader);
        }
        result
    }

    /// Gives back what reading has filled, if nobody has read since this was last called; true the first time. One
    /// connection stays, with what it knows of the tables, so that the next reader need not wait for that.
    pub fn rest(&self) -> bool {
        let mut idle = self.idle.lock();
        let before = idle.stir;
        idle.stir = match before {
            Stir::Read => Stir::Nothing,
            Stir::Nothing | Stir::AtRest => Stir::AtRest,
        };
        if before != Stir::Nothing {
            return false;
        }
        // One that cannot give anything back is closed, and opened anew when it is wanted.
        let hold = self.hold;
        let kept = idle.readers.pop().filter(|kept| kept.rest(hold).is_ok());
        let others = std::mem::replace(&mut idle.readers, kept.into_iter().collect());
        drop(idle);
        drop(others);
        true
    }

    fn connect(&self) -> rusqlite::Result<Reader> {
        // Opened for writing because a reader may have to recover the log after a crash; query_only
        // then keeps it from changing rows.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        let mapped = self.hold.mapped();
        let cache = match self.hold {
            Hold::Mapped => 1024,
            Hold::Cached(cache) => cache,
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
    /// Gives back cached pages and statements, and maps the file anew: what is mapped and was read counts as the
    /// process's own until then.
    fn rest(&self, hold: Hold) -> rusqlite::Result<()> {
        self.connection.flush_prepared_statement_cache();
        self.connection.execute_batch(&format!(
            "PRAGMA mmap_size=0; PRAGMA mmap_size={}; PRAGMA shrink_memory;",
            hold.mapped()
        ))
    }

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
