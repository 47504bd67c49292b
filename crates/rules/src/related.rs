//! Records beside the one being saved: looked up, inserted and changed with it, in the same write. Every
//! row that a rule makes gets its standing columns, its place and its owners here. Knows no entity by name.

use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_dialects::connectwise::names;
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::permit::{Permit, authorize, pass_through};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::shape::is_scoped;
use bitting_psa::{placement, saving};
use bitting_query::{Filter, Kind, Value};
use bitting_store::table::Change;
use jiff::Timestamp;
use std::sync::Arc;

/// The entity at a path; a rule that names one the catalog lacks is the server's own fault.
pub fn entity<'a>(instance: &'a Instance, path: &str) -> Result<&'a Entity, Problem> {
    let missing = || ApiError::server(format!("The catalog has no {path}."));
    instance
        .catalog()
        .entity_at(path)
        .ok_or_else(|| missing().into())
}

/// The record, if the caller sees it: by location, board, list and, where only its own are open to it, My.
pub async fn seen(context: Context<'_>, entity: &Entity, id: i64) -> Result<Option<Row>, Problem> {
    let permit = pass_through(context.caller, entity);
    Ok(context.instance.backend.row(&permit, id).await?)
}

/// The caller's permit for another entity than the call's own: its right, asked for by name.
pub fn permit<'a>(context: Context<'a>, path: &str, verb: Verb) -> Result<Permit<'a>, Problem> {
    let entity = entity(context.instance, path)?;
    let grounds = context.instance.backend.grounds();
    authorize(grounds, context.caller, entity, &entity.right.needs, verb)
        .map_err(|denial| denial.by(&context.caller.role.name).into())
}

/// A record of another entity that the caller may do this to; refused, or not found.
pub async fn open_to(
    context: Context<'_>,
    path: &str,
    verb: Verb,
    id: i64,
) -> Result<Row, Problem> {
    let permit = permit(context, path, verb)?;
    let below = Context {
        parents: &[],
        ..context
    };
    saving::existing(below, &permit, id).await
}

/// One record by id, whoever asks.
pub async fn one(instance: &Instance, path: &str, id: i64) -> Result<Option<Row>, Problem> {
    let entity = entity(instance, path)?;
    Ok(instance.backend.raw_row(entity, id).await?)
}

/// One column of a record, whoever asks; `None` where there is no such record.
pub async fn value(
    instance: &Instance,
    path: &str,
    id: i64,
    column: &str,
) -> Result<Option<Value>, Problem> {
    let entity = entity(instance, path)?;
    Ok(instance.backend.raw_value(entity, id, column).await?)
}

/// Every record of an entity, by id.
pub async fn all(instance: &Instance, path: &str) -> Result<Vec<Row>, Problem> {
    filtered(instance, path, Filter::Constant(true)).await
}

/// Records whose integer column holds this id.
pub async fn under(
    instance: &Instance,
    path: &str,
    column: &str,
    id: i64,
) -> Result<Vec<Row>, Problem> {
    filtered(
        instance,
        path,
        equals(column, Kind::Integer, Value::Integer(id)),
    )
    .await
}

/// Like [`under`], for what one record has a handful of: read in place, without a thread of its own.
pub async fn few(
    instance: &Instance,
    path: &str,
    column: &str,
    id: i64,
) -> Result<Vec<Row>, Problem> {
    let entity = entity(instance, path)?;
    let filter = equals(column, Kind::Integer, Value::Integer(id));
    let rows = instance.backend.raw_few(entity, filter).await?;
    Ok(rows)
}

/// Like [`few`], and only these columns of them.
pub async fn few_of(
    instance: &Instance,
    path: &str,
    of: (&str, i64),
    columns: &[&str],
) -> Result<Vec<Row>, Problem> {
    let entity = entity(instance, path)?;
    Ok(instance.backend.raw_part(entity, of, columns).await?)
}

/// Records that a filter keeps, by id.
pub async fn filtered(
    instance: &Instance,
    path: &str,
    filter: Filter,
) -> Result<Vec<Row>, Problem> {
    let entity = entity(instance, path)?;
    let rows = instance
        .backend
        .raw_rows(entity, filter, Vec::new(), None)
        .await?;
    Ok(rows)
}

