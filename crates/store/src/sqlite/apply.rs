//! One change at a time on the writing connection, inside a transaction that someone else began.
//! Knows nothing of threads or durability.

use super::cells::Bound;
use super::ddl::{create_indexes, create_table};
use super::fault::fault;
use crate::error::StoreError;
use crate::layout::{Layout, quote, unstorable};
use crate::table::Change;
use bitting_query::{Kind, Value};
use foldhash::fast::RandomState;
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::sync::Arc;

/// The writing connection and what is known of its tables.
pub struct Applier {
    pub connection: Connection,
    pub tables: Tables,
}

/// Which tables there are, and how their rows are written.
pub struct Tables {
    layout: Arc<Layout>,
    place: Arc<str>,
    present: Vec<bool>,
    /// Tables made since the last time they were settled, for taking them back.
    pub fresh: Vec<usize>,
    /// While loading in bulk, indexes of new tables wait until the rows are there.
    pub indexes_later: bool,
    shapes: HashMap<(bool, usize), Shape, RandomState>,
    /// Of tables of pairs: the statements that put one in and that take out all of a row.
    pairs: HashMap<usize, [String; 2], RandomState>,
}

/// What a statement of a table does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Does {
    Insert,
    Update,
    Pair,
    Unpair,
}

/// Changes applied one after another. It holds the statements that it runs, since finding one by its text, which is
/// long, costs as much as a small one's run; so that nobody else may begin or end a transaction meanwhile.
pub struct Session<'c> {
    connection: &'c Connection,
    tables: &'c mut Tables,
    held: HashMap<(Does, usize), CachedStatement<'c>, RandomState>,
}

/// The statement of the latest change of a table, because most look like the one before.
struct Shape {
    columns: Vec<Arc<str>>,
    /// What the columns hold.
    kinds: Vec<Kind>,
    sql: String,
}

impl Shape {
    fn is_of(&self, values: &[(Arc<str>, Value)]) -> bool {
        self.columns.len() == values.len()
            && self
                .columns
                .iter()
                .zip(values)
                .all(|(known, (column, _))| Arc::ptr_eq(known, column) || known == column)
    }
}

impl Applier {
    pub fn new(
        connection: Connection,
        layout: Arc<Layout>,
        place: Arc<str>,
        present: Vec<bool>,
    ) -> Self {
        Self {
            connection,
            tables: Tables {
                layout,
                place,
                present,
                fresh: Vec::new(),
                indexes_later: false,
                shapes: HashMap::default(),
                pairs: HashMap::default(),
            },
        }
    }

    /// Changes to come, inside a transaction that is open.
    pub fn session(&mut self) -> Session<'_> {
        Session {
            connection: &self.connection,
            tables: &mut self.tables,
            held: HashMap::default(),
        }
    }

    pub fn run(&self, sql: &str) -> Result<(), StoreError> {
        let run = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute());
        run.map(drop)
            .map_err(|error| fault(&self.tables.place, &error))
    }
}

impl Tables {
    /// Drops the statements that are known by heart: one that was being written when the program panicked may be half.
    pub fn doubt(&mut self) {
        self.shapes.clear();
        self.pairs.clear();
        self.indexes_later = false;
    }

    pub fn place(&self) -> String {
        self.place.to_string()
    }

    /// Forgets the tables made after the first `kept` of them: their making was rolled back.
    pub fn forget(&mut self, kept: usize) {
        for at in self.fresh.drain(kept..) {
            self.present[at] = false;
        }
    }
}

