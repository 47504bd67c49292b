//! Where a record is used, as `/usages` says it.

use crate::backend::{Backend, equals};
use crate::caller::Caller;
use crate::marks::under;
use crate::permit::authorize;
use crate::pointers::pointers;
use bitting_catalog::entity::Entity;
use bitting_policy::Verb;
use bitting_query::{Kind, Value, and};
use bitting_store::StoreError;
use serde::Serialize;

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

/// How often each kind of record points to this one, of the records that the caller may read: a count of
/// what it may not read would tell that it is there.
pub async fn of(
    backend: &Backend,
    caller: &Caller,
    entity: &Entity,
    id: i64,
) -> Result<Vec<Usage>, StoreError> {
    let mut usages: Vec<Usage> = Vec::new();
    for pointer in pointers(&backend.catalog, entity)
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
    let filter = and(under(backend.grounds(), &permit, &[]), filter);
    backend.count(&permit, filter).await
}
