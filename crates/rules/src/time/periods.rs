//! Time periods: what a set-up of them generates, and the one a day lies in.
//!
//! A company without a set-up has weeks from Sunday to Saturday, counted from the first of the year.

use super::super::related::{self, text};
use super::cycles;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use jiff::ToSpan as _;
use jiff::civil::Date;

const SETUPS: &str = "time/timePeriodSetups";
const PERIODS: &str = "time/timePeriodSetups/periods";

/// A period of a year, from its first day to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub year: i16,
    pub number: i64,
    pub first: Date,
    pub last: Date,
    pub deadline: Date,
}

/// How a set-up cuts its year.
struct Cut {
    year: i16,
    kind: Kind,
    first_end: Date,
    /// Days of the month on which periods end; the last of the month for 0.
    ends: Vec<i8>,
    grace: i64,
    further: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Days(i64),
    Months,
}

/// The periods of a new set-up come with it.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.is_new() {
        return Ok(());
    }
    let Some(cut) = cut(draft) else {
        return Ok(());
    };
    for period in cut.periods() {
        let id = related::next_id(context.instance, PERIODS).await?;
        let values = [
            ("timePeriodSetup", Value::Integer(draft.row.id)),
            ("period", Value::Integer(period.number)),
            ("startDate", text(cycles::shown(period.first))),
            ("endDate", text(cycles::shown(period.last))),
            ("deadlineDate", text(cycles::shown(period.deadline))),
        ];
        let changes = related::insert(context, PERIODS, id, &values, None).await?;
        draft.also.extend(changes);
    }
    Ok(())
}

fn cut(draft: &Draft<'_>) -> Option<Cut> {
    let year = i16::try_from(draft.integer("year")?).ok()?;
    let day = |name: &str, last: bool| match draft.integer(name) {
        _ if last => 0,
        Some(day) => i8::try_from(day.clamp(0, 31)).unwrap_or(0),
        None => 0,
    };
    let (kind, ends) = match draft.text("type")? {
        "Weekly" => (Kind::Days(7), Vec::new()),
        "BiWeekly" => (Kind::Days(14), Vec::new()),
        "SemiMonthly" => {
            let first = draft.integer("semiMonthlyFirstPeriod").unwrap_or(15);
            let first = i8::try_from(first.clamp(1, 31)).unwrap_or(15);
            let last = draft.flag("semiMonthlyLastDayFlag");
            (
                Kind::Months,
                vec![first, day("semiMonthlySecondPeriod", last)],
            )
        }
        _ => {
            let last = draft.flag("lastDayFlag");
            (Kind::Months, vec![day("monthlyPeriodEnds", last)])
        }
    };
    Some(Cut {
        year,
        kind,
        first_end: cycles::day(draft.text("firstPeriodEndDate")?)?,
        ends,
        grace: draft.integer("daysPastEndDate").unwrap_or(0).clamp(0, 366),
        further: usize::try_from(
            draft
                .integer("numberFuturePeriods")
                .unwrap_or(0)
                .clamp(0, 120),
        )
        .unwrap_or(0),
    })
}

impl Cut {
    /// The periods that end in the year, and as many more as the set-up asks for.
    fn periods(&self) -> Vec<Period> {
        let mut periods = Vec::new();
        let mut last = self.first_end;
        let mut first = match self.kind {
            Kind::Days(days) => last.saturating_sub((days - 1).days()),
            Kind::Months => self.end_before(last).tomorrow().unwrap_or(last),
        };
        let mut further = self.further;
        while periods.len() < 400 {
            if last.year() > self.year {
                if further == 0 {
                    break;
                }
                further -= 1;
            }
            periods.push(Period {
                year: self.year,
                number: periods.len() as i64 + 1,
                first,
                last,
                deadline: last.saturating_add(self.grace.days()),
            });
            first = last.tomorrow().unwrap_or(last);
            last = match self.kind {
                Kind::Days(days) => first.saturating_add((days - 1).days()),
                Kind::Months => self.end_from(first),
            };
        }
        periods
    }

