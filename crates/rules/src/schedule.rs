//! Schedule entries: who is to be where and when, for which ticket or activity, and how tickets show it.
//!
//! A ticket's `resources` are the members of its entries, in the order in which they were scheduled; an entry
//! that says it owns the ticket makes its member the owner. Members are scheduled on tickets of a project
//! when they are on its team; an entry may put them there.

use super::projects;
use super::related::{self, text};
use crate::acting;
use crate::paths;
use crate::paths::schedule::ENTRIES;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::moment;
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_psa::{placement, saving};
use bitting_query::Value;
use bitting_store::table::Change;
use jiff::Timestamp;

const TYPES: &str = "schedule/types";
const STATUSES: &str = "schedule/statuses";
/// Days of an entry that are shown one by one.
const MOST_DAYS: usize = 1_000;
/// Between the ids of an entry's days; no entry has an id so high.
const BEYOND: i64 = 1_000_000_000;
const TICKETS: &str = paths::service::TICKETS;

/// What the types of entries are about, by the names that come with the product, and by their letters.
const ABOUT: [(&str, &str, &str); 3] = [
    ("Service", "S", "service/tickets"),
    ("Project Ticket", "P", "project/tickets"),
    ("Sales", "C", "sales/activities"),
];

/// The entity that entries of a type are about; `None` for those about nothing but time (a holiday).
async fn about(context: Context<'_>, kind: Option<i64>) -> Result<Option<&'static str>, Problem> {
    let Some(kind) = kind else {
        return Ok(None);
    };
    let Some(kind) = related::one(context.instance, TYPES, kind).await? else {
        return Ok(None);
    };
    let (name, letter) = (kind.text("name"), kind.text("identifier"));
    let named = ABOUT.iter().find(|(of, ..)| name == Some(*of));
    let found = named.or_else(|| ABOUT.iter().find(|(_, of, _)| letter == Some(*of)));
    Ok(found.map(|(_, _, path)| *path))
}

/// The type of entries that are about records of this path, as set-up has it.
pub async fn type_about(context: Context<'_>, path: &str) -> Result<Option<i64>, Problem> {
    for kind in related::all(context.instance, TYPES).await? {
        if about(context, Some(kind.id)).await? == Some(path) {
            return Ok(Some(kind.id));
        }
    }
    Ok(None)
}

/// The status that an entry begins with: the default of set-up.
pub async fn first_status(context: Context<'_>) -> Result<Option<i64>, Problem> {
    let rows = related::all(context.instance, STATUSES).await?;
    let marked = rows.iter().find(|row| row.flag("default_flag"));
    Ok(marked.map(|row| row.id))
}

/// The entries of a ticket.
pub async fn of(context: Context<'_>, ticket: i64) -> Result<Vec<Row>, Problem> {
    let mut entries = Vec::new();
    for row in related::under(context.instance, ENTRIES, "object_id", ticket).await? {
        if of_ticket(context, &row).await? == Some(ticket) {
            entries.push(row);
        }
    }
    Ok(entries)
}

/// Fills in an entry, and checks what it is about.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if draft.is_new() && !context.caller.is_operator() {
        draft.default("member", Value::Integer(context.caller.member));
    }
    times(draft);
    let Some(path) = about(context, draft.integer("type")).await? else {
        return Ok(());
    };
    if path == "project/tickets" {
        may_schedule(context, draft.entity, draft.is_new())?;
    }
    let Some(id) = draft.integer("objectId") else {
        return Ok(());
    };
    let entity = related::entity(context.instance, path)?;
    let Some(row) = related::seen(context, entity, id).await? else {
        if draft.changed("objectId") || draft.changed("type") {
            let message = format!("{} {id} not found", entity.schema);
            let error = FieldError::not_found(&draft.resource, "objectId", message);
            draft.errors.push(error);
        }
        return Ok(());
    };
    let leads = draft.flag("ownerFlag") && row.integer("owner_id") != draft.integer("member");
    let now = ["ownerFlag", "member", "objectId", "type"];
    if leads && path.ends_with("/tickets") && now.into_iter().any(|name| draft.changed(name)) {
        // To give a ticket another owner is to change the ticket.
        related::open_to(context, path, Verb::Edit, id).await?;
    }
    let name = row.text("summary").or(row.text("name")).unwrap_or_default();
    draft.default("name", text(name));
    draft.default("where", row.get("service_location_id").clone());
    if path == "project/tickets" && (draft.is_new() || draft.changed("member")) {
        projects::team::on_the_team(context, draft, &row).await?;
    }
    Ok(())
}

/// Entries of projects take the row for scheduling there.
fn may_schedule(context: Context<'_>, entity: &Entity, new: bool) -> Result<(), Problem> {
    let Some(right) = entity.extra_rights.get("project") else {
        return Ok(());
    };
    let verb = if new { Verb::Add } else { Verb::Edit };
    let grounds = context.instance.backend.grounds();
    authorize(grounds, context.caller, entity, &right.needs, verb)
        .map(|_| ())
        .map_err(|denial| denial.by(&context.caller.role.name).into())
}

/// From start to end, and the hours between where nobody says how many it takes.
fn times(draft: &mut Draft<'_>) {
    let at = |draft: &Draft<'_>, name: &str| {
        draft
            .text(name)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let (Some(start), Some(end)) = (at(draft, "dateStart"), at(draft, "dateEnd")) else {
        return;
    };
    if end < start {
        let message = "dateEnd lies before dateStart.";
        let error = FieldError::invalid(&draft.resource, "dateEnd", message);
        draft.errors.push(error);
        return;
    }
    let said = draft.gave("hours") && !draft.is_null("hours");
    if !said && (draft.changed("dateStart") || draft.changed("dateEnd")) {
        let hours = (end.as_second() - start.as_second()) as f64 / 3600.0;
        draft.set(
            "hours",
            Value::Number(bitting_psa::number::hundredths(hours)),
        );
    }
}

