//! Where a record is used: which columns of which entities point to it. Read by `/usages`, and checked
//! before a record is deleted.

use crate::backend::{Backend, equals};
use crate::caller::Caller;
use crate::permit::authorize;
use bitting_catalog::entity::Entity;
use bitting_catalog::table::Holds;
use bitting_policy::Verb;
use bitting_query::{Kind, Value, and};
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

/// How often each kind of record points to this one, of the records that the caller may read: a count of
/// what it may not read would tell that it is there.
pub async fn of(
    backend: &Backend,
    caller: &Caller,
    entity: &Entity,
    id: i64,
) -> Result<Vec<Usage>, StoreError> {
    let mut usages: Vec<Usage> = Vec::new();
    for pointer in pointers(backend, entity)
        .iter()
        .filter(|pointer| !pointer.child)
    {
        for from in forms(backend, pointer.from) {
            let count = readable(backend, caller, from, &pointer.column, id).await?;
            if count == 0 {
                continue;
            }
            let kind = from.schema.to_string();
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

/// The entities whose lists the rows of a table are in: a table of tickets holds those of the service desk
/// and those of projects, each with a right of its own.
fn forms<'a>(backend: &'a Backend, home: &'a Entity) -> Vec<&'a Entity> {
    let others = backend.catalog.entities.iter().filter(|entity| {
        entity.id != home.id
            && entity.table == home.table
            && !entity.only.is_empty()
            && !home.only.is_empty()
            && entity.parents.is_empty()
    });
    std::iter::once(home).chain(others).collect()
}

/// Records of one entity that point to this one and that the caller may read.
async fn readable(
    backend: &Backend,
    caller: &Caller,
    from: &Entity,
    column: &str,
    id: i64,
) -> Result<u64, StoreError> {
    let needs = &from.right.needs;
    let Ok(permit) = authorize(backend.grounds(), caller, from, needs, Verb::Inquire) else {
        return Ok(0);
    };
    let filter = equals(column, Kind::Integer, Value::Integer(id));
    let filter = and(
        crate::pipeline::under(backend.grounds(), &permit, &[]),
        filter,
    );
    backend.count(&permit, filter).await
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
