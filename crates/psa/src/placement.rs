//! Where a record hangs in the structure, and whose it is: the two columns and tables that visibility and
//! level My read. Kept true on every write, so that no read has to join.

use crate::backend::{Backend, equals};
use crate::caller::Caller;
use crate::draft::Draft;
use crate::instance::Instance;
use crate::mine;
use crate::mine::is_owned;
use crate::problem::Problem;
use crate::row::Row;
use crate::shape::is_scoped;
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::layout::{ENTERED_BY, SCOPE};
use bitting_query::{Kind, Value};
use bitting_store::table::Change;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Works out the structure node of a record and sets it.
pub async fn place(instance: &Instance, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !is_scoped(draft.entity) {
        return Ok(());
    }
    let node = match node(&instance.backend, draft.entity, &draft.row).await? {
        Some(node) => Some(node),
        None => instance.top_location().await?,
    };
    draft
        .row
        .set(SCOPE, node.map_or(Value::Null, Value::Integer));
    Ok(())
}

/// The record's own location, else that of the record it points to, else that of its parent.
async fn node(backend: &Backend, entity: &Entity, row: &Row) -> Result<Option<i64>, Problem> {
    let scope = &entity.scope;
    if let Some(node) = scope
        .location
        .as_deref()
        .and_then(|name| value_of(entity, row, name))
    {
        return Ok(Some(node));
    }
    if let Some(name) = scope.via.as_deref()
        && let Some(field) = entity.fields.iter().find(|field| *field.name == *name)
        && let FieldKind::Reference(reference) = &field.kind
        && let (Some(target), Some(id)) = (reference.target, row.integer(&field.column))
        && let Some(Value::Integer(node)) = backend
            .raw_value(backend.catalog.entity(target), id, SCOPE)
            .await?
    {
        return Ok(Some(node));
    }
    if scope.parent
        && let Some(parent) = entity.parents.last()
        && let (Some(target), Some(id)) = (parent.entity, row.integer(&parent.column))
        && let Some(found) = backend
            .raw_value(backend.catalog.entity(target), id, SCOPE)
            .await?
    {
        return Ok(match found {
            Value::Integer(node) => Some(node),
            _ => None,
        });
    }
    Ok(None)
}

/// Adds the changes that say whose the record is.
pub async fn own(
    instance: &Instance,
    caller: &Caller,
    draft: &mut Draft<'_>,
) -> Result<BTreeSet<i64>, Problem> {
    if !is_owned(draft.entity) {
        return Ok(BTreeSet::new());
    }
    let owners = owners(instance, caller, draft.entity, &draft.row).await?;
    let table = mine::table(&draft.entity.table);
    let by = instance.backend.by(&draft.entity.table);
    if !draft.is_new() {
        draft.also.push(Change::Unpair {
            table: table.clone(),
            id: draft.row.id,
        });
        draft.also.extend(by.iter().map(|by| Change::Unpair {
            table: by.table.clone(),
            id: draft.row.id,
        }));
    }
    for by in by {
        let value = |column: &str| Some(draft.row.get(column));
        let pairs = by.pairs(owners.iter(), value, draft.row.id);
        draft.also.extend(pairs);
    }
    for key in &owners {
        draft.also.push(Change::Pair {
            table: table.clone(),
            key: *key,
            id: draft.row.id,
        });
    }
    Ok(owners)
}

/// Members whose record this is.
async fn owners(
    instance: &Instance,
    caller: &Caller,
    entity: &Entity,
    row: &Row,
) -> Result<BTreeSet<i64>, Problem> {
    let mut owners = BTreeSet::new();
    for name in &entity.ownership.fields {
        let column = match (name.as_str(), entity.any_field(name)) {
            (_, Some(field)) => field.column.clone(),
            ("enteredBy", None) => Arc::from(ENTERED_BY),
            (_, None) => continue,
        };
        match row.get(&column) {
            Value::Integer(member) => {
                owners.insert(*member);
            }
            Value::Text(words) => {
                for word in words
                    .split(',')
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                {
                    if word.eq_ignore_ascii_case(&caller.identifier) {
                        owners.insert(caller.member);
                    } else if let Some(member) = instance.member_with(word).await? {
                        owners.insert(member);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(owners)
}

/// Changes that move everything hanging on a record to the record's new node.
pub async fn carry(
    backend: &Backend,
    entity: &Entity,
    id: i64,
    node: Option<i64>,
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    let mut open = vec![(entity.id, id)];
    while let Some((holder, id)) = open.pop() {
        for entity in backend
            .catalog
            .entities
            .iter()
            .filter(|entity| is_scoped(entity) && entity.stored && entity.stored_in.is_none())
        {
            let Some(column) = hangs_by(entity, holder) else {
                continue;
            };
            let filter = equals(&column, Kind::Integer, Value::Integer(id));
            for row in backend.raw_rows(entity, filter, Vec::new(), None).await? {
                let own = entity
                    .scope
                    .location
                    .as_deref()
                    .and_then(|name| value_of(entity, &row, name));
                if own.is_some() || row.integer(SCOPE) == node {
                    continue;
                }
                let values = vec![(Arc::from(SCOPE), node.map_or(Value::Null, Value::Integer))];
                changes.push(Change::Update {
                    table: entity.table.clone(),
                    id: row.id,
                    values,
                });
                open.push((entity.id, row.id));
            }
        }
    }
    Ok(changes)
}

/// The column by which an entity's records take their node from records of `holder`.
fn hangs_by(entity: &Entity, holder: bitting_catalog::entity::EntityId) -> Option<Arc<str>> {
    if let Some(name) = entity.scope.via.as_deref() {
        let field = entity.fields.iter().find(|field| *field.name == *name)?;
        let FieldKind::Reference(reference) = &field.kind else {
            return None;
        };
        return (reference.target == Some(holder)).then(|| field.column.clone());
    }
    let parent = entity
        .parents
        .last()
        .filter(|parent| entity.scope.parent && parent.entity == Some(holder))?;
    Some(parent.column.clone())
}

fn value_of(entity: &Entity, row: &Row, name: &str) -> Option<i64> {
    row.integer(&entity.any_field(name)?.column)
}
