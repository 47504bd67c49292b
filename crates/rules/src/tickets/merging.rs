//! Tickets that become one, hang under one another, or are made after another's model.

use super::closing;
use crate::acting;
use crate::circles;
use crate::paths::service::{STATUSES, TICKETS};
use crate::related::{self, id as maybe, text};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::{body::json, names};
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use serde_json::json;

/// `/merge` and `/attachChildren`: both name other tickets in a list.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let parent = id.ok_or_else(ApiError::no_endpoint)?;
    let merge = context.route.rule.as_deref() == Some("merge_ticket");
    let (schema, list) = if merge {
        ("TicketMerge", "mergeTicketIds")
    } else {
        ("TicketBundle", "childTicketIds")
    };
    let members = related::object(body, schema)?;
    let resource = names::resource(schema);
    let ids: Vec<i64> = related::member(&members, list)
        .and_then(|value| value.as_array())
        .map(|ids| ids.iter().filter_map(related::number).collect())
        .unwrap_or_default();
    if ids.is_empty() {
        return Err(Problem::field(
            &resource,
            FieldError::missing(&resource, list),
        ));
    }
    let above = seen(context, permit, parent).await?;
    let status = if merge {
        Some(status(context, &members, &resource).await?)
    } else {
        None
    };
    let mut changes = Vec::new();
    for child in ids {
        if child == parent {
            let message = format!("Ticket {child} cannot go into itself.");
            let error = FieldError::invalid(&resource, list, message);
            return Err(Problem::field(&resource, error));
        }
        let row = seen(context, permit, child).await?;
        if let Some(message) = tangled(context, permit, &above, &row, merge).await? {
            let error = FieldError::invalid(&resource, list, message);
            return Err(Problem::field(&resource, error));
        }
        let mut draft = Draft::changing(permit.entity(), row);
        if let Some(status) = &status {
            merged(context, &mut draft, parent, status).await?;
        } else {
            draft.set("parentTicketId", Value::Integer(parent));
            super::parent(context, &mut draft).await?;
        }
        changes.extend(saving::settle(context, permit, &mut draft).await?);
    }
    if merge {
        let mut draft = Draft::changing(permit.entity(), above);
        draft.set("hasMergedChildTicketFlag", Value::Boolean(true));
        changes.extend(saving::settle(context, permit, &mut draft).await?);
    }
    saving::finish(context, permit.entity(), changes).await?;
    Ok(Answer::json(200, &json!({ "success": true })))
}

/// Why a ticket cannot go into another, or under it: one of them went into a third already, or the other hangs
/// under the one that is to go.
async fn tangled(
    context: Context<'_>,
    permit: &Permit<'_>,
    above: &Row,
    child: &Row,
    merge: bool,
) -> Result<Option<String>, Problem> {
    for row in [above, child].into_iter().filter(|_| merge) {
        if let Some(into) = row.integer("merged_parent_ticket_id") {
            return Ok(Some(format!("Ticket {} went into {into} already.", row.id)));
        }
    }
    let (entity, column) = (permit.entity(), "parent_ticket_id");
    let under = circles::is_above(context, entity, column, above.id, child.id).await?;
    Ok(under.then(|| format!("Ticket {} hangs under {} itself.", above.id, child.id)))
}

/// A ticket that the caller may do this to.
async fn seen(context: Context<'_>, permit: &Permit<'_>, id: i64) -> Result<Row, Problem> {
    let row = context.instance.backend.row(permit, id).await?;
    let schema = &permit.entity().schema;
    row.ok_or_else(|| ApiError::not_found(schema, &id.to_string()).into())
}

/// The status that merged tickets get.
async fn status(
    context: Context<'_>,
    members: &serde_json::Map<String, serde_json::Value>,
    resource: &str,
) -> Result<Row, Problem> {
    let id = related::member(members, "status")
        .and_then(|status| status.as_object())
        .and_then(|status| related::member(status, "id"))
        .and_then(related::number);
    let Some(id) = id else {
        let mut error = FieldError::missing(resource, "status");
        "The status/id field is required.".clone_into(&mut error.message);
        return Err(Problem::field(resource, error));
    };
    let found = related::one(context.instance, STATUSES, id).await?;
    found.ok_or_else(|| {
        let message = format!("Service Status {id} not found");
        Problem::field(
            resource,
            FieldError::not_found(resource, "status/id", message),
        )
    })
}

/// A ticket that goes into another one, with the status it gets there.
async fn merged(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    parent: i64,
    status: &Row,
) -> Result<(), Problem> {
    let board = draft.integer("board");
    if status.integer("board_id") != board {
        let message = format!(
            "Service Status {} not found for Service Board {}",
            status.id,
            board.unwrap_or_default()
        );
        let error = FieldError::not_found("ticket", "status/id", message);
        return Err(Problem::field("ticket", error));
    }
    draft.set("mergedParentTicket", Value::Integer(parent));
    draft.set("status", Value::Integer(status.id));
    closing::follow(context, draft).await
}

/// What a copy does not take over: the story of the ticket it was made from.
const OWN: [&str; 20] = [
    "resources",
    "closedFlag",
    "closedDate",
    "closedBy",
    "dateResolved",
    "dateResplan",
    "dateResponded",
    "resolveMinutes",
    "resPlanMinutes",
    "respondMinutes",
    "respondedBy",
    "resplanBy",
    "resolvedBy",
    "actualHours",
    "hasChildTicket",
    "hasMergedChildTicketFlag",
    "mergedParentTicket",
    "parentTicketId",
    "customerUpdatedFlag",
    "mobileGuid",
];

/// A new ticket after the model of another; its body may name another summary.
pub async fn copy(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let from = id.ok_or_else(ApiError::no_endpoint)?;
    let entity = permit.entity();
    let mut row = seen(context, &permit.reading(), from).await?;
    row.id = related::next_id(context.instance, TICKETS).await?;
    let mut draft = Draft::new(entity, row);
    for name in OWN {
        draft.set(name, Value::Null);
    }
    bitting_psa::saving::fill_defaults(&mut draft);
    if !body.is_empty()
        && let Some(summary) = related::member(&json::object(body, &entity.schema)?, "summary")
        && let Some(summary) = summary.as_str()
    {
        draft.set("summary", text(summary));
    }
    if let Some(board) = draft.integer("board") {
        let status = super::status(context, board).await?;
        draft.set("status", maybe(status));
    }
    super::assigning::follow(context, &mut draft).await?;
    let changes = saving::settle(context, permit, &mut draft).await?;
    saving::finish(context, entity, changes).await?;
    acting::shown(context, &permit.reading(), draft.row.id).await
}
