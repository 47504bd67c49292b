//! From the catalog's tables to the store's: the same columns in the store's words, and an index table per
//! table whose rows belong to members.

use crate::mine::{self, By, is_owned};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field};
use bitting_catalog::table::Holds;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_query::Kind;
use bitting_store::table::{Column, Key, Table};
use std::sync::Arc;

/// Every table the entities need.
pub fn tables(catalog: &Catalog) -> Vec<Table> {
    let mut tables = Vec::new();
    for table in catalog.tables() {
        let entity = catalog.entity(table.entity);
        let mut indexes: Vec<Vec<Arc<str>>> = table
            .indexes
            .iter()
            .map(|column| vec![column.clone()])
            .collect();
        for columns in &table.unique {
            let first = vec![columns[0].clone()];
            if !indexes.contains(&first) {
                indexes.push(first);
            }
        }
        indexes.extend(table.joint.iter().cloned());
        if is_scoped(entity) {
            indexes.push(vec![Arc::from(SCOPE)]);
        }
        let columns = table
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.clone(),
                kind: of(column.holds),
            })
            .collect();
        if is_owned(entity) {
            tables.push(pairs(mine::table(&table.name), Key::Pair));
            let by = By::of(catalog, &table.name);
            tables.extend(By::gone(&by).map(|name| pairs(name, Key::Gone)));
            tables.extend(by.into_iter().map(|by| pairs(by.table, Key::Pair)));
        }
        tables.push(Table {
            name: table.name,
            key: Key::Id,
            columns,
            indexes,
            sparse: table.sparse,
        });
    }
    tables
}

fn pairs(name: Arc<str>, key: Key) -> Table {
    Table {
        name,
        key,
        columns: Vec::new(),
        indexes: Vec::new(),
        sparse: Vec::new(),
    }
}

/// Whether rows of the entity hang on a node of the structure.
pub fn is_scoped(entity: &Entity) -> bool {
    let scope = &entity.scope;
    scope.location.is_some() || scope.via.is_some() || scope.parent
}

/// How a field's column compares.
pub fn kind(field: &Field) -> Kind {
    of(field.kind.holds())
}

fn of(holds: Holds) -> Kind {
    match holds {
        Holds::Integer => Kind::Integer,
        Holds::Number => Kind::Number,
        Holds::Boolean => Kind::Boolean,
        Holds::Text => Kind::Text,
        Holds::DateTime => Kind::DateTime,
        Holds::Json => Kind::Json,
    }
}
