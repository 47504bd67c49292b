//! Tickets that become one, hang under one another, or are made after another's model.

use super::{STATUSES, TICKETS, closing};
use crate::backend::Look;
use crate::draft::Draft;
use crate::permit::Permit;
use crate::problem::Problem;
use crate::row::Row;
use crate::rules::related::{self, id as maybe, text};
use crate::rules::{Answer, Context};
use crate::saving::time;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::{body::json, names};
use bitting_query::Value;
use bitting_store::table::Change;
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
    seen(context, permit, parent).await?;
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
        let change = if let Some(status) = &status {
            merged(context, permit, &row, parent, status).await?
        } else {
            let values = [("parent_ticket_id", Value::Integer(parent))];
            related::update(context, TICKETS, child, &values)?
        };
        changes.push(change);
    }
    let flag = if merge {
        "has_merged_child_ticket_flag"
    } else {
        "has_child_ticket"
    };
    let values = [(flag, Value::Boolean(true))];
    changes.push(related::update(context, TICKETS, parent, &values)?);
    context.instance.backend.write(changes).await?;
    Ok(Answer::json(200, &json!({ "success": true })))
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

async fn merged(
    context: Context<'_>,
    permit: &Permit<'_>,
    child: &Row,
    parent: i64,
    status: &Row,
) -> Result<Change, Problem> {
    let board = child.integer("board_id");
    if status.integer("board_id") != board {
        let message = format!(
            "Service Status {} not found for Service Board {}",
            status.id,
            board.unwrap_or_default()
        );
        let error = FieldError::not_found("ticket", "status/id", message);
        return Err(Problem::field("ticket", error));
    }
    let closed = status.flag("closed_status");
    if closed || child.flag("closed_flag") {
        closing::may_close(context, permit.entity(), Some(child)).await?;
    }
    let stamp = |value: Value| if closed { value } else { Value::Null };
    let values = [
        ("merged_parent_ticket_id", Value::Integer(parent)),
        ("status_id", Value::Integer(status.id)),
        ("closed_flag", Value::Boolean(closed)),
        ("closed_date", stamp(text(time(context.now)))),
        ("closed_by", stamp(text(&*context.caller.identifier))),
    ];
    related::update(context, TICKETS, child.id, &values)
}

/// What a copy does not take over: the story of the ticket it was made from.
const OWN: [&str; 19] = [
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
    let id = related::next_id(context.instance, TICKETS).await?;
    row.id = id;
    let mut draft = Draft {
        entity,
        row,
        before: None,
        given: Vec::new(),
        also: Vec::new(),
        errors: Vec::new(),
        resource: names::resource(&entity.schema),
    };
    for name in OWN {
        draft.set(name, Value::Null);
    }
    crate::saving::fill_defaults(&mut draft);
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
    let changes = related::inserted(context, draft, None).await?;
    context.instance.backend.write(changes).await?;
    let look = Look {
        view: None,
        projection: None,
        release: context.release,
        base: context.base,
        parents: context.parents,
    };
    let body = context
        .instance
        .backend
        .get(
            &permit.reading(),
            id,
            bitting_query::Filter::Constant(true),
            look,
        )
        .await?
        .ok_or_else(|| ApiError::not_found(&entity.schema, &id.to_string()))?;
    Ok(Answer {
        status: 200,
        body,
        ..Answer::default()
    })
}
