//! Service levels: which one a ticket is under, by when it is to be answered, planned and resolved, and whether it
//! was. The vendor's own arithmetic is not published; what is chosen here:
//!
//! - The level is the ticket's, else that of its agreement, else the default one. Its goals are those of the
//!   ticket's priority within it, else its own.
//! - The clock runs from the ticket's entry, in the hours that the level is based on: all hours, the company's
//!   calendar, that of the ticket's location (`MyCalendar`, also for a company without one), or the level's own.
//! - It stands still in a status that does not escalate, as long as the ticket is not resolved.

use super::super::related::{self, text};
use super::working_time::{Holiday, Hours};
use crate::paths;
use bitting_dialects::connectwise::layout::DATE_ENTERED;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::moment::time;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use jiff::Timestamp;
use jiff::civil::Time;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

const LEVELS: &str = "service/SLAs";
const PRIORITIES: &str = "service/SLAs/priorities";
const AGREEMENTS: &str = "finance/agreements";
const LOCATIONS: &str = "system/locations";
const CALENDARS: &str = "schedule/calendars";
const HOLIDAYS: &str = "schedule/holidayLists/holidays";
/// Columns of a calendar by day, Monday first.
const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A step of a level: the column of its goal in hours, and the ticket's fields of it.
struct Step {
    goal: &'static str,
    /// How the status calls what is to come.
    word: &'static str,
    /// When it was reached, after how many minutes and hours, and by when it had to be.
    date: &'static str,
    minutes: &'static str,
    hours: &'static str,
    due: &'static str,
}

const STEPS: [Step; 3] = [
    Step {
        goal: "respond_hours",
        word: "Respond by",
        date: "dateResponded",
        minutes: "respondMinutes",
        hours: "respondedHours",
        due: "respondByGoalUTC",
    },
    Step {
        goal: "plan_within",
        word: "Plan by",
        date: "dateResplan",
        minutes: "resPlanMinutes",
        hours: "resplanHours",
        due: "resplanGoalUTC",
    },
    Step {
        goal: "resolution_hours",
        word: "Resolve by",
        date: "dateResolved",
        minutes: "resolveMinutes",
        hours: "resolutionHours",
        due: "resolutionGoalUTC",
    },
];

/// The level a ticket is under.
pub struct Level {
    id: Option<i64>,
    /// Hours within which each step is to be reached.
    goals: [Option<f64>; 3],
    hours: Arc<Hours>,
}

/// What a level says to tickets of one priority.
#[derive(Debug)]
struct Terms {
    id: i64,
    goals: [Option<f64>; 3],
    based_on: Based,
}

/// Whose hours a level counts.
#[derive(Debug, Clone, Copy)]
enum Based {
    Always,
    Own(Option<i64>),
    Company,
    Location,
}

/// What levels and calendars come to, kept as long as set-up stays as it is: every ticket asks for both.
#[derive(Debug, Default)]
pub struct Clocks {
    /// Whether set-up is kept in memory at all, where every write of it is noticed.
    may: OnceLock<bool>,
    known: RwLock<Known>,
}

/// The level that was named, and the priority.
type Named = (Option<i64>, Option<i64>);

#[derive(Debug, Default)]
struct Known {
    /// How often set-up was emptied before the rest was worked out.
    emptied: u64,
    terms: HashMap<Named, Option<Arc<Terms>>>,
    /// By calendar.
    hours: HashMap<i64, Arc<Hours>>,
}

impl Clocks {
    /// What is kept of them.
    fn of(instance: &Instance) -> &Self {
        instance.memory()
    }

    /// How often set-up was emptied so far; `None` where nothing may be kept.
    fn since(&self, instance: &Instance) -> Option<u64> {
        let kept = |path: &&str| {
            let entity = instance.catalog().entity_at(path);
            entity.is_some_and(|entity| instance.backend.keeps(entity))
        };
        let tables = [LEVELS, PRIORITIES, CALENDARS, HOLIDAYS];
        let may = self.may.get_or_init(|| tables.iter().all(kept));
        may.then(|| instance.backend.emptied())
    }

    fn find<T: Clone>(&self, emptied: u64, of: impl Fn(&Known) -> Option<&T>) -> Option<T> {
        let known = self.known.read();
        let fresh = known.emptied == emptied;
        fresh.then(|| of(&known).cloned()).flatten()
    }

