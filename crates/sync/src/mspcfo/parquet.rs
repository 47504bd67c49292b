//! Figures as Parquet, for analysts' tools: a group of rows at a time, so that memory does not grow with the table.

use super::cell::{Cell, Column};
use crate::Failure;
use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a group.
const GROUP: usize = 50_000;

enum Values {
    Numbers(Vec<f64>),
    Flags(Vec<bool>),
    Texts(Vec<ByteArray>),
}

/// A column of the group that is being filled: which cells are there, and those.
struct Filling {
    there: Vec<i16>,
    values: Values,
}

/// A table that is there as a whole or as it was before.
pub struct Writer {
    file: PathBuf,
    partial: PathBuf,
    writer: SerializedFileWriter<File>,
    columns: Vec<Filling>,
    rows: usize,
}

impl Writer {
    pub fn begin(file: &Path, columns: &[Column]) -> Result<Self, Failure> {
        let partial = crate::private::partial(file);
        let opened = crate::private::create(&partial)?;
        let fault = |error: ParquetError| Failure::file(file, error);
        let mut fields = Vec::new();
        let mut filling = Vec::new();
        for column in columns {
            let (physical, converted, values) = match column {
                Column::Number(_) => (
                    Physical::DOUBLE,
                    ConvertedType::NONE,
                    Values::Numbers(Vec::new()),
                ),
                Column::Flag(_) => (
                    Physical::BOOLEAN,
                    ConvertedType::NONE,
                    Values::Flags(Vec::new()),
                ),
                Column::Text(_) => (
                    Physical::BYTE_ARRAY,
                    ConvertedType::UTF8,
                    Values::Texts(Vec::new()),
                ),
            };
            let field = Type::primitive_type_builder(column.name(), physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_converted_type(converted)
                .build();
            fields.push(Arc::new(field.map_err(fault)?));
            filling.push(Filling {
                there: Vec::new(),
                values,
            });
        }
        let schema = Type::group_type_builder("figures")
            .with_fields(fields)
            .build();
        let schema = Arc::new(schema.map_err(fault)?);
        let properties = Arc::new(WriterProperties::builder().build());
        Ok(Self {
            file: file.to_owned(),
            partial,
            writer: SerializedFileWriter::new(opened, schema, properties).map_err(fault)?,
            columns: filling,
            rows: 0,
        })
    }

    pub fn put(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.put(cell);
        }
        self.rows += 1;
        if self.rows < GROUP {
            return Ok(());
        }
        self.group()
            .map_err(|error| Failure::file(&self.file, error))
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let mut group = self.writer.next_row_group()?;
        for filling in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            let there = Some(filling.there.as_slice());
            match &mut filling.values {
                Values::Numbers(values) => {
                    column
                        .typed::<DoubleType>()
                        .write_batch(values, there, None)?;
                    values.clear();
                }
                Values::Flags(values) => {
                    column
                        .typed::<BoolType>()
                        .write_batch(values, there, None)?;
                    values.clear();
                }
                Values::Texts(values) => {
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(values, there, None)?;
                    values.clear();
                }
            }
            filling.there.clear();
            column.close()?;
        }
        group.close().map(drop)
    }

    pub fn end(mut self) -> Result<(), Failure> {
        let written = self.group().and_then(|()| self.writer.into_inner());
        let done = written
            .map_err(std::io::Error::other)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&self.partial, &self.file));
        done.map_err(|error| {
            // What was there before stays; half a file helps nobody.
            let _ = std::fs::remove_file(&self.partial);
            Failure::file(&self.file, format!("cannot be written: {error}"))
        })
    }
}

impl Filling {
    /// A cell of another kind than its column's counts as none.
    fn put(&mut self, cell: &Cell<'_>) {
        let there = match (&mut self.values, cell) {
            (Values::Numbers(values), Cell::Number(value)) => {
                values.push(*value);
                true
            }
            (Values::Numbers(values), Cell::Count(value)) => {
                values.push(*value as f64);
                true
            }
            (Values::Flags(values), Cell::Flag(value)) => {
                values.push(*value);
                true
            }
            (Values::Texts(values), Cell::Text(text)) => {
                values.push(ByteArray::from(&**text));
                true
            }
            _ => false,
        };
        self.there.push(i16::from(there));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;
    use std::borrow::Cow;
    use std::collections::HashMap;

    #[test]
    fn what_is_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clients.parquet");
        let columns = [
            Column::Text("month"),
            Column::Text("client"),
            Column::Number("revenue"),
            Column::Number("rate"),
            Column::Flag("loses_money"),
        ];
        let text = |text: &'static str| Cell::Text(Cow::Borrowed(text));
        let mut writer = Writer::begin(&file, &columns).unwrap();
        let first = [
            text("2026-10"),
            text("Ünited"),
            Cell::Number(12.5),
            Cell::Null,
            Cell::Flag(false),
        ];
        let second = [
            text("2026-11"),
            Cell::Null,
            Cell::Count(3),
            Cell::Number(7.25),
            Cell::Flag(true),
        ];
        // One more than a group holds.
        for _ in 0..GROUP {
            writer.put(&first).unwrap();
        }
        writer.put(&second).unwrap();
        assert!(!file.exists());
        writer.end().unwrap();
        let reader = SerializedFileReader::new(File::open(&file).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let read: Vec<HashMap<String, Field>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().into_columns().into_iter().collect())
            .collect();
        assert_eq!(read.len(), GROUP + 1);
        assert_eq!(read[0]["client"], Field::Str("Ünited".to_owned()));
        assert_eq!(read[0]["rate"], Field::Null);
        assert_eq!(read[GROUP]["client"], Field::Null);
        assert_eq!(read[GROUP]["revenue"], Field::Double(3.0));
        assert_eq!(read[GROUP]["rate"], Field::Double(7.25));
        assert_eq!(read[GROUP]["loses_money"], Field::Bool(true));
        Writer::begin(&file, &columns).unwrap().end().unwrap();
    }
}
