//! Notes of a ticket: what a note needs, what it does to its ticket, and the list that shows them together
//! with the notes of time entries.

use crate::paths::service::TICKETS;
use crate::related::{self, text};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::moment::time;
use bitting_psa::permit::{Permit, authorize, pass_through};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value};
use bitting_store::table::Change;

const NOTES: &str = "service/tickets/notes";
const TIME: &str = "time/entries";
const FLAGS: [&str; 3] = [
    "detailDescriptionFlag",
    "internalAnalysisFlag",
    "resolutionFlag",
];

/// Fills in and checks a note; its ticket is touched with it.
pub fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let said = draft
        .text("text")
        .is_some_and(|text| !text.trim().is_empty());
    if !said && !related::wrong(draft, "text") {
        draft
            .errors
            .push(FieldError::missing(&draft.resource, "text"));
    }
    if !FLAGS.iter().any(|flag| draft.flag(flag)) {
        draft.set(FLAGS[0], Value::Boolean(true));
    }
    let internal = draft.flag("internalAnalysisFlag");
    draft.set("internalFlag", Value::Boolean(internal));
    let external = draft.flag("detailDescriptionFlag") || draft.flag("resolutionFlag");
    draft.set("externalFlag", Value::Boolean(external));
    if !draft.is_new() {
        return Ok(());
    }
    draft.set("dateCreated", text(time(context.now)));
    draft.set("createdBy", text(&*context.caller.identifier));
    if draft.is_null("contact") && !context.caller.is_operator() {
        draft.default("member", Value::Integer(context.caller.member));
    }
    let Some(ticket) = draft.integer("ticketId") else {
        return Ok(());
    };
    let mut values = Vec::new();
    if draft.flag("customerUpdatedFlag") || !draft.is_null("contact") {
        values.push(("customer_updated_flag", Value::Boolean(true)));
    }
    draft
        .also
        .push(related::update(context, TICKETS, ticket, &values)?);
    Ok(())
}

/// The changes that add a note to a ticket that is being created.
pub async fn insert(
    context: Context<'_>,
    ticket: &Draft<'_>,
    flag: &str,
    said: String,
    node: Option<i64>,
) -> Result<Vec<Change>, Problem> {
    let member = if context.caller.is_operator() {
        Value::Null
    } else {
        Value::Integer(context.caller.member)
    };
    let internal = flag == "internalAnalysisFlag";
    let values = [
        ("ticketId", Value::Integer(ticket.row.id)),
        ("text", text(said)),
        (flag, Value::Boolean(true)),
        ("internalFlag", Value::Boolean(internal)),
        ("externalFlag", Value::Boolean(!internal)),
        ("member", member),
        ("dateCreated", text(time(context.now))),
        ("createdBy", text(&*context.caller.identifier)),
    ];
    let id = related::next_id(context.instance, NOTES).await?;
    related::insert(context, NOTES, id, &values, node).await
}

/// Notes of a ticket, of tickets merged into it, and of time entries as far as the caller may see those.
pub async fn all(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let Some(ticket) = context.parents.last().copied() else {
        return Ok(Vec::new());
    };
    let entity = permit.entity();
    let column = |name: &str| entity.any_field(name).map(|field| &*field.column);
    let set = |row: &mut Row, name: &str, value: Value| {
        if let Some(column) = column(name) {
            row.set(column, value);
        }
    };
    let instance = context.instance;
    // Of merged tickets only those that the caller sees: the parent may stand on another board.
    let tickets = related::entity(instance, TICKETS)?;
    let merged = equals(
        "merged_parent_ticket_id",
        Kind::Integer,
        Value::Integer(ticket),
    );
    let sight = pass_through(context.caller, tickets);
    let merged = instance
        .backend
        .rows(&sight, merged, Vec::new(), None)
        .await?;
    let mut rows = Vec::new();
    for (of, merged) in
        std::iter::once((ticket, false)).chain(merged.iter().map(|row| (row.id, true)))
    {
        for mut row in related::under(instance, NOTES, "ticket_id", of).await? {
            let (author, created) = (
                row.get("created_by").clone(),
                row.get("date_created").clone(),
            );
            set(&mut row, "noteType", text("TicketNote"));
            set(&mut row, "ticket", Value::Integer(ticket));
            set(&mut row, "originalAuthor", author);
            set(&mut row, "timeStart", created);
            set(&mut row, "mergedFlag", Value::Boolean(merged));
            rows.push(row);
        }
    }
    let node = related::one(instance, TICKETS, ticket)
        .await?
        .map_or(Value::Null, |row| row.get(SCOPE).clone());
    for row in &mut rows {
        row.set(SCOPE, node.clone());
    }
    let time = related::entity(instance, TIME)?;
    let grounds = instance.backend.grounds();
    let Ok(permit) = authorize(
        grounds,
        context.caller,
        time,
        &time.right.needs,
        Verb::Inquire,
    ) else {
        return Ok(rows);
    };
    let Some(of) = time.any_field("ticket").map(|field| field.column.clone()) else {
        return Ok(rows);
    };
    let filter = equals(&of, Kind::Integer, Value::Integer(ticket));
    for entry in instance
        .backend
        .rows(&permit, filter, Vec::new(), None)
        .await?
    {
        if entry.is_null("notes") {
            continue;
        }
        let mut row = Row::new(entry.id);
        for (name, column) in [
            ("text", "notes"),
            ("timeStart", "time_start"),
            ("timeEnd", "time_end"),
            ("member", "member_id"),
            ("detailDescriptionFlag", "add_to_detail_description_flag"),
            ("internalAnalysisFlag", "add_to_internal_analysis_flag"),
            ("resolutionFlag", "add_to_resolution_flag"),
            ("originalAuthor", "entered_by"),
        ] {
            set(&mut row, name, entry.get(column).clone());
        }
        set(&mut row, "noteType", text("TimeEntryNote"));
        set(&mut row, "ticket", Value::Integer(ticket));
        row.set(SCOPE, node.clone());
        for column in ["entered_by", "date_entered", "updated_by", "last_updated"] {
            row.set(column, entry.get(column).clone());
        }
        rows.push(row);
    }
    Ok(rows)
}
