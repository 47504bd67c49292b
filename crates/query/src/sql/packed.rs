//! Many values as the text of one parameter. Knows no column.

use crate::filter::Value;
use std::fmt::Write as _;

/// Values as one text: a JSON array, or an array literal of PostgreSQL.
pub(super) fn packed<'a>(
    values: impl Iterator<Item = &'a Value>,
    open: char,
    close: char,
    fold: bool,
) -> String {
    let mut out = String::from(open);
    for (number, value) in values.enumerate() {
        if number > 0 {
            out.push(',');
        }
        let written = match value {
            Value::Integer(value) => write!(out, "{value}"),
            // JSON has no infinity, but reads a number too large for it as one.
            Value::Number(value) if value.is_infinite() => {
                let minus = if *value < 0.0 { "-" } else { "" };
                write!(
                    out,
                    "{minus}{}",
                    if open == '[' { "1e999" } else { "Infinity" }
                )
            }
            Value::Number(value) => write!(out, "{value:?}"),
            Value::Boolean(value) => write!(out, "{value}"),
            Value::Text(text) => {
                element(text, fold, open == '[', &mut out);
                Ok(())
            }
            Value::Null => Ok(()),
        };
        debug_assert!(written.is_ok(), "a String takes everything");
    }
    out.push(close);
    out
}

fn element(text: &str, fold: bool, json: bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if json && c < ' ' => {
                let written = write!(out, "\\u{:04x}", u32::from(c));
                debug_assert!(written.is_ok(), "a String takes everything");
            }
            c if fold => out.push(c.to_ascii_lowercase()),
            c => out.push(c),
        }
    }
    out.push('"');
}
