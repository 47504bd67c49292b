//! What of time and expenses an agreement takes on, within its limit.
//!
//! A limit counts hours, money or incidents (tickets) by cycle; without one everything is covered. Adjustments
//! of the agreement raise or lower what a cycle has left. What is not used is carried over where the
//! agreement says so. Overruns, where they are allowed, are covered too.

use super::super::related;
use super::cycles::{self, Stretch};
use crate::paths;
use bitting_psa::backend::{column, equals};
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Comparison, Filter, Kind, Value, and};
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Hours and money that an agreement takes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Covered {
    /// The agreement covers this kind of entry at all.
    pub applies: bool,
    pub hours: f64,
    pub amount: f64,
}

impl Covered {
    /// A part of it as entries show it: nothing where no agreement applies.
    pub fn shown(self, part: f64) -> Value {
        if self.applies {
            Value::Number(hundredths(part))
        } else {
            Value::Null
        }
    }
}

/// What an agreement covers of an entry of so many billable hours at a rate.
pub async fn of_time(
    context: Context<'_>,
    draft: &Draft<'_>,
    agreement: &Row,
    hours: f64,
    rate: f64,
) -> Result<Covered, Problem> {
    let day = draft.text("timeStart").and_then(cycles::day);
    let Some(day) = day.filter(|day| in_force(agreement, *day)) else {
        return Ok(Covered::default());
    };
    if !agreement.flag("cover_agreement_time") || excluded(context, draft, agreement.id).await? {
        return Ok(Covered::default());
    }
    let amount = hours * rate;
    let whole = Covered {
        applies: true,
        hours,
        amount: hundredths(amount),
    };
    let Some(left) = left(context, draft, agreement, day).await? else {
        return Ok(whole);
    };
    if agreement.flag("allow_overruns") {
        return Ok(whole);
    }
    let share = match agreement.text("application_units") {
        Some("Hours") if hours > 0.0 => left / hours,
        Some("Hours") => 1.0,
        Some("Incidents") => f64::from(u8::from(left >= 1.0)),
        _ if amount > 0.0 => left / amount,
        _ => 1.0,
    };
    let share = share.clamp(0.0, 1.0);
    Ok(Covered {
        applies: true,
        hours: hundredths(hours * share),
        amount: hundredths(amount * share),
    })
}

/// What an agreement covers of an expense.
pub async fn of_expense(
    context: Context<'_>,
    draft: &Draft<'_>,
    agreement: &Row,
    amount: f64,
) -> Result<Covered, Problem> {
    let day = draft.text("date").and_then(cycles::day);
    let Some(day) = day.filter(|day| in_force(agreement, *day)) else {
        return Ok(Covered::default());
    };
    if !agreement.flag("cover_agreement_expense") {
        return Ok(Covered::default());
    }
    let money = !matches!(
        agreement.text("application_units"),
        Some("Hours" | "Incidents")
    );
    let left = match left(context, draft, agreement, day).await? {
        Some(left) if money && !agreement.flag("allow_overruns") => left.clamp(0.0, amount),
        _ => amount,
    };
    Ok(Covered {
        applies: true,
        hours: 0.0,
        amount: hundredths(left),
    })
}

/// Whether the agreement runs on a day.
pub fn in_force(agreement: &Row, day: Date) -> bool {
    let date = |column: &str| agreement.text(column).and_then(cycles::day);
    let begun = date("start_date").is_none_or(|from| from <= day);
    let over =
        !agreement.flag("no_ending_date_flag") && date("end_date").is_some_and(|to| to < day);
    let cancelled =
        agreement.flag("cancelled_flag") && date("date_cancelled").is_none_or(|from| from <= day);
    begun && !over && !cancelled
}

