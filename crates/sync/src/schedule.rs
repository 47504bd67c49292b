//! When jobs run by themselves. Moments are aligned to the clock, so that a restart neither skips nor doubles
//! a window. Knows no job.

use jiff::{Timestamp, ToSpan as _, Zoned, tz::TimeZone};

/// A rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Every so many hours, aligned to midnight UTC.
    Hours(i64),
    /// At these hours of the local day.
    At(&'static [i8]),
    /// Only when somebody asks.
    ByHand,
}

impl Rhythm {
    /// The last moment at or before `now` at which the job was due.
    pub fn due(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Hours(hours) => {
                let step = hours.max(1) * 3600;
                Timestamp::from_second(now.as_second().div_euclid(step) * step).ok()
            }
            Self::At(hours) => {
                let local = now.to_zoned(zone.clone());
                let days = [local.clone(), local.checked_sub(1.day()).ok()?];
                let moments = days
                    .iter()
                    .flat_map(|day| hours.iter().filter_map(|hour| at(day, *hour)));
                moments.filter(|moment| *moment <= now).max()
            }
            Self::ByHand => None,
        }
    }

    /// The next moment after `now` at which the job becomes due.
    pub fn next(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Hours(hours) => self.due(now, zone)?.checked_add(hours.max(1).hours()).ok(),
            Self::At(hours) => {
                let local = now.to_zoned(zone.clone());
                let days = [local.clone(), local.checked_add(1.day()).ok()?];
                let moments = days
                    .iter()
                    .flat_map(|day| hours.iter().filter_map(|hour| at(day, *hour)));
                moments.filter(|moment| *moment > now).min()
            }
            Self::ByHand => None,
        }
    }

    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Hours(1) => "every hour".to_owned(),
            Self::Hours(hours) => format!("every {hours} hours"),
            Self::At(hours) => {
                let hours: Vec<String> = hours.iter().map(|hour| format!("{hour:02}:00")).collect();
                format!("daily at {}", hours.join(" and "))
            }
            Self::ByHand => "by hand".to_owned(),
        }
    }
}

fn at(day: &Zoned, hour: i8) -> Option<Timestamp> {
    // An hour that a change of the clock skips is moved by the library to the next one there is.
    let moment = day
        .date()
        .at(hour, 0, 0, 0)
        .to_zoned(day.time_zone().clone())
        .ok()?;
    Some(moment.timestamp())
}

/// The aligned window of so many hours that ended last.
pub fn window(now: Timestamp, hours: i64) -> (Timestamp, Timestamp) {
    let step = hours.max(1) * 3600;
    let end = now.as_second().div_euclid(step) * step;
    let moment = |second| Timestamp::from_second(second).unwrap_or(now);
    (moment(end - step), moment(end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn moments_are_aligned_and_never_ahead() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        for (rhythm, now, due) in [
            (
                Rhythm::Hours(4),
                "2026-11-21T07:59:59Z",
                "2026-11-21T04:00:00Z",
            ),
            (
                Rhythm::Hours(4),
                "2026-11-21T08:00:00Z",
                "2026-11-21T08:00:00Z",
            ),
            (
                Rhythm::At(&[0, 12]),
                "2026-11-21T09:59:00Z",
                "2026-11-20T22:00:00Z",
            ),
            (
                Rhythm::At(&[0, 12]),
                "2026-11-21T10:00:00Z",
                "2026-11-21T10:00:00Z",
            ),
            (
                Rhythm::At(&[2]),
                "2026-11-20T23:30:00Z",
                "2026-11-20T00:00:00Z",
            ),
        ] {
            let now: Timestamp = now.parse().expect("a moment");
            assert_eq!(
                rhythm.due(now, &zone),
                Some(due.parse().expect("a moment")),
                "{rhythm:?} {now}"
            );
            let next = rhythm.next(now, &zone).expect("a next one");
            assert!(next > now, "{rhythm:?} {now}");
            assert_eq!(rhythm.due(next, &zone), Some(next), "{rhythm:?} {now}");
            let before = next - 1.second();
            assert_eq!(rhythm.due(before, &zone), rhythm.due(now, &zone));
        }
        assert_eq!(Rhythm::ByHand.due(Timestamp::UNIX_EPOCH, &zone), None);
    }
}
