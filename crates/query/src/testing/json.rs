//! JSON values of the random tables and their text. Knows no table.

use crate::filter::{Kind, Value};
use std::fmt;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Plain(Value),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The member that a path with `/` between its steps names.
    pub fn member(&self, path: &str) -> Option<&Json> {
        path.split('/').try_fold(self, |json, step| match json {
            Json::Object(members) => members
                .iter()
                .find(|(name, _)| name == step)
                .map(|(_, json)| json),
            _ => None,
        })
    }

    /// The value as a row gives it.
    pub fn value(&self, kind: Kind) -> Value {
        match self {
            Json::Plain(value) => value.clone(),
            json if kind == Kind::Json => Value::Text(json.to_string()),
            _ => Value::Null,
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Plain(Value::Null) => f.write_str("null"),
            Json::Plain(Value::Integer(value)) => write!(f, "{value}"),
            Json::Plain(Value::Number(value)) => write!(f, "{value:?}"),
            Json::Plain(Value::Boolean(value)) => write!(f, "{value}"),
            Json::Plain(Value::Text(text)) => string(text, f),
            Json::Array(elements) => {
                f.write_str("[")?;
                for (number, element) in elements.iter().enumerate() {
                    f.write_str(if number > 0 { "," } else { "" })?;
                    element.fmt(f)?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (number, (name, member)) in members.iter().enumerate() {
                    f.write_str(if number > 0 { "," } else { "" })?;
                    string(name, f)?;
                    f.write_str(":")?;
                    member.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}