    fn keep(&self, emptied: u64, put: impl FnOnce(&mut Known)) {
        let mut known = self.known.write();
        if known.emptied < emptied {
            *known = Known {
                emptied,
                ..Known::default()
            };
        }
        if known.emptied == emptied {
            put(&mut known);
        }
    }
}

/// The level of a ticket; without any, a clock that always runs and has no goals.
pub async fn of(context: Context<'_>, ticket: &Draft<'_>) -> Result<Level, Problem> {
    let none = Level {
        id: None,
        goals: [None; 3],
        hours: Arc::new(Hours::Always),
    };
    if ticket.column("slaStatus").is_none() {
        return Ok(none);
    }
    let instance = context.instance;
    let mut id = ticket.integer("sla");
    if let (None, Some(agreement)) = (id, ticket.integer("agreement")) {
        let agreement = related::one(instance, AGREEMENTS, agreement).await?;
        id = agreement.and_then(|row| row.integer("sla_id"));
    }
    let asked = (id, ticket.integer("priority"));
    let emptied = Clocks::of(instance).since(instance);
    let kept =
        emptied.and_then(|at| Clocks::of(instance).find(at, |known| known.terms.get(&asked)));
    let terms = match kept {
        Some(terms) => terms,
        None => {
            let terms = terms(context, asked).await?.map(Arc::new);
            if let Some(at) = emptied {
                let keep = |known: &mut Known| drop(known.terms.insert(asked, terms.clone()));
                Clocks::of(instance).keep(at, keep);
            }
            terms
        }
    };
    let Some(terms) = terms else {
        return Ok(none);
    };
    Ok(Level {
        id: Some(terms.id),
        goals: terms.goals,
        hours: hours(context, ticket, terms.based_on).await?,
    })
}

/// What the level of an id, else the default one, says to tickets of a priority.
async fn terms(
    context: Context<'_>,
    (id, priority): (Option<i64>, Option<i64>),
) -> Result<Option<Terms>, Problem> {
    let instance = context.instance;
    let level = match id {
        Some(id) => related::one(instance, LEVELS, id).await?,
        None => {
            let all = related::all(instance, LEVELS).await?;
            all.into_iter().find(|row| row.flag("default_flag"))
        }
    };
    let Some(level) = level else {
        return Ok(None);
    };
    let mut goals = STEPS.map(|step| level.number(step.goal));
    if let Some(priority) = priority {
        let rows = related::under(instance, PRIORITIES, "sla_id", level.id).await?;
        if let Some(row) = rows
            .iter()
            .find(|row| row.integer("priority_id") == Some(priority))
        {
            goals = STEPS.map(|step| row.number(step.goal));
        }
    }
    let based_on = match level.text("based_on") {
        Some("Custom") => Based::Own(level.integer("custom_calendar_id")),
        Some("Customer") => Based::Company,
        Some("MyCalendar") => Based::Location,
        _ => Based::Always,
    };
    Ok(Some(Terms {
        id: level.id,
        goals,
        based_on,
    }))
}

/// When the clock of a level runs for a ticket.
async fn hours(
    context: Context<'_>,
    ticket: &Draft<'_>,
    based_on: Based,
) -> Result<Arc<Hours>, Problem> {
    let instance = context.instance;
    let mut calendar = match based_on {
        Based::Own(calendar) => calendar,
        Based::Company => match ticket.integer("company") {
            Some(company) => {
                let value =
                    related::value(instance, paths::company::COMPANIES, company, "calendar_id");
                integer(value.await?.as_ref())
            }
            None => None,
        },
        Based::Always | Based::Location => None,
    };
    if calendar.is_none()
        && matches!(based_on, Based::Company | Based::Location)
        && let Some(location) = ticket.integer("location")
    {
        calendar = integer(
            related::value(instance, LOCATIONS, location, "calendar_id")
                .await?
                .as_ref(),
        );
    }
    let Some(calendar) = calendar else {
        return Ok(Arc::new(Hours::Always));
    };
    let emptied = Clocks::of(instance).since(instance);
    let kept =
        emptied.and_then(|at| Clocks::of(instance).find(at, |known| known.hours.get(&calendar)));
    if let Some(hours) = kept {
        return Ok(hours);
    }
    let hours = Arc::new(open(context, calendar).await?);
    if let Some(at) = emptied {
        let keep = |known: &mut Known| drop(known.hours.insert(calendar, hours.clone()));
        Clocks::of(instance).keep(at, keep);
    }
    Ok(hours)
}

