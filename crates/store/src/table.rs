//! What a store holds: tables with typed columns, described by whoever opens it.

use bitting_query::{Kind, Value};
use std::sync::Arc;

/// A table. Every table but an index table has `id` as its integer key.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: Arc<str>,
    pub key: Key,
    pub columns: Vec<Column>,
    /// Sets of columns to index; text columns without regard to ASCII letter case.
    pub indexes: Vec<Vec<Arc<str>>>,
    /// Those of the indexes whose last column most rows leave null: SQLite keeps the others in them alone, so that a
    /// row without a value costs no page of the index. They lead to values, and not to nulls nor in an order.
    pub sparse: Vec<Vec<Arc<str>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `id`, an integer that is never used twice.
    Id,
    /// `(key, id)`, both integers: which rows belong to whom, for level My.
    Pair,
    /// A table of pairs of former versions, which nobody keeps true any more: dropped where it still stands.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: Arc<str>,
    pub kind: Kind,
}

/// One change. A write is a list of them that takes effect as a whole or not at all.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Insert {
        table: Arc<str>,
        id: i64,
        values: Vec<(Arc<str>, Value)>,
    },
    /// Fails the whole write with `Missing` when there is no such row.
    Update {
        table: Arc<str>,
        id: i64,
        values: Vec<(Arc<str>, Value)>,
    },
    /// Fails the whole write with `Missing` when there is no such row.
    Delete { table: Arc<str>, id: i64 },
    /// Puts `(key, id)` into a pair table; again is no error.
    Pair { table: Arc<str>, key: i64, id: i64 },
    /// Takes every pair with this id out of a pair table.
    Unpair { table: Arc<str>, id: i64 },
    /// Fails the whole write with `Conflict { name }` when a row other than `except` has these values
    /// (text without regard to ASCII letter case).
    Unique {
        table: Arc<str>,
        values: Vec<(Arc<str>, Value)>,
        except: Option<i64>,
        name: Arc<str>,
    },
    /// Fails the whole write with `InUse { name }` when a row has this value in this column.
    Unused {
        table: Arc<str>,
        column: Arc<str>,
        value: Value,
        name: Arc<str>,
    },
}

impl Change {
    /// The table it is about.
    pub fn table(&self) -> &Arc<str> {
        match self {
            Self::Insert { table, .. }
            | Self::Update { table, .. }
            | Self::Delete { table, .. }
            | Self::Pair { table, .. }
            | Self::Unpair { table, .. }
            | Self::Unique { table, .. }
            | Self::Unused { table, .. } => table,
        }
    }
}

/// One cell of an answer, borrowed from the driver where it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Text(&'a str),
}

/// One row of an answer. Columns count from zero in the order of the `Select`.
pub trait Cells {
    fn cell(&self, column: usize) -> Cell<'_>;
}

/// Whether a reader wants the next row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Stop,
}
