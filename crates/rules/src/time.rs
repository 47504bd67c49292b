//! Time entries: what they are charged to, how long they took, what they cost, what they are billed at, which
//! sheet they stand on, and who may say so.

pub mod charging;
pub mod coverage;
pub mod cycles;
pub mod periods;
pub mod pricing;
pub mod sheets;
pub mod verbs;

use super::related;
use crate::paths;
use crate::paths::time::ENTRIES;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_policy::{Verb, Why};
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::permit::authorize;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;
use jiff::Timestamp;

/// States in which an entry's money is settled: nothing of it changes any more.
const SETTLED: [&str; 3] = ["Billed", "WrittenOff", "BilledAgreement"];

/// Fields from which an entry's rate, cost and cover are worked out.
const PRICED_BY: [&str; 11] = [
    "chargeToId",
    "chargeToType",
    "member",
    "workRole",
    "workType",
    "agreement",
    "timeStart",
    "timeEnd",
    "hoursDeduct",
    "actualHours",
    "billableOption",
];

/// Fills an entry from what it is charged to and from its member, and works out hours, cost and amounts.
/// Whoever writes it took the time, unless it says otherwise.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if draft.before.is_some() {
        unsettled(draft);
    } else {
        if !context.caller.is_operator() {
            draft.default("member", Value::Integer(context.caller.member));
        }
        draft.set("status", related::text("Open"));
    }
    charging::infer(context, draft).await?;
    if draft.changed("chargeToId") || draft.changed("chargeToType") {
        charging::charge(context, draft).await?;
    }
    if draft.is_new() {
        charging::from_member(context, draft).await?;
    }
    hours(draft);
    within_a_day(draft);
    if !draft.errors.is_empty() {
        return Ok(());
    }
    sheets::writable(context, draft, &sheets::TIME).await?;
    let said = draft.gave("hourlyRate") && draft.changed("hourlyRate");
    if said || PRICED_BY.iter().any(|name| draft.changed(name)) {
        let option = pricing::option(context, draft).await?;
        let chosen = draft.gave("billableOption") && !draft.is_null("billableOption");
        if !chosen {
            draft.set("billableOption", related::text(option));
        } else if draft.changed("billableOption") && draft.text("billableOption") != Some(option) {
            may_choose(context, draft)?;
        }
        pricing::price(context, draft).await?;
    }
    let invoiced = !draft.is_null("invoice");
    draft.set("invoiceFlag", Value::Boolean(invoiced));
    Ok(())
}

/// What follows once the entry is known to lie within the permit: its sheet, and the hours of what it is
/// charged to.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    sheets::join(context, draft, &sheets::TIME).await?;
    let hours = draft.number("actualHours").unwrap_or(0.0);
    let before = draft.before.clone();
    for (column, path) in HOLDERS {
        let now = draft.row.integer(column);
        let was = before.as_ref().and_then(|row| row.integer(column));
        for holder in [now, was.filter(|was| Some(*was) != now)]
            .into_iter()
            .flatten()
        {
            let own = if now == Some(holder) { hours } else { 0.0 };
            let id = draft.row.id;
            draft
                .also
                .push(tally(context, column, path, holder, id, own).await?);
        }
    }
    Ok(())
}

/// An entry that goes takes its hours along; one that was billed stays.
pub async fn delete(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    let mut draft = Draft::changing(entity, row.clone());
    unsettled(&mut draft);
    sheets::writable(context, &mut draft, &sheets::TIME).await?;
    if let Some(error) = draft.errors.pop() {
        return Err(Problem::field(&draft.resource, error));
    }
    sheets::leave(context, row, &sheets::TIME, also).await?;
    for (column, path) in HOLDERS {
        if let Some(holder) = row.integer(column) {
            also.push(tally(context, column, path, holder, row.id, 0.0).await?);
        }
    }
    Ok(())
}

