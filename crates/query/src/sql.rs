//! Filters, orders and pages as SQL for SQLite and PostgreSQL. Knows no driver and no connection;
//! every literal is a parameter, never text.
//!
//! What the tables must be like:
//! - every table has `id`, an integer key; a pair table has `(key, id)`, both its primary key;
//! - SQLite: text columns are `COLLATE NOCASE`, booleans 0 or 1, date-times and JSON text;
//! - PostgreSQL: bigint, double precision, boolean and text columns; an index that text filters
//!   can use is on `lower(column COLLATE "C")`, on date-times on `column COLLATE "C"`;
//! - a JSON column holds null or valid JSON text without `\u0000`;
//! - names of JSON members are the catalog's: no quotes and no backslashes; a `/` steps into a
//!   nested object.
//!
//! Lists of more than eight values travel as one parameter (a JSON array for SQLite, an array
//! literal for PostgreSQL), so that the text of a statement, by which drivers cache, stays the same
//! and no list meets the limit on parameters.

mod clauses;
mod condition;
mod elements;
mod forks;
mod packed;
mod parents;
mod plan;
mod probe;
mod runs;
mod shape;
mod spread;
mod statement;
mod walk;
mod writer;

use crate::filter::{Filter, Select, Value};
use std::sync::Arc;
use writer::Writer;

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement with its parameters, numbered from 1 (`?1` or `$1`) in this order. On PostgreSQL
/// each placeholder carries its type: int8, float8 or text.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub sql: String,
    pub params: Vec<Value>,
}

/// What the planner may count on.
pub trait Indexes {
    /// Whether an index of the table is of this column alone, so that the rows of a value come by id.
    fn leads(&self, table: &str, column: &str) -> bool;

    /// Sets of columns of the table that one index holds together, and nothing else.
    fn joint(&self, _table: &str) -> Vec<&[Arc<str>]> {
        Vec::new()
    }

    /// Whether the index of this column holds those rows alone that have a value in it: it leads to a value, and
    /// not to nulls nor in the order of the column. Only for SQLite.
    fn sparse(&self, _table: &str, _column: &str) -> bool {
        false
    }

    /// The flag that follows this column in the one index that starts with it, where there is no index of the
    /// column alone. Only for SQLite; what is not told is planned as if the index were of the column alone.
    fn flag(&self, _table: &str, _column: &str) -> Option<Arc<str>> {
        None
    }
}

/// Every column has an index: for callers that know no better.
struct Assumed;

impl Indexes for Assumed {
    fn leads(&self, _: &str, _: &str) -> bool {
        true
    }
}

/// Reads rows, as if every column had an index.
pub fn render(select: &Select, dialect: Dialect) -> Statement {
    render_with(select, dialect, &Assumed)
}

/// Reads rows: the cells are those of `select.columns`, in that order.
pub fn render_with(select: &Select, dialect: Dialect, indexes: &dyn Indexes) -> Statement {
    let mut writer = Writer::new(dialect);
    statement::select(&mut writer, select, indexes);
    writer.done()
}

/// As if `few` rows were as many as are worth sorting, so that small tables show every way.
#[cfg(feature = "testing")]
pub(crate) fn render_few(
    select: &Select,
    dialect: Dialect,
    indexes: &dyn Indexes,
    few: u32,
) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.few = few;
    statement::select(&mut writer, select, indexes);
    writer.done()
}

/// Counts rows: one row with one integer.
pub fn render_count(table: &str, filter: &Filter, dialect: Dialect) -> Statement {
    let mut writer = Writer::new(dialect);
    statement::count(&mut writer, table, filter);
    writer.done()
}

/// Deletes the rows that satisfy the filter.
pub fn render_delete(table: &str, filter: &Filter, dialect: Dialect) -> Statement {
    let mut writer = Writer::new(dialect);
    statement::delete(&mut writer, table, filter);
    writer.done()
}
