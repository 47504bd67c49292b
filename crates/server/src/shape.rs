//! From the catalog's entities to tables at rest: typed columns for every field, hidden columns for
//! parents, who and when, the structure node, and one JSON column for custom fields.

use crate::permit::{is_scoped, mine_table};
use bitting_catalog::entity::{Entity, Field, Kind as FieldKind};
use bitting_dialects::connectwise::layout::{DATE_ENTERED, ENTERED_BY, EXTRA, LAST_UPDATED, SCOPE, UPDATED_BY};
use bitting_query::Kind;
use bitting_store::table::{Column, Key, Table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every table the entities need. Entities that share a table share its columns.
pub fn tables(entities: &[Entity]) -> Vec<Table> {
    let mut tables: BTreeMap<Arc<str>, Table> = BTreeMap::new();
    for entity in entities {
        let table = tables.entry(entity.table.clone()).or_insert_with(|| Table {
            name: entity.table.clone(),
            key: Key::Id,
            columns: Vec::new(),
            indexes: Vec::new(),
        });
        for column in columns(entity) {
            if !table.columns.iter().any(|known| known.name == column.name) {
                table.columns.push(column);
            }
        }
        for index in indexes(entity) {
            if !table.indexes.contains(&index) {
                table.indexes.push(index);
            }
        }
    }
    let owned: Vec<Arc<str>> = entities.iter().filter(|entity| is_owned(entity)).map(|entity| mine_table(&entity.table)).collect();
    for name in owned {
        tables.entry(name.clone()).or_insert(Table { name, key: Key::Pair, columns: Vec::new(), indexes: Vec::new() });
    }
    tables.into_values().collect()
}

/// Whether rows of the entity belong to members.
pub fn is_owned(entity: &Entity) -> bool {
    !entity.ownership.fields.is_empty()
}

/// The columns of one entity, without `id`.
pub fn columns(entity: &Entity) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |name: &Arc<str>, kind: Kind| {
        if &**name != "id" && !columns.iter().any(|column| column.name == *name) {
            columns.push(Column { name: name.clone(), kind });
        }
    };
    for field in &entity.fields {
        add(&field.column, kind(field));
    }
    for parent in &entity.parents {
        add(&parent.column, Kind::Integer);
    }
    add(&Arc::from(ENTERED_BY), Kind::Text);
    add(&Arc::from(DATE_ENTERED), Kind::DateTime);
    add(&Arc::from(UPDATED_BY), Kind::Text);
    add(&Arc::from(LAST_UPDATED), Kind::DateTime);
    if is_scoped(entity) {
        add(&Arc::from(SCOPE), Kind::Integer);
    }
    if entity.custom_fields {
        add(&Arc::from(EXTRA), Kind::Json);
    }
    columns
}

/// How a field's column compares.
pub fn kind(field: &Field) -> Kind {
    match field.kind {
        FieldKind::Integer | FieldKind::Reference(_) => Kind::Integer,
        FieldKind::Number => Kind::Number,
        FieldKind::Boolean => Kind::Boolean,
        FieldKind::Text | FieldKind::Uuid => Kind::Text,
        FieldKind::DateTime | FieldKind::Date => Kind::DateTime,
        FieldKind::References(_) | FieldKind::List(_) | FieldKind::Embedded { .. } | FieldKind::Any => Kind::Json,
    }
}

fn indexes(entity: &Entity) -> Vec<Vec<Arc<str>>> {
    let mut indexes: Vec<Vec<Arc<str>>> = Vec::new();
    for field in entity.fields.iter().filter(|field| field.indexed && &*field.column != "id") {
        indexes.push(vec![field.column.clone()]);
    }
    for parent in &entity.parents {
        indexes.push(vec![parent.column.clone()]);
    }
    if is_scoped(entity) {
        indexes.push(vec![Arc::from(SCOPE)]);
    }
    for unique in &entity.unique {
        let first = unique.first().and_then(|name| entity.fields.iter().find(|field| *field.name == **name));
        if let Some(field) = first {
            indexes.push(vec![field.column.clone()]);
        }
    }
    indexes.dedup();
    indexes
}
