//! Values on their way into PostgreSQL and rows on their way out. Knows no table.

use crate::table::{Cell, Cells};
use bitting_query::Value;
use std::error::Error;
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A value as a parameter of whatever type the server inferred for it.
#[derive(Debug)]
pub struct Bound<'a>(pub &'a Value);

/// Stands for a NUL in a text that is only compared: no stored text holds it either.
const NO_CHARACTER: &str = "\u{FFFF}";

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(value) => match *kind {
                Type::INT8 => value.to_sql(kind, out),
                Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
                Type::INT2 => i16::try_from(*value)?.to_sql(kind, out),
                Type::FLOAT8 => (*value as f64).to_sql(kind, out),
                Type::FLOAT4 => (*value as f32).to_sql(kind, out),
                Type::BOOL => (*value != 0).to_sql(kind, out),
                _ => value.to_string().to_sql(kind, out),
            },
            Value::Number(value) => match *kind {
                Type::FLOAT8 => value.to_sql(kind, out),
                Type::FLOAT4 => (*value as f32).to_sql(kind, out),
                Type::INT8 if value.fract() == 0.0 && value.abs() < 9e18 => {
                    (*value as i64).to_sql(kind, out)
                }
                Type::TEXT | Type::VARCHAR => value.to_string().to_sql(kind, out),
                _ => Err(format!("a number does not fit a parameter of type {kind}").into()),
            },
            Value::Boolean(value) => match *kind {
                Type::BOOL => value.to_sql(kind, out),
                Type::INT8 => i64::from(*value).to_sql(kind, out),
                Type::INT4 => i32::from(*value).to_sql(kind, out),
                Type::TEXT | Type::VARCHAR => value.to_string().to_sql(kind, out),
                _ => Err(format!("a boolean does not fit a parameter of type {kind}").into()),
            },
            Value::Text(text) => match *kind {
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                    if text.contains('\0') {
                        text.replace('\0', NO_CHARACTER).to_sql(kind, out)
                    } else {
                        text.to_sql(kind, out)
                    }
                }
                _ => Err(format!("text does not fit a parameter of type {kind}").into()),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row as the driver received it.
pub struct PostgresCells<'a>(pub &'a Row);

impl Cells for PostgresCells<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let Some(described) = self.0.columns().get(column) else {
            return Cell::Null;
        };
        let cell = match *described.type_() {
            Type::INT8 => self
                .0
                .try_get::<_, Option<i64>>(column)
                .map(|value| value.map(Cell::Integer)),
            Type::INT4 => self
                .0
                .try_get::<_, Option<i32>>(column)
                .map(|value| value.map(|value| Cell::Integer(value.into()))),
            Type::FLOAT8 => self
                .0
                .try_get::<_, Option<f64>>(column)
                .map(|value| value.map(Cell::Number)),
            Type::BOOL => self
                .0
                .try_get::<_, Option<bool>>(column)
                .map(|value| value.map(Cell::Boolean)),
            _ => self
                .0
                .try_get::<_, Option<&str>>(column)
                .map(|value| value.map(Cell::Text)),
        };
        cell.ok().flatten().unwrap_or(Cell::Null)
    }
}
