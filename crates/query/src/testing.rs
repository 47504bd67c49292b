//! Random tables, filters and pages, for whoever runs the SQL of this crate: what a `World` holds
//! goes into a database, and the ids it expects are compared with those the database answers.
//! Knows no database.

mod json;
mod strategies;

pub use json::Json;
pub use strategies::{filter, select, world};

use crate::eval::{Row, compare_rows, matches};
use crate::filter::{Elements, Filter, Kind, Link, Order, Path, Select, Value};
use crate::sql::{Dialect, Indexes, Statement};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// The table that filters are about.
pub const MAIN: &str = "main/row";
/// A table that `MAIN` refers to, and that refers back.
pub const OTHER: &str = "other's";
/// Children of `MAIN`.
pub const LINE: &str = "line";
/// The pair table of `MAIN`.
pub const PAIRS: &str = "main/row__mine";

/// The tables with `id` and their other columns. Besides them there is `PAIRS` with `(key, id)`.
pub fn schema() -> [(&'static str, &'static [(&'static str, Kind)]); 3] {
    [
        (
            MAIN,
            &[
                ("whole", Kind::Integer),
                ("amount", Kind::Number),
                ("flag", Kind::Boolean),
                ("na\"me", Kind::Text),
                ("at", Kind::DateTime),
                ("words", Kind::Text),
                ("items", Kind::Json),
                ("tags", Kind::Json),
                ("parent", Kind::Integer),
                ("other", Kind::Integer),
            ],
        ),
        (
            OTHER,
            &[
                ("name", Kind::Text),
                ("rank", Kind::Integer),
                ("flag", Kind::Boolean),
                ("main", Kind::Integer),
            ],
        ),
        (
            LINE,
            &[
                ("main", Kind::Integer),
                ("text", Kind::Text),
                ("n", Kind::Integer),
            ],
        ),
    ]
}

/// A read as it would be of tables of which `few` rows are already many: shows every way that a
/// statement has through small tables.
pub fn render_few(select: &Select, dialect: Dialect, indexes: &dyn Indexes, few: u32) -> Statement {
    crate::sql::render_few(select, dialect, indexes, few)
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Value(Value),
    Json(Json),
}

/// One row: its id, and its cells in the order of the schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: i64,
    pub cells: Vec<Cell>,
}

/// Rows of every table of the schema, in its order, and the pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub tables: Vec<Vec<Record>>,
    pub pairs: Vec<(i64, i64)>,
}

/// One row to put into a database.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    pub table: Arc<str>,
    pub id: i64,
    pub values: Vec<(Arc<str>, Value)>,
}

impl World {
    /// Every row, in an order in which they can be inserted.
    pub fn inserts(&self) -> Vec<Insert> {
        let mut inserts = Vec::new();
        for ((table, columns), records) in schema().into_iter().zip(&self.tables) {
            for record in records {
                let values = columns
                    .iter()
                    .zip(&record.cells)
                    .map(|((column, _), cell)| {
                        let value = match cell {
                            Cell::Value(value) => value.clone(),
                            Cell::Json(json) => Value::Text(json.to_string()),
                        };
                        (Arc::from(*column), value)
                    });
                inserts.push(Insert {
                    table: table.into(),
                    id: record.id,
                    values: values.collect(),
                });
            }
        }
        inserts
    }

    /// The ids that a read must answer, in order.
    pub fn expected(&self, select: &Select) -> Vec<i64> {
        let mut rows = self.matching(&select.filter);
        let by_id = |order: &Order| order.path.through.is_empty() && &*order.path.column == "id";
        rows.sort_by(|left, right| {
            let way = compare_rows(&select.order, left, right);
            // The id decides at the end, unless the order has said so itself.
            let last = if select.order.iter().any(by_id) {
                Ordering::Equal
            } else {
                left.id().cmp(&right.id())
            };
            way.then(last)
        });
        let limit = select.limit.map_or(usize::MAX, |limit| limit as usize);
        rows.iter()
            .skip(select.offset as usize)
            .take(limit)
            .map(Place::id)
            .collect()
    }

    /// The ids of the rows of `MAIN` that satisfy the filter, ascending.
    pub fn ids(&self, filter: &Filter) -> Vec<i64> {
        let mut ids: Vec<i64> = self.matching(filter).iter().map(Place::id).collect();
        ids.sort_unstable();
        ids
    }

