//! Everything the data says, resolved: entities, routes and shapes, found by number or by name.
//! Must not know where the texts came from.

use crate::entity::{Entity, EntityId, Field, Kind, Reference};
use crate::route::Route;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What there is to serve.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// By path; [`EntityId`] is the index.
    pub entities: Vec<Entity>,
    /// In the order of the entities.
    pub routes: Vec<Route>,
    /// Nested objects, bodies and answers that are no entity: name to members.
    pub shapes: BTreeMap<Arc<str>, Vec<Field>>,
    /// Shapes of links by name: `BoardReference`.
    pub references: BTreeMap<Arc<str>, Arc<Reference>>,
    by_path: HashMap<String, EntityId>,
    by_schema: HashMap<Arc<str>, EntityId>,
}

impl Catalog {
    /// The catalog of these parts; entities are found by what they say of themselves.
    pub(crate) fn of(
        entities: Vec<Entity>,
        routes: Vec<Route>,
        shapes: BTreeMap<Arc<str>, Vec<Field>>,
        references: BTreeMap<Arc<str>, Arc<Reference>>,
    ) -> Self {
        let paths = entities.iter();
        let by_path = paths
            .map(|entity| (fold(&entity.path), entity.id))
            .collect();
        let mut by_schema = HashMap::with_capacity(entities.len());
        for entity in &entities {
            let held = by_schema.entry(entity.schema.clone()).or_insert(entity.id);
            // A record's shape belongs to the entity that keeps its rows.
            if entity.stored_in.is_none() && entities[held.0 as usize].stored_in.is_some() {
                *held = entity.id;
            }
        }
        Self {
            entities,
            routes,
            shapes,
            references,
            by_path,
            by_schema,
        }
    }

    /// The entity of an id. Ids come from this catalog, so an id of another one is a programming
    /// error and panics.
    pub fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.0 as usize]
    }

    /// The entity of a path without placeholders, in any case, with or without slashes at the ends:
    /// `service/tickets`.
    pub fn entity_at(&self, path: &str) -> Option<&Entity> {
        // Rules name it as it is kept.
        let known = self.by_path.get(path);
        let id = known.or_else(|| self.by_path.get(&fold(path)))?;
        Some(self.entity(*id))
    }

    /// The first entity whose records have this shape: `Ticket`.
    pub fn entity_of(&self, schema: &str) -> Option<&Entity> {
        let id = self.by_schema.get(schema)?;
        Some(self.entity(*id))
    }

    /// A field by its name in any case; not the hidden ones.
    pub fn field<'e>(&self, entity: &'e Entity, name: &str) -> Option<&'e Field> {
        find(&entity.fields, name)
    }

    /// The members of a nested object or body: a shape, or the record of an entity.
    pub fn shape(&self, name: &str) -> Option<&[Field]> {
        match self.shapes.get(name) {
            Some(fields) => Some(fields),
            None => self.entity_of(name).map(|entity| entity.fields.as_slice()),
        }
    }

    /// The entity whose table holds the rows of this one; itself, most often.
    pub fn home(&self, id: EntityId) -> &Entity {
        let entity = self.entity(id);
        match entity.stored_in {
            Some(other) if other != id => self.home(other),
            _ => entity,
        }
    }

    /// The routes of an entity.
    pub fn routes_of(&self, id: EntityId) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(move |route| route.entity == id)
    }

    /// Entities with a field that points to this one, with that field: what keeps a row from being
    /// deleted, and what usages count. Where several entities rest in one table, each column comes once.
    pub fn pointing_to(&self, id: EntityId) -> impl Iterator<Item = (&Entity, &Field)> {
        let home = self.home(id).id;
        self.entities
            .iter()
            .filter(|e| e.stored)
            .flat_map(move |entity| {
                let kept = self.home(entity.id);
                entity
                    .every_field()
                    .filter(move |field| field.target().is_some_and(|to| self.home(to).id == home))
                    .filter(move |field| {
                        let mut own = kept.every_field();
                        kept.id == entity.id || !own.any(|other| other.column == field.column)
                    })
                    .map(move |field| (entity, field))
            })
    }
}

impl Entity {
    /// Fields and hidden fields.
    pub fn every_field(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().chain(&self.hidden)
    }

    /// A field or hidden field by its name in any case.
    pub fn any_field(&self, name: &str) -> Option<&Field> {
        let exact = |fields| exact(fields, name);
        let known = exact(&self.fields).or_else(|| exact(&self.hidden));
        known.or_else(|| find(&self.fields, name).or_else(|| find(&self.hidden, name)))
    }

    /// The column that holds the parent of this placeholder.
    pub fn parent(&self, param: &str) -> Option<&crate::entity::Parent> {
        self.parents.iter().find(|parent| parent.param == param)
    }
}

impl Field {
    /// The entity this field points to: by link, or by a bare id.
    pub fn target(&self) -> Option<EntityId> {
        match &self.kind {
            Kind::Reference(to) | Kind::References(to) => to.target,
            _ => self.id_of,
        }
    }
}

fn exact<'f>(fields: &'f [Field], name: &str) -> Option<&'f Field> {
    fields.iter().find(|field| *field.name == *name)
}

pub(crate) fn find<'f>(fields: &'f [Field], name: &str) -> Option<&'f Field> {
    // Exact spelling first: a few records differ from another field only by case.
    exact(fields, name).or_else(|| {
        fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    })
}

/// A path as a key: lower case, no slashes at the ends.
pub(crate) fn fold(path: &str) -> String {
    path.trim_matches('/').to_ascii_lowercase()
}
