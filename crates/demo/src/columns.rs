//! Where the values of a made row come to rest: columns of its fields, of its parents, of the stamps.
//! Knows no recipe.

use super::compile::{name_fields, slot_of};
use super::placement;
use super::plan::{Block, Plan};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_dialects::connectwise::layout::{
    DATE_ENTERED, ENTERED_BY, LAST_UPDATED, SCOPE, UPDATED_BY,
};
use bitting_psa::mine;
use bitting_query::Value;
use std::sync::Arc;

/// Where the values of a block's rows come to rest.
pub(super) struct Columns {
    pub table: Arc<str>,
    pub mine: Option<Arc<str>>,
    /// What the owner's rows are kept by, beside the owner.
    pub by: Vec<mine::By>,
    /// The column of the structure node, where rows hang on one.
    pub scope: Option<Arc<str>>,
    pub parents: Vec<ParentColumn>,
    pub fields: Vec<Arc<str>>,
    /// Who entered the row and when, who changed it and when: column, and the field that has it.
    pub stamps: [(Arc<str>, Option<usize>); 4],
    pub cells: Vec<Cell>,
    pub names: Vec<usize>,
    pub required: Vec<usize>,
    pub path: Arc<str>,
}

/// A column of the table but for stamps, parents and the structure node.
pub(super) struct Cell {
    pub column: Arc<str>,
    /// Fields that rest in it; the first that has a value fills it.
    pub slots: Vec<usize>,
    /// What it holds where none has.
    pub default: Value,
}

/// A column that says the parent.
pub(super) struct ParentColumn {
    pub home: EntityId,
    /// The field that says it; otherwise the column is a hidden one.
    pub slot: Option<usize>,
    pub column: Arc<str>,
}

const STAMPS: [&str; 4] = [ENTERED_BY, DATE_ENTERED, UPDATED_BY, LAST_UPDATED];

impl Columns {
    pub fn of(catalog: &Catalog, block: &Block) -> Self {
        let entity = catalog.entity(block.entity);
        let fields: Vec<Arc<str>> = entity
            .every_field()
            .map(|field| field.column.clone())
            .collect();
        let cells = cells(catalog, entity, &fields);
        Self {
            cells,
            table: entity.table.clone(),
            mine: placement::is_owned(entity).then(|| mine::table(&entity.table)),
            by: mine::By::of(catalog, &entity.table),
            scope: placement::is_scoped(entity).then(|| Arc::from(SCOPE)),
            parents: parents(catalog, entity),
            stamps: STAMPS.map(|stamp| {
                let slot = fields.iter().position(|column| **column == *stamp);
                (Arc::from(stamp), slot)
            }),
            fields,
            names: name_fields(catalog, entity)
                .into_iter()
                .map(|(slot, _)| slot)
                .collect(),
            required: entity
                .every_field()
                .enumerate()
                .filter(|(_, field)| {
                    field.required && field.default.is_none() && &*field.name != "id"
                })
                .map(|(slot, _)| slot)
                .collect(),
            path: entity.path.clone(),
        }
    }

    pub fn names_of(&self, values: &[Value]) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(2);
        for slot in &self.names {
            let name = match &values[*slot] {
                Value::Text(text) => text.to_lowercase(),
                Value::Integer(number) => number.to_string(),
                _ => continue,
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn parents(catalog: &Catalog, entity: &Entity) -> Vec<ParentColumn> {
    let column = |parent: &bitting_catalog::entity::Parent| {
        Some(ParentColumn {
            home: catalog.home(parent.entity?).id,
            slot: parent
                .field
                .as_deref()
                .and_then(|name| slot_of(entity, name))
                .or_else(|| {
                    // Some records have a field of their own for what the path says.
                    let mut fields = entity.every_field();
                    fields.position(|field| field.column == parent.column)
                }),
            column: parent.column.clone(),
        })
    };
    entity.parents.iter().filter_map(column).collect()
}

/// Per entity whose rows have names: the kept column with the name to show.
pub(super) fn shown(catalog: &Catalog, plan: &Plan) -> Vec<Option<usize>> {
    let column = |(entity, keep): (&Entity, &Option<super::plan::Keep>)| {
        let keep = keep.as_ref().filter(|keep| keep.named)?;
        let (slot, _) = *name_fields(catalog, entity).first()?;
        keep.slots.iter().position(|kept| *kept == slot)
    };
    catalog
        .entities
        .iter()
        .zip(&plan.keep)
        .map(column)
        .collect()
}

/// The columns that fields and defaults fill. A table that several entities share gets the defaults of all
/// of them, so that each finds its own filled.
fn cells(catalog: &Catalog, entity: &Entity, fields: &[Arc<str>]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::with_capacity(fields.len());
    for (slot, column) in fields
        .iter()
        .enumerate()
        .filter(|(_, column)| &***column != "id")
    {
        match cells.iter_mut().find(|cell| cell.column == *column) {
            Some(cell) => cell.slots.push(slot),
            None => cells.push(Cell {
                column: column.clone(),
                slots: vec![slot],
                default: Value::Null,
            }),
        }
    }
    let only = entity.only.first().and_then(|(name, values)| {
        let home = catalog.home(entity.id);
        let field = entity.any_field(name).or_else(|| home.any_field(name))?;
        Some((field.column.clone(), Value::Text(values.first()?.clone())))
    });
    let defaults = bitting_psa::defaults::of_table(catalog, entity);
    for (column, value) in defaults.into_iter().chain(only) {
        match cells.iter_mut().find(|cell| cell.column == column) {
            Some(cell) => cell.default = value,
            None => cells.push(Cell {
                column,
                slots: Vec::new(),
                default: value,
            }),
        }
    }
    cells
}
