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
    /// How the database writes its first parameter.
    parameter: &'static str,
}

struct Entry {
    table: usize,
    columns: Vec<Arc<str>>,
    sql: Arc<str>,
}

impl KeyedStatements {
    pub fn new(parameter: &'static str) -> Self {
        Self {
            entries: RwLock::default(),
            parameter,
        }
    }

    pub fn statement(
        &self,
        layout: &Layout,
        at: usize,
        columns: &[Arc<str>],
    ) -> Result<Arc<str>, StoreError> {
        let print = fingerprint(at, columns);
        if let Some(entry) = self.entries.read().get(&print)
            && entry.table == at
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
        let names = if names.is_empty() {
            String::from("1")
        } else {
            names.join(", ")
        };
        let sql: Arc<str> = Arc::from(format!(
            "SELECT {names} FROM {} WHERE \"id\" = {}",
            quote(table),
            self.parameter
        ));
        let mut entries = self.entries.write();
        if entries.len() >= KEPT {
            entries.clear();
        }
        entries.insert(
            print,
            Entry {
                table: at,
                columns: columns.to_vec(),
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
fn fingerprint(at: usize, columns: &[Arc<str>]) -> u64 {
    const MIX: u64 = 0x517c_c1b7_2722_0a95;
    let mut print = at as u64;
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
