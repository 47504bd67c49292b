//! Whose rows are whose, at rest: index tables of `(member, row)` that level My reads, and beside them,
//! where the catalog says by what callers narrow their own rows most, tables of `(member and that value,
//! row)`: a caller's own tickets of one company lie together, however many of either there are. Knows no
//! entity by name.

use crate::backend::Backend;
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_query::{Comparison, Filter, Select, Value};
use bitting_store::StoreError;
use bitting_store::table::{Cell, Change, Flow};
use std::collections::HashMap;
use std::sync::Arc;

/// The pair that says a table was filled to its end. No member has this key.
const FILLED: (i64, i64) = (-1, -1);

/// The index table that says whose a row is.
pub fn table(name: &str) -> Arc<str> {
    Arc::from(format!("{name}__mine"))
}

/// A table of members' rows by one more column.
#[derive(Debug, Clone)]
pub struct By {
    pub table: Arc<str>,
    pub column: Arc<str>,
}

impl By {
    pub fn of(entity: &Entity) -> Option<Self> {
        let name = entity.ownership.by.as_deref()?;
        let column = entity.any_field(name)?.column.clone();
        let table = Arc::from(format!("{}__mine_{column}", entity.table));
        Some(Self { table, column })
    }

    /// The pair of one row, if member and value fit into one key.
    pub fn pair(&self, member: i64, value: &Value, id: i64) -> Option<Change> {
        let Value::Integer(value) = value else {
            return None;
        };
        Some(Change::Pair {
            table: self.table.clone(),
            key: key(member, *value)?,
            id,
        })
    }

    /// The pairs of one row.
    pub fn pairs<'o>(
        &self,
        owners: impl Iterator<Item = &'o i64>,
        value: &Value,
        id: i64,
    ) -> Vec<Change> {
        owners
            .filter_map(|member| self.pair(*member, value, id))
            .collect()
    }
}

/// Member and value as one key: no two of them share one, and what does not fit has none.
fn key(member: i64, value: i64) -> Option<i64> {
    let fits = (0..1 << 23).contains(&member) && (0..1 << 40).contains(&value);
    fits.then_some((member << 40) | value)
}

/// The same rows, found by the narrower table where the filter says both whose and which value.
pub fn sharpen(entity: &Entity, filter: Filter) -> Filter {
    let Filter::And(mut parts) = filter else {
        return filter;
    };
    let own = parts.iter().position(
        |part| matches!(part, Filter::InIndex { table, .. } if table.ends_with("__mine")),
    );
    let (Some(own), Some(by)) = (own, By::of(entity)) else {
        return Filter::And(parts);
    };
    let value = parts.iter().enumerate().find_map(|(at, part)| match part {
        Filter::Compare {
            path,
            op: Comparison::Equal,
            value: Value::Integer(value),
        } if path.through.is_empty() && path.column == by.column => Some((at, *value)),
        _ => None,
    });
    let Filter::InIndex { key: member, .. } = parts[own] else {
        return Filter::And(parts);
    };
    if let Some((at, value)) = value
        && let Some(key) = key(member, value)
    {
        // Where an index holds the value together with other equalities, it may have fewer rows yet: the plan
        // looks, and takes whichever has.
        let rival = has_joint(entity, &by.column, &parts);
        parts[own] = Filter::InIndex {
            table: by.table,
            key,
        };
        if !rival {
            parts.remove(at);
        }
    }
    bitting_query::and(Filter::And(parts), Filter::Constant(true))
}

/// Whether one index holds this column with others that the filter equates too.
fn has_joint(entity: &Entity, column: &str, parts: &[Filter]) -> bool {
    let equated = |name: &String| {
        let field = entity.any_field(name);
        field.is_some_and(|field| {
            parts.iter().any(|part| {
                matches!(part, Filter::Compare { path, op: Comparison::Equal, .. }
                    if path.through.is_empty() && path.column == field.column)
            })
        })
    };
    let holds = |name: &String| {
        let field = entity.any_field(name);
        field.is_some_and(|field| *field.column == *column)
    };
    let mut sets = entity.indexes.iter();
    sets.any(|set| set.iter().any(holds) && set.iter().all(equated))
}

