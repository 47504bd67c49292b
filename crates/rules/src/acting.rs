//! What verbs of their own have in common: bodies read, records opened, changed and shown.

use super::{related, set_up};
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::backend::with_id;
use bitting_psa::draft::Draft;
use bitting_psa::marks::under;
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Value, and};
use bitting_store::table::Change;
use serde_json::{Map, Value as Json, json};

/// Members of a body that may also be left out.
pub fn members(body: &[u8], schema: &str) -> Result<Map<String, Json>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    related::object(body, schema)
}

/// The status that the catalog says for this path and method.
pub fn status(context: Context<'_>) -> u16 {
    let operation = context
        .route
        .methods
        .iter()
        .find(|operation| operation.method == context.method);
    operation.map_or(200, |operation| operation.status)
}

/// A permit for what goes along with the record of the path: decided like a call on it.
pub fn authorized<'a>(
    context: Context<'a>,
    entity: &'a Entity,
    verb: Verb,
) -> Result<Permit<'a>, Problem> {
    let grounds = context.instance.backend.grounds();
    let permit = authorize(grounds, context.caller, entity, &entity.right.needs, verb)
        .map_err(|denial| denial.by(&context.caller.role.name))?;
    Ok(permit)
}

/// The record that another is made after: whoever may not read it gets no second one of it.
pub async fn model(context: Context<'_>, entity: &Entity, id: i64) -> Result<Row, Problem> {
    let permit = authorized(context, entity, Verb::Inquire)?;
    let backend = &context.instance.backend;
    let filter = and(
        with_id(id),
        under(backend.grounds(), &permit, context.parents),
    );
    let found = backend.rows(&permit, filter, Vec::new(), Some(1)).await?;
    let missing = || ApiError::not_found(&entity.schema, &id.to_string());
    Ok(found.into_iter().next().ok_or_else(missing)?)
}

/// Members of a body that takes over fields of a record: (field of the record, field of the new one). Nulls
/// are left out.
pub fn carried(
    source: &Entity,
    row: &Row,
    target: &Entity,
    fields: &[(&str, &str)],
) -> Map<String, Json> {
    let mut body = Map::new();
    for (from, to) in fields {
        let value = match set_up::value(source, row, from) {
            Value::Null => continue,
            Value::Integer(id) => json!(id),
            Value::Text(text) => json!(text),
            Value::Boolean(flag) => json!(flag),
            Value::Number(number) => bitting_psa::number::shown(*number),
        };
        let reference = target
            .any_field(to)
            .is_some_and(|field| matches!(field.kind, FieldKind::Reference(_)));
        let value = if reference {
            json!({ "id": value })
        } else {
            value
        };
        body.insert((*to).to_owned(), value);
    }
    body
}

/// The record that changes make, as it will be.
pub fn to_be(changes: &[Change], entity: &Entity, id: i64) -> Row {
    let mut row = Row::new(id);
    for change in changes {
        if let Change::Insert {
            table,
            id: of,
            values,
        } = change
            && *table == entity.table
            && *of == id
        {
            for (column, value) in values {
                row.set(column, value.clone());
            }
        }
    }
    row
}

/// A record that a rule changes, as it is: in sight, and open to the permit's verb.
pub async fn opened<'a>(
    context: Context<'_>,
    permit: &Permit<'a>,
    id: i64,
) -> Result<Draft<'a>, Problem> {
    let row = saving::existing(context, permit, id).await?;
    Ok(Draft::changing(permit.entity(), row))
}

/// A record as the answer, under a permit to read it.
pub async fn shown(context: Context<'_>, permit: &Permit<'_>, id: i64) -> Result<Answer, Problem> {
    let look = context.look();
    let backend = &context.instance.backend;
    let body = backend
        .get(permit, id, Filter::Constant(true), look)
        .await?
        .ok_or_else(|| ApiError::not_found(&permit.entity().schema, &id.to_string()))?;
    Ok(Answer {
        status: status(context),
        body,
        ..Answer::default()
    })
}
