//! Where a made row hangs in the structure and whose it is. The same rules as for a write over the API,
//! for rows that are not at rest yet. Knows no entity by name.

use super::kept::Kept;
use bitting_catalog::entity::{Entity, EntityId, Kind};
use bitting_query::Value;
use std::collections::BTreeSet;

/// A row above the one that is placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Above<'a> {
    pub entity: EntityId,
    pub id: i64,
    pub node: Option<i64>,
    pub owners: &'a [i64],
}

/// Whether rows of the entity hang on a node of the structure.
pub(super) fn is_scoped(entity: &Entity) -> bool {
    let scope = &entity.scope;
    scope.location.is_some() || scope.via.is_some() || scope.parent
}

/// Whether rows of the entity belong to members, so that there is a table that says to whom.
pub(super) fn is_owned(entity: &Entity) -> bool {
    !entity.ownership.fields.is_empty()
}

/// The row's own location, else that of the record it points to, else that of its parent.
pub(super) fn node(
    entity: &Entity,
    values: &[Value],
    above: &[Above<'_>],
    kept: &Kept,
    home: &dyn Fn(EntityId) -> EntityId,
) -> Option<i64> {
    let field = |name: &str| entity.fields.iter().position(|field| *field.name == *name);
    let own = entity
        .scope
        .location
        .as_deref()
        .and_then(field)
        .and_then(|slot| integer(&values[slot]));
    if own.is_some() {
        return own;
    }
    if let Some(slot) = entity.scope.via.as_deref().and_then(field)
        && let Kind::Reference(reference) = &entity.fields[slot].kind
        && let (Some(target), Some(id)) = (reference.target, integer(&values[slot]))
    {
        let target = home(target);
        let found = above
            .iter()
            .find(|row| row.entity == target && row.id == id);
        let node = match found {
            Some(row) => row.node,
            None => kept.table(target).and_then(|table| table.node(id)),
        };
        if node.is_some() {
            return node;
        }
    }
    if entity.scope.parent {
        above.last().and_then(|row| row.node)
    } else {
        None
    }
}

/// Members whose row this is: those its fields name, and its parent's.
pub(super) fn owners(
    entity: &Entity,
    values: &[Value],
    by: &str,
    above: &[Above<'_>],
    member: &dyn Fn(&str) -> Option<i64>,
) -> Vec<i64> {
    let mut owners = BTreeSet::new();
    for name in &entity.ownership.fields {
        let slot = entity.fields.iter().position(|field| *field.name == **name);
        let value = match slot {
            Some(slot) => &values[slot],
            None if name == "enteredBy" => {
                owners.extend(member(by));
                continue;
            }
            None => continue,
        };
        match value {
            Value::Integer(id) => {
                owners.insert(*id);
            }
            Value::Text(words) => {
                owners.extend(
                    words
                        .split(',')
                        .map(str::trim)
                        .filter(|word| !word.is_empty())
                        .filter_map(member),
                );
            }
            _ => {}
        }
    }
    if entity.ownership.parent
        && let Some(parent) = above.last()
    {
        owners.extend(parent.owners);
    }
    owners.into_iter().collect()
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}
