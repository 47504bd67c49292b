//! Ticket templates: linked to a company or to none, and the tickets that are made of them. A company's
//! templates and those of all are the same rows: linking one says whose it is.

use super::related;
use super::set_up;
use crate::acting;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use serde_json::{Map, Value as Json, json};

const TEMPLATES: &str = "service/templates";
const TICKETS: &str = "service/tickets";
const RESOURCE: &str = "serviceTemplate";

/// What a ticket takes from its template: (field of the template, field of the ticket).
const CARRIED: [(&str, &str); 24] = [
    ("summary", "summary"),
    ("board", "board"),
    ("status", "status"),
    ("type", "type"),
    ("subtype", "subType"),
    ("item", "item"),
    ("team", "team"),
    ("priority", "priority"),
    ("source", "source"),
    ("serviceLocation", "serviceLocation"),
    ("company", "company"),
    ("contact", "contact"),
    ("site", "site"),
    ("agreement", "agreement"),
    ("severity", "severity"),
    ("impact", "impact"),
    ("hoursBudget", "budgetHours"),
    ("problem", "initialDescription"),
    ("internalAnalysis", "initialInternalAnalysis"),
    ("purchaseOrderNumber", "poNumber"),
    ("emailContactFlag", "automaticEmailContactFlag"),
    ("emailResourceFlag", "automaticEmailResourceFlag"),
    ("emailCCFlag", "automaticEmailCcFlag"),
    ("emailCC", "automaticEmailCc"),
];

/// A permit for templates wherever they hang, and the call without the company in its path.
fn everywhere(context: Context<'_>, verb: Verb) -> Result<(Context<'_>, Permit<'_>), Problem> {
    let below = Context {
        parents: &[],
        ..context
    };
    Ok((below, related::permit(context, TEMPLATES, verb)?))
}

/// Says that a template is the company's in the path, or nobody's any more.
pub async fn link(context: Context<'_>, id: Option<i64>, linked: bool) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let company = context.parents.last().copied();
    let company = company.ok_or_else(ApiError::no_endpoint)?;
    let (below, permit) = everywhere(context, Verb::Edit)?;
    let mut draft = acting::opened(below, &permit, id).await?;
    let of = draft.integer("company");
    if linked && of.is_some_and(|of| of != company) {
        let message =
            format!("The template {id} is linked to another company; unlink it there first.");
        let error = FieldError::exists(RESOURCE, "company", message);
        return Err(Problem::field(RESOURCE, error));
    }
    if !linked && of != Some(company) {
        return Err(ApiError::not_found(&permit.entity().schema, &id.to_string()).into());
    }
    if linked != (of == Some(company)) {
        let company = if linked {
            Value::Integer(company)
        } else {
            Value::Null
        };
        draft.set("company", company);
        // Both are looked up within the company.
        if !linked {
            draft.set("contact", Value::Null);
            draft.set("site", Value::Null);
        }
        let changes = saving::settle(below, &permit, &mut draft).await?;
        saving::finish(below, permit.entity(), changes).await?;
    }
    acting::shown(below, &permit.reading(), id).await
}

/// Makes a ticket of a template; schedule entries are made by hand, as the answer says.
pub async fn generate(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    acting::members(body, "TemplateGenerate")?;
    let row = acting::model(context, permit.entity(), id).await?;
    let tickets = related::permit(context, TICKETS, Verb::Add)?;
    let below = Context {
        parents: &[],
        ..context
    };
    let bytes = Json::Object(ticket(context, permit, &row)?).to_string();
    let (_, changes) = saving::composed(below, &tickets, bytes.as_bytes(), context.release).await?;
    saving::finish(below, tickets.entity(), changes).await?;
    let counts = json!({ "serviceCount": 1, "scheduleCount": 0 });
    Ok(Answer::json(acting::status(context), &counts))
}

/// The ticket as a client would post it that read the template.
fn ticket(
    context: Context<'_>,
    permit: &Permit<'_>,
    row: &Row,
) -> Result<Map<String, Json>, Problem> {
    let entity = related::entity(context.instance, TICKETS)?;
    let mut ticket = acting::carried(permit.entity(), row, entity, &CARRIED);
    if !ticket.contains_key("summary") {
        let name = match set_up::value(permit.entity(), row, "name") {
            Value::Text(name) if !name.trim().is_empty() => name.clone(),
            _ => format!("Service template {}", row.id),
        };
        ticket.insert("summary".to_owned(), json!(name));
    }
    if !ticket.contains_key("company") {
        let message = format!(
            "The template {} has no company; a ticket needs one.",
            row.id
        );
        let error = FieldError::invalid(RESOURCE, "company", message);
        return Err(Problem::field(RESOURCE, error));
    }
    Ok(ticket)
}
