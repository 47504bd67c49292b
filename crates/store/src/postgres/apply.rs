//! One change at a time inside a PostgreSQL transaction that someone else began. Knows nothing of
//! pools or retries.

use super::cells::Bound;
use super::fault::{clashed, fault};
use crate::error::StoreError;
use crate::layout::{Layout, quote};
use crate::table::Change;
use bitting_query::{Kind, Value};
use deadpool_postgres::Transaction;
use futures::future::try_join_all;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

/// Why a change was not made: for good, or because another transaction was in the way.
pub enum Trouble {
    Clash(StoreError),
    Final(StoreError),
}

impl Trouble {
    pub fn of(place: &str, error: &tokio_postgres::Error) -> Self {
        if clashed(error) {
            Self::Clash(fault(place, error))
        } else {
            Self::Final(fault(place, error))
        }
    }

    pub fn into_error(self) -> StoreError {
        match self {
            Self::Clash(error) | Self::Final(error) => error,
        }
    }
}

/// A transaction, and what is needed to spell and explain its statements.
pub struct Applier<'a> {
    pub work: &'a Transaction<'a>,
    pub layout: &'a Layout,
    pub place: &'a str,
}

impl Applier<'_> {
    /// Makes all changes in order; runs of inserts are sent without waiting for each answer.
    pub async fn apply_all(&self, changes: &[Change]) -> Result<(), Trouble> {
        let mut rest = changes;
        while let Some(first) = rest.first() {
            let inserts = rest
                .iter()
                .take(256)
                .take_while(|change| adds(change))
                .count();
            if inserts > 1 {
                self.prepare(&rest[..inserts]).await?;
                try_join_all(rest[..inserts].iter().map(|change| self.apply(change))).await?;
                rest = &rest[inserts..];
            } else {
                self.apply(first).await?;
                rest = &rest[1..];
            }
        }
        Ok(())
    }

    /// Prepares each statement of a run once, before many ask for it at the same time.
    async fn prepare(&self, changes: &[Change]) -> Result<(), Trouble> {
        let mut done = HashSet::new();
        for change in changes {
            let sql = match change {
                Change::Insert { table, id, values } => insert(table, *id, values).0,
                Change::Pair { table, .. } => pair(table),
                _ => continue,
            };
            // A change that names what is not described fails when it is applied, with a better word.
            if self.layout.check(change).is_ok() && !done.contains(&sql) {
                let prepared = self.work.prepare_cached(&sql).await;
                prepared.map_err(|error| Trouble::of(self.place, &error))?;
                done.insert(sql);
            }
        }
        Ok(())
    }

    async fn apply(&self, change: &Change) -> Result<(), Trouble> {
        let at = self.layout.check(change).map_err(Trouble::Final)?;
        match change {
            Change::Insert { table, id, values } => {
                let (sql, params) = insert(table, *id, values);
                match self.execute(&sql, &params).await {
                    Err((_, Some(code))) if code == SqlState::UNIQUE_VIOLATION => {
                        Err(Trouble::Final(StoreError::Exists {
                            table: table.clone(),
                            id: *id,
                        }))
                    }
                    Err((_, Some(code))) if code == SqlState::PROGRAM_LIMIT_EXCEEDED => {
                        Err(Trouble::Final(too_long(table, values)))
                    }
                    other => other.map(drop).map_err(|(trouble, _)| trouble),
                }
            }
            Change::Update { table, id, values } => {
                let (sql, params) = update(table, *id, values);
                match self.execute(&sql, &params).await {
                    Ok(0) => Err(missing(table, *id)),
                    Err((_, Some(code))) if code == SqlState::PROGRAM_LIMIT_EXCEEDED => {
                        Err(Trouble::Final(too_long(table, values)))
                    }
                    other => other.map(drop).map_err(|(trouble, _)| trouble),
                }
            }
            Change::Delete { table, id } => {
                let sql = format!("DELETE FROM {} WHERE \"id\" = $1", quote(table));
                match self.execute(&sql, &[Value::Integer(*id)]).await {
                    Ok(0) => Err(missing(table, *id)),
                    other => other.map(drop).map_err(|(trouble, _)| trouble),
                }
            }
            Change::Pair { table, key, id } => {
                let sql = pair(table);
                let params = [Value::Integer(*key), Value::Integer(*id)];
                self.execute(&sql, &params)
                    .await
                    .map(drop)
                    .map_err(|(trouble, _)| trouble)
            }
            Change::Unpair { table, id } => {
                let sql = format!("DELETE FROM {} WHERE \"id\" = $1", quote(table));
                self.execute(&sql, &[Value::Integer(*id)])
                    .await
                    .map(drop)
                    .map_err(|(trouble, _)| trouble)
            }
            Change::Unique {
                table,
                values,
                except,
                name,
            } => {
                let mut sql = format!("SELECT \"id\" FROM {} WHERE true", quote(table));
                let mut params = Vec::new();
                for (column, value) in values {
                    sql.push_str(" AND ");
                    self.equals(at, column, value, &mut sql, &mut params);
                }
                if let Some(except) = except {
                    params.push(Value::Integer(*except));
                    let _ = write!(sql, " AND \"id\" <> ${}", params.len());
                }
                sql.push_str(" LIMIT 1");
                match self.execute(&sql, &params).await {
                    Ok(0) => Ok(()),
                    Ok(_) => Err(Trouble::Final(StoreError::Conflict { name: name.clone() })),
                    Err((trouble, _)) => Err(trouble),
                }
            }
            Change::Unused {
                table,
                column,
                value,
                name,
            } => {
                let mut sql = format!("SELECT \"id\" FROM {} WHERE ", quote(table));
                let mut params = Vec::new();
                self.equals(at, column, value, &mut sql, &mut params);
                sql.push_str(" LIMIT 1");
                match self.execute(&sql, &params).await {
                    Ok(0) => Ok(()),
                    Ok(_) => Err(Trouble::Final(StoreError::InUse { name: name.clone() })),
                    Err((trouble, _)) => Err(trouble),
                }
            }
        }
    }

    /// Writes `column = value`, folded for text and true for two absent values.
    fn equals(
        &self,
        at: usize,
        column: &str,
        value: &Value,
        sql: &mut String,
        params: &mut Vec<Value>,
    ) {
        let name = quote(column);
        if *value == Value::Null {
            let _ = write!(sql, "{name} IS NULL");
            return;
        }
        params.push(value.clone());
        let place = params.len();
        let _ = match self.layout.kind(at, column) {
            Some(Kind::Text) => {
                write!(
                    sql,
                    "lower({name} COLLATE \"C\") = lower(${place} COLLATE \"C\")"
                )
            }
            _ => write!(sql, "{name} = ${place}"),
        };
    }

    /// Runs a statement and answers the number of rows it changed or found.
    async fn execute(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<u64, (Trouble, Option<SqlState>)> {
        let run = async {
            let statement = self.work.prepare_cached(sql).await?;
            let bound: Vec<Bound<'_>> = params.iter().map(Bound).collect();
            let given: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
            self.work.execute(&statement, &given).await
        };
        run.await
            .map_err(|error| (Trouble::of(self.place, &error), error.code().cloned()))
    }
}

