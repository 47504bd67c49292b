//! Where a record is used: which columns of which entities point to it. Read by `/usages`, and checked
//! before a record is deleted.

use crate::backend::{Backend, equals};
use bitting_catalog::entity::Entity;
use bitting_catalog::table::Holds;
use bitting_query::{Kind, Value};
use bitting_store::StoreError;
use bitting_store::table::Change;
use serde::Serialize;
use std::sync::Arc;

/// One line of `/usages`.
#[derive(Debug, Serialize)]
pub struct Usage {
    #[serde(rename = "type")]
    pub kind: String,
    pub count: u64,
    pub id: i64,
    #[serde(rename = "typeKey")]
    pub type_key: String,
}

/// A column that points to records of an entity.
#[derive(Debug)]
pub struct Pointer<'a> {
    pub from: &'a Entity,
    pub column: Arc<str>,
    /// The pointing rows hang under the record and go with it.
    pub child: bool,
}

/// Every column that points to records of `entity`. Children, which go with the record, come apart.
pub fn pointers<'a>(backend: &'a Backend, entity: &Entity) -> Vec<Pointer<'a>> {
    let home = backend.catalog.home(entity.id).id;
    let mut found: Vec<Pointer<'a>> = Vec::new();
    let stored = backend
        .catalog
        .entities
        .iter()
        .filter(|from| from.stored && from.stored_in.is_none());
    for from in stored {
        let above = from
            .parents
            .last()
            .and_then(|parent| Some((parent, parent.entity?)));
        if let Some((parent, _)) =
            above.filter(|(_, above)| backend.catalog.home(*above).id == home)
        {
            found.push(Pointer {
                from,
                column: parent.column.clone(),
                child: true,
            });
        }
    }
    for (from, field) in backend.catalog.pointing_to(entity.id) {
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

/// How often each kind of record points to this one.
pub async fn of(backend: &Backend, entity: &Entity, id: i64) -> Result<Vec<Usage>, StoreError> {
    let mut usages: Vec<Usage> = Vec::new();
    for pointer in pointers(backend, entity)
        .iter()
        .filter(|pointer| !pointer.child)
    {
        let filter = equals(&pointer.column, Kind::Integer, Value::Integer(id));
        let count = backend.raw_count(pointer.from, &filter).await?;
        if count > 0 {
            let kind = pointer.from.schema.to_string();
            if let Some(known) = usages.iter_mut().find(|usage| usage.kind == kind) {
                known.count += count;
                continue;
            }
            usages.push(Usage {
                type_key: kind.clone(),
                kind,
                count,
                id,
            });
        }
    }
    Ok(usages)
}

/// Conditions of a deletion: nothing but the record's own children points to it.
pub fn unused(backend: &Backend, entity: &Entity, id: i64) -> Vec<Change> {
    pointers(backend, entity)
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