/// The hours of a calendar.
async fn open(context: Context<'_>, calendar: i64) -> Result<Hours, Problem> {
    let instance = context.instance;
    let Some(calendar) = related::one(instance, CALENDARS, calendar).await? else {
        return Ok(Hours::Always);
    };
    let clock = |row: &Row, column: &str| row.text(column).and_then(clock);
    let days = DAYS.map(|day| {
        let from = clock(&calendar, &format!("{day}_start_time"))?;
        let to = clock(&calendar, &format!("{day}_end_time"))?;
        (from < to).then_some((from, to))
    });
    // A calendar that names no hours at all leaves none out.
    if days.iter().all(Option::is_none) {
        return Ok(Hours::Always);
    }
    let mut holidays = Vec::new();
    if let Some(list) = calendar.integer("holiday_list_id") {
        for row in related::under(instance, HOLIDAYS, "holiday_list_id", list).await? {
            let date = row
                .text("date")
                .and_then(|text| text.get(..10)?.parse().ok());
            let between = clock(&row, "time_start").zip(clock(&row, "time_end"));
            holidays.extend(date.map(|date| Holiday {
                date,
                between: between.filter(|_| !row.flag("all_day_flag")),
            }));
        }
    }
    Ok(Hours::Week { days, holidays })
}

fn integer(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Integer(id)) => Some(*id),
        _ => None,
    }
}

/// `08:00:00`, `8:00` or the time of a date-time.
fn clock(text: &str) -> Option<Time> {
    let text = text.rsplit('T').next()?.trim_end_matches('Z');
    let mut parts = text.split(':').map(|part| part.trim().parse::<i8>().ok());
    let (hour, minute) = (parts.next()??, parts.next().flatten().unwrap_or(0));
    Time::new(hour, minute, 0, 0).ok()
}

fn moment(ticket: &Draft<'_>, field: &str) -> Option<Timestamp> {
    ticket.text(field)?.parse().ok()
}

fn entered(context: Context<'_>, ticket: &Draft<'_>) -> Timestamp {
    let entered = ticket.row.text(DATE_ENTERED);
    entered
        .and_then(|text| text.parse().ok())
        .unwrap_or(context.now)
}

/// Since when the clock runs, and the minutes that it had run before.
fn running(context: Context<'_>, ticket: &Draft<'_>) -> (Timestamp, i64) {
    let since = moment(ticket, "escalationStartDateUTC");
    let before = ticket.integer("minutesBeforeWaiting").unwrap_or(0);
    match since {
        Some(since) => (since, before),
        None => (entered(context, ticket), 0),
    }
}

impl Level {
    /// Minutes on the clock of a ticket whose clock runs, at this moment.
    pub fn elapsed(&self, context: Context<'_>, ticket: &Draft<'_>, now: Timestamp) -> i64 {
        let (since, before) = running(context, ticket);
        before + self.hours.minutes(since, now)
    }

    /// Minutes on the clock now, whether it runs or stands still.
    pub fn taken(&self, context: Context<'_>, ticket: &Draft<'_>, waited: bool) -> i64 {
        if waited {
            ticket.integer("minutesBeforeWaiting").unwrap_or(0)
        } else {
            self.elapsed(context, ticket, context.now)
        }
    }

    /// Stops the clock where a ticket begins to wait, and starts it again where it no longer does.
    pub fn turn(&self, context: Context<'_>, ticket: &mut Draft<'_>, waited: bool, waits: bool) {
        if ticket.is_new() {
            ticket.set("escalationStartDateUTC", text(time(context.now)));
            ticket.set("minutesBeforeWaiting", Value::Integer(0));
            ticket.set("minutesWaiting", Value::Integer(0));
        } else if waits && !waited {
            let minutes = self.elapsed(context, ticket, context.now);
            ticket.set("minutesBeforeWaiting", Value::Integer(minutes));
        } else if waited && !waits {
            let before = ticket.integer("minutesBeforeWaiting").unwrap_or(0);
            let all = self.hours.minutes(entered(context, ticket), context.now);
            ticket.set("minutesWaiting", Value::Integer((all - before).max(0)));
            ticket.set("escalationStartDateUTC", text(time(context.now)));
        }
    }