/// Roles and kinds of work that the agreement leaves out.
async fn excluded(
    context: Context<'_>,
    draft: &Draft<'_>,
    agreement: i64,
) -> Result<bool, Problem> {
    for (path, column, name) in [
        (
            "finance/agreements/workRoleExclusions",
            "work_role_id",
            "workRole",
        ),
        (
            "finance/agreements/workTypeExclusions",
            "work_type_id",
            "workType",
        ),
    ] {
        let Some(own) = draft.integer(name) else {
            continue;
        };
        let rows = related::under(context.instance, path, "agreement_id", agreement).await?;
        if rows.iter().any(|row| row.integer(column) == Some(own)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where an agreement stands in the cycle of a day, in its own units.
#[derive(Debug, Clone, Copy)]
pub struct Balance {
    /// What it may be used for; `None` without a limit.
    pub limit: Option<f64>,
    pub adjusted: f64,
    pub used: f64,
}

/// Where an agreement stands, all entries counted.
pub async fn balance(context: Context<'_>, agreement: &Row, day: Date) -> Result<Balance, Problem> {
    let limit = agreement
        .number("application_limit")
        .filter(|_| !agreement.flag("application_unlimited_flag"));
    let (stretch, cycles) = counted(agreement, day);
    Ok(Balance {
        limit: limit.map(|limit| limit * cycles),
        adjusted: adjusted(context, agreement.id, stretch).await?,
        used: used(context, None, agreement, stretch).await?,
    })
}

/// What the cycle of a day has left, in the agreement's own units; `None` without a limit.
async fn left(
    context: Context<'_>,
    draft: &Draft<'_>,
    agreement: &Row,
    day: Date,
) -> Result<Option<f64>, Problem> {
    let Some(limit) = agreement.number("application_limit") else {
        return Ok(None);
    };
    if agreement.flag("application_unlimited_flag") {
        return Ok(None);
    }
    let (stretch, cycles) = counted(agreement, day);
    let used = used(context, Some(draft), agreement, stretch).await?;
    let adjusted = adjusted(context, agreement.id, stretch).await?;
    Ok(Some(limit * cycles + adjusted - used))
}

/// The time that counts against the limit, and how many cycles' limits it holds.
fn counted(agreement: &Row, day: Date) -> (Option<Stretch>, f64) {
    let start = agreement
        .text("start_date")
        .and_then(cycles::day)
        .unwrap_or(Date::ZERO);
    let cycle = agreement.text("application_cycle").unwrap_or_default();
    let applied = (!agreement.flag("one_time_flag"))
        .then(|| cycles::applied(cycle, start, day))
        .flatten();
    let Some(now) = applied else {
        return (None, 1.0);
    };
    if !agreement.flag("carry_over_unused") {
        return (Some(now), 1.0);
    }
    // Whole cycles back to the start, or as far back as what was carried over is still good.
    let good = agreement.integer("expired_days").filter(|days| *days > 0);
    let oldest = good.map_or(start, |days| {
        now.from.saturating_sub(days.days()).max(start)
    });
    let (mut from, mut count) = (now.from, 1.0);
    while from > oldest && count < 1_200.0 {
        let Some(before) = from
            .yesterday()
            .ok()
            .and_then(|day| cycles::applied(cycle, start, day))
        else {
            break;
        };
        from = before.from;
        count += 1.0;
    }
    (Some(Stretch { from, to: now.to }), count)
}

/// What the entries of a stretch used, but for the one that is being saved.
async fn used(
    context: Context<'_>,
    draft: Option<&Draft<'_>>,
    agreement: &Row,
    stretch: Option<Stretch>,
) -> Result<f64, Problem> {
    let mut sum = 0.0;
    let mut tickets = BTreeSet::new();
    let units = agreement.text("application_units");
    for (path, date) in [
        (paths::time::ENTRIES, "time_start"),
        ("expense/entries", "date"),
    ] {
        let money = !matches!(units, Some("Hours" | "Incidents"));
        if path != paths::time::ENTRIES && !money {
            continue;
        }
        let filter = equals("agreement_id", Kind::Integer, Value::Integer(agreement.id));
        let filter = within(filter, date, stretch);
        for row in related::filtered(context.instance, path, filter).await? {
            if draft.is_some_and(|own| *own.entity.path == *path && own.row.id == row.id) {
                continue;
            }
            match units {
                Some("Hours") => sum += row.number("agreement_hours").unwrap_or(0.0),
                Some("Incidents") => {
                    if let Some(ticket) = row.integer("ticket_id") {
                        tickets.insert(ticket);
                    }
                }
                _ => sum += row.number("agreement_amount").unwrap_or(0.0),
            }
        }
    }
    if units == Some("Incidents") {
        // A ticket that counts already is no further incident.
        if let Some(ticket) = draft.and_then(|draft| draft.integer("ticket")) {
            tickets.remove(&ticket);
        }
        return Ok(tickets.len() as f64);
    }
    Ok(sum)
}

/// What adjustments add to a stretch, or take from it.
async fn adjusted(
    context: Context<'_>,
    agreement: i64,
    stretch: Option<Stretch>,
) -> Result<f64, Problem> {
    let rows = related::under(
        context.instance,
        "finance/agreements/adjustments",
        "agreement_id",
        agreement,
    )
    .await?;
    let within = |row: &&Row| {
        let day = row.text("effective_date").and_then(cycles::day);
        match (stretch, day) {
            (Some(stretch), Some(day)) => stretch.from <= day && day < stretch.to,
            _ => true,
        }
    };
    Ok(rows
        .iter()
        .filter(within)
        .filter_map(|row| row.number("amount"))
        .sum())
}

fn within(filter: Filter, date: &str, stretch: Option<Stretch>) -> Filter {
    let Some(stretch) = stretch else {
        return filter;
    };
    let bound = |op, day| Filter::Compare {
        path: column(date, Kind::DateTime),
        op,
        value: Value::Text(cycles::shown(day)),
    };
    let from = bound(Comparison::GreaterOrEqual, stretch.from);
    and(filter, and(from, bound(Comparison::Less, stretch.to)))
}
