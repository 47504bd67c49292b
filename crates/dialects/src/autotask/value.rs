//! Values as clients send them: numbers as text, booleans as numbers, dates without a zone. Each is brought to
//! what its field holds, or refused in the words of the database underneath.

use crate::connectwise::dates;
use bitting_catalog::entity::{Field, Kind};
use bitting_query::{Kind as Holds, Value};
use serde_json::Value as Json;

/// Why a value does not fit, ready to be shown.
pub type Misfit = String;

/// How a field compares.
pub fn holds(field: &Field) -> Holds {
    match field.kind {
        Kind::Integer | Kind::Reference(_) => Holds::Integer,
        Kind::Number => Holds::Number,
        Kind::Boolean => Holds::Boolean,
        Kind::DateTime | Kind::Date => Holds::DateTime,
        Kind::Text | Kind::Uuid => Holds::Text,
        _ => Holds::Json,
    }
}

/// The value a field would hold. Null and, but for text, an empty text are null.
pub fn coerce(field: &Field, json: &Json) -> Result<Value, Misfit> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    if let Json::String(text) = json
        && text.trim().is_empty()
        && holds(field) != Holds::Text
    {
        return Ok(Value::Null);
    }
    match holds(field) {
        // Only what is a flag kept as a number, a contact's isActive, takes what other flags take.
        Holds::Integer if is_flag(json) && !field.name.starts_with("is") => {
            Err(conversion(json, "int"))
        }
        Holds::Integer => integer(json).map(Value::Integer),
        Holds::Number => number(json).map(Value::Number),
        Holds::Boolean => boolean(json).map(Value::Boolean),
        Holds::DateTime => moment(json).map(Value::Text),
        Holds::Text | Holds::Json => text(json).map(Value::Text),
    }
}

fn is_flag(json: &Json) -> bool {
    match json {
        Json::Bool(_) => true,
        Json::String(text) => ["true", "false"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(text.trim())),
        _ => false,
    }
}

fn integer(json: &Json) -> Result<i64, Misfit> {
    let whole = |number: f64| {
        let fits = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
        #[allow(clippy::cast_possible_truncation)]
        fits.then_some(number as i64)
    };
    let found = match json {
        Json::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Json::Bool(flag) => Some(i64::from(*flag)),
        Json::String(text) => match text.trim() {
            word if word.eq_ignore_ascii_case("true") => Some(1),
            word if word.eq_ignore_ascii_case("false") => Some(0),
            word => word
                .parse()
                .ok()
                .or_else(|| word.parse::<f64>().ok().and_then(whole)),
        },
        _ => None,
    };
    found.ok_or_else(|| conversion(json, "int"))
}

/// A number, also one that stands in a text.
pub fn number(json: &Json) -> Result<f64, Misfit> {
    let found = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    found
        .filter(|number| number.is_finite())
        .ok_or_else(|| conversion(json, "float"))
}

fn boolean(json: &Json) -> Result<bool, Misfit> {
    let found = match json {
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Json::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    found.ok_or_else(|| conversion(json, "bit"))
}

fn moment(json: &Json) -> Result<String, Misfit> {
    let found = match json {
        Json::String(text) => dates::moment(text),
        _ => None,
    };
    found.ok_or_else(|| conversion(json, "datetime"))
}

/// A value at rest as JSON.
pub fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(number) => Json::from(*number),
        Value::Number(number) => Json::from(*number),
        Value::Boolean(flag) => Json::from(*flag),
        Value::Text(text) => Json::from(text.as_str()),
    }
}

/// The text at rest of a user-defined value: numbers and moments in the one form that compares.
pub fn user_defined(kind: &str, json: &Json) -> Result<String, Misfit> {
    match kind {
        "double" => Ok(number(json)?.to_string()),
        "datetime" => moment(json),
        _ => text(json),
    }
}

/// Text of a plain value. NUL, which no database keeps, becomes a blank.
pub fn text(json: &Json) -> Result<String, Misfit> {
    match json {
        Json::String(text) => Ok(text.replace('\0', " ")),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(flag) => Ok(flag.to_string()),
        _ => Err(format!(
            "Unexpected character encountered while parsing value: {}.",
            first(json)
        )),
    }
}

fn conversion(json: &Json, kind: &str) -> Misfit {
    match json {
        Json::String(text) => {
            let shown: String = text.chars().take(60).collect();
            format!("Conversion failed when converting varchar '{shown}' to data type {kind}")
        }
        other => format!(
            "Unexpected character encountered while parsing value: {}.",
            first(other)
        ),
    }
}

/// The first character of a value as it stands in JSON.
fn first(json: &Json) -> char {
    match json {
        Json::Object(_) => '{',
        Json::Array(_) => '[',
        other => other.to_string().chars().next().unwrap_or('?'),
    }
}
