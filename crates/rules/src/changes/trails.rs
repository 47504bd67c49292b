//! Which tables leave a trail: records that the audit trail or callbacks know, and what hangs on them. Read
//! from the catalog, so that a new entity or verb needs no word here.

use crate::callbacks::levels::Type;
use crate::{audit, documents, records};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, Kind};
use bitting_psa::row::Row;
use bitting_query::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What a table's rows are to trails.
#[derive(Debug)]
pub struct Trail {
    /// The entity whose table it is: it knows every column.
    pub home: EntityId,
    /// Records with a trail or callbacks of their own, one entity for each kind of row.
    pub own: Vec<EntityId>,
    /// What hangs on such a record.
    pub part: Option<Part>,
}

/// Where a row says on which record it hangs.
#[derive(Debug)]
pub enum Part {
    /// In a column; the record is one of the parent's table.
    Under { column: Arc<str>, parent: EntityId },
    /// By the kind of record and its id.
    Document,
}

/// Every table with a trail.
#[derive(Debug, Default)]
pub struct Trails(HashMap<Arc<str>, Trail>);

impl Trails {
    pub fn new(catalog: &Catalog) -> Self {
        let mut trails: HashMap<Arc<str>, Trail> = HashMap::new();
        let stored = || catalog.entities.iter().filter(|entity| entity.stored);
        let new = |entity: &Entity| Trail {
            home: catalog.home(entity.id).id,
            own: Vec::new(),
            part: None,
        };
        for entity in stored().filter(|entity| is_told_of(entity)) {
            let trail = trails.entry(entity.table.clone());
            trail.or_insert_with(|| new(entity)).own.push(entity.id);
        }
        for entity in stored().filter(|entity| entity.stored_in.is_none()) {
            let part = if &*entity.path == documents::PATH {
                Some(Part::Document)
            } else {
                under(catalog, entity)
            };
            let Some(part) = part else { continue };
            let trail = trails.entry(entity.table.clone());
            let trail = trail.or_insert_with(|| new(entity));
            if trail.own.is_empty() && trail.part.is_none() {
                trail.part = Some(part);
            }
        }
        Self(trails)
    }

    pub fn of(&self, table: &str) -> Option<&Trail> {
        self.0.get(table)
    }

    /// The entity that knows every column of a table with a trail.
    pub fn home<'c>(&self, catalog: &'c Catalog, table: &str) -> Option<&'c Entity> {
        Some(catalog.entity(self.of(table)?.home))
    }

    /// The entity whose record a row is, where its table has one with a trail.
    pub fn entity<'c>(&self, catalog: &'c Catalog, table: &str, row: &Row) -> Option<&'c Entity> {
        let own = &self.of(table)?.own;
        let entities = || own.iter().map(|id| catalog.entity(*id));
        entities()
            .find(|entity| is_one_of(entity, row))
            .or_else(|| entities().next())
    }

    /// The record that a row hangs on: its table and id.
    pub fn record(&self, catalog: &Catalog, table: &str, row: &Row) -> Option<(Arc<str>, i64)> {
        match self.of(table)?.part.as_ref()? {
            Part::Under { column, parent } => {
                Some((catalog.entity(*parent).table.clone(), row.integer(column)?))
            }
            Part::Document => {
                let kind = records::named(row.text("record_type")?)?;
                let entity = catalog.entity_at(kind.paths.first()?)?;
                let known = self
                    .of(&entity.table)
                    .is_some_and(|trail| !trail.own.is_empty());
                known.then_some((entity.table.clone(), row.integer("record_id")?))
            }
        }
    }
}

/// Whether the audit trail or callbacks know records of the entity.
fn is_told_of(entity: &Entity) -> bool {
    audit::is_kept(entity) || Type::of(&entity.path).is_some()
}

fn under(catalog: &Catalog, entity: &Entity) -> Option<Part> {
    let parent = entity.parents.last()?;
    let above = catalog.entity(parent.entity?);
    is_told_of(above).then(|| Part::Under {
        column: parent.column.clone(),
        parent: above.id,
    })
}

/// Whether a row of the table is of the entity's kind.
fn is_one_of(entity: &Entity, row: &Row) -> bool {
    entity.only.iter().all(|(name, values)| {
        let field = entity.any_field(name);
        field.is_none_or(|field| match row.get(&field.column) {
            Value::Text(text) => values.contains(text),
            _ => true,
        })
    })
}

/// What a part is called in its record's trail: a link by what it links to, everything else by itself.
pub fn name(catalog: &Catalog, entity: &Entity, row: &Row) -> String {
    for field in entity.hidden.iter().filter(|field| field.required) {
        if let Kind::Reference(reference) = &field.kind
            && let (Some(target), Some(id)) = (reference.target, row.integer(&field.column))
        {
            // `Company.Configuration`
            let schema = &catalog.entity(target).schema;
            let name = schema.rsplit('.').next().unwrap_or_default();
            return format!("{name} {id}");
        }
    }
    format!("{} {}", entity.schema, row.id)
}
