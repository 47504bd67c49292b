//! Which columns of which entities point to a record: checked before it is deleted, followed when it is copied or
//! goes into another. Read from the catalog alone.

use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_catalog::table::Holds;
use bitting_query::Value;
use bitting_store::table::Change;
use std::sync::Arc;

/// A column that points to records of an entity.
#[derive(Debug)]
pub struct Pointer<'a> {
    pub from: &'a Entity,
    pub column: Arc<str>,
    /// The pointing rows hang under the record and go with it.
    pub child: bool,
}

/// Every column that points to records of `entity`. Children, which go with the record, come apart.
pub fn pointers<'a>(catalog: &'a Catalog, entity: &Entity) -> Vec<Pointer<'a>> {
    let home = catalog.home(entity.id).id;
    let mut found: Vec<Pointer<'a>> = Vec::new();
    let stored = catalog
        .entities
        .iter()
        .filter(|from| from.stored && from.stored_in.is_none());
    for from in stored {
        let above = from
            .parents
            .last()
            .and_then(|parent| Some((parent, parent.entity?)));
        if let Some((parent, _)) = above.filter(|(_, above)| catalog.home(*above).id == home) {
            found.push(Pointer {
                from,
                column: parent.column.clone(),
                child: true,
            });
        }
    }
    for (from, field) in catalog.pointing_to(entity.id) {
        let known = found
            .iter()
            .any(|pointer| pointer.from.id == from.id && pointer.column == field.column);
        if !known && field.kind.holds() == Holds::Integer {
            found.push(Pointer {
                from,
                column: field.column.clone(),
                child: false,
            });
        }
    }
    found
}

/// Conditions of a deletion: nothing but the record's own children points to it.
pub fn unused(catalog: &Catalog, entity: &Entity, id: i64) -> Vec<Change> {
    pointers(catalog, entity)
        .into_iter()
        .filter(|pointer| !pointer.child)
        .map(|pointer| Change::Unused {
            table: pointer.from.table.clone(),
            column: pointer.column,
            value: Value::Integer(id),
            name: pointer.from.schema.clone(),
        })
        .collect()
}
