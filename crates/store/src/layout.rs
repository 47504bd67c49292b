//! The described tables, found by name, and the checks every change passes before a database sees
//! it. Knows no database; `sqlite` and `postgres` spell the statements.

use crate::error::StoreError;
use crate::table::{Change, Key, Table};
use bitting_query::{Kind, Value};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// What the store was told at open. Cheap to build for hundreds of tables: columns are put into a
/// map only when a table is first written.
pub(crate) struct Layout {
    tables: Vec<Described>,
    /// Tables that are no more.
    pub gone: Vec<Arc<str>>,
    by_name: HashMap<Arc<str>, usize, RandomState>,
}

pub(crate) struct Described {
    pub table: Table,
    kinds: OnceLock<HashMap<Arc<str>, Kind, RandomState>>,
}

impl Layout {
    pub fn new(tables: Vec<Table>) -> Self {
        let (gone, tables): (Vec<_>, Vec<_>) =
            tables.into_iter().partition(|table| table.key == Key::Gone);
        let gone = gone.into_iter().map(|table| table.name).collect();
        let by_name = tables
            .iter()
            .enumerate()
            .map(|(at, table)| (table.name.clone(), at))
            .collect();
        let tables = tables
            .into_iter()
            .map(|table| Described {
                table,
                kinds: OnceLock::new(),
            })
            .collect();
        Self {
            tables,
            gone,
            by_name,
        }
    }

    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().map(|described| &described.table)
    }

    pub fn len(&self) -> usize {
        self.tables.len()
    }

    pub fn table(&self, at: usize) -> &Table {
        &self.tables[at].table
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub fn find(&self, name: &Arc<str>) -> Result<usize, StoreError> {
        self.position(name).ok_or_else(|| StoreError::UnknownTable {
            table: name.clone(),
        })
    }

    /// Whether an index of the table is of this column alone: in no other do the rows of a value come by id.
    pub fn leads(&self, table: &str, column: &str) -> bool {
        let Some(at) = self.position(table) else {
            return false;
        };
        let table = self.table(at);
        match table.key {
            Key::Pair | Key::Gone => column == "key" || column == "id",
            Key::Id => {
                let alone = |set: &Vec<Arc<str>>| matches!(&set[..], [only] if **only == *column);
                column == "id" || table.indexes.iter().any(alone)
            }
        }
    }

    /// Whether the index of the column leaves out the rows that have no value in it.
    pub fn sparse(&self, table: &str, column: &str) -> bool {
        let Some(at) = self.position(table) else {
            return false;
        };
        let mut sets = self.table(at).sparse.iter();
        sets.any(|set| matches!(&set[..], [only] if **only == *column))
    }

    /// The place of a column of integers in its table.
    pub fn place(&self, at: usize, column: &str) -> Result<usize, StoreError> {
        let table = self.table(at);
        let mut columns = table.columns.iter();
        columns
            .position(|known| &*known.name == column && known.kind == Kind::Integer)
            .ok_or_else(|| StoreError::UnknownColumn {
                table: table.name.clone(),
                column: Arc::from(column),
            })
    }

    /// Sets of columns that one index of the table holds together.
    pub fn joint(&self, table: &str) -> Vec<&[Arc<str>]> {
        let Some(at) = self.position(table) else {
            return Vec::new();
        };
        let indexes = self.table(at).indexes.iter();
        indexes
            .filter(|columns| columns.len() > 1)
            .map(Vec::as_slice)
            .collect()
    }

    /// The flag that follows this column in an index of the two.
    pub fn flag(&self, table: &str, column: &str) -> Option<&Arc<str>> {
        flag_under(self.table(self.position(table)?), column)
    }

    /// The described tables a statement names, in the order of their description.
    pub fn named_in(&self, sql: &str) -> Vec<usize> {
        let mut found: Vec<usize> = sql
            .split('"')
            .skip(1)
            .step_by(2)
            .filter_map(|name| self.position(name))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The table a statement reads its rows from: the first one after `FROM`.
    pub fn main_of(&self, sql: &str) -> Option<usize> {
        let from = sql.find("FROM \"")? + "FROM \"".len();
        let name = sql.get(from..)?.split('"').next()?;
        self.position(name)
    }

    /// Refuses a change that names what is not described or carries what cannot be held, the same
    /// on every database. Answers the position of its table.
    pub fn check(&self, change: &Change) -> Result<usize, StoreError> {
        match change {
            Change::Insert { table, values, .. } | Change::Update { table, values, .. } => {
                let at = self.keyed(table)?;
                values
                    .iter()
                    .try_for_each(|(column, value)| self.check_value(at, column, value))?;
                Ok(at)
            }
            Change::Unique { table, values, .. } => {
                let at = self.keyed(table)?;
                values
                    .iter()
                    .try_for_each(|(column, value)| self.check_value(at, column, value))?;
                Ok(at)
            }
            Change::Delete { table, .. } => self.keyed(table),
            Change::Pair { table, .. } | Change::Unpair { table, .. } => {
                let at = self.find(table)?;
                match self.table(at).key {
                    Key::Pair => Ok(at),
                    Key::Id | Key::Gone => Err(StoreError::WrongKey {
                        table: table.clone(),
                        is: "keyed by id",
                        needs: "a table of pairs",
                    }),
                }
            }
            Change::Unused {
                table,
                column,
                value,
                ..
            } => {
                let at = self.find(table)?;
                if self.table(at).key == Key::Id {
                    self.check_value(at, column, value)?;
                }
                Ok(at)
            }
        }
    }

    fn keyed(&self, table: &Arc<str>) -> Result<usize, StoreError> {
        let at = self.find(table)?;
        match self.table(at).key {
            Key::Id => Ok(at),
            Key::Pair | Key::Gone => Err(StoreError::WrongKey {
                table: table.clone(),
                is: "a table of pairs",
                needs: "one keyed by id",
            }),
        }
    }

    /// What a column holds; `id` is an integer although no column describes it.
    pub fn kind(&self, at: usize, column: &str) -> Option<Kind> {
        let described = self.tables.get(at)?;
        let kinds = described.kinds.get_or_init(|| {
            let mut kinds: HashMap<Arc<str>, Kind, RandomState> = described
                .table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.kind))
                .collect();
            kinds.insert(Arc::from("id"), Kind::Integer);
            if described.table.key == Key::Pair {
                kinds.insert(Arc::from("key"), Kind::Integer);
            }
            kinds
        });
        kinds.get(column).copied()
    }

    fn check_value(&self, at: usize, column: &Arc<str>, value: &Value) -> Result<(), StoreError> {
        let table = &self.table(at).name;
        let Some(kind) = self.kind(at, column) else {
            return Err(StoreError::UnknownColumn {
                table: table.clone(),
                column: column.clone(),
            });
        };
        match unstorable(kind, value) {
            None => Ok(()),
            Some(why) => Err(StoreError::Unstorable {
                table: table.clone(),
                column: column.clone(),
                why,
            }),
        }
    }
}

