//! The index tables of whose rows are whose, kept true at rest: see [`crate::mine`]. Knows no entity by name.

use super::{Backend, equals};
use crate::mine::{self, By, FILLED, filled};
use bitting_catalog::entity::Entity;
use bitting_query::{Filter, Kind, Select, Value};
use bitting_store::StoreError;
use bitting_store::table::{Cell, Change, Flow};
use std::collections::HashMap;
use std::sync::Arc;

impl Backend {
    /// Pairs for rows whose values change without their owners being worked out anew.
    pub(super) async fn follow_pairs(&self, changes: &mut Vec<Change>) -> Result<(), StoreError> {
        let mut more = Vec::new();
        for change in changes.iter() {
            let Change::Update { table, id, values } = change else {
                continue;
            };
            for by in self.by(table) {
                let says = |column: &str| values.iter().find(|(name, _)| **name == *column);
                if !by.columns().any(|column| says(column).is_some()) {
                    continue;
                }
                let worked_out = changes.iter().chain(&more).any(|change| {
                matches!(change, Change::Unpair { table, id: other } if *table == by.table && other == id)
            });
                if worked_out {
                    continue;
                }
                more.push(Change::Unpair {
                    table: by.table.clone(),
                    id: *id,
                });
                // What this change does not say, another one of the write does, or the row at rest.
                let latest = |column: &str| {
                    let mut found = None;
                    for change in changes.iter() {
                        match change {
                            Change::Update {
                                table: of,
                                id: other,
                                values,
                            }
                            | Change::Insert {
                                table: of,
                                id: other,
                                values,
                            } if of == table && other == id => {
                                let said = values.iter().find(|(name, _)| **name == *column);
                                found = said.map(|(_, value)| value.clone()).or(found);
                            }
                            _ => {}
                        }
                    }
                    found
                };
                let mut held: Vec<(Arc<str>, Value)> = Vec::new();
                for column in by.columns() {
                    let value = match latest(column) {
                        Some(value) => Some(value),
                        None => value_at_rest(self, table, *id, column).await?,
                    };
                    held.extend(value.map(|value| (column.clone(), value)));
                }
                let owners = members(self, table, Some(*id)).await?;
                let value = |column: &str| {
                    let mut held = held.iter();
                    held.find(|(name, _)| **name == *column).map(|(_, v)| v)
                };
                more.extend(by.pairs(owners.iter().map(|(member, _)| member), value, *id));
            }
        }
        changes.extend(more);
        Ok(())
    }

    /// Fills the narrower tables of a database that was made before the catalog asked for them.
    pub(crate) async fn fill_pairs(&self) -> Result<(), StoreError> {
        for entity in &self.catalog.entities {
            if entity.stored_in.is_some() {
                continue;
            }
            for by in self.by(&entity.table) {
                fill_one(self, entity, by).await?;
            }
        }
        Ok(())
    }
}

async fn value_at_rest(
    backend: &Backend,
    table: &Arc<str>,
    id: i64,
    column: &Arc<str>,
) -> Result<Option<Value>, StoreError> {
    let mut value = None;
    backend
        .store
        .get(table, id, std::slice::from_ref(column), &mut |cells| {
            value = Some(crate::row::owned(cells.cell(0)));
            Flow::Stop
        })
        .await?;
    Ok(value)
}

async fn fill_one(backend: &Backend, entity: &Entity, by: &By) -> Result<(), StoreError> {
    if is_filled(backend, by).await? {
        return Ok(());
    }
    let columns: Vec<Arc<str>> = by.columns().cloned().collect();
    let mut values: HashMap<i64, Vec<Value>> = HashMap::new();
    let select = Select {
        table: entity.table.clone(),
        columns: std::iter::once(Arc::from("id"))
            .chain(columns.iter().cloned())
            .collect(),
        filter: Filter::Constant(true),
        order: Vec::new(),
        limit: None,
        offset: 0,
    };
    backend
        .scan(&select, &mut |cells| {
            if let Cell::Integer(id) = cells.cell(0) {
                let held = (1..=columns.len()).map(|at| crate::row::owned(cells.cell(at)));
                values.insert(id, held.collect());
            }
            Flow::Continue
        })
        .await?;
    let owned = members(backend, &entity.table, None).await?;
    if owned.is_empty() {
        return Ok(());
    }
    let pairs = owned.iter().filter_map(|(member, id)| {
        let held = values.get(id)?;
        let value = |column: &str| {
            let at = columns.iter().position(|name| **name == *column)?;
            held.get(at)
        };
        by.pairs(std::iter::once(member), value, *id).pop()
    });
    let pairs: Vec<Change> = pairs.chain([filled(by)]).collect();
    backend.store.load(pairs.into_iter(), &mut |_| {}).await?;
    Ok(())
}

async fn is_filled(backend: &Backend, by: &By) -> Result<bool, StoreError> {
    let mut found = false;
    let select = pairs(by.table.clone(), FILLED.0, "key");
    backend
        .read(&select, &mut |cells| {
            found |= cells.cell(1) == Cell::Integer(FILLED.1);
            Flow::Continue
        })
        .await?;
    Ok(found)
}

/// Members and rows of a table: of one row, or all of them.
async fn members(
    backend: &Backend,
    name: &str,
    id: Option<i64>,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut select = pairs(mine::table(name), id.unwrap_or_default(), "id");
    if id.is_none() {
        select.filter = Filter::Constant(true);
    }
    let mut found = Vec::new();
    backend
        .scan(&select, &mut |cells| {
            if let (Cell::Integer(member), Cell::Integer(id)) = (cells.cell(0), cells.cell(1)) {
                found.push((member, id));
            }
            Flow::Continue
        })
        .await?;
    Ok(found)
}

fn pairs(table: Arc<str>, value: i64, column: &str) -> Select {
    Select {
        table,
        columns: vec![Arc::from("key"), Arc::from("id")],
        filter: equals(column, Kind::Integer, Value::Integer(value)),
        order: Vec::new(),
        limit: None,
        offset: 0,
    }
}