    /// Shows on a ticket how it stands now.
    pub fn show(&self, context: Context<'_>, ticket: &mut Draft<'_>, waits: bool) {
        let Some(id) = self.id else {
            return;
        };
        ticket.default("sla", Value::Integer(id));
        let (since, before) = running(context, ticket);
        let resolved = !ticket.is_null(STEPS[2].date);
        // On the clock now, for every step that is not reached: nothing below sets what it is read from.
        let now = if waits {
            ticket.integer("minutesBeforeWaiting").unwrap_or(0)
        } else {
            before + self.hours.minutes(since, context.now)
        };
        let (mut kept, mut next) = (true, None);
        for (step, goal) in STEPS.iter().zip(self.goals) {
            let goal = goal.map(|hours| (hours * 60.0).round() as i64);
            let due = goal.and_then(|goal| self.hours.after(since, goal.saturating_sub(before)));
            ticket.set(step.due, due.map_or(Value::Null, |due| text(time(due))));
            let taken = ticket
                .integer(step.minutes)
                .filter(|_| !ticket.is_null(step.date));
            let hours = taken.map(|minutes| (minutes as f64 / 60.0 * 100.0).round() / 100.0);
            ticket.set(step.hours, hours.map_or(Value::Null, Value::Number));
            let Some(goal) = goal else { continue };
            let minutes = match taken {
                Some(minutes) => minutes,
                // What a resolved ticket passed over is no longer asked for.
                None if resolved => continue,
                None => now,
            };
            kept &= minutes <= goal;
            if taken.is_none() && next.is_none() {
                next = due.map(|due| (step.word, due));
            }
        }
        let status = match next {
            _ if resolved => "Resolved".to_owned(),
            _ if waits => "Waiting".to_owned(),
            Some((word, due)) => stated(word, due),
            None => String::new(),
        };
        let status = Some(status).filter(|status| !status.is_empty());
        ticket.set("slaStatus", status.map_or(Value::Null, text));
        ticket.set("isInSla", Value::Boolean(kept));
    }
}

/// `Respond by Mon 03/02 1:00 PM UTC+00`. Written out, since each write of a ticket says it and a format would be read
/// anew each time.
fn stated(word: &str, due: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let due = jiff::tz::Offset::UTC.to_datetime(due);
    let day = DAYS[due.weekday().to_monday_zero_offset().unsigned_abs() as usize % 7];
    let hour = match due.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let half = if due.hour() < 12 { "AM" } else { "PM" };
    let (month, date, minute) = (due.month(), due.day(), due.minute());
    format!("{word} {day} {month:02}/{date:02} {hour}:{minute:02} {half} UTC+00")
}

/// Whether the clock of tickets in a status stands still.
pub fn waits(status: &Row) -> bool {
    !status.flag("closed_status") && status.text("escalation_status") == Some("NoEscalation")
}

/// The tickets as they stand now, whatever they said when they were last written: `/calculateSla`.
pub async fn calculated(context: Context<'_>, rows: Vec<Row>) -> Result<Vec<Row>, Problem> {
    let entity = related::entity(context.instance, paths::service::TICKETS)?;
    let mut now = Vec::with_capacity(rows.len());
    for row in rows {
        let mut ticket = Draft::changing(entity, row);
        let status = match ticket.integer("status") {
            Some(status) => {
                related::one(context.instance, paths::service::STATUSES, status).await?
            }
            None => None,
        };
        let level = of(context, &ticket).await?;
        level.show(
            context,
            &mut ticket,
            status.is_some_and(|status| waits(&status)),
        );
        now.push(ticket.row);
    }
    Ok(now)
}

#[cfg(test)]
mod tests {
    use super::stated;
    use jiff::Timestamp;

    #[test]
    fn a_moment_is_stated_as_its_format_says() {
        for hour in 0..24 * 8 {
            let at = Timestamp::from_second(1_772_409_600 + hour * 3_660).unwrap_or_default();
            let format = at.strftime("Plan by %a %m/%d %-I:%M %p UTC+00");
            assert_eq!(stated("Plan by", at), format.to_string());
        }
    }
}
