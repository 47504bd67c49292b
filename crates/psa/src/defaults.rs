//! What a record holds where nobody says anything. Knows no entity by name.

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field, Kind, Literal};
use bitting_query::Value;
use std::sync::Arc;

/// The default of a field. Booleans are always shown, so they rest as what they show.
pub fn of_field(field: &Field) -> Option<Value> {
    Some(match (&field.default, &field.kind) {
        (Some(Literal::Bool(flag)), _) => Value::Boolean(*flag),
        (Some(Literal::Integer(number)), _) => Value::Integer(*number),
        (Some(Literal::Number(number)), _) => Value::Number(*number),
        (Some(Literal::Text(text)), _) => Value::Text(text.clone()),
        (None, Kind::Boolean) if !field.write_only => Value::Boolean(false),
        (None, _) => return None,
    })
}

/// Defaults of a table by column: those of every entity that shows its rows, so that each of them finds
/// its own filled.
pub fn of_table(catalog: &Catalog, entity: &Entity) -> Vec<(Arc<str>, Value)> {
    let home = catalog.home(entity.id).id;
    let shared = catalog
        .entities
        .iter()
        .filter(|other| catalog.home(other.id).id == home);
    let mut defaults: Vec<(Arc<str>, Value)> = Vec::new();
    for field in shared.flat_map(Entity::every_field) {
        if defaults.iter().any(|(column, _)| *column == field.column) {
            continue;
        }
        if let Some(value) = of_field(field) {
            defaults.push((field.column.clone(), value));
        }
    }
    defaults
}
