//! Figures as Parquet, for analysts' tools. A column is of numbers where every value is one.

use crate::Failure;
use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

enum Kind {
    Number,
    Flag,
    Text,
}

/// Writes rows of the same members, as a whole or not at all.
pub fn write(file: &Path, rows: &[Map<String, Value>]) -> Result<(), Failure> {
    let fault = |error: parquet::errors::ParquetError| Failure::file(file, error);
    let names: Vec<&String> = rows.first().into_iter().flat_map(Map::keys).collect();
    let cell = |row: &Map<String, Value>, name: &str| row.get(name).cloned().unwrap_or_default();
    let kind = |name: &str| {
        let mut cells = rows.iter().map(|row| cell(row, name));
        if cells.clone().all(|cell| cell.is_number() || cell.is_null()) {
            Kind::Number
        } else if cells.all(|cell| cell.is_boolean() || cell.is_null()) {
            Kind::Flag
        } else {
            Kind::Text
        }
    };
    let mut fields = Vec::new();
    for name in &names {
        let (physical, converted) = match kind(name) {
            Kind::Number => (Physical::DOUBLE, ConvertedType::NONE),
            Kind::Flag => (Physical::BOOLEAN, ConvertedType::NONE),
            Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(converted)
            .build();
        fields.push(Arc::new(field.map_err(fault)?));
    }
    let schema = Type::group_type_builder("figures")
        .with_fields(fields)
        .build();
    let properties = Arc::new(WriterProperties::builder().build());
    let schema = Arc::new(schema.map_err(fault)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).map_err(fault)?;
    let mut group = writer.next_row_group().map_err(fault)?;
    for name in &names {
        let cells: Vec<Value> = rows.iter().map(|row| cell(row, name)).collect();
        let there: Vec<i16> = cells
            .iter()
            .map(|cell| i16::from(!cell.is_null()))
            .collect();
        let Some(mut column) = group.next_column().map_err(fault)? else {
            break;
        };
        let written = match kind(name) {
            Kind::Number => {
                let values: Vec<f64> = cells.iter().filter_map(Value::as_f64).collect();
                column
                    .typed::<DoubleType>()
                    .write_batch(&values, Some(&there), None)
            }
            Kind::Flag => {
                let values: Vec<bool> = cells.iter().filter_map(Value::as_bool).collect();
                column
                    .typed::<BoolType>()
                    .write_batch(&values, Some(&there), None)
            }
            Kind::Text => {
                let text = |cell: &Value| match cell {
                    Value::Null => None,
                    Value::String(text) => Some(ByteArray::from(text.as_str())),
                    other => Some(ByteArray::from(other.to_string().as_str())),
                };
                let values: Vec<ByteArray> = cells.iter().filter_map(text).collect();
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&values, Some(&there), None)
            }
        };
        written.map_err(fault)?;
        column.close().map_err(fault)?;
    }
    group.close().map_err(fault)?;
    let bytes = writer.into_inner().map_err(fault)?;
    crate::connection::write_private(file, &bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;
    use serde_json::{Map, Value, json};
    use std::collections::HashMap;

    #[test]
    fn what_is_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clients.parquet");
        let row = |value: Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
        let rows = [
            row(
                json!({ "month": "2026-10", "client": "Ünited", "revenue": 12.5, "rate": null, "loses_money": false }),
            ),
            row(
                json!({ "month": "2026-11", "client": null, "revenue": 3, "rate": 7.25, "loses_money": true }),
            ),
        ];
        super::write(&file, &rows).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&file).unwrap()).unwrap();
        let read: Vec<HashMap<String, Field>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().into_columns().into_iter().collect())
            .collect();
        assert_eq!(read[0]["client"], Field::Str("Ünited".to_owned()));
        assert_eq!(read[0]["rate"], Field::Null);
        assert_eq!(read[1]["revenue"], Field::Double(3.0));
        assert_eq!(read[1]["rate"], Field::Double(7.25));
        assert_eq!(read[1]["loses_money"], Field::Bool(true));
        super::write(&file, &[]).unwrap();
    }
}
