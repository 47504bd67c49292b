//! What is remembered of rows already made, so that later rows can point to them: ids, a few values,
//! names, and whose children they are. Rows that nothing points to leave no trace.

use super::plan::{Keep, Plan};
use bitting_catalog::entity::EntityId;
use bitting_query::Value;
use std::collections::HashMap;

/// Rows of every entity that are kept.
#[derive(Debug)]
pub(super) struct Kept {
    tables: Vec<Option<KeptTable>>,
    /// (child, parent) -> parent's id -> first id and count.
    under: HashMap<(EntityId, EntityId), HashMap<i64, (i64, i64)>>,
}

/// Rows of one entity. Ids rise.
#[derive(Debug, Default)]
pub(super) struct KeptTable {
    pub ids: Vec<i64>,
    pub nodes: Vec<Option<i64>>,
    /// Id of the row each row stands below, 0 for none.
    pub parents: Vec<i64>,
    width: usize,
    values: Vec<Value>,
    names: HashMap<String, Vec<i64>>,
}

/// A row to keep.
pub(super) struct NewRow<'a> {
    pub id: i64,
    pub values: &'a [Value],
    pub node: Option<i64>,
    pub parent: i64,
    pub names: Vec<String>,
}

impl Kept {
    pub fn new(plan: &Plan) -> Self {
        let table = |keep: &Option<Keep>| {
            keep.as_ref().map(|keep| KeptTable {
                width: keep.slots.len(),
                ..KeptTable::default()
            })
        };
        let under = plan
            .under
            .iter()
            .map(|pair| (*pair, HashMap::new()))
            .collect();
        Self {
            tables: plan.keep.iter().map(table).collect(),
            under,
        }
    }

    pub fn table(&self, entity: EntityId) -> Option<&KeptTable> {
        self.tables.get(entity.0 as usize)?.as_ref()
    }

    pub fn add(&mut self, entity: EntityId, keep: &Keep, row: NewRow<'_>) {
        let Some(table) = &mut self.tables[entity.0 as usize] else {
            return;
        };
        table.ids.push(row.id);
        table.nodes.push(row.node);
        table.parents.push(row.parent);
        table
            .values
            .extend(keep.slots.iter().map(|slot| row.values[*slot].clone()));
        for name in row.names {
            table.names.entry(name).or_default().push(row.id);
        }
    }

    /// Replaces the values of the row added last or before, after rows below it have been made.
    pub fn amend(&mut self, entity: EntityId, keep: &Keep, id: i64, values: &[Value]) {
        let Some(table) = &mut self.tables[entity.0 as usize] else {
            return;
        };
        let Some(index) = table.index(id) else { return };
        for (column, slot) in keep.slots.iter().enumerate() {
            table.values[index * table.width + column].clone_from(&values[*slot]);
        }
    }

    /// Says that a row of `child` stands below a row of `parent`.
    pub fn put_under(&mut self, child: EntityId, parent: EntityId, parent_id: i64, id: i64) {
        let Some(ranges) = self.under.get_mut(&(child, parent)) else {
            return;
        };
        let range = ranges.entry(parent_id).or_insert((id, 0));
        range.1 = id - range.0 + 1;
    }

    /// First id and count of the rows of `child` below a row of `parent`.
    pub fn below(&self, child: EntityId, parent: EntityId, parent_id: i64) -> Option<(i64, i64)> {
        self.under.get(&(child, parent))?.get(&parent_id).copied()
    }

    /// Ids of the rows with this name, which is in small letters.
    pub fn named(&self, entity: EntityId, name: &str) -> &[i64] {
        self.table(entity)
            .and_then(|table| table.names.get(name))
            .map_or(&[], Vec::as_slice)
    }
}

impl KeptTable {
    pub fn index(&self, id: i64) -> Option<usize> {
        let guess = usize::try_from(id - self.ids.first()?).ok()?;
        if self.ids.get(guess) == Some(&id) {
            return Some(guess);
        }
        self.ids.binary_search(&id).ok()
    }

    pub fn value(&self, id: i64, column: usize) -> &Value {
        match self.index(id) {
            Some(index) => &self.values[index * self.width + column],
            None => &Value::Null,
        }
    }

    pub fn node(&self, id: i64) -> Option<i64> {
        self.nodes[self.index(id)?]
    }

    /// All kept values of a row.
    pub fn values(&self, id: i64) -> &[Value] {
        match self.index(id) {
            Some(index) => &self.values[index * self.width..(index + 1) * self.width],
            None => &[],
        }
    }
}
