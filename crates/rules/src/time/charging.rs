//! What time and expenses are charged to: looked up among what the caller sees, and what it lends the entry.

use super::super::related::{self, id, text};
use crate::paths;
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;

const CHARGE_CODES: &str = "time/chargeCodes";
const WORK_TYPES: &str = "time/workTypes";
const TYPES: &str = "finance/agreements/types";

/// What an entry can be charged to, where that is, and the field that shows it as a link.
const CHARGED: [(&str, &str, Option<&str>); 5] = [
    ("ServiceTicket", "service/tickets", Some("ticket")),
    ("ProjectTicket", "project/tickets", Some("ticket")),
    ("Company", "company/companies", Some("company")),
    ("Activity", "sales/activities", Some("activity")),
    ("ChargeCode", CHARGE_CODES, None),
];

/// Works out what an entry is charged to that names a ticket, an activity or a company by its link alone.
pub async fn infer(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.is_new() || !draft.is_null("chargeToId") {
        if draft.is_null("chargeToType") && !draft.is_null("chargeToId") {
            draft.set("chargeToType", text("ServiceTicket"));
        }
        return Ok(());
    }
    for name in ["ticket", "activity", "company"] {
        let Some(to) = draft.integer(name) else {
            continue;
        };
        let kind = match name {
            "ticket" => {
                let row = related::one(context.instance, paths::service::TICKETS, to).await?;
                let service =
                    row.is_some_and(|row| row.text("record_type") == Some("ServiceTicket"));
                if service {
                    "ServiceTicket"
                } else {
                    "ProjectTicket"
                }
            }
            "activity" => "Activity",
            _ => "Company",
        };
        draft.set("chargeToId", Value::Integer(to));
        draft.set("chargeToType", text(kind));
        return Ok(());
    }
    Ok(())
}

/// Looks up what the entry is charged to and takes over what it says; the caller's own words go first.
pub async fn charge(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let (Some(to), Some(kind)) = (draft.integer("chargeToId"), draft.text("chargeToType")) else {
        return Ok(());
    };
    let kind = kind.to_owned();
    let Some((_, path, link)) = CHARGED.iter().find(|(name, ..)| *name == kind) else {
        return Ok(());
    };
    let entity = related::entity(context.instance, path)?;
    let Some(row) = related::seen(context, entity, to).await? else {
        let message = format!("{} {to} not found", entity.schema);
        let error = FieldError::not_found(&draft.resource, "chargeToId", message);
        draft.errors.push(error);
        return Ok(());
    };
    // The link to what it was charged to before does not stay.
    for (_, _, other) in CHARGED {
        if let Some(other) = other.filter(|other| *other != "company") {
            draft.set(other, Value::Null);
        }
    }
    if let Some(link) = link {
        draft.set(link, Value::Integer(to));
    }
    for (field, column) in [
        ("company", "company_id"),
        ("agreement", "agreement_id"),
        ("workType", "work_type_id"),
        ("workRole", "work_role_id"),
        ("locationId", "location_id"),
        ("businessUnitId", "department_id"),
        ("project", "project_id"),
        ("phase", "phase_id"),
    ] {
        let said = draft.gave(field) && !draft.is_null(field);
        let lent = row.get(column).clone();
        if !said && lent != Value::Null {
            draft.set(field, lent);
        } else if !said && ["project", "phase"].contains(&field) {
            draft.set(field, Value::Null);
        }
    }
    if *link == Some("ticket") {
        from_ticket(context, draft, &row).await?;
    }
    names(context, draft).await
}

/// What a ticket's entries show of it; a status may take no time.
async fn from_ticket(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    ticket: &Row,
) -> Result<(), Problem> {
    let label = async |path: &str, column: &str| -> Result<Option<Row>, Problem> {
        match ticket.integer(column) {
            Some(id) => related::one(context.instance, path, id).await,
            None => Ok(None),
        }
    };
    let named = |row: &Option<Row>| {
        row.as_ref()
            .map_or(Value::Null, |row| row.get("name").clone())
    };
    let status = label(paths::service::STATUSES, "status_id").await?;
    if let Some(status) = status
        .as_ref()
        .filter(|row| row.flag("time_entry_not_allowed"))
    {
        let message = format!(
            "Ticket {} takes no time while its status is {}.",
            ticket.id,
            status.text("name").unwrap_or_default()
        );
        let error = FieldError::invalid(&draft.resource, "chargeToId", message);
        draft.errors.push(error);
    }
    let board = label(paths::service::BOARDS, "board_id").await?;
    let kind = label("service/boards/types", "type_id").await?;
    let sub = label("service/boards/subtypes", "sub_type_id").await?;
    for (field, value) in [
        ("ticketBoard", named(&board)),
        ("ticketStatus", named(&status)),
        ("ticketType", named(&kind)),
        ("ticketSubType", named(&sub)),
    ] {
        draft.set(field, value);
    }
    Ok(())
}

/// What the member brings where nothing else says: its place, its role and its kind of work; then the kind
/// of work that set-up marks.
pub async fn from_member(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if let Some(member) = draft.integer("member")
        && let Some(row) = super::super::members::member_row(context.instance, member).await?
    {
        for (field, column) in [
            ("workRole", "work_role_id"),
            ("workType", "work_type_id"),
            ("locationId", "default_location_id"),
            ("businessUnitId", "default_department_id"),
        ] {
            draft.default(field, row.get(column).clone());
        }
    }
    if draft.is_null("workType") && draft.column("workType").is_some() {
        let activity = draft.text("chargeToType") == Some("Activity");
        let rows = related::all(context.instance, WORK_TYPES).await?;
        let marked = |flag: &str| {
            rows.iter()
                .find(|row| row.flag(flag) && !row.flag("inactive_flag"))
        };
        let found = marked("activity_default_flag").filter(|_| activity);
        let found = found.or_else(|| marked("overall_default_flag"));
        draft.set("workType", id(found.map(|row| row.id)));
    }
    names(context, draft).await
}

/// Names that entries show beside their links.
async fn names(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let place = match draft.integer("locationId") {
        Some(id) => related::one(context.instance, "system/locations", id).await?,
        None => None,
    };
    draft.set(
        "locationName",
        place.map_or(Value::Null, |row| row.get("name").clone()),
    );
    let kind = match draft.integer("agreement") {
        Some(id) => related::one(context.instance, "finance/agreements", id).await?,
        None => None,
    };
    let kind = match kind.and_then(|row| row.integer("type_id")) {
        Some(id) => related::one(context.instance, TYPES, id).await?,
        None => None,
    };
    draft.set(
        "agreementType",
        kind.map_or(Value::Null, |row| row.get("name").clone()),
    );
    Ok(())
}