impl Session<'_> {
    /// What a panic amid a change leaves.
    pub fn panicked(&mut self) -> StoreError {
        self.held.clear();
        self.tables.doubt();
        StoreError::Panicked {
            place: self.tables.place(),
        }
    }

    fn fault(&self, error: &rusqlite::Error) -> StoreError {
        fault(&self.tables.place, error)
    }

    fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.connection
            .execute_batch(sql)
            .map_err(|error| self.fault(&error))
    }

    /// Makes a table that is not there yet.
    pub fn ensure(&mut self, at: usize) -> Result<(), StoreError> {
        if self.tables.present[at] {
            return Ok(());
        }
        let layout = self.tables.layout.clone();
        let table = layout.table(at);
        self.batch(&create_table(table))?;
        self.tables.present[at] = true;
        self.tables.fresh.push(at);
        if !self.tables.indexes_later {
            self.index(at)?;
        }
        Ok(())
    }

    pub fn index(&self, at: usize) -> Result<(), StoreError> {
        create_indexes(self.tables.layout.table(at))
            .iter()
            .try_for_each(|(_, sql)| self.batch(sql))
    }

    pub fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        let at = self.check(change)?;
        match change {
            Change::Insert { table, id, values } => {
                self.ensure(at)?;
                match self.put(Does::Insert, at, *id, values) {
                    Ok(_) => Ok(()),
                    Err(error)
                        if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) =>
                    {
                        Err(StoreError::Exists {
                            table: table.clone(),
                            id: *id,
                        })
                    }
                    Err(error) => Err(self.fault(&error)),
                }
            }
            Change::Update { table, id, values } => {
                let missing = StoreError::Missing {
                    table: table.clone(),
                    id: *id,
                };
                if !self.tables.present[at] {
                    return Err(missing);
                }
                let changed = if values.is_empty() {
                    let sql = format!("SELECT 1 FROM {} WHERE \"id\" = ?1", quote(table));
                    usize::from(self.any(&sql, &[Value::Integer(*id)])?)
                } else {
                    self.put(Does::Update, at, *id, values)
                        .map_err(|error| self.fault(&error))?
                };
                if changed == 0 { Err(missing) } else { Ok(()) }
            }
            Change::Delete { table, id } => self.delete(at, table, *id),
            Change::Pair { table, key, id } => {
                self.ensure(at)?;
                self.pair(Does::Pair, at, table, &[*key, *id])
            }
            Change::Unpair { table, id } => {
                if !self.tables.present[at] {
                    return Ok(());
                }
                self.pair(Does::Unpair, at, table, &[*id])
            }
            Change::Unique {
                table,
                values,
                except,
                name,
            } => {
                if !self.tables.present[at] {
                    return Ok(());
                }
                let mut sql = format!("SELECT 1 FROM {} WHERE 1", quote(table));
                let mut params = Vec::with_capacity(values.len() + 1);
                for (column, value) in values {
                    params.push(value.clone());
                    let is = equal(value);
                    let _ = write!(sql, " AND {} {is} ?{}", quote(column), params.len());
                }
                if let Some(except) = except {
                    params.push(Value::Integer(*except));
                    let _ = write!(sql, " AND \"id\" <> ?{}", params.len());
                }
                sql.push_str(" LIMIT 1");
                if self.any(&sql, &params)? {
                    Err(StoreError::Conflict { name: name.clone() })
                } else {
                    Ok(())
                }
            }
            Change::Unused {
                table,
                column,
                value,
                name,
            } => {
                if !self.tables.present[at] {
                    return Ok(());
                }
                let sql = format!(
                    "SELECT 1 FROM {} WHERE {} {} ?1 LIMIT 1",
                    quote(table),
                    quote(column),
                    equal(value)
                );
                if self.any(&sql, std::slice::from_ref(value))? {
                    Err(StoreError::InUse { name: name.clone() })
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Deletes a row; when it is the highest one its id is noted, so that no later start gives it
    /// out again.
    fn delete(&mut self, at: usize, table: &Arc<str>, id: i64) -> Result<(), StoreError> {
        let missing = StoreError::Missing {
            table: table.clone(),
            id,
        };
        if !self.tables.present[at] {
            return Err(missing);
        }
        let highest: Option<i64> = self
            .connection
            .prepare_cached(&format!("SELECT max(\"id\") FROM {}", quote(table)))
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(|error| self.fault(&error))?;
        let sql = format!("DELETE FROM {} WHERE \"id\" = ?1", quote(table));
        if self.execute(&sql, &[Value::Integer(id)])? == 0 {
            return Err(missing);
        }
        if highest == Some(id) {
            let note = "INSERT INTO bitting_meta (name, value) VALUES (?1, ?2) \
                        ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)";
            self.execute(
                note,
                &[Value::Text(super::high_mark(table)), Value::Integer(id)],
            )?;
        }
        Ok(())
    }

    /// Refuses what the table cannot hold, as the layout does, and has the statement at hand for an insert or an
    /// update.
    fn check(&mut self, change: &Change) -> Result<usize, StoreError> {
        let (insert, table, values) = match change {
            Change::Insert { table, values, .. } => (true, table, values),
            Change::Update { table, values, .. } => (false, table, values),
            _ => return self.tables.layout.check(change),
        };
        let at = self.tables.layout.find(table)?;
        let known = self.tables.shapes.get(&(insert, at));
        if let Some(shape) = known.filter(|shape| shape.is_of(values)) {
            let holds = |(kind, (_, value)): (&Kind, &(Arc<str>, Value))| {
                unstorable(*kind, value).is_none()
            };
            if shape.kinds.iter().zip(values).all(holds) {
                return Ok(at);
            }
        }
        // Tells what is wrong, or that it is right.
        self.tables.layout.check(change)?;
        let columns: Vec<Arc<str>> = values.iter().map(|(column, _)| column.clone()).collect();
        let kinds = columns.iter();
        let kinds = kinds.filter_map(|column| self.tables.layout.kind(at, column));
        let name = quote(table);
        let sql = if insert {
            insert_sql(&name, &columns)
        } else {
            update_sql(&name, &columns)
        };
        let shape = Shape {
            kinds: kinds.collect(),
            columns,
            sql,
        };
        self.tables.shapes.insert((insert, at), shape);
        let does = if insert { Does::Insert } else { Does::Update };
        self.held.remove(&(does, at));
        Ok(at)
    }

    fn put(
        &mut self,
        does: Does,
        at: usize,
        id: i64,
        values: &[(Arc<str>, Value)],
    ) -> rusqlite::Result<usize> {
        let statement = match self.held.entry((does, at)) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => {
                let shape = self.tables.shapes.get(&(does == Does::Insert, at));
                let sql = shape.map_or("", |shape| shape.sql.as_str());
                place.insert(self.connection.prepare_cached(sql)?)
            }
        };
        statement.raw_bind_parameter(1, id)?;
        for (position, (_, value)) in values.iter().enumerate() {
            statement.raw_bind_parameter(position + 2, Bound(value))?;
        }
        statement.raw_execute()
    }

    /// Runs one of the statements of a table of pairs.
    fn pair(
        &mut self,
        does: Does,
        at: usize,
        table: &Arc<str>,
        keys: &[i64],
    ) -> Result<(), StoreError> {
        let mut run = || {
            let statement = match self.held.entry((does, at)) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(place) => {
                    let known = self.tables.pairs.entry(at);
                    let [pair, unpair] = known.or_insert_with(|| pair_sql(&quote(table)));
                    let sql = if does == Does::Pair { pair } else { unpair };
                    place.insert(self.connection.prepare_cached(sql)?)
                }
            };
            for (at, key) in keys.iter().enumerate() {
                statement.raw_bind_parameter(at + 1, key)?;
            }
            statement.raw_execute()
        };
        let ran: rusqlite::Result<usize> = run();
        ran.map(drop).map_err(|error| self.fault(&error))
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, StoreError> {
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            for (at, value) in params.iter().enumerate() {
                statement.raw_bind_parameter(at + 1, Bound(value))?;
            }
            statement.raw_execute()
        };
        run().map_err(|error| self.fault(&error))
    }

    fn any(&self, sql: &str, params: &[Value]) -> Result<bool, StoreError> {
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let bound = rusqlite::params_from_iter(params.iter().map(Bound));
            statement
                .query_row(bound, |_| Ok(()))
                .optional()
                .map(|found| found.is_some())
        };
        run().map_err(|error| self.fault(&error))
    }
}

/// How a column is held against a value: for one that is not null as an index of values alone can tell.
fn equal(value: &Value) -> &'static str {
    if *value == Value::Null { "IS" } else { "=" }
}

/// Puts a pair in, again without an error; takes out all of a row.
fn pair_sql(table: &str) -> [String; 2] {
    [
        format!("INSERT OR IGNORE INTO {table} (\"key\", \"id\") VALUES (?1, ?2)"),
        format!("DELETE FROM {table} WHERE \"id\" = ?1"),
    ]
}

fn insert_sql(table: &str, columns: &[Arc<str>]) -> String {
    let mut names = String::from("\"id\"");
    let mut places = String::from("?1");
    for (at, column) in columns.iter().enumerate() {
        let _ = write!(names, ", {}", quote(column));
        let _ = write!(places, ", ?{}", at + 2);
    }
    format!("INSERT INTO {table} ({names}) VALUES ({places})")
}

fn update_sql(table: &str, columns: &[Arc<str>]) -> String {
    let sets: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| format!("{} = ?{}", quote(column), at + 2))
        .collect();
    format!("UPDATE {table} SET {} WHERE \"id\" = ?1", sets.join(", "))
}
