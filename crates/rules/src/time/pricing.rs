//! What time costs and what it is billed at.
//!
//! Rate: the ticket's, phase's or project's own where it overrides; else the work role's (that of its
//! location first), or the member's on a project that bills by staff. An agreement's own rate for the role
//! replaces or changes it, and the work type (the agreement's own for it first) changes it last.
//! Cost: the member's hourly cost, times the work type's cost multiplier.
//! Billable hours: what was worked, rounded up to the step of the work type and kept within its least and
//! most hours; the agreement's own words on the work type go first.

use super::super::related::{self, text};
use super::{coverage, cycles};
use crate::paths;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;

const WORK_TYPES: &str = "time/workTypes";
const WORK_ROLES: &str = "time/workRoles";
const TYPES_OF: &str = "finance/agreements/worktypes";
const ROLES_OF: &str = "finance/agreements/workroles";

/// Everything that says what an entry is worth.
pub struct Terms {
    pub agreement: Option<Row>,
    kind: Option<Row>,
    /// The agreement's own words on the work type.
    own_kind: Option<Row>,
}

/// The billable option that set-up says: the ticket, its phase and project, the agreement with its word on
/// the work type, the charge code, the work type. The first that says something counts.
pub async fn option(context: Context<'_>, draft: &Draft<'_>) -> Result<&'static str, Problem> {
    let terms = terms(context, draft).await?;
    let mut words: Vec<Option<String>> = Vec::new();
    for (name, path) in [
        ("ticket", paths::service::TICKETS),
        ("phase", "project/projects/phases"),
        ("project", "project/projects"),
    ] {
        words.push(say(context, draft.integer(name), path, "bill_time").await?);
    }
    let of = |row: &Option<Row>| {
        row.as_ref()
            .and_then(|row| row.text("bill_time").map(str::to_owned))
    };
    words.push(of(&terms.own_kind));
    words.push(of(&terms.agreement));
    if draft.text("chargeToType") == Some("ChargeCode") {
        let code = draft.integer("chargeToId");
        words.push(say(context, code, "time/chargeCodes", "bill_time").await?);
    }
    words.push(of(&terms.kind));
    let known = ["Billable", "DoNotBill", "NoCharge"];
    let found = words
        .into_iter()
        .flatten()
        .find_map(|word| known.into_iter().find(|known| *known == word));
    Ok(found.unwrap_or("Billable"))
}

async fn say(
    context: Context<'_>,
    id: Option<i64>,
    path: &str,
    column: &str,
) -> Result<Option<String>, Problem> {
    let Some(id) = id else {
        return Ok(None);
    };
    let row = related::one(context.instance, path, id).await?;
    Ok(row.and_then(|row| row.text(column).map(str::to_owned)))
}

async fn terms(context: Context<'_>, draft: &Draft<'_>) -> Result<Terms, Problem> {
    let instance = context.instance;
    let agreement = match draft.integer("agreement") {
        Some(id) => related::one(instance, "finance/agreements", id).await?,
        None => None,
    };
    let kind = match draft.integer("workType") {
        Some(id) => related::one(instance, WORK_TYPES, id).await?,
        None => None,
    };
    let own_kind = match (&agreement, &kind) {
        (Some(agreement), Some(kind)) => {
            own(
                context,
                draft,
                TYPES_OF,
                "agreement_id",
                agreement.id,
                ("work_type_id", kind.id),
            )
            .await?
        }
        _ => None,
    };
    Ok(Terms {
        agreement,
        kind,
        own_kind,
    })
}

/// An agreement's row for a work role or work type, in force on the entry's day: that of the entry's
/// location before the one for all.
async fn own(
    context: Context<'_>,
    draft: &Draft<'_>,
    path: &str,
    column: &str,
    agreement: i64,
    of: (&str, i64),
) -> Result<Option<Row>, Problem> {
    let day = draft.text("timeStart").and_then(cycles::day);
    let place = draft.integer("locationId");
    let mut rows = related::under(context.instance, path, column, agreement).await?;
    rows.retain(|row| {
        let date = |column: &str| row.text(column).and_then(cycles::day);
        let begun = date("effective_date").is_none_or(|from| day.is_none_or(|day| from <= day));
        let ended = date("ending_date").is_some_and(|to| day.is_some_and(|day| to < day));
        let here = row.integer("location_id");
        row.integer(of.0) == Some(of.1) && begun && !ended && (here.is_none() || here == place)
    });
    rows.sort_by_key(|row| (row.is_null("location_id"), row.id));
    Ok(rows.into_iter().next())
}

