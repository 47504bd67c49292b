//! Tickets of projects: what they take from their phase and project, and the way from the service desk to a
//! project and back.

use super::super::related::{self, text};
use super::super::tickets;
use crate::acting;
use crate::paths;
use crate::paths::project::{PHASES, TICKETS};
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::names;
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use bitting_store::table::Change;
use serde_json::json;

/// Fills a project's ticket from its phase.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let phase = match draft.integer("phase") {
        Some(phase) => related::one(context.instance, PHASES, phase).await?,
        None => None,
    };
    let Some(phase) = phase else {
        return Ok(());
    };
    let project = phase.integer("project_id");
    if draft.is_null("project") {
        draft.set("project", related::id(project));
    } else if draft.integer("project") != project {
        let message = format!(
            "ProjectPhase {} not found for Project {}",
            phase.id,
            draft.integer("project").unwrap_or_default()
        );
        let error = FieldError::not_found(&draft.resource, "phase/id", message);
        draft.errors.push(error);
    }
    if draft.is_new() {
        if !draft.gave("agreement") {
            draft.default("agreement", phase.get("agreement_id").clone());
        }
        for name in ["billTime", "billExpenses", "billProducts"] {
            draft.default(name, text("NoDefault"));
        }
    }
    if draft.is_null("wbsCode") {
        let beside = related::under(context.instance, TICKETS, "phase_id", phase.id).await?;
        let count = beside.iter().filter(|row| row.id != draft.row.id).count();
        let above = phase.text("wbs_code").unwrap_or("1");
        draft.set("wbsCode", text(format!("{above}.{}", count + 1)));
    }
    Ok(())
}

/// The project shows how far it is.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let was = draft
        .before
        .as_ref()
        .and_then(|row| row.integer("project_id"));
    let now = draft.integer("project");
    for project in [now, was.filter(|was| Some(*was) != now)]
        .into_iter()
        .flatten()
    {
        let closed = (now == Some(project)).then(|| draft.flag("closedFlag"));
        let change = super::progress(context, project, draft.row.id, closed).await?;
        draft.also.push(change);
    }
    Ok(())
}

pub async fn delete(
    context: Context<'_>,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    if let Some(project) = row.integer("project_id") {
        also.push(super::progress(context, project, row.id, None).await?);
    }
    Ok(())
}

/// `/convert`: a ticket of the service desk becomes one of a project, or the other way. It keeps its number
/// and all that hangs on it. The caller has to be able to change the one and add the other.
pub async fn convert(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let to_project = context.route.rule.as_deref() == Some("ticket_to_project");
    let schema = if to_project {
        "ConvertToProject"
    } else {
        "ConvertItem"
    };
    let resource = names::resource(schema);
    let members = related::object(body, schema)?;
    let _turn = context.instance.ledger().await?;
    let row = saving::existing(context, permit, id).await?;
    let reference = |name: &str| {
        let value = related::member(&members, name)?;
        related::number(value).or_else(|| {
            let value = value.as_object()?;
            related::member(value, "id").and_then(related::number)
        })
    };
    let word = |name: &str| related::member(&members, name).and_then(|value| value.as_str());
    let path = if to_project {
        TICKETS
    } else {
        paths::service::TICKETS
    };
    let target: &Entity = related::entity(context.instance, path)?;
    let target = acting::authorized(context, target, Verb::Add)?;
    let former = row.integer("project_id");
    let mut draft = Draft::changing(target.entity(), row);
    draft.resource.clone_from(&resource);
    // A board serves the one or the other.
    for name in ["board", "status", "type", "subType", "item"] {
        draft.set(name, Value::Null);
    }
    draft.row.set("team_id", Value::Null);
    if to_project {
        let Some(phase) = reference("phase") else {
            let mut error = FieldError::missing(&resource, "phase");
            "The phase/id field is required.".clone_into(&mut error.message);
            return Err(Problem::field(&resource, error));
        };
        let entity = related::entity(context.instance, PHASES)?;
        let Some(row) = related::seen(context, entity, phase).await? else {
            let message = format!("ProjectPhase {phase} not found");
            let error = FieldError::not_found(&resource, "phase/id", message);
            return Err(Problem::field(&resource, error));
        };
        let project = reference("project").or(row.integer("project_id"));
        let issue = word("recordType") == Some("ProjectIssue");
        draft.set("isIssueFlag", Value::Boolean(issue));
        draft.set(
            "recordType",
            text(if issue {
                "ProjectIssue"
            } else {
                "ProjectTicket"
            }),
        );
        draft.set("project", related::id(project));
        draft.set("phase", Value::Integer(phase));
        draft.set("wbsCode", word("wbsCode").map_or(Value::Null, text));
    } else {
        if word("recordType").is_some_and(|kind| kind != "ServiceTicket") {
            let message = "A ticket of a project becomes a ServiceTicket.";
            let error = FieldError::invalid(&resource, "recordType", message);
            return Err(Problem::field(&resource, error));
        }
        draft.row.set("record_type", text("ServiceTicket"));
        for column in ["project_id", "phase_id", "wbs_code", "is_issue_flag"] {
            draft.row.set(column, Value::Null);
        }
        for (name, level) in [("severity", "Medium"), ("impact", "Medium")] {
            draft.default(name, text(level));
        }
    }
    let below = Context {
        parents: &[],
        ..context
    };
    below.rules.prepare(below, &mut draft).await?;
    Box::pin(tickets::save(below, &mut draft)).await?;
    if to_project {
        save(below, &mut draft).await?;
    }
    let mut changes: Vec<Change> = Box::pin(saving::settle(below, &target, &mut draft)).await?;
    if let Some(former) = former.filter(|_| !to_project) {
        changes.push(super::progress(context, former, id, None).await?);
    }
    saving::finish(context, target.entity(), changes).await?;
    Ok(Answer::json(
        acting::status(context),
        &json!({ "success": true }),
    ))
}