/// Pairs for rows whose value changes without their owners being worked out anew.
pub async fn follow(backend: &Backend, changes: &mut Vec<Change>) -> Result<(), StoreError> {
    let mut more = Vec::new();
    for change in changes.iter() {
        let Change::Update { table, id, values } = change else {
            continue;
        };
        let Some(by) = backend.by(table) else {
            continue;
        };
        let Some((_, value)) = values.iter().find(|(column, _)| *column == by.column) else {
            continue;
        };
        let worked_out = changes.iter().any(|change| {
            matches!(change, Change::Unpair { table, id: other } if *table == by.table && other == id)
        });
        if worked_out {
            continue;
        }
        more.push(Change::Unpair {
            table: by.table.clone(),
            id: *id,
        });
        let owners = members(backend, table, Some(*id)).await?;
        more.extend(by.pairs(owners.iter().map(|(member, _)| member), value, *id));
    }
    changes.extend(more);
    Ok(())
}

/// Fills the narrower tables of a database that was made before the catalog asked for them.
pub async fn fill(backend: &Backend) -> Result<(), StoreError> {
    for entity in &backend.catalog.entities {
        let Some(by) = By::of(entity).filter(|_| entity.stored_in.is_none()) else {
            continue;
        };
        if is_filled(backend, &by).await? {
            continue;
        }
        let mut values: HashMap<i64, Value> = HashMap::new();
        let select = Select {
            table: entity.table.clone(),
            columns: vec![Arc::from("id"), by.column.clone()],
            filter: Filter::Constant(true),
            order: Vec::new(),
            limit: None,
            offset: 0,
        };
        backend
            .scan(&select, &mut |cells| {
                if let (Cell::Integer(id), Cell::Integer(value)) = (cells.cell(0), cells.cell(1)) {
                    values.insert(id, Value::Integer(value));
                }
                Flow::Continue
            })
            .await?;
        let owned = members(backend, &entity.table, None).await?;
        if owned.is_empty() {
            continue;
        }
        let pairs = owned
            .iter()
            .filter_map(|(member, id)| by.pair(*member, values.get(id)?, *id));
        let pairs: Vec<Change> = pairs.chain([filled(&by)]).collect();
        backend.store.load(pairs.into_iter(), &mut |_| {}).await?;
    }
    Ok(())
}

/// The changes that say every narrower table has every pair, for rows that were laid down with theirs.
pub fn all_filled(catalog: &Catalog) -> Vec<Change> {
    let own = catalog.entities.iter();
    let own = own.filter(|entity| entity.stored_in.is_none());
    own.filter_map(By::of).map(|by| filled(&by)).collect()
}

/// The change that says a table has every pair: goes last.
fn filled(by: &By) -> Change {
    Change::Pair {
        table: by.table.clone(),
        key: FILLED.0,
        id: FILLED.1,
    }
}

async fn is_filled(backend: &Backend, by: &By) -> Result<bool, StoreError> {
    let mut found = false;
    let select = pairs(by.table.clone(), FILLED.0, "key");
    backend
        .read(&select, &mut |_| {
            found = true;
            Flow::Stop
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
    let mut select = pairs(table(name), id.unwrap_or_default(), "id");
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
        filter: crate::backend::equals(column, bitting_query::Kind::Integer, Value::Integer(value)),
        order: Vec::new(),
        limit: None,
        offset: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::key;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_of_two_pairs_differ(
            one in (0_i64..1 << 23, 0_i64..1 << 40),
            two in (0_i64..1 << 23, 0_i64..1 << 40),
        ) {
            prop_assert_eq!(key(one.0, one.1) == key(two.0, two.1), one == two);
        }

        #[test]
        fn what_does_not_fit_has_none(member in any::<i64>(), value in any::<i64>()) {
            let fits = (0..1 << 23).contains(&member) && (0..1 << 40).contains(&value);
            prop_assert_eq!(key(member, value).is_some(), fits);
            prop_assert!(key(member, value).is_none_or(|key| key >= 0));
        }
    }
}
