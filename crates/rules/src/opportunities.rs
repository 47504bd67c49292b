//! Opportunities: what a new one starts with, when it counts as closed, and who may still change it then.

use super::set_up;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_policy::{Decision, Verb, decide};
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::moment::time;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use jiff::SignedDuration;

const OPPORTUNITIES: &str = "sales/opportunities";

/// Days until a new opportunity is expected to close, when the caller gives no date.
const DAYS_TO_CLOSE: i64 = 30;

/// Members of an opportunity that must not be taken away once they are there.
const KEPT: [&str; 3] = ["expectedCloseDate", "locationId", "businessUnitId"];

/// Fills in an opportunity; one that is closed asks for a right of its own.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if let Some(before) = &draft.before {
        open_to(context, draft.entity, before, Verb::Edit).await?;
        for name in KEPT {
            if draft.is_null(name) && draft.changed(name) {
                draft
                    .errors
                    .push(FieldError::missing(&draft.resource, name));
            }
        }
    } else {
        begin(context, draft).await?;
    }
    if draft.changed("stage") {
        draft.set("pipelineChangeDate", Value::Text(time(context.now)));
    }
    if draft.changed("status") {
        let closed = match set_up::referred(context.instance, draft, "status").await? {
            Some((row, status)) => status.flag(context.instance, &row, "closedFlag"),
            None => false,
        };
        if closed && draft.is_null("closedDate") {
            draft.set("closedDate", Value::Text(time(context.now)));
            if !context.caller.is_operator() {
                draft.set("closedBy", Value::Integer(context.caller.member));
            }
        } else if !closed {
            draft.set("closedDate", Value::Null);
            draft.set("closedBy", Value::Null);
        }
    }
    Ok(())
}

/// What a new opportunity has when the caller says nothing: the company's contact, a status that is open, the
/// first stage with its probability, a date in a month, and the place of its sales representative.
async fn begin(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let instance = context.instance;
    if let Some((row, company)) = set_up::referred(instance, draft, "company").await? {
        for (name, source) in [
            ("contact", "defaultContact"),
            ("site", "site"),
            ("billingTerms", "billingTerms"),
            ("taxCode", "taxCode"),
            ("currency", "currency"),
        ] {
            if !draft.gave(name) {
                draft.default(name, company.value(instance, &row, source).clone());
            }
        }
    }
    if draft.is_null("status") {
        let row = set_up::first(
            instance,
            "sales/opportunities/statuses",
            "id",
            &["closedFlag", "wonFlag", "lostFlag"],
        )
        .await?;
        draft.set("status", id(row));
    }
    if draft.is_null("stage") && !draft.gave("stage") {
        let row = set_up::first(instance, "sales/stages", "sequenceNumber", &[]).await?;
        draft.set("stage", id(row));
    }
    if draft.is_null("probability") && !draft.gave("probability") {
        if let Some((row, stage)) = set_up::referred(instance, draft, "stage").await? {
            let value = stage.value(instance, &row, "probability").clone();
            draft.set("probability", value);
        }
        if draft.is_null("probability") {
            let row = set_up::first(instance, "sales/probabilities", "probability", &[]).await?;
            draft.set("probability", id(row));
        }
    }
    let close = context.now + SignedDuration::from_hours(24 * DAYS_TO_CLOSE);
    let close = close.strftime("%Y-%m-%dT00:00:00Z").to_string();
    draft.default("expectedCloseDate", Value::Text(close));
    draft.default("dateBecameLead", Value::Text(time(context.now)));
    if let Some((row, member)) = set_up::referred(instance, draft, "primarySalesRep").await? {
        for (name, source) in [
            ("locationId", "defaultLocation"),
            ("businessUnitId", "defaultDepartment"),
        ] {
            draft.default(name, member.value(instance, &row, source).clone());
        }
    }
    for (name, node) in [
        ("locationId", context.caller.default_location),
        ("businessUnitId", context.caller.default_department),
    ] {
        draft.default(name, node.map_or(Value::Null, Value::Integer));
    }
    if draft.is_null("locationId")
        && let Some(top) = super::members::top_location(instance).await?
    {
        draft.set("locationId", Value::Integer(top));
    }
    Ok(())
}

/// Refuses to change or delete an opportunity that is won, lost or closed, without the right to that.
pub async fn open_to(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    verb: Verb,
) -> Result<(), Problem> {
    let Some(right) = entity.extra_rights.get("closed") else {
        return Ok(());
    };
    if !is_closed(context, entity, row).await? {
        return Ok(());
    }
    let registry = context.instance.registry();
    let caller = context.caller;
    match decide(&caller.role, &right.needs, verb) {
        Decision::Denied(refusal) => Err(registry
            .explain(&refusal, &entity.path)
            .by(&caller.role.name)
            .into()),
        Decision::All | Decision::Mine => Ok(()),
    }
}

/// The same for what hangs under the opportunity in the path.
pub async fn parent_open_to(context: Context<'_>, verb: Verb) -> Result<(), Problem> {
    let Some(entity) = context.instance.catalog().entity_at(OPPORTUNITIES) else {
        return Ok(());
    };
    let Some(id) = context.parents.last() else {
        return Ok(());
    };
    match context.instance.backend.raw_row(entity, *id).await? {
        Some(row) => open_to(context, entity, &row, verb).await,
        None => Ok(()),
    }
}

async fn is_closed(context: Context<'_>, entity: &Entity, row: &Row) -> Result<bool, Problem> {
    let Value::Integer(status) = set_up::value(entity, row, "status") else {
        return Ok(false);
    };
    let statuses = context
        .instance
        .catalog()
        .entity_at("sales/opportunities/statuses");
    let Some(statuses) = statuses else {
        return Ok(false);
    };
    let found = context.instance.backend.raw_row(statuses, *status).await?;
    Ok(found.is_some_and(|row| {
        ["closedFlag", "wonFlag", "lostFlag"]
            .into_iter()
            .any(|name| *set_up::value(statuses, &row, name) == Value::Boolean(true))
    }))
}

/// A note is told by whom it was written.
pub fn save_note(context: Context<'_>, draft: &mut Draft<'_>) {
    if draft.is_new() {
        let identifier = context.caller.identifier.to_string();
        draft.set("enteredBy", Value::Text(identifier));
    }
}

fn id(row: Option<Row>) -> Value {
    row.map_or(Value::Null, |row| Value::Integer(row.id))
}
