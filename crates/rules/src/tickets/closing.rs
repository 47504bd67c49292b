//! What follows from a ticket's status: whether it is closed, since when and by whom, and who may do that.

use super::service_level;
use crate::paths::service::STATUSES;
use crate::related;
use bitting_catalog::entity::Entity;
use bitting_policy::{Verb, Why};
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::moment::time;
use bitting_psa::permit::authorize;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;

/// Sets the closed flag, date and name, and the milestones of the service level.
pub async fn follow(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(status) = draft.integer("status") else {
        return Ok(());
    };
    let Some(status) = related::one(context.instance, STATUSES, status).await? else {
        return Ok(());
    };
    let closed = status.flag("closed_status");
    let was = draft
        .before
        .as_ref()
        .is_some_and(|before| before.flag("closed_flag"));
    if closed || was {
        may_close(context, draft.entity, draft.before.as_ref()).await?;
    }
    let now = Value::Text(time(context.now));
    draft.set("closedFlag", Value::Boolean(closed));
    if closed && !was {
        draft.set("closedDate", now.clone());
        draft.set(
            "closedBy",
            Value::Text(context.caller.identifier.to_string()),
        );
    } else if !closed {
        draft.set("closedDate", Value::Null);
        draft.set("closedBy", Value::Null);
    }
    let waited = match draft
        .before
        .as_ref()
        .and_then(|row| row.integer("status_id"))
    {
        Some(before) if before == status.id => service_level::waits(&status),
        Some(before) => related::one(context.instance, STATUSES, before)
            .await?
            .is_some_and(|status| service_level::waits(&status)),
        None => false,
    };
    let waits = service_level::waits(&status);
    let level = service_level::of(context, draft).await?;
    let minutes = level.taken(context, draft, waited);
    level.turn(context, draft, waited, waits);
    milestones(context, draft, &status, closed, minutes);
    level.show(context, draft, waits);
    Ok(())
}

/// Closing a ticket, opening it again and changing a closed one ask for a row of their own.
pub async fn may_close(
    context: Context<'_>,
    entity: &Entity,
    before: Option<&Row>,
) -> Result<(), Problem> {
    let Some(right) = entity.extra_rights.get("close") else {
        return Ok(());
    };
    let (backend, role) = (&context.instance.backend, &context.caller.role.name);
    let permit = authorize(
        backend.grounds(),
        context.caller,
        entity,
        &right.needs,
        Verb::Edit,
    )
    .map_err(|denial| denial.by(role))?;
    // Level My closes the caller's own tickets; one being made is the caller's own.
    if let Some(before) = before.filter(|_| permit.mine())
        && backend.row(&permit, before.id).await?.is_none()
    {
        return Err(permit
            .refuse(backend.grounds(), Why::Ownership)
            .by(role)
            .into());
    }
    Ok(())
}

/// When a ticket was responded to, planned and resolved: each once, when a status that says so is reached.
fn milestones(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    status: &Row,
    closed: bool,
    minutes: i64,
) {
    let reached = match status.text("escalation_status") {
        _ if closed => 3,
        Some("Resolved") => 3,
        Some("ResolutionPlan") => 2,
        Some("Responded") => 1,
        _ => 0,
    };
    let steps = [
        ("dateResponded", "respondMinutes", "respondedBy"),
        ("dateResplan", "resPlanMinutes", "resplanBy"),
        ("dateResolved", "resolveMinutes", "resolvedBy"),
    ];
    for (index, (date, taken, by)) in steps.into_iter().enumerate() {
        if index >= reached {
            // A ticket that is open again is not resolved.
            if index == 2 {
                for name in [date, taken, by] {
                    draft.set(name, Value::Null);
                }
            }
        } else if draft.is_null(date) {
            draft.set(date, Value::Text(time(context.now)));
            draft.set(taken, Value::Integer(minutes));
            draft.set(by, Value::Text(context.caller.identifier.to_string()));
        }
    }
}