/// Whether an index holds those rows alone that have a value in its last column.
pub(crate) fn is_sparse(table: &Table, columns: &[Arc<str>]) -> bool {
    table.sparse.iter().any(|set| set == columns)
}

/// The flag that follows a column in an index of the two: where rows of one value are read in three runs, one for each
/// state of the flag, no index of the column alone is needed.
pub(crate) fn flag_under<'t>(table: &'t Table, column: &str) -> Option<&'t Arc<str>> {
    table.indexes.iter().find_map(|set| match &set[..] {
        [first, flag] if **first == *column => {
            let mut columns = table.columns.iter();
            let is_flag = columns.any(|held| held.name == *flag && held.kind == Kind::Boolean);
            is_flag.then_some(flag)
        }
        _ => None,
    })
}

/// Why a column of this kind cannot hold this value. Text with a NUL is refused everywhere because
/// PostgreSQL has no such text and SQLite's own functions stop at it.
pub(crate) fn unstorable(kind: Kind, value: &Value) -> Option<&'static str> {
    match (kind, value) {
        (Kind::Number, Value::Number(number)) if !number.is_finite() => {
            Some("a number must be finite")
        }
        (Kind::Text | Kind::DateTime | Kind::Json, Value::Text(text)) if text.contains('\0') => {
            Some("text must not hold a NUL character")
        }
        (_, Value::Null)
        | (Kind::Integer, Value::Integer(_))
        | (Kind::Number, Value::Integer(_) | Value::Number(_))
        | (Kind::Boolean, Value::Boolean(_))
        | (Kind::Text | Kind::DateTime | Kind::Json, Value::Text(_)) => None,
        (Kind::Integer, _) => Some("it holds whole numbers"),
        (Kind::Number, _) => Some("it holds numbers"),
        (Kind::Boolean, _) => Some("it holds true or false"),
        (Kind::Text | Kind::DateTime | Kind::Json, _) => Some("it holds text"),
    }
}

/// A name as an identifier both databases read.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name of an index, the same at every start.
pub(crate) fn index_name(table: &str, columns: &[Arc<str>]) -> String {
    shorten(format!("ix_{table}__{}", columns.join("__")))
}

/// The name of an index of the rows that have a value alone: another one than before, by which it is known which of
/// the two a file has.
pub(crate) fn sparse_name(table: &str, columns: &[Arc<str>]) -> String {
    shorten(format!("sx_{table}__{}", columns.join("__")))
}

/// PostgreSQL cuts names after 63 bytes, so that a long one is cut here and told apart by a
/// fingerprint.
pub(crate) fn shorten(name: String) -> String {
    if name.len() <= 60 {
        return name;
    }
    let print = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |print, byte| {
        (print ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut end = 43;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{print:016x}", &name[..end])
}