/// What shows the hours of its entries: the entry's column, and where.
const HOLDERS: [(&str, &str); 3] = [
    ("ticket_id", paths::service::TICKETS),
    ("project_id", "project/projects"),
    ("phase_id", "project/projects/phases"),
];

async fn tally(
    context: Context<'_>,
    column: &str,
    path: &str,
    holder: i64,
    except: i64,
    own: f64,
) -> Result<Change, Problem> {
    let entries = related::under(context.instance, ENTRIES, column, holder).await?;
    let others = entries.iter().filter(|row| row.id != except);
    let sum: f64 = others.filter_map(|row| row.number("actual_hours")).sum();
    let hours = bitting_psa::number::hundredths(sum + own);
    related::update(
        context,
        path,
        holder,
        &[("actual_hours", Value::Number(hours))],
    )
}

/// Refuses to touch what was billed.
pub fn unsettled(draft: &mut Draft<'_>) {
    let Some(before) = &draft.before else {
        return;
    };
    let status = before.text("status").unwrap_or_default();
    if SETTLED.contains(&status) && !before.is_null("invoice_id") {
        let message = format!("The entry is {status}; take it off its invoice first.");
        let error = FieldError::invalid(&draft.resource, "status", message);
        draft.errors.push(error);
    }
}

/// Another option than the one that set-up says asks for a row of its own.
fn may_choose(context: Context<'_>, draft: &Draft<'_>) -> Result<(), Problem> {
    let Some(right) = draft.entity.extra_rights.get("billable") else {
        return Ok(());
    };
    let (backend, role) = (&context.instance.backend, &context.caller.role.name);
    let grounds = backend.grounds();
    let entity = draft.entity;
    let permit = authorize(grounds, context.caller, entity, &right.needs, Verb::Edit)
        .map_err(|denial| denial.by(role))?;
    if permit.mine() && draft.integer("member") != Some(context.caller.member) {
        return Err(permit.refuse(grounds, Why::Ownership).by(role).into());
    }
    Ok(())
}

/// An entry is of one day: no client enters more, and what is more is a slip of the pen.
const DAY: f64 = 24.0;

/// From start to end without the deducted hours; hours given without an end stand as given.
fn hours(draft: &mut Draft<'_>) {
    if draft.number("actualHours").is_some_and(|hours| hours < 0.0) {
        let message = "actualHours cannot be less than 0.";
        let error = FieldError::invalid(&draft.resource, "actualHours", message);
        draft.errors.push(error);
    }
    let at = |name: &str| {
        draft
            .text(name)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let (Some(start), Some(end)) = (at("timeStart"), at("timeEnd")) else {
        return;
    };
    if end < start {
        let message = "timeEnd lies before timeStart.";
        let error = FieldError::invalid(&draft.resource, "timeEnd", message);
        draft.errors.push(error);
        return;
    }
    let moved = ["timeStart", "timeEnd", "hoursDeduct"];
    let given = draft.gave("actualHours") && !draft.is_null("actualHours");
    if !given && moved.into_iter().any(|name| draft.changed(name)) {
        let deducted = draft.number("hoursDeduct").unwrap_or(0.0);
        let span = (end.as_second() - start.as_second()) as f64 / 3600.0;
        if deducted < 0.0 || deducted > span {
            let message = "hoursDeduct must lie between 0 and the time from timeStart to timeEnd.";
            let error = FieldError::invalid(&draft.resource, "hoursDeduct", message);
            draft.errors.push(error);
            return;
        }
        draft.set(
            "actualHours",
            Value::Number(bitting_psa::number::hundredths(span - deducted)),
        );
    }
}

fn within_a_day(draft: &mut Draft<'_>) {
    let long = draft.number("actualHours").is_some_and(|hours| hours > DAY);
    if long && (draft.changed("actualHours") || draft.changed("timeEnd")) {
        let message = "actualHours cannot be more than 24; enter each day by itself.";
        let error = FieldError::invalid(&draft.resource, "actualHours", message);
        draft.errors.push(error);
    }
}