    fn matching(&self, filter: &Filter) -> Vec<Place<'_>> {
        let rows = self.tables[0].iter().map(|record| Place {
            world: self,
            table: 0,
            record,
        });
        rows.filter(|row| matches(filter, row)).collect()
    }

    fn find(&self, table: &str, id: &Value) -> Option<Place<'_>> {
        let number = schema().iter().position(|(name, _)| *name == table)?;
        let record = self.tables[number].iter().find(|record| match id {
            Value::Integer(id) => record.id == *id,
            Value::Number(id) => (record.id as f64).total_cmp(id) == Ordering::Equal,
            _ => false,
        })?;
        Some(Place {
            world: self,
            table: number,
            record,
        })
    }

    /// The value of a path whose first reference is already read.
    fn follow(&self, path: &Path, reference: &Value) -> Value {
        let rest = Path {
            through: path.through[1..].to_vec(),
            column: path.column.clone(),
            kind: path.kind,
        };
        let row = self.find(&path.through[0].table, reference);
        row.map_or(Value::Null, |row| row.value(&rest).into_owned())
    }
}

/// A row of a world.
struct Place<'a> {
    world: &'a World,
    table: usize,
    record: &'a Record,
}

impl<'a> Place<'a> {
    fn id(&self) -> i64 {
        self.record.id
    }

    fn cell(&self, name: &str) -> Option<&'a Cell> {
        let columns = schema()[self.table].1;
        columns
            .iter()
            .position(|(column, _)| *column == name)
            .map(|number| &self.record.cells[number])
    }

    fn here(&self, name: &str) -> Value {
        match self.cell(name) {
            None if name == "id" => Value::Integer(self.record.id),
            None => panic!("no column {name} in {}", schema()[self.table].0),
            Some(Cell::Value(value)) => value.clone(),
            Some(Cell::Json(json)) => Value::Text(json.to_string()),
        }
    }
}

impl Row for Place<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        Cow::Owned(match path.through.first() {
            None => self.here(&path.column),
            Some(link) => self.world.follow(path, &self.here(&link.column)),
        })
    }

    fn behind(&self, link: &Link) -> Option<Box<dyn Row + '_>> {
        let found = self.world.find(&link.table, &self.here(&link.column))?;
        Some(Box::new(found))
    }

    fn elements(&self, of: &Elements) -> Vec<Box<dyn Row + '_>> {
        match of {
            Elements::Children { table, column } => {
                let Some(number) = schema().iter().position(|(name, _)| **name == **table) else {
                    return vec![];
                };
                let rows = self.world.tables[number].iter();
                let rows = rows.map(|record| Place {
                    world: self.world,
                    table: number,
                    record,
                });
                rows.filter(|row| row.here(column) == Value::Integer(self.record.id))
                    .map(|row| Box::new(row) as Box<dyn Row>)
                    .collect()
            }
            Elements::Json { column } | Elements::JsonValues { column } => {
                match self.cell(column) {
                    Some(Cell::Json(json)) => elements(self.world, json, of),
                    _ => vec![],
                }
            }
        }
    }

    fn in_index(&self, table: &str, key: i64) -> bool {
        table == PAIRS && self.world.pairs.contains(&(key, self.record.id))
    }
}

/// An element of a JSON array.
struct Element<'a> {
    world: &'a World,
    json: &'a Json,
    object: bool,
}

fn elements<'a>(world: &'a World, json: &'a Json, of: &Elements) -> Vec<Box<dyn Row + 'a>> {
    let Json::Array(all) = json else {
        return vec![];
    };
    let object = matches!(of, Elements::Json { .. });
    all.iter()
        .filter(|json| !object || matches!(json, Json::Object(_)))
        .map(|json| {
            Box::new(Element {
                world,
                json,
                object,
            }) as Box<dyn Row>
        })
        .collect()
}

impl Element<'_> {
    fn member(&self, name: &str) -> Option<&Json> {
        if self.object {
            self.json.member(name)
        } else {
            Some(self.json)
        }
    }
}

impl Row for Element<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        let read = |name: &str, kind| {
            self.member(name)
                .map_or(Value::Null, |json| json.value(kind))
        };
        Cow::Owned(match path.through.first() {
            None => read(&path.column, path.kind),
            Some(link) => self.world.follow(path, &read(&link.column, Kind::Integer)),
        })
    }

    fn behind(&self, link: &Link) -> Option<Box<dyn Row + '_>> {
        let json = self.member(&link.column)?;
        let found = self.world.find(&link.table, &json.value(Kind::Integer))?;
        Some(Box::new(found))
    }

    fn elements(&self, of: &Elements) -> Vec<Box<dyn Row + '_>> {
        match of {
            Elements::Json { column } | Elements::JsonValues { column } => self
                .member(column)
                .map_or(vec![], |json| elements(self.world, json, of)),
            Elements::Children { .. } => vec![],
        }
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}
