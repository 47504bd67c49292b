//! Values on their way into SQLite and rows on their way out, without copying text. Knows no table.

use super::ddl::BOOLEAN;
use crate::table::{Cell, Cells};
use bitting_query::Value;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};

/// A value as a parameter.
pub struct Bound<'a>(pub &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Number(value) => ValueRef::Real(*value),
            Value::Boolean(value) => ValueRef::Integer(i64::from(*value)),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Which columns of an answer are booleans: SQLite hands them out as integers.
pub fn booleans(statement: &Statement<'_>) -> Box<[bool]> {
    statement
        .columns()
        .iter()
        .map(|column| column.decl_type() == Some(BOOLEAN))
        .collect()
}

/// A row, borrowed from SQLite for as long as the reader looks at it.
pub struct SqliteCells<'r, 's> {
    pub row: &'r Row<'s>,
    pub booleans: &'r [bool],
}

impl Cells for SqliteCells<'_, '_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match self.row.get_ref(column) {
            Ok(ValueRef::Integer(value)) => {
                if self.booleans.get(column).copied().unwrap_or(false) {
                    Cell::Boolean(value != 0)
                } else {
                    Cell::Integer(value)
                }
            }
            Ok(ValueRef::Real(value)) => Cell::Number(value),
            Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).map_or(Cell::Null, Cell::Text),
            Ok(ValueRef::Null | ValueRef::Blob(_)) | Err(_) => Cell::Null,
        }
    }
}