/// Sets cost, rate, billable hours, what the agreement covers and what is left to invoice.
pub async fn price(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let terms = terms(context, draft).await?;
    cost(context, draft, &terms).await?;
    let said = draft.gave("hourlyRate") && !draft.is_null("hourlyRate");
    let known = [
        "member",
        "workRole",
        "workType",
        "agreement",
        "chargeToId",
        "timeStart",
    ];
    if !said && (draft.is_null("hourlyRate") || known.into_iter().any(|name| draft.changed(name))) {
        let rate = rate(context, draft, &terms).await?;
        draft.set("hourlyRate", rate.map_or(Value::Null, Value::Number));
    }
    let worked = draft.number("actualHours").unwrap_or(0.0);
    let hours = match draft.text("billableOption") {
        Some("Billable") => billable(worked, &terms),
        _ => 0.0,
    };
    draft.set("hoursBilled", Value::Number(hours));
    draft.set("invoiceHours", Value::Number(hours));
    let rate = draft.number("hourlyRate").unwrap_or(0.0);
    let covered = match &terms.agreement {
        Some(agreement) => coverage::of_time(context, draft, agreement, hours, rate).await?,
        None => coverage::Covered::default(),
    };
    let left = hundredths(hours - covered.hours);
    let overage = terms.own_kind.as_ref().and_then(|own| {
        let by = own.number("overage_rate")?;
        Some(changed(rate, own.text("overage_rate_type"), by))
    });
    let overage = overage.filter(|_| covered.applies && left > 0.0);
    draft.set("overageRate", overage.map_or(Value::Null, Value::Number));
    draft.set("agreementHours", covered.shown(covered.hours));
    draft.set("agreementAmount", covered.shown(covered.amount));
    let amount = match overage {
        Some(overage) => left * overage,
        None => hours * rate - covered.amount,
    };
    draft.set(
        "extendedInvoiceAmount",
        Value::Number(hundredths(amount.max(0.0))),
    );
    Ok(())
}

/// What the member's time costs, as it was when the time was taken: a later raise changes no old entry.
async fn cost(context: Context<'_>, draft: &mut Draft<'_>, terms: &Terms) -> Result<(), Problem> {
    let inputs = ["member", "workType", "timeStart"];
    if !draft.is_new() && !inputs.into_iter().any(|name| draft.changed(name)) {
        let kept = draft
            .before
            .as_ref()
            .map(|row| row.get("hourly_cost").clone());
        draft.set("hourlyCost", kept.unwrap_or(Value::Null));
        return Ok(());
    }
    let member = match draft.integer("member") {
        Some(member) => super::super::members::member_row(context.instance, member).await?,
        None => None,
    };
    let times = terms
        .kind
        .as_ref()
        .and_then(|row| row.number("cost_multiplier"))
        .unwrap_or(1.0);
    let cost = member.and_then(|row| row.number("hourly_cost"));
    let cost = cost.map_or(Value::Null, |cost| {
        text(hundredths(cost * times).to_string())
    });
    draft.set("hourlyCost", cost);
    Ok(())
}

async fn rate(
    context: Context<'_>,
    draft: &Draft<'_>,
    terms: &Terms,
) -> Result<Option<f64>, Problem> {
    let Some(mut rate) = base(context, draft).await? else {
        return Ok(None);
    };
    if let (Some(agreement), Some(role)) = (&terms.agreement, draft.integer("workRole")) {
        let of = ("work_role_id", role);
        let own = own(context, draft, ROLES_OF, "agreement_id", agreement.id, of).await?;
        if let Some(own) = own
            && let Some(by) = own.number("rate")
        {
            rate = changed(rate, own.text("rate_type"), by);
        }
    }
    let kind = terms
        .own_kind
        .as_ref()
        .filter(|row| row.number("rate").is_some())
        .or(terms.kind.as_ref());
    if let Some(kind) = kind
        && let Some(by) = kind.number("rate")
    {
        rate = changed(rate, kind.text("rate_type"), by);
    }
    Ok(Some(hundredths(rate.max(0.0))))
}

