//! How a described table is spelled in SQLite. Knows no connection.

use crate::layout::{flag_under, index_name, is_sparse, quote, sparse_name};
use crate::table::{Key, Table};
use bitting_query::Kind;
use std::fmt::Write;
use std::sync::Arc;

/// Booleans are integers to SQLite; the declared type is what tells them apart when they are read.
pub const BOOLEAN: &str = "BOOLEAN";

/// The type a column is declared with. Text compares without ASCII letter case, dates and JSON do
/// not: their order is the order of their bytes.
pub fn column_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "INTEGER",
        Kind::Number => "REAL",
        Kind::Boolean => BOOLEAN,
        Kind::Text => "TEXT COLLATE NOCASE",
        Kind::DateTime | Kind::Json => "TEXT",
    }
}

/// The statement that makes the table, the same text at every start, so that comparing it with
/// what the catalogue keeps tells whether anything was added.
pub fn create_table(table: &Table) -> String {
    if table.key == Key::Pair {
        return format!(
            "CREATE TABLE {} (\"key\" INTEGER NOT NULL, \"id\" INTEGER NOT NULL, PRIMARY KEY (\"key\", \"id\")) WITHOUT ROWID",
            quote(&table.name)
        );
    }
    let mut sql = format!(
        "CREATE TABLE {} (\"id\" INTEGER PRIMARY KEY",
        quote(&table.name)
    );
    for column in table.columns.iter().filter(|column| &*column.name != "id") {
        let _ = write!(
            sql,
            ", {} {}",
            quote(&column.name),
            column_type(column.kind)
        );
    }
    sql.push(')');
    sql
}

/// Whether the index is left out, since one of the same column and a flag holds its rows in three runs that a page
/// merges: each create would write one more page of the log for it.
fn is_left_out(table: &Table, columns: &[Arc<str>]) -> bool {
    matches!(columns, [column] if flag_under(table, column).is_some())
}

/// The names of indexes that files of former versions may have and that are no longer wanted, or that files of later
/// ones may have in place of a whole one.
pub fn left_out(table: &Table) -> impl Iterator<Item = String> {
    table.indexes.iter().map(|columns| {
        if is_left_out(table, columns) || is_sparse(table, columns) {
            index_name(&table.name, columns)
        } else {
            sparse_name(&table.name, columns)
        }
    })
}

/// The indexes of a table: their names and the statements that make them.
pub fn create_indexes(table: &Table) -> Vec<(String, String)> {
    let create = |columns: &[Arc<str>]| {
        let list: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        let sparse = list.last().filter(|_| is_sparse(table, columns));
        let name = if sparse.is_some() {
            sparse_name(&table.name, columns)
        } else {
            index_name(&table.name, columns)
        };
        let mut sql = format!(
            "CREATE INDEX {} ON {} ({})",
            quote(&name),
            quote(&table.name),
            list.join(", ")
        );
        if let Some(last) = sparse {
            let _ = write!(sql, " WHERE {last} IS NOT NULL");
        }
        (name, sql)
    };
    if table.key == Key::Pair {
        return vec![create(&[Arc::from("id")])];
    }
    table
        .indexes
        .iter()
        .filter(|columns| !is_left_out(table, columns))
        .map(|columns| create(columns))
        .collect()
}
