//! Seconds since 1970 to the text at rest and back, and steps in days, months and working hours.
//! Only the narrow form that rows hold: `2005-05-27T17:30:19Z`.

use super::random::Random;

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 86_400;

/// How a time is rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    Day,
    /// To its Sunday.
    Week,
    Month,
    Year,
}

/// `2005-05-27T17:30:19Z`
pub fn write(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let mut text = String::with_capacity(20);
    for (number, digits, after) in [
        (year, 1000, '-'),
        (month, 10, '-'),
        (day, 10, 'T'),
        (rest / HOUR, 10, ':'),
        (rest % HOUR / 60, 10, ':'),
        (rest % 60, 10, 'Z'),
    ] {
        let mut unit = digits;
        while unit > 0 {
            text.push((b'0' + (number / unit % 10) as u8) as char);
            unit /= 10;
        }
        text.push(after);
    }
    text
}

/// Reads what [`write`] writes; `None` for any other text.
pub fn read(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 20 || bytes[4] != b'-' || bytes[10] != b'T' || bytes[19] != b'Z' {
        return None;
    }
    let part = |from: usize, to: usize| {
        text.get(from..to)
            .and_then(|digits| digits.parse::<i64>().ok())
    };
    let days = days(part(0, 4)?, part(5, 7)?, part(8, 10)?);
    Some(days * DAY + part(11, 13)? * HOUR + part(14, 16)? * MINUTE + part(17, 19)?)
}

/// `-365d`, `90m`, `0`: seconds, with the unit s, m, h or d.
pub fn span(text: &str) -> Option<i64> {
    let text = text.trim();
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        _ => return (text == "0").then_some(0),
    };
    text[..text.len() - 1]
        .parse::<i64>()
        .ok()
        .map(|count| count * unit)
}

pub fn round(seconds: i64, to: Round) -> i64 {
    let days = seconds.div_euclid(DAY);
    match to {
        Round::Day => days * DAY,
        // The first of January 1970 was a Thursday, four days after a Sunday.
        Round::Week => (days - (days + 4).rem_euclid(7)) * DAY,
        Round::Month => (days - civil(days).2 + 1) * DAY,
        Round::Year => self::days(civil(days).0, 1, 1) * DAY,
    }
}

/// The first day of the month that lies `months` after that of `seconds`.
pub fn month_after(seconds: i64, months: i64) -> i64 {
    let (year, month, _) = civil(seconds.div_euclid(DAY));
    let count = year * 12 + month - 1 + months;
    days(count.div_euclid(12), count.rem_euclid(12) + 1, 1) * DAY
}

/// A quarter of an hour between eight and five on a weekday, not before `seconds` unless the day is over.
pub fn working(seconds: i64, random: &mut Random) -> i64 {
    let mut day = seconds.div_euclid(DAY);
    if seconds.rem_euclid(DAY) > 16 * HOUR {
        day += 1;
    }
    // The first of January 1970 was a Thursday: 2 is a Saturday, 3 a Sunday.
    match day.rem_euclid(7) {
        2 => day += 2,
        3 => day += 1,
        _ => {}
    }
    let open = day * DAY + 8 * HOUR;
    let first = if seconds > open {
        (seconds - open) / (15 * MINUTE) + 1
    } else {
        0
    };
    open + random.between(first.min(35), 35) * 15 * MINUTE
}

/// Days since 1970 to year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// Year, month, day to days since 1970.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn writes_as_jiff_does_and_reads_back(seconds in -2_000_000_000i64..5_000_000_000) {
            let text = write(seconds);
            prop_assert_eq!(&text, &jiff::Timestamp::from_second(seconds).unwrap().to_string());
            prop_assert_eq!(read(&text), Some(seconds));
        }

        #[test]
        fn work_is_done_on_weekdays_in_office_hours(seconds in 0i64..5_000_000_000, seed: u64) {
            let at = working(seconds, &mut Random::for_row(seed, 0, 0));
            prop_assert!(!matches!(at.div_euclid(DAY).rem_euclid(7), 2 | 3));
            prop_assert!((8 * HOUR..17 * HOUR).contains(&at.rem_euclid(DAY)));
            prop_assert!(at >= seconds - 15 * MINUTE, "{} came before {}", write(at), write(seconds));
        }
    }

    #[test]
    fn months_begin_on_their_first_day() {
        let at = read("2026-01-31T10:20:30Z").unwrap();
        assert_eq!(write(round(at, Round::Day)), "2026-01-31T00:00:00Z");
        assert_eq!(write(round(at, Round::Month)), "2026-01-01T00:00:00Z");
        assert_eq!(write(round(at, Round::Week)), "2026-01-25T00:00:00Z");
        assert_eq!(write(round(at, Round::Year)), "2026-01-01T00:00:00Z");
        assert_eq!(write(month_after(at, 1)), "2026-02-01T00:00:00Z");
        assert_eq!(write(month_after(at, -1)), "2025-12-01T00:00:00Z");
        assert_eq!(write(month_after(at, -12)), "2025-01-01T00:00:00Z");
    }

    #[test]
    fn spans_name_their_unit() {
        assert_eq!(span("-2d"), Some(-2 * DAY));
        assert_eq!(span("90m"), Some(90 * MINUTE));
        assert_eq!(span("0"), Some(0));
        assert_eq!(span("12"), None);
        assert_eq!(span("d"), None);
        assert_eq!(span(""), None);
    }
}
