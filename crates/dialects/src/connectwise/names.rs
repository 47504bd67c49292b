//! What the reading side asks of the catalog: entities, shapes and fields by name. A trait, so that tests
//! read against a handful of entities of their own. Knows no file format.

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, Field, Kind, Reference, Release};
use std::sync::Arc;

/// Names and what they stand for.
pub trait Names {
    /// The entity with this index. `None` when there is none, which a checked catalog never answers.
    fn entity(&self, id: EntityId) -> Option<&Entity>;
    /// Every entity.
    fn entities(&self) -> &[Entity];
    /// Fields of a nested shape (`ContactCommunicationItem`).
    fn shape(&self, name: &str) -> Option<&[Field]>;
}

impl Names for Catalog {
    fn entity(&self, id: EntityId) -> Option<&Entity> {
        self.entities.get(id.0 as usize)
    }

    fn entities(&self) -> &[Entity] {
        &self.entities
    }

    fn shape(&self, name: &str) -> Option<&[Field]> {
        Catalog::shape(self, name)
    }
}

/// The field of this name in any letter case, exact case first, if records of `release` have it.
pub fn field<'a>(fields: &'a [Field], name: &str, release: Release) -> Option<(usize, &'a Field)> {
    let mut loose = None;
    for (index, field) in fields.iter().enumerate() {
        if field.name.len() != name.len() || !exists(field, release) {
            continue;
        }
        if *field.name == *name {
            return Some((index, field));
        }
        if loose.is_none() && field.name.eq_ignore_ascii_case(name) {
            loose = Some((index, field));
        }
    }
    loose
}

/// Whether records of this release have the field.
pub fn exists(field: &Field, release: Release) -> bool {
    field.since.is_none_or(|since| since <= release)
        && field.until.is_none_or(|until| release <= until)
}

/// The child collection `<entity>/<name>` whose rows name this entity's record as their nearest parent.
pub fn child<'a>(names: &'a dyn Names, entity: &Entity, name: &str) -> Option<&'a Entity> {
    names.entities().iter().find(|child| {
        let below = child
            .path
            .strip_prefix(&*entity.path)
            .and_then(|rest| rest.strip_prefix('/'));
        below.is_some_and(|below| below.eq_ignore_ascii_case(name))
            && child
                .parents
                .last()
                .is_some_and(|parent| parent.entity == Some(entity.id))
    })
}

/// What the records of an entity link to, when they are nothing but links (a ticket's configurations), and the
/// column that holds its id. Their answers show its id as their own.
pub fn linked(entity: &Entity) -> Option<(&Reference, &Arc<str>)> {
    entity.hidden.iter().find_map(|field| match &field.kind {
        Kind::Reference(reference) if reference.shape == entity.schema => {
            Some((&**reference, &field.column))
        }
        _ => None,
    })
}

/// What error bodies call a record of this schema: `ServiceNote` is `serviceNote`, and a link record
/// (`ConfigurationReference`) goes by what it links to (`configuration`).
pub fn resource(schema: &str) -> String {
    let name = schema
        .strip_suffix("Reference")
        .filter(|name| !name.is_empty())
        .unwrap_or(schema);
    // Some schemas carry their module before a dot (`Company.Configuration`).
    let name = name.rsplit('.').next().unwrap_or(name);
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}
