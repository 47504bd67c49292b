//! Rows of other entities that a rule takes defaults from: by the path of their API and the name of a
//! field. Reads for the server itself; nothing read here goes out as it is.

use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_psa::backend::equals;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::shape;
use bitting_query::{Filter, Kind, Order, Path, Value};

/// The row that a reference of the draft points to.
pub async fn referred(
    instance: &Instance,
    draft: &Draft<'_>,
    name: &str,
) -> Result<Option<(Row, EntityOf)>, Problem> {
    let Some((_, field)) = draft.field(name) else {
        return Ok(None);
    };
    let FieldKind::Reference(reference) = &field.kind else {
        return Ok(None);
    };
    let (Some(target), Some(id)) = (reference.target, draft.row.integer(&field.column)) else {
        return Ok(None);
    };
    let entity = instance.catalog().entity(target);
    let row = instance.backend.raw_row(entity, id).await?;
    Ok(row.map(|row| (row, EntityOf(target))))
}

/// The entity a row belongs to, by which its fields are read.
#[derive(Debug, Clone, Copy)]
pub struct EntityOf(bitting_catalog::entity::EntityId);

impl EntityOf {
    /// The value of a field by its API name; null when the entity has none of that name.
    pub fn value<'r>(self, instance: &Instance, row: &'r Row, name: &str) -> &'r Value {
        value(instance.catalog().entity(self.0), row, name)
    }

    pub fn flag(self, instance: &Instance, row: &Row, name: &str) -> bool {
        matches!(
            self.value(instance, row, name),
            Value::Boolean(true) | Value::Integer(1)
        )
    }
}

/// The value of a field by its API name.
pub fn value<'r>(entity: &Entity, row: &'r Row, name: &str) -> &'r Value {
    entity
        .any_field(name)
        .map_or(&Value::Null, |field| row.get(&field.column))
}

/// The first row of a setup table in the order of one of its fields, nulls last. Inactive rows and those
/// that `skip` names (a closed status) are passed over.
pub async fn first(
    instance: &Instance,
    path: &str,
    order: &str,
    skip: &[&str],
) -> Result<Option<Row>, Problem> {
    let Some(entity) = instance.catalog().entity_at(path) else {
        return Ok(None);
    };
    let mut filters = Vec::new();
    for name in skip.iter().chain(&["inactiveFlag"]) {
        if let Some(field) = entity.any_field(name) {
            let set = equals(&field.column, Kind::Boolean, Value::Boolean(true));
            filters.push(Filter::Not(Box::new(set)));
        }
    }
    let mut by = Vec::new();
    if let Some(field) = entity.any_field(order) {
        let path = Path {
            through: Vec::new(),
            column: field.column.clone(),
            kind: shape::kind(field),
        };
        filters.push(Filter::Not(Box::new(Filter::IsNull { path: path.clone() })));
        by.push(Order::by(path, false));
    }
    let rows = instance
        .backend
        .raw_rows(entity, Filter::And(filters), by, Some(1))
        .await?;
    Ok(rows.into_iter().next())
}
