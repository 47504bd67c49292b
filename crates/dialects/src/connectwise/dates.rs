//! Every way clients write a moment, brought to the one form at rest: `2005-05-27T17:30:19Z`. Knows no
//! clock: a moment without an offset is UTC.
//!
//! A fraction of a second is cut off, not rounded, because stored moments are whole seconds cut the same
//! way: a client that asks for everything since the moment it last saw loses nothing.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

/// Reads a date or a date-time and writes it as `YYYY-MM-DDTHH:MM:SSZ`.
///
/// Accepted: `2016-08-20`, `2016-08-20T18:04:26Z`, fractions, offsets (`+02:00`, `+0200`, `+02`), none (UTC),
/// a blank in place of `T`, a blank in place of the `+` that a query string has eaten, and month before day as
/// .NET and PowerShell write a moment by themselves: `8/20/2016`, `08/20/2016 18:04:26`, `8/20/2016 6:04:26 PM`.
pub fn moment(text: &str) -> Option<String> {
    let at = parse(text.trim())?;
    Some(written(at))
}

/// Reads the same forms and keeps the day alone, `YYYY-MM-DD`, as it stands in the text.
pub fn day(text: &str) -> Option<String> {
    let text = text.trim();
    parse(text)?;
    let date = date(text.as_bytes())?.0;
    Some(format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        date.month(),
        date.day()
    ))
}

/// Whether the text is a date alone, so that a time may follow after a blank.
pub(crate) fn is_day(text: &str) -> bool {
    date(text.as_bytes()).is_some_and(|(_, rest)| rest.is_empty())
}

fn written(at: DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn parse(text: &str) -> Option<DateTime> {
    let (date, rest) = date(text.as_bytes())?;
    let rest = match rest {
        [] | [b'Z' | b'z'] => return Some(date.to_datetime(Time::midnight())),
        [b'T' | b't', rest @ ..] => rest,
        [b' ', ..] => rest.trim_ascii_start(),
        _ => return None,
    };
    let (time, rest) = time(rest)?;
    let local = date.to_datetime(time);
    let offset = offset(rest)?;
    let utc = local.checked_sub(SignedDuration::from_secs(offset)).ok()?;
    (utc.year() >= 0).then_some(utc)
}

fn date(bytes: &[u8]) -> Option<(Date, &[u8])> {
    iso(bytes).or_else(|| american(bytes))
}

/// `8/20/2016`: month, day, year.
fn american(bytes: &[u8]) -> Option<(Date, &[u8])> {
    let (month, rest) = digits(bytes, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"/")?, 1, 2)?;
    let (year, rest) = digits(rest.strip_prefix(b"/")?, 4, 4)?;
    let narrow = |number: i64| i8::try_from(number).ok();
    let date = Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()?;
    Some((date, rest))
}

fn iso(bytes: &[u8]) -> Option<(Date, &[u8])> {
    let (year, rest) = digits(bytes, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 1, 2)?;
    let date = Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()?;
    Some((date, rest))
}

fn time(bytes: &[u8]) -> Option<(Time, &[u8])> {
    let (hour, rest) = digits(bytes, 1, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    let mut second = 0;
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = digits(after, 2, 2)?;
        if let Some(after) = rest.strip_prefix(b".") {
            let fraction = after
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if fraction == 0 {
                return None;
            }
            rest = &after[fraction..];
        }
    }
    let (hour, rest) = halved(hour, rest)?;
    let narrow = |number: i64| i8::try_from(number).ok();
    let time = Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()?;
    Some((time, rest))
}

/// The hour of the day where AM or PM follows.
fn halved(hour: i64, rest: &[u8]) -> Option<(i64, &[u8])> {
    let word = rest.trim_ascii_start();
    let Some((half, after)) = word.split_at_checked(2) else {
        return Some((hour, rest));
    };
    let noon = if half.eq_ignore_ascii_case(b"PM") {
        12
    } else if half.eq_ignore_ascii_case(b"AM") {
        0
    } else {
        return Some((hour, rest));
    };
    (1..=12).contains(&hour).then(|| (hour % 12 + noon, after))
}