/// Changes that need not wait for the answer to the one before.
fn adds(change: &Change) -> bool {
    matches!(change, Change::Insert { .. } | Change::Pair { .. })
}

fn missing(table: &Arc<str>, id: i64) -> Trouble {
    Trouble::Final(StoreError::Missing {
        table: table.clone(),
        id,
    })
}

/// Only an indexed text can be too long; the longest one it is.
fn too_long(table: &Arc<str>, values: &[(Arc<str>, Value)]) -> StoreError {
    let length = |value: &Value| {
        if let Value::Text(text) = value {
            text.len()
        } else {
            0
        }
    };
    let longest = values.iter().max_by_key(|(_, value)| length(value));
    StoreError::Unstorable {
        table: table.clone(),
        column: longest.map_or_else(|| Arc::from("?"), |(column, _)| column.clone()),
        why: "the text is too long for an indexed column",
    }
}

fn pair(table: &str) -> String {
    format!(
        "INSERT INTO {} (\"key\", \"id\") VALUES ($1, $2) ON CONFLICT DO NOTHING",
        quote(table)
    )
}

fn insert(table: &str, id: i64, values: &[(Arc<str>, Value)]) -> (String, Vec<Value>) {
    let mut names = String::from("\"id\"");
    let mut places = String::from("$1");
    let mut params = vec![Value::Integer(id)];
    for (column, value) in values {
        params.push(value.clone());
        let _ = write!(names, ", {}", quote(column));
        let _ = write!(places, ", ${}", params.len());
    }
    (
        format!("INSERT INTO {} ({names}) VALUES ({places})", quote(table)),
        params,
    )
}

fn update(table: &str, id: i64, values: &[(Arc<str>, Value)]) -> (String, Vec<Value>) {
    let mut params = vec![Value::Integer(id)];
    let mut sets = Vec::with_capacity(values.len());
    for (column, value) in values {
        params.push(value.clone());
        sets.push(format!("{} = ${}", quote(column), params.len()));
    }
    if sets.is_empty() {
        // Nothing to set still has to find the row.
        sets.push(String::from("\"id\" = \"id\""));
    }
    (
        format!(
            "UPDATE {} SET {} WHERE \"id\" = $1",
            quote(table),
            sets.join(", ")
        ),
        params,
    )
}
