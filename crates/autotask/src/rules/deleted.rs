//! The log of what was deleted from tickets and tasks: time entries and attachments. Notes cannot be deleted.

use super::super::answer::Trouble;
use super::super::tenant::Tenant;
use bitting_catalog::entity::Entity;
use bitting_psa::moment::time;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;

/// What is logged where: whose column says what the row was of, its entity, its number, and the log.
const LOGS: [(&str, &str, &str, &str); 2] = [
    (
        "ticket_id",
        "Tickets",
        "ticket_number",
        "DeletedTicketActivityLogs",
    ),
    ("task_id", "Tasks", "task_number", "DeletedTaskActivityLogs"),
];
/// Records in between: an attachment of a note, or of a time entry, is one of the ticket's.
const BETWEEN: [(&str, &str); 3] = [
    ("ticket_note_id", "TicketNotes"),
    ("task_note_id", "TaskNotes"),
    ("time_entry_id", "TimeEntries"),
];
/// Values of `typeID`.
const TIME: i64 = 2;
const ATTACHMENT: i64 = 3;

/// Adds the log's row to the deletion of a time entry or an attachment.
pub async fn log(
    tenant: &Tenant,
    by: i64,
    entity: &Entity,
    row: &Row,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    let kind = match &*entity.path {
        "TimeEntries" => TIME,
        path if super::attachments::is_one(path) => ATTACHMENT,
        _ => return Ok(()),
    };
    let mut behind = None;
    for (column, path) in BETWEEN {
        if let (Some(id), Some(listing)) = (row.integer(column), tenant.catalog().entity_at(path)) {
            behind = behind.or(tenant.backend.raw_row(listing, id).await?);
        }
    }
    for (column, path, number, log) in LOGS {
        let of = row.integer(column);
        let of = of.or_else(|| behind.as_ref().and_then(|behind| behind.integer(column)));
        let (Some(of), Some(listing), Some(log)) = (
            of,
            tenant.catalog().entity_at(path),
            tenant.catalog().entity_at(log),
        ) else {
            continue;
        };
        let holder = tenant.backend.raw_row(listing, of).await?;
        let number_of = holder.as_ref().and_then(|holder| holder.text(number));
        let first = |columns: &[&str]| {
            let held = columns.iter().map(|column| row.get(column));
            let mut held = held.filter(|value| !matches!(value, Value::Null));
            held.next().cloned().unwrap_or(Value::Null)
        };
        let done = ["date_worked", "attach_date", "create_date_time"];
        let from = first(&[&["start_date_time"], &done[..]].concat());
        let mut line = Row::new(tenant.backend.store.next_id(&log.table).await?);
        line.set(column, Value::Integer(of));
        line.set_text(number, number_of.unwrap_or_default());
        line.set("type_id", Value::Integer(kind));
        line.set_text("note_or_attachment_title", row.text("title").unwrap_or(""));
        let activity = first(&["create_date_time", "attach_date", "date_worked"]);
        line.set("activity_date_time", activity);
        line.set("start_date_time", from.clone());
        let until = match row.get("end_date_time") {
            Value::Null => from,
            end => end.clone(),
        };
        line.set("end_date_time", until);
        let hours = row.number("hours_worked").unwrap_or_default();
        line.set("hours_worked", Value::Number(hours));
        let maker = first(&["creator_user_id", "attached_by_resource_id", "resource_id"]);
        line.set("created_by_resource_id", maker);
        line.set("deleted_by_resource_id", Value::Integer(by));
        line.set_text("deleted_date_time", time(tenant.now()));
        changes.push(Change::Insert {
            table: log.table.clone(),
            id: line.id,
            values: line.into_values(),
        });
    }
    Ok(())
}