/// Seconds east of UTC. A blank before digits is a `+` that was not percent-encoded.
fn offset(bytes: &[u8]) -> Option<i64> {
    let (sign, rest) = match bytes {
        [] | [b'Z' | b'z'] => return Some(0),
        [b' ', rest @ ..] if matches!(rest.trim_ascii_start(), [b'Z' | b'z']) => return Some(0),
        [b' ', rest @ ..] if matches!(rest.first(), Some(b'+' | b'-')) => {
            (if rest[0] == b'-' { -1 } else { 1 }, &rest[1..])
        }
        [b'+' | b' ', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2, 2)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() {
        (0, rest)
    } else {
        digits(rest, 2, 2)?
    };
    (rest.is_empty() && hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(bytes: &[u8], least: usize, most: usize) -> Option<(i64, &[u8])> {
    let count = bytes
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count < least {
        return None;
    }
    let number = bytes[..count]
        .iter()
        .fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
    Some((number, &bytes[count..]))
}

#[cfg(test)]
mod tests {
    use super::{day, moment};

    #[test]
    fn every_form_clients_send() {
        let table = [
            ("2016-08-20T18:04:26Z", "2016-08-20T18:04:26Z"),
            ("2026-03-31", "2026-03-31T00:00:00Z"),
            ("2024-05-01T10:00:00.123456+00:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01T10:00:00.123456", "2024-05-01T10:00:00Z"),
            ("2024-05-01 10:00:00.123456+00:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01 10:00:00.123456 00:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01T10:00:00 00:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01T10:00:00 02:00", "2024-05-01T08:00:00Z"),
            ("2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00Z"),
            ("2024-05-01T10:00:00-0530", "2024-05-01T15:30:00Z"),
            ("2024-05-01T10:00:00+02", "2024-05-01T08:00:00Z"),
            ("2024-05-01T10:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01 10:00", "2024-05-01T10:00:00Z"),
            ("2024-02-29t23:59:59.9z", "2024-02-29T23:59:59Z"),
            ("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"),
            (" 2024-5-1 ", "2024-05-01T00:00:00Z"),
            ("2024-05-01 10:00:00 Z", "2024-05-01T10:00:00Z"),
            ("05/01/2024", "2024-05-01T00:00:00Z"),
            ("5/1/2024 22:04:05", "2024-05-01T22:04:05Z"),
            ("5/1/2024 10:04:05 PM", "2024-05-01T22:04:05Z"),
            ("5/1/2024 12:04 am", "2024-05-01T00:04:00Z"),
            ("12/31/2024 12:00:00 PM +01:00", "2024-12-31T11:00:00Z"),
        ];
        for (text, expected) in table {
            assert_eq!(moment(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment() {
        for text in [
            "",
            "today",
            "2024",
            "2024-13-01",
            "2024-02-30",
            "2024-05-01T",
            "2024-05-01T25:00",
            "20240501",
            "2024-05-01T10:00:00.",
            "2024-05-01T10:00:00+99:00",
            "2024-05-01T10:00:00Zz",
            "13/05/2024",
            "1/5/24",
            "5/1/2024 13:00 PM",
            "5/1/2024 0:00 AM",
            "2024-05-01x",
            "2024-05-01T10:00:00+0",
            "0000-01-01T00:00+01:00",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_keeps_its_own_calendar() {
        assert_eq!(
            day("2024-05-01T23:30:00-05:00").as_deref(),
            Some("2024-05-01")
        );
        assert_eq!(day("2024-5-1").as_deref(), Some("2024-05-01"));
        assert_eq!(day("5/1/2024 23:30").as_deref(), Some("2024-05-01"));
        assert_eq!(day("soon"), None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_is_stable(text in "[0-9TZ:+. -]{0,40}|\\PC{0,20}") {
            if let Some(written) = moment(&text) {
                proptest::prop_assert_eq!(moment(&written), Some(written));
            }
        }
    }
}
