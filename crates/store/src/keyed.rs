//! The statements of reads by id, built once for each table and set of columns. Knows no
//! connection.

use crate::error::StoreError;
use crate::layout::{Layout, quote};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// Statements kept; beyond that they are forgotten and built anew.
const KEPT: usize = 4096;

pub struct KeyedStatements {
    entries: RwLock<HashMap<u64, Entry>>,
    /// How the database writes its first and its second parameter.
    parameters: [&'static str; 2],
}

struct Entry {
    table: usize,
    columns: Vec<Arc<str>>,
    asked: Asked,
    sql: Arc<str>,
}

/// What a read by id asks beside the row: whether the row is in a table of pairs, under a key that is the
/// second parameter. The answer is one more cell after the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    /// The table of pairs at this place of the layout.
    Pair(usize),
    /// One that was never written to, so that it holds no pair.
    Blank,
    /// Not one row by its id but those, by id, whose column at this place holds the first parameter.
    Under(usize),
}

impl KeyedStatements {
    pub fn new(parameters: [&'static str; 2]) -> Self {
        Self {
            entries: RwLock::default(),
            parameters,
        }
    }

    pub fn statement(
        &self,
        layout: &Layout,
        at: usize,
        columns: &[Arc<str>],
        asked: Asked,
    ) -> Result<Arc<str>, StoreError> {
        let print = fingerprint(at, columns, asked);
        if let Some(entry) = self.entries.read().get(&print)
            && entry.table == at
            && entry.asked == asked
            && same(&entry.columns, columns)
        {
            return Ok(entry.sql.clone());
        }
        let table = &layout.table(at).name;
        let mut names = Vec::with_capacity(columns.len());
        for column in columns {
            if layout.kind(at, column).is_none() {
                return Err(StoreError::UnknownColumn {
                    table: table.clone(),
                    column: column.clone(),
                });
            }
            names.push(quote(column));
        }
        let [id, key] = self.parameters;
        let table = quote(table);
        let sql = match asked {
            Asked::Nothing | Asked::Blank | Asked::Under(_) => {
                if asked == Asked::Blank || names.is_empty() {
                    names.push("0".to_owned());
                }
                let which = match asked {
                    Asked::Under(column) => {
                        let column = quote(&layout.table(at).columns[column].name);
                        format!("{column} = {id} ORDER BY \"id\"")
                    }
                    _ => format!("\"id\" = {id}"),
                };
                format!("SELECT {} FROM {table} WHERE {which}", names.join(", "))
            }
            // The table of the row is named first: one that is not there reads as empty.
            Asked::Pair(pairs) => {
                for name in &mut names {
                    name.insert_str(0, "t.");
                }
                names.push("m.\"id\" IS NOT NULL".to_owned());
                format!(
                    "SELECT {} FROM {table} AS t LEFT JOIN {} AS m \
                     ON m.\"key\" = {key} AND m.\"id\" = t.\"id\" WHERE t.\"id\" = {id}",
                    names.join(", "),
                    quote(&layout.table(pairs).name)
                )
            }
        };
        let sql: Arc<str> = Arc::from(sql);
        let mut entries = self.entries.write();
        if entries.len() >= KEPT {
            entries.clear();
        }
        entries.insert(
            print,
            Entry {
                table: at,
                columns: columns.to_vec(),
                asked,
                sql: sql.clone(),
            },
        );
        Ok(sql)
    }
}

fn same(known: &[Arc<str>], asked: &[Arc<str>]) -> bool {
    known.len() == asked.len()
        && known
            .iter()
            .zip(asked)
            .all(|(known, asked)| Arc::ptr_eq(known, asked) || known == asked)
}

/// A fast print of the names, eight bytes at a time; a clash only costs building the text again.
fn fingerprint(at: usize, columns: &[Arc<str>], asked: Asked) -> u64 {
    const MIX: u64 = 0x517c_c1b7_2722_0a95;
    let beside = match asked {
        Asked::Nothing => 0,
        Asked::Blank => 1,
        Asked::Pair(pairs) => pairs as u64 + 2,
        Asked::Under(column) => column as u64 + (1 << 24),
    };
    let mut print = (at as u64) ^ (beside << 32);
    for column in columns {
        for chunk in column.as_bytes().chunks(8) {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            print = (print.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(MIX);
        }
        print = (print.rotate_left(5) ^ column.len() as u64).wrapping_mul(MIX);
    }
    print
}
