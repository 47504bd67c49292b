//! Workflows: custom fields that an event sets, and the trial of an event, which lists what it would act
//! on. Workflows themselves do not run here.

use super::records;
use super::related;
use crate::acting;
use bitting_dialects::connectwise::conditions;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::moment;
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use serde_json::{Map, Value as Json, json};

const WORKFLOWS: &str = "system/workflows";
const EVENTS: &str = "system/workflows/events";
const TABLE_TYPES: &str = "system/workflows/tableTypes";
/// Most records that a trial lists.
const LISTED: u64 = 100;

/// Makes the field of an event's action; the event is the one in the path.
pub async fn field(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let word = context.words.first().and_then(|word| word.parse().ok());
    let event = id.or(word).ok_or_else(ApiError::no_endpoint)?;
    let events = related::entity(context.instance, EVENTS)?;
    let missing = || ApiError::not_found(&events.schema, &event.to_string());
    related::one(context.instance, EVENTS, event)
        .await?
        .ok_or_else(missing)?;
    let mut members = related::object(body, "WorkflowActionUserDefinedField")?;
    members.retain(|name, _| !name.eq_ignore_ascii_case("eventId"));
    members.insert("eventId".to_owned(), json!(event));
    let bytes = Json::Object(members).to_string();
    let (id, changes) =
        saving::composed(context, permit, bytes.as_bytes(), context.release).await?;
    saving::finish(context, permit.entity(), changes).await?;
    acting::shown(context, &permit.reading(), id).await
}

/// What an event would act on now: the records of the workflow's table that its condition keeps, among
/// those the caller may read. A condition that is not in the language of the API's own `conditions` keeps
/// none. An event that the caller may change remembers when it was tried and how many there were.
pub async fn test(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let event = acting::model(context, permit.entity(), id).await?;
    let kept = kept(context, &event).await?;
    let count = i64::try_from(kept.len()).unwrap_or(i64::MAX);
    let now = related::text(moment::time(context.now));
    let values = [
        ("date_tested_utc", now),
        ("test_records_matched", Value::Integer(count)),
    ];
    // Whoever may only read the event leaves no trace on it.
    if acting::authorized(context, permit.entity(), Verb::Edit).is_ok() {
        let change = related::update(context, EVENTS, id, &values)?;
        saving::finish(context, permit.entity(), vec![change]).await?;
    }
    Ok(Answer::json(acting::status(context), &Json::Array(kept)))
}

/// The kind of record behind a table's name: `Service Ticket`, `Purchase Order`.
fn about(word: &str) -> Option<&'static records::Kind> {
    let word = word.replace(' ', "");
    records::named(&word).or_else(|| records::named(word.strip_prefix("Service")?))
}

async fn kept(context: Context<'_>, event: &Row) -> Result<Vec<Json>, Problem> {
    let (instance, nothing) = (context.instance, Ok(Vec::new()));
    let Some(workflow) = context.parents.last().copied() else {
        return nothing;
    };
    let workflow = related::one(instance, WORKFLOWS, workflow).await?;
    let table = match workflow.and_then(|row| row.integer("table_type_id")) {
        Some(table) => related::one(instance, TABLE_TYPES, table).await?,
        None => None,
    };
    let Some(table) = table else {
        return nothing;
    };
    let mut words = ["identifier", "name"]
        .into_iter()
        .filter_map(|column| table.text(column));
    let Some(kind) = words.find_map(about) else {
        return nothing;
    };
    let Some(entity) = kind
        .paths
        .first()
        .and_then(|path| instance.catalog().entity_at(path))
    else {
        return nothing;
    };
    let backend = &instance.backend;
    let Ok(permit) = authorize(
        backend.grounds(),
        context.caller,
        entity,
        &entity.right.needs,
        Verb::Inquire,
    ) else {
        return nothing;
    };
    let text = event.text("event_condition").unwrap_or_default();
    let resolved = conditions::conditions(text, instance.catalog(), entity.id, context.release);
    let Ok(resolved) = resolved else {
        return nothing;
    };
    // A condition shows what it looks at.
    if resolved
        .used
        .fields
        .iter()
        .any(|field| permit.hides(*field))
        || !resolved.used.beyond.is_empty()
        || !resolved.used.children.is_empty()
    {
        return nothing;
    }
    let rows = backend
        .rows(&permit, resolved.filter, Vec::new(), Some(LISTED))
        .await?;
    let label = entity
        .label
        .as_deref()
        .and_then(|label| entity.any_field(label));
    Ok(rows
        .iter()
        .map(|row| {
            let mut shown = Map::new();
            shown.insert("id".to_owned(), json!(row.id));
            if let Some(field) = label
                && let Some(text) = row.text(&field.column)
            {
                shown.insert(field.name.to_string(), json!(text));
            }
            Json::Object(shown)
        })
        .collect())
}
