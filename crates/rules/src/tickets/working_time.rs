//! The hours in which a service level's clock runs: those of a calendar without its holidays, or all of them.
//! Pure: knows no record. Calendars are read in UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// Days that are looked through for the minute by which something is due; a calendar that is closed for longer
/// has no such minute.
const MOST_DAYS: usize = 3_700;
/// Minutes that nothing is due after: more than a time can hold, so that a goal of any size is reckoned with.
const MOST_MINUTES: i64 = 20_000 * 366 * 24 * 60;

/// A day off, in whole or between two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holiday {
    pub date: Date,
    pub between: Option<(Time, Time)>,
}

/// When the clock runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hours {
    Always,
    /// From and to by day of the week, Monday first; days without are closed.
    Week {
        days: [Option<(Time, Time)>; 7],
        holidays: Vec<Holiday>,
    },
}

impl Hours {
    /// Whole minutes of working time from one moment to another; 0 when the second is the earlier one.
    pub fn minutes(&self, from: Timestamp, to: Timestamp) -> i64 {
        if to <= from {
            return 0;
        }
        if *self == Self::Always {
            return (to.as_second() - from.as_second()) / 60;
        }
        let (from, to) = (at(from), at(to));
        let mut seconds = 0;
        let mut day = from.date();
        while day <= to.date() {
            for (open, close) in self.open(day) {
                seconds += (close.min(to) - open.max(from))
                    .total(jiff::Unit::Second)
                    .map_or(0.0, |seconds| seconds.max(0.0)) as i64;
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        seconds / 60
    }

    /// The moment at which so many minutes of working time have passed since `from`.
    pub fn after(&self, from: Timestamp, minutes: i64) -> Option<Timestamp> {
        if *self == Self::Always {
            return from
                .checked_add(SignedDuration::from_mins(
                    minutes.clamp(-MOST_MINUTES, MOST_MINUTES),
                ))
                .ok();
        }
        let start = at(from);
        let mut left = minutes.clamp(0, MOST_MINUTES) * 60;
        let mut day = start.date();
        for _ in 0..MOST_DAYS {
            for (open, close) in self.open(day) {
                let open = open.max(start);
                let here = (close - open)
                    .total(jiff::Unit::Second)
                    .map_or(0, |seconds| seconds as i64);
                if here >= left && here >= 0 {
                    let due = open.checked_add(left.seconds()).ok()?;
                    return Some(due.to_zoned(TimeZone::UTC).ok()?.timestamp());
                }
                left -= here.max(0);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The stretches of a day in which the clock runs, in order.
    fn open(&self, day: Date) -> Vec<(DateTime, DateTime)> {
        let Self::Week { days, holidays } = self else {
            return Vec::new();
        };
        let number = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
        let Some((from, to)) = days[number] else {
            return Vec::new();
        };
        let mut open = vec![(day.to_datetime(from), day.to_datetime(to))];
        for holiday in holidays.iter().filter(|holiday| holiday.date == day) {
            let Some((start, end)) = holiday.between else {
                return Vec::new();
            };
            let (start, end) = (day.to_datetime(start), day.to_datetime(end));
            let parts = open
                .into_iter()
                .flat_map(|(from, to)| [(from, to.min(start)), (from.max(end), to)]);
            open = parts.filter(|(from, to)| from < to).collect();
        }
        open
    }
}

fn at(moment: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(moment)
}

#[cfg(test)]
mod tests {
    use super::{Holiday, Hours};
    use jiff::Timestamp;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    /// Eight to five on weekdays; Friday 6 March 2026 is a holiday, and Thursday's lunch from noon to one.
    fn week() -> Hours {
        let day = Some((time(8, 0, 0, 0), time(17, 0, 0, 0)));
        Hours::Week {
            days: [day, day, day, day, day, None, None],
            holidays: vec![
                Holiday {
                    date: date(2026, 3, 6),
                    between: None,
                },
                Holiday {
                    date: date(2026, 3, 5),
                    between: Some((time(12, 0, 0, 0), time(13, 0, 0, 0))),
                },
            ],
        }
    }

    fn moment(text: &str) -> Timestamp {
        format!("2026-03-{text}:00Z").parse().expect("a moment")
    }

    #[test]
    fn minutes_and_moments_of_a_week() {
        let table = [
            // From, to, minutes: within a day, over night, over lunch, over the holiday and the weekend.
            ("02T09:00", "02T10:30", 90),
            ("02T16:30", "03T08:30", 60),
            ("05T11:00", "05T14:00", 120),
            ("05T16:00", "09T09:00", 120),
            ("07T10:00", "08T10:00", 0),
            ("02T06:00", "02T08:00", 0),
            ("02T10:00", "02T09:00", 0),
        ];
        for (from, to, minutes) in table {
            assert_eq!(
                week().minutes(moment(from), moment(to)),
                minutes,
                "{from} to {to}"
            );
        }
        let table = [
            ("02T09:00", 60, "02T10:00"),
            ("02T16:30", 60, "03T08:30"),
            ("05T11:30", 60, "05T13:30"),
            ("05T16:00", 120, "09T09:00"),
            ("07T10:00", 30, "09T08:30"),
        ];
        for (from, minutes, due) in table {
            assert_eq!(
                week().after(moment(from), minutes),
                Some(moment(due)),
                "{minutes} after {from}"
            );
        }
        assert_eq!(
            Hours::Always.after(moment("07T10:00"), 90),
            Some(moment("07T11:30"))
        );
        let closed = Hours::Week {
            days: [None; 7],
            holidays: Vec::new(),
        };
        assert_eq!(closed.after(moment("02T09:00"), 1), None);
        for hours in [Hours::Always, week(), closed] {
            assert_eq!(hours.after(moment("02T09:00"), i64::MAX), None);
        }
        assert_eq!(Hours::Always.after(moment("02T09:00"), i64::MIN), None);
        assert!(week().after(moment("02T09:00"), i64::MIN).is_some());
    }

    proptest! {
        /// What is due after so many minutes lies exactly so many minutes on.
        #[test]
        fn due_and_taken_agree(start in 1_772_000_000_i64..1_774_000_000, minutes in 1_i64..20_000) {
            let from = Timestamp::from_second(start / 60 * 60).expect("in range");
            for hours in [Hours::Always, week()] {
                let due = hours.after(from, minutes).expect("open on some day");
                prop_assert_eq!(hours.minutes(from, due), minutes);
            }
        }
    }
}