/// The rate before agreement and work type.
async fn base(context: Context<'_>, draft: &Draft<'_>) -> Result<Option<f64>, Problem> {
    let instance = context.instance;
    let ticket = match draft.integer("ticket") {
        Some(id) => related::one(instance, paths::service::TICKETS, id).await?,
        None => None,
    };
    let phase = match draft.integer("phase") {
        Some(id) => related::one(instance, "project/projects/phases", id).await?,
        None => None,
    };
    for row in [ticket, phase].into_iter().flatten() {
        if row.text("billing_method") == Some("OverrideRate")
            && let Some(rate) = row.number("hourly_rate")
        {
            return Ok(Some(rate));
        }
    }
    if let Some(project) = draft.integer("project")
        && let Some(rate) = of_project(context, draft, project).await?
    {
        return Ok(Some(rate));
    }
    let Some(role) = draft.integer("workRole") else {
        return Ok(None);
    };
    let place = draft.integer("locationId");
    let at = related::under(instance, "time/workRoles/locations", "work_role_id", role).await?;
    let here = at
        .iter()
        .find(|row| place.is_some() && row.integer("location_id") == place)
        .and_then(|row| row.number("hourly_rate"));
    if here.is_some() {
        return Ok(here);
    }
    let role = related::one(instance, WORK_ROLES, role).await?;
    Ok(role.and_then(|row| row.number("hourly_rate")))
}

/// What a project says: its own rates by member or role, and staff by what each member is billed at.
async fn of_project(
    context: Context<'_>,
    draft: &Draft<'_>,
    project: i64,
) -> Result<Option<f64>, Problem> {
    let instance = context.instance;
    let entity = related::entity(instance, "project/billingRates")?;
    if let Some(parent) = entity.parents.last() {
        let rates = related::under(instance, &entity.path, &parent.column, project).await?;
        let of = |column: &str, name: &str| {
            let wanted = draft.integer(name)?;
            let row = rates
                .iter()
                .find(|row| row.integer(column) == Some(wanted))?;
            row.number("hourly_rate")
        };
        if let Some(rate) = of("member_id", "member").or_else(|| of("work_role_id", "workRole")) {
            return Ok(Some(rate));
        }
    }
    let Some(project) = related::one(instance, "project/projects", project).await? else {
        return Ok(None);
    };
    if project.text("billing_rate_type") != Some("StaffMember") {
        return Ok(None);
    }
    let Some(member) = draft.integer("member") else {
        return Ok(None);
    };
    let member = super::super::members::member_row(instance, member).await?;
    Ok(member.and_then(|row| row.number("hourly_rate")))
}

/// A rate changed by another: added to it, put in its place, or multiplied.
fn changed(rate: f64, kind: Option<&str>, by: f64) -> f64 {
    match kind {
        Some("AdjAmount") => rate + by,
        Some("Custom") => by,
        Some("Multiplier") => rate * by,
        _ => rate,
    }
}

fn billable(worked: f64, terms: &Terms) -> f64 {
    let said = |own: &str, kind: &str| {
        let own = terms.own_kind.as_ref().and_then(|row| row.number(own));
        own.or_else(|| terms.kind.as_ref().and_then(|row| row.number(kind)))
            .filter(|number| *number > 0.0)
    };
    if worked <= 0.0 {
        return 0.0;
    }
    let mut hours = worked;
    if let Some(step) = said("round_bill_hours", "round_bill_hours_to") {
        // A hair above a step is a matter of binary fractions, not of work.
        hours = ((hours / step) - 1e-9).ceil() * step;
    }
    if let Some(least) = said("hours_min", "hours_min") {
        hours = hours.max(least);
    }
    if let Some(most) = said("hours_max", "hours_max") {
        hours = hours.min(most);
    }
    hundredths(hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_rounded_up_and_kept_within_bounds() {
        let mut kind = Row::new(1);
        kind.set("round_bill_hours_to", Value::Number(0.25));
        kind.set("hours_min", Value::Number(0.5));
        kind.set("hours_max", Value::Number(8.0));
        let terms = Terms {
            agreement: None,
            kind: Some(kind),
            own_kind: None,
        };
        for (worked, billed) in [
            (0.0, 0.0),
            (0.1, 0.5),
            (0.75, 0.75),
            (0.76, 1.0),
            (1.1, 1.25),
            (9.0, 8.0),
        ] {
            assert!((billable(worked, &terms) - billed).abs() < 1e-9, "{worked}");
        }
    }

    #[test]
    fn rates_are_added_to_replaced_or_multiplied() {
        for (kind, by, rate) in [
            ("AdjAmount", 20.0, 120.0),
            ("Custom", 80.0, 80.0),
            ("Multiplier", 1.5, 150.0),
        ] {
            assert!(
                (changed(100.0, Some(kind), by) - rate).abs() < 1e-9,
                "{kind}"
            );
        }
    }
}
