//! Stretches of time that limits and bills count by: of the calendar, or since an agreement began. Dates
//! alone; knows no record.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan as _};

/// From the first day to the day after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub from: Date,
    pub to: Date,
}

impl Stretch {
    /// Days in it.
    pub fn days(self) -> i32 {
        (self.to - self.from).get_days()
    }
}

/// The cycle of an agreement's limit that a day lies in; `None` when the limit is for the whole agreement.
pub fn applied(cycle: &str, start: Date, day: Date) -> Option<Stretch> {
    let step = match cycle {
        "CalendarWeek" => {
            let from = day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
            return Some(Stretch {
                from,
                to: from.saturating_add(7.days()),
            });
        }
        "CalendarMonth" => return Some(months(day, 1)),
        "CalendarQuarter" => return Some(months(day, 3)),
        "CalendarYear" => return Some(months(day, 12)),
        "Contract2Weeks" => 2.weeks(),
        "Contract4Weeks" => 4.weeks(),
        "ContractQuarter" => 3.months(),
        "ContractYear" => 1.year(),
        _ => return None,
    };
    Some(since(start, step, day))
}

/// What a billing cycle bills at once; `None` when it does not recur.
pub fn billed(options: &str, start: Date, day: Date) -> Option<Stretch> {
    let step = match options {
        "Weekly" => 1.week(),
        "BiWeekly" => 2.weeks(),
        "Monthly" => return Some(months(day, 1)),
        "BiMonthly" => 2.months(),
        "Quarterly" => 3.months(),
        "SemiAnnual" => 6.months(),
        "Yearly" => 1.year(),
        _ => return None,
    };
    Some(since(start, step, day))
}

/// The months of the calendar that a day lies in, by ones, threes or twelves.
fn months(day: Date, count: i8) -> Stretch {
    let first = (day.month() - 1) / count * count + 1;
    let from = day
        .first_of_year()
        .saturating_add(i64::from(first - 1).months());
    Stretch {
        from,
        to: from.saturating_add(i64::from(count).months()),
    }
}

/// Steps from `start` on, the one that `day` lies in; the first one for a day before it.
fn since(start: Date, step: Span, day: Date) -> Stretch {
    // Steps are taken from the start, so that a month's end does not creep.
    let nth = |n: i64| start.checked_add(step * n).unwrap_or(Date::MAX);
    let mut n = 0;
    while nth(n + 1) <= day && nth(n + 1) < Date::MAX {
        n += 1;
    }
    Stretch {
        from: nth(n),
        to: nth(n + 1),
    }
}

/// The week from Sunday to Saturday that a day lies in.
pub fn week(day: Date) -> Stretch {
    let from = day.saturating_sub(i64::from(day.weekday().since(Weekday::Sunday)).days());
    Stretch {
        from,
        to: from.saturating_add(7.days()),
    }
}

/// A day of a record's time, which is in UTC.
pub fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// A day as records show it.
pub fn shown(day: Date) -> String {
    format!("{day}T00:00:00Z")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_lie_in_their_cycles() {
        let start = date(2025, 1, 31);
        let day = date(2026, 3, 2);
        for (cycle, from, to) in [
            ("CalendarWeek", date(2026, 3, 2), date(2026, 3, 9)),
            ("CalendarMonth", date(2026, 3, 1), date(2026, 4, 1)),
            ("CalendarQuarter", date(2026, 1, 1), date(2026, 4, 1)),
            ("CalendarYear", date(2026, 1, 1), date(2027, 1, 1)),
            ("ContractYear", date(2026, 1, 31), date(2027, 1, 31)),
            ("ContractQuarter", date(2026, 1, 31), date(2026, 4, 30)),
            ("Contract2Weeks", date(2026, 2, 27), date(2026, 3, 13)),
        ] {
            assert_eq!(
                applied(cycle, start, day),
                Some(Stretch { from, to }),
                "{cycle}"
            );
        }
        assert_eq!(applied("", start, day), None);
        assert_eq!(week(day).from, date(2026, 3, 1));
        assert_eq!(
            billed("Monthly", start, date(2026, 12, 31)).unwrap().to,
            date(2027, 1, 1)
        );
        assert_eq!(billed("NotRecurring", start, day), None);
    }

    #[test]
    fn the_first_and_the_last_day_of_all_have_their_cycles_too() {
        for day in [Date::MIN, Date::MAX] {
            assert!(week(day).from <= day);
            for cycle in ["CalendarWeek", "CalendarYear", "ContractYear"] {
                assert!(applied(cycle, day, day).unwrap().from <= day, "{cycle}");
            }
            assert!(billed("Monthly", day, day).unwrap().to >= day);
        }
    }
}