    /// The days of a month on which periods end.
    fn of_month(&self, day: Date) -> Vec<Date> {
        let last = day.days_in_month();
        let mut ends: Vec<Date> = self
            .ends
            .iter()
            .map(|end| if *end == 0 { last } else { (*end).min(last) })
            .filter_map(|end| Date::new(day.year(), day.month(), end).ok())
            .collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    fn end_from(&self, day: Date) -> Date {
        let next = day.last_of_month().tomorrow().unwrap_or(day);
        let ends = self.of_month(day).into_iter().chain(self.of_month(next));
        ends.into_iter().find(|end| *end >= day).unwrap_or(next)
    }

    fn end_before(&self, day: Date) -> Date {
        let before = day.first_of_month().yesterday().unwrap_or(day);
        let ends = self.of_month(before).into_iter().chain(self.of_month(day));
        ends.into_iter().rfind(|end| *end < day).unwrap_or(before)
    }
}

/// The period that a day's time (or expenses) belongs to.
pub async fn of(context: Context<'_>, day: Date, what: &str) -> Result<Period, Problem> {
    for setup in related::all(context.instance, SETUPS).await? {
        if !matches!(setup.text("period_apply_to"), Some(apply) if apply == what || apply == "Both")
        {
            continue;
        }
        let rows =
            related::under(context.instance, PERIODS, "time_period_setup_id", setup.id).await?;
        let period = |row: &Row| -> Option<Period> {
            let date = |column: &str| row.text(column).and_then(cycles::day);
            let last = date("end_date")?;
            Some(Period {
                year: i16::try_from(setup.integer("year")?).ok()?,
                number: row.integer("period")?,
                first: date("start_date")?,
                last,
                deadline: date("deadline_date").unwrap_or(last),
            })
        };
        let found = rows
            .iter()
            .filter_map(period)
            .find(|period| period.first <= day && day <= period.last);
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Ok(standard(day))
}

fn standard(day: Date) -> Period {
    let week = cycles::week(day);
    let last = week.from.saturating_add(6.days());
    Period {
        year: last.year(),
        number: i64::from(last.day_of_year() - 1) / 7 + 1,
        first: week.from,
        last,
        deadline: last,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn cut(kind: Kind, first_end: Date, ends: &[i8]) -> Cut {
        Cut {
            year: 2026,
            kind,
            first_end,
            ends: ends.to_vec(),
            grace: 3,
            further: 2,
        }
    }

    #[test]
    fn periods_follow_each_other_through_the_year() {
        for (cut, count, first) in [
            (
                cut(Kind::Days(7), date(2026, 1, 3), &[]),
                52 + 2,
                date(2025, 12, 28),
            ),
            (
                cut(Kind::Days(14), date(2026, 1, 10), &[]),
                26 + 2,
                date(2025, 12, 28),
            ),
            (
                cut(Kind::Months, date(2026, 1, 31), &[0]),
                12 + 2,
                date(2026, 1, 1),
            ),
            (
                cut(Kind::Months, date(2026, 1, 15), &[15, 0]),
                24 + 2,
                date(2026, 1, 1),
            ),
        ] {
            let periods = cut.periods();
            assert_eq!(periods.len(), count);
            assert_eq!(periods[0].first, first);
            for two in periods.windows(2) {
                assert_eq!(two[0].last.tomorrow().unwrap(), two[1].first);
                assert!(two[0].first <= two[0].last);
            }
        }
    }

    #[test]
    fn without_a_set_up_weeks_begin_on_sunday() {
        let week = standard(date(2026, 3, 2));
        assert_eq!(
            (week.first, week.last),
            (date(2026, 3, 1), date(2026, 3, 7))
        );
        assert_eq!((week.year, week.number), (2026, 10));
    }
}
