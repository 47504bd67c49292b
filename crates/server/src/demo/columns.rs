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
use bitting_query::Value;
use std::sync::Arc;

/// Where the values of a block's rows come to rest.
pub(super) struct Columns {
    pub table: Arc<str>,
    pub mine: Option<Arc<str>>,
    /// The column of the structure node, where rows hang on one.
    pub scope: Option<Arc<str>>,
    pub parents: Vec<ParentColumn>,
    pub fields: Vec<Arc<str>>,
    /// An earlier slot with the same column.
    pub twin: Vec<Option<usize>>,
    /// Who entered the row and when, who changed it and when: column, and the field that has it.
    pub stamps: [(Arc<str>, Option<usize>); 4],
    pub only: Option<(Arc<str>, Value)>,
    /// What rows hold where the recipe says nothing, by column, with the slots that have it. Booleans are
    /// always shown, and compare as what they show.
    pub defaults: Vec<(Arc<str>, Vec<usize>, Value)>,
    pub names: Vec<usize>,
    pub required: Vec<usize>,
    pub path: Arc<str>,
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
        let twin = (0..fields.len())
            .map(|slot| {
                fields[..slot]
                    .iter()
                    .position(|column| *column == fields[slot])
            })
            .collect();
        let only = entity.only.first().and_then(|(name, values)| {
            let field = entity
                .any_field(name)
                .or_else(|| catalog.home(entity.id).any_field(name))?;
            Some((field.column.clone(), Value::Text(values.first()?.clone())))
        });
        let defaults = defaults(catalog, entity, &fields);
        Self {
            defaults,
            table: entity.table.clone(),
            mine: placement::is_owned(entity).then(|| Arc::from(format!("{}__mine", entity.table))),
            scope: placement::is_scoped(entity).then(|| Arc::from(SCOPE)),
            parents: parents(catalog, entity),
            stamps: STAMPS.map(|stamp| {
                let slot = fields.iter().position(|column| **column == *stamp);
                (Arc::from(stamp), slot)
            }),
            fields,
            twin,
            only,
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
                .and_then(|name| slot_of(entity, name)),
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

/// Defaults of the table, with the slots that have their columns.
fn defaults(
    catalog: &Catalog,
    entity: &Entity,
    fields: &[Arc<str>],
) -> Vec<(Arc<str>, Vec<usize>, Value)> {
    let slots = |column: &Arc<str>| {
        let same = fields
            .iter()
            .enumerate()
            .filter(|(_, name)| *name == column);
        same.map(|(slot, _)| slot).collect()
    };
    let defaults = crate::defaults::of_table(catalog, entity).into_iter();
    defaults
        .map(|(column, value)| (column.clone(), slots(&column), value))
        .collect()
}
