//! Values of a recipe's tables, read strictly: what is of the wrong kind, or a key that there is not, names its file.

use super::error::DemoError;
use super::moment;
use toml::{Table, Value};

/// Refuses a key that is none of those known, with the one that may be meant.
pub(super) fn only(file: &str, table: &Table, known: &[&str]) -> Result<(), DemoError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(DemoError::new(file, format!("there is no key `{key}`"))
            .meant(key, known.iter().copied())),
    }
}

/// An array of texts; `name` is the key it stands under.
pub(super) fn strings(
    file: &str,
    name: &str,
    value: Option<&Value>,
) -> Result<Vec<String>, DemoError> {
    let wrong = || DemoError::new(file, format!("`{name}` must be an array of texts"));
    let Some(Value::Array(entries)) = value else {
        return Err(wrong());
    };
    entries
        .iter()
        .map(|entry| entry.as_str().map(str::to_owned).ok_or_else(wrong))
        .collect()
}

/// Whether a key is there and true.
pub(super) fn flag(table: &Table, key: &str) -> bool {
    table.get(key).and_then(Value::as_bool) == Some(true)
}

/// An integer or a number.
pub(super) fn number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|number| number as f64))
}

/// Reads a span, with the key it stands under for the error.
pub(super) fn span(file: &str, key: &str, value: &Value) -> Result<i64, DemoError> {
    let text = value.as_str().unwrap_or_default();
    moment::span(text).ok_or_else(|| {
        DemoError::new(
            file,
            format!("`{key}` is {value}; write a span such as `-365d`, `2h` or `30m`"),
        )
    })
}
