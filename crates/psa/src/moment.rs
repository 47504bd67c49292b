//! A moment as records show it. Knows nothing else.

use jiff::Timestamp;

/// A time as records show it: UTC with seconds.
pub fn time(time: Timestamp) -> String {
    let at = jiff::tz::Offset::UTC.to_datetime(time);
    let Ok(year @ 0..=9999) = u16::try_from(at.year()) else {
        return time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    };
    // Digit by digit: a write says the time half a dozen times, and a format is read anew each time.
    let mut text = String::with_capacity(20);
    let mut two = |number: u16, end: char| {
        for digit in [number / 10, number % 10] {
            text.push(char::from(b'0' + digit as u8));
        }
        if end != '\0' {
            text.push(end);
        }
    };
    two(year / 100, '\0');
    two(year % 100, '-');
    let small = |number: i8| u16::from(number.unsigned_abs());
    two(small(at.month()), '-');
    two(small(at.day()), 'T');
    two(small(at.hour()), ':');
    two(small(at.minute()), ':');
    two(small(at.second()), 'Z');
    text
}

#[cfg(test)]
mod tests {
    use super::time;
    use jiff::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_are_said_as_a_format_says_them(second in -377_705_023_201_i64..253_402_207_200) {
            let at = Timestamp::from_second(second).expect("in range");
            prop_assert_eq!(time(at), at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        }
    }
}