/// The tickets that the entry is and was about show who is scheduled.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let before = draft.before.clone();
    let mut tickets = Vec::new();
    for row in before.iter().chain(std::iter::once(&draft.row)) {
        if let Some(ticket) = of_ticket(context, row).await?
            && !tickets.contains(&ticket)
        {
            tickets.push(ticket);
        }
    }
    for ticket in tickets {
        let changes = shown(context, ticket, Some(&draft.row), draft.row.id).await?;
        draft.also.extend(changes);
    }
    Ok(())
}

/// An entry that goes takes its member off the ticket.
pub async fn delete(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    if about(context, row.integer("type_id")).await? == Some("project/tickets")
        && let Some(right) = entity.extra_rights.get("project")
    {
        let grounds = context.instance.backend.grounds();
        authorize(grounds, context.caller, entity, &right.needs, Verb::Delete)
            .map_err(|denial| denial.by(&context.caller.role.name))?;
    }
    if let Some(ticket) = of_ticket(context, row).await? {
        also.extend(shown(context, ticket, None, row.id).await?);
    }
    Ok(())
}

/// The ticket that an entry is about.
async fn of_ticket(context: Context<'_>, row: &Row) -> Result<Option<i64>, Problem> {
    let path = about(context, row.integer("type_id")).await?;
    Ok(path
        .filter(|path| path.ends_with("/tickets"))
        .and(row.integer("object_id")))
}

/// The changes that show on a ticket who is scheduled: the entries at rest, this one as it will be, or gone.
async fn shown(
    context: Context<'_>,
    ticket: i64,
    own: Option<&Row>,
    id: i64,
) -> Result<Vec<Change>, Problem> {
    let instance = context.instance;
    let Some(row) = related::one(instance, TICKETS, ticket).await? else {
        return Ok(Vec::new());
    };
    let mut entries = related::under(instance, ENTRIES, "object_id", ticket).await?;
    entries.retain(|row| row.id != id);
    entries.extend(own.cloned());
    entries.sort_by_key(|row| row.id);
    let mut names: Vec<String> = Vec::new();
    let mut owner = None;
    for entry in &entries {
        if of_ticket(context, entry).await? != Some(ticket) {
            continue;
        }
        let Some(member) = entry.integer("member_id") else {
            continue;
        };
        if entry.flag("owner_flag") && own.is_some_and(|own| own.id == entry.id) {
            owner = Some(member);
        }
        let row = super::members::member_row(instance, member).await?;
        if let Some(name) = row.and_then(|row| row.text("identifier").map(str::to_owned))
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    let path = match row.text("record_type") {
        Some("ProjectTicket" | "ProjectIssue") => "project/tickets",
        _ => TICKETS,
    };
    let mut draft = Draft::changing(related::entity(instance, path)?, row);
    let names = Some(names.join(", ")).filter(|names| !names.is_empty());
    draft.set("resources", names.map_or(Value::Null, text));
    if let Some(owner) = owner {
        draft.set("owner", Value::Integer(owner));
    }
    if draft.before.as_ref() == Some(&draft.row) {
        return Ok(Vec::new());
    }
    // Whose the ticket is follows from who is scheduled.
    placement::own(instance, context.caller, &mut draft).await?;
    super::time::sheets::changed(context, draft).await
}

/// `DELETE /entries/{id}/{notifyResource}`: nobody is written to here, so the word changes nothing.
pub async fn remove(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let id = context.words.first().and_then(|word| word.parse().ok());
    let id: i64 = id.ok_or_else(|| {
        let word = context.words.first().copied().unwrap_or_default();
        ApiError::not_found(&permit.entity().schema, word)
    })?;
    let below = Context {
        parents: &[],
        ..context
    };
    saving::delete(below, permit, id).await?;
    Ok(Answer::empty(acting::status(context)))
}

/// The appointments of the entry in the path: one for each day that it takes.
pub async fn details(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let id = context.parents.first().copied().unwrap_or_default();
    let Some(entry) = related::one(context.instance, ENTRIES, id).await? else {
        return Ok(Vec::new());
    };
    let at = |column: &str| -> Option<Timestamp> { entry.text(column)?.parse().ok() };
    let (Some(mut from), Some(end)) = (at("date_start"), at("date_end")) else {
        return Ok(Vec::new());
    };
    let mut details = Vec::new();
    while from < end && details.len() < MOST_DAYS {
        let midnight = from
            .to_zoned(jiff::tz::TimeZone::UTC)
            .tomorrow()
            .and_then(|day| day.start_of_day())
            .map_or(end, |day| day.timestamp());
        let to = midnight.min(end);
        // Counted within the entry: the first has the entry's own id, as an entry of one day has one only.
        let number = i64::try_from(details.len()).unwrap_or_default();
        let mut draft = Draft::new(permit.entity(), Row::new(id + number * BEYOND));
        draft.set("scheduleEntry", Value::Integer(id));
        draft.set("dateStart", text(moment::time(from)));
        draft.set("dateEnd", text(moment::time(to)));
        draft.set("member", entry.get("member_id").clone());
        if let Some(parent) = permit.entity().parents.last() {
            draft.row.set(&parent.column, Value::Integer(id));
        }
        details.push(draft.row);
        from = to;
    }
    Ok(details)
}
