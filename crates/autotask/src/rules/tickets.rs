//! Tickets: their queue, their completion, who may be assigned, and the history of what was changed.

use super::super::answer::Trouble;
use super::super::tenant::Tenant;
use crate::draft::Draft;
use bitting_dialects::autotask::error::Refusal;
use bitting_psa::moment::time;
use bitting_query::Value;
use bitting_store::table::Change;

/// A ticket that is done.
const COMPLETE: i64 = 5;
/// Changes that the history tells of.
const TOLD: [&str; 5] = [
    "status",
    "priority",
    "queueID",
    "assignedResourceID",
    "contractID",
];

/// Queue, completion, sub-issues, and who may work on it in which role.
pub async fn save(tenant: &Tenant, by: i64, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    if draft.before.is_some() {
        draft.ignore("createdByContactID");
    }
    let resource = draft.integer("assignedResourceID");
    let role = draft.integer("assignedResourceRoleID");
    if resource.is_some() != role.is_some() {
        draft.errors.push(
            "When assigning a Resource, you must assign both a assignedResourceID and \
             assignedResourceRoleID."
                .to_owned(),
        );
    }
    if let (Some(resource), Some(role)) = (resource, role)
        && (draft.changes("assignedResourceID") || draft.changes("assignedResourceRoleID"))
        && !super::team::has_role(tenant, resource, role).await?
    {
        draft
            .errors
            .push("assignedResourceID and assignedResourceRoleID are not a valid pair".to_owned());
    }
    super::team::primary(tenant, draft).await?;
    queue(tenant, draft).await?;
    let was_complete = draft
        .before
        .as_ref()
        .is_some_and(|before| before.integer("status") == Some(COMPLETE));
    let is_complete = draft.integer("status") == Some(COMPLETE);
    if is_complete && !was_complete {
        let now = || Value::Text(time(tenant.now()));
        draft.set("completedDate", now());
        draft.set("completedByResourceID", Value::Integer(by));
        draft.default("resolvedDateTime", now());
    } else if !is_complete {
        for name in ["completedDate", "completedByResourceID", "resolvedDateTime"] {
            draft.set(name, Value::Null);
        }
    }
    if let (Some(issue), Some(sub)) = (draft.integer("issueType"), draft.integer("subIssueType")) {
        let list = draft
            .entity
            .fields
            .iter()
            .find(|field| &*field.name == "subIssueType")
            .and_then(|field| field.picklist.clone());
        let fits = list.is_none_or(|list| {
            list.values.iter().any(|value| {
                *value.value == *sub.to_string()
                    && value
                        .parent
                        .as_deref()
                        .is_none_or(|parent| parent == issue.to_string())
            })
        });
        if !fits {
            draft
                .errors
                .push(Refusal::picklist("subIssueType", &sub.to_string()));
        }
    }
    if draft.before.is_none() {
        draft.default("creatorType", Value::Integer(1));
    }
    Ok(())
}

/// Some categories want their tickets to name a queue.
async fn queue(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let touched = draft.before.is_none() || draft.gives("queueID") || draft.gives("ticketCategory");
    let Some(category) = draft.integer("ticketCategory").filter(|_| touched) else {
        return Ok(());
    };
    let Some(listing) = tenant.catalog().entity_at("TicketCategories") else {
        return Ok(());
    };
    let row = tenant.backend.raw_row(listing, category).await?;
    // The queue that a new ticket gets by itself is none that the caller named.
    let named = draft.before.is_some() || draft.gives("queueID");
    let missing = !named || draft.integer("queueID").is_none();
    if missing && row.is_some_and(|row| row.flag("requires_queue")) {
        draft.errors.push("queueID is required".to_owned());
    }
    Ok(())
}

/// Adds a line of history for each change that it tells of.
pub async fn history(
    tenant: &Tenant,
    by: i64,
    draft: &Draft<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    let (Some(before), Some(listing)) =
        (&draft.before, tenant.catalog().entity_at("TicketHistory"))
    else {
        return Ok(());
    };
    let shown = |value: &Value| match value {
        Value::Integer(number) => number.to_string(),
        _ => "none".to_owned(),
    };
    for name in TOLD {
        let Some(column) = draft.column(name) else {
            continue;
        };
        let (old, new) = (before.get(column), draft.row.get(column));
        if old == new {
            continue;
        }
        let text = |text: String| Value::Text(text);
        let mut row =
            bitting_psa::row::Row::new(tenant.backend.store.next_id(&listing.table).await?);
        row.set("action", text(format!("Edited {name}")));
        row.set("date", text(time(tenant.now())));
        row.set(
            "detail",
            text(format!("{name}: {} -> {}", shown(old), shown(new))),
        );
        row.set("resource_id", Value::Integer(by));
        row.set("ticket_id", Value::Integer(draft.row.id));
        changes.push(Change::Insert {
            table: listing.table.clone(),
            id: row.id,
            values: row.into_values(),
        });
    }
    Ok(())
}