/// An id for a record to come.
pub async fn next_id(instance: &Instance, path: &str) -> Result<i64, Problem> {
    let entity = entity(instance, path)?;
    Ok(instance.backend.store.next_id(&entity.table).await?)
}

/// The changes that make a record of another entity: `values` by field or placeholder, the defaults of its
/// data file for the rest. `node` is where it hangs when what it hangs on is not at rest yet.
pub async fn insert(
    context: Context<'_>,
    path: &str,
    id: i64,
    values: &[(&str, Value)],
    node: Option<i64>,
) -> Result<Vec<Change>, Problem> {
    let entity = entity(context.instance, path)?;
    let mut draft = Draft {
        entity,
        row: Row::new(id),
        before: None,
        given: Vec::new(),
        also: Vec::new(),
        errors: Vec::new(),
        resource: names::resource(&entity.schema),
    };
    for (name, value) in values {
        draft.set(name, value.clone());
    }
    saving::fill_defaults(&mut draft);
    inserted(context, draft, node).await
}

/// The changes that lay down a row as a new record.
pub async fn inserted(
    context: Context<'_>,
    mut draft: Draft<'_>,
    node: Option<i64>,
) -> Result<Vec<Change>, Problem> {
    saving::enter(context, &mut draft);
    match node {
        Some(node) if is_scoped(draft.entity) => draft.row.set(SCOPE, Value::Integer(node)),
        _ => placement::place(context.instance, &mut draft).await?,
    }
    placement::own(context.instance, context.caller, &mut draft).await?;
    let mut changes = vec![Change::Insert {
        table: draft.entity.table.clone(),
        id: draft.row.id,
        values: draft.row.into_values(),
    }];
    changes.append(&mut draft.also);
    Ok(changes)
}

/// The change of some columns of another record, with who did it.
pub fn update(
    context: Context<'_>,
    path: &str,
    id: i64,
    values: &[(&str, Value)],
) -> Result<Change, Problem> {
    let entity = entity(context.instance, path)?;
    let mut changed: Vec<(Arc<str>, Value)> = values
        .iter()
        .map(|(column, value)| (Arc::from(*column), value.clone()))
        .collect();
    changed.extend(saving::stamp(context));
    Ok(Change::Update {
        table: entity.table.clone(),
        id,
        values: changed,
    })
}

/// A text as a value.
pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// An id, or nothing, as a value.
pub fn id(id: Option<i64>) -> Value {
    id.map_or(Value::Null, Value::Integer)
}

/// Numbers of a JSON column.
pub fn numbers(row: &Row, column: &str) -> Vec<i64> {
    row.text(column)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// Whether something was found wrong with this field already.
pub fn wrong(draft: &Draft<'_>, name: &str) -> bool {
    draft
        .errors
        .iter()
        .any(|error| error.field.split('/').next() == Some(name))
}

/// Members of a body that is one JSON object.
pub fn object(
    body: &[u8],
    schema: &str,
) -> Result<serde_json::Map<String, serde_json::Value>, Problem> {
    Ok(bitting_dialects::connectwise::body::json::object(
        body, schema,
    )?)
}

/// A member of a body in any letter case.
pub fn member<'v>(
    members: &'v serde_json::Map<String, serde_json::Value>,
    name: &str,
) -> Option<&'v serde_json::Value> {
    members
        .iter()
        .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
        .map(|(_, value)| value)
}

/// An end that is said, or whose start is, does not lie before it.
pub fn ordered(draft: &mut Draft<'_>, start: &str, end: &str) {
    if !draft.changed(start) && !draft.changed(end) {
        return;
    }
    let at = |name: &str| {
        draft
            .text(name)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    if let (Some(from), Some(to)) = (at(start), at(end))
        && to < from
    {
        let message = format!("{end} lies before {start}.");
        let error = FieldError::invalid(&draft.resource, end, message);
        draft.errors.push(error);
    }
}

/// An id as clients write it: a number, or its digits as text.
pub fn number(value: &serde_json::Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}
