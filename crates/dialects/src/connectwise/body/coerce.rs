//! One JSON value as what one field holds. Knows no other field.

use super::super::dates;
use super::super::error::{ApiError, FieldError};
use super::super::names;
use super::failure::{Failure, conversion};
use super::{InputValue, Reader, json, keys, text};
use bitting_catalog::entity::{Field, Kind, Scalar};
use bitting_query::Value as Stored;
use serde_json::{Map, Number, Value};

/// Objects within objects that a body may nest.
const MAX_NESTING: usize = 8;

impl Reader<'_> {
    /// The value of one field of the entity.
    pub(crate) fn value(&self, field: &Field, value: &Value) -> Result<InputValue, Failure> {
        if value.is_null() {
            return Ok(InputValue::Null);
        }
        Ok(match &field.kind {
            Kind::Reference(reference) => keys::reference(self, field, reference, value)?
                .map_or(InputValue::Null, InputValue::Reference),
            Kind::References(reference) => {
                let entries = match value {
                    Value::Array(entries) => entries.as_slice(),
                    Value::String(text) if text.trim().is_empty() => return Ok(InputValue::Null),
                    one => std::slice::from_ref(one),
                };
                let mut found = Vec::with_capacity(entries.len());
                for entry in entries {
                    found.extend(keys::reference(self, field, reference, entry)?);
                }
                InputValue::References(found)
            }
            // The newer twin of a bare number: `location: {id}` for `locationId`.
            Kind::Integer if value.is_object() && field.id_of.is_some() => {
                match keys::bare(self, field, value)? {
                    Some(super::Key::Id(id)) => InputValue::Value(Stored::Integer(id)),
                    Some(key) => InputValue::Reference(key),
                    None => InputValue::Null,
                }
            }
            Kind::List(_) | Kind::Embedded { .. } | Kind::Any => {
                let path = field.name.to_string();
                match self.nested(field, value, &path, 0)? {
                    Value::Null => InputValue::Null,
                    json => InputValue::Json(json.to_string()),
                }
            }
            _ => match self.plain(field, value, &field.name)? {
                Stored::Null => InputValue::Null,
                value => InputValue::Value(value),
            },
        })
    }

    /// A value without structure.
    fn plain(&self, field: &Field, value: &Value, path: &str) -> Result<Stored, Failure> {
        if value.is_null() {
            return Ok(Stored::Null);
        }
        let scalar = match &field.kind {
            Kind::Integer => Scalar::Integer,
            Kind::Number => Scalar::Number,
            Kind::Boolean => Scalar::Boolean,
            Kind::DateTime => return self.written(value, path, dates::moment),
            Kind::Date => return self.written(value, path, dates::day),
            Kind::Uuid => return self.written(value, path, text::uuid),
            _ => Scalar::Text,
        };
        if scalar == Scalar::Text && !field.values.is_empty() {
            return self.word(field, value, path);
        }
        let stored = scalar_value(scalar, value, path)?;
        let Stored::Text(given) = stored else {
            return Ok(stored);
        };
        let given = text::cleaned(&given, field.max);
        match field.max {
            Some(max) if given.chars().count() > max as usize => {
                Err(FieldError::too_long(&self.resource(), path, max).into())
            }
            _ => Ok(Stored::Text(given)),
        }
    }

    /// Text in one of the forms that `read` takes; blank is nothing.
    fn written(
        &self,
        value: &Value,
        path: &str,
        read: fn(&str) -> Option<String>,
    ) -> Result<Stored, Failure> {
        let Value::String(given) = value else {
            return Err(match value {
                Value::Object(_) | Value::Array(_) => {
                    conversion(value, "System.DateTime", path).into()
                }
                _ => FieldError::format(&self.resource(), path).into(),
            });
        };
        if given.trim().is_empty() {
            return Ok(Stored::Null);
        }
        read(given)
            .map(Stored::Text)
            .ok_or_else(|| FieldError::format(&self.resource(), path).into())
    }

    /// One of a fixed set of words.
    fn word(&self, field: &Field, value: &Value, path: &str) -> Result<Stored, Failure> {
        let Value::String(given) = value else {
            return Err(conversion(value, "System.String", path).into());
        };
        let given = given.trim();
        if given.is_empty() {
            return Ok(Stored::Null);
        }
        let known = field
            .values
            .iter()
            .find(|word| word.eq_ignore_ascii_case(given));
        let Some(word) = known else {
            let message = format!("{path} must be one of: {}.", field.values.join(", "));
            return Err(FieldError::invalid(&self.resource(), path, message).into());
        };
        Ok(Stored::Text(word.to_string()))
    }

    /// A list, a nested object or any JSON, its members spelled and typed as their shape says.
    fn nested(
        &self,
        field: &Field,
        value: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Value, Failure> {
        if depth > MAX_NESTING {
            return Err(ApiError::bad_request(format!(
                "{path} is nested more than {MAX_NESTING} levels deep."
            ))
            .into());
        }
        if matches!(value, Value::String(text) if text.trim().is_empty()) && field.kind != Kind::Any
        {
            return Ok(Value::Null);
        }
        match &field.kind {
            Kind::List(scalar) => {
                let entries = value
                    .as_array()
                    .ok_or_else(|| conversion(value, "System.Collections.List", path))?;
                let mut read = Vec::with_capacity(entries.len());
                for (index, entry) in entries.iter().enumerate() {
                    if !entry.is_null() {
                        read.push(as_json(scalar_value(
                            *scalar,
                            entry,
                            &format!("{path}[{index}]"),
                        )?));
                    }
                }
                Ok(Value::Array(read))
            }
            Kind::Embedded { shape, list: true } => {
                let entries = match value {
                    Value::Null => return Ok(Value::Null),
                    Value::Array(entries) => entries,
                    _ => return Err(conversion(value, shape, path).into()),
                };
                let mut read = Vec::with_capacity(entries.len());
                for (index, entry) in entries.iter().enumerate() {
                    read.push(self.shaped(shape, entry, &format!("{path}[{index}]"), depth)?);
                }
                Ok(Value::Array(read))
            }
            Kind::Embedded { shape, list: false } if !value.is_null() => {
                self.shaped(shape, value, path, depth)
            }
            Kind::Any => Ok(value.clone()),
            Kind::Reference(reference) => {
                let key = keys::reference(self, field, reference, value)?;
                Ok(key.map_or(Value::Null, keys::as_json))
            }
            Kind::References(reference) => {
                let entries = value
                    .as_array()
                    .ok_or_else(|| conversion(value, &reference.shape, path))?;
                let mut read = Vec::with_capacity(entries.len());
                for entry in entries {
                    read.extend(keys::reference(self, field, reference, entry)?.map(keys::as_json));
                }
                Ok(Value::Array(read))
            }
            _ => Ok(as_json(self.plain(field, value, path)?)),
        }
    }

    /// An object of a known shape; members it does not have are left out.
    fn shaped(
        &self,
        shape: &str,
        value: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Value, Failure> {
        let Value::Object(members) = value else {
            return Err(conversion(value, shape, path).into());
        };
        let Some(fields) = self.names.shape(shape) else {
            return Ok(value.clone());
        };
        let mut read = Map::new();
        for (name, value) in members {
            let Some((_, field)) = names::field(fields, name, self.release) else {
                continue;
            };
            let value = self.nested(field, value, &format!("{path}.{}", field.name), depth + 1)?;
            if !value.is_null() {
                read.insert(field.name.to_string(), value);
            }
        }
        Ok(Value::Object(read))
    }

    /// One member of a nested object at rest, for a path into it.
    pub(crate) fn inside(
        &self,
        shape: &str,
        name: &str,
        value: &Value,
        path: &str,
    ) -> Result<Option<Value>, Failure> {
        let Some((_, field)) = self
            .names
            .shape(shape)
            .and_then(|fields| names::field(fields, name, self.release))
        else {
            return Ok(None);
        };
        let value = self.nested(field, value, path, 1)?;
        Ok(Some(Value::Object(Map::from_iter([(
            field.name.to_string(),
            value,
        )]))))
    }
}

/// A bare value: numbers and booleans also as text, blank text as nothing where text is not meant.
fn scalar_value(scalar: Scalar, value: &Value, path: &str) -> Result<Stored, ApiError> {
    if scalar != Scalar::Text && matches!(value, Value::String(text) if text.trim().is_empty()) {
        return Ok(Stored::Null);
    }
    let (stored, kind) = match scalar {
        Scalar::Integer => {
            let flag = || value.as_bool().map(i64::from);
            (
                json::integer(value).or_else(flag).map(Stored::Integer),
                "System.Int32",
            )
        }
        Scalar::Number => (number(value).map(Stored::Number), "System.Double"),
        Scalar::Boolean => (boolean(value).map(Stored::Boolean), "System.Boolean"),
        Scalar::Text => (words(value).map(Stored::Text), "System.String"),
    };
    stored.ok_or_else(|| conversion(value, kind, path))
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => match text.trim() {
            "0" => Some(false),
            "1" => Some(true),
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}

fn as_json(stored: Stored) -> Value {
    match stored {
        Stored::Null => Value::Null,
        Stored::Integer(number) => Value::from(number),
        Stored::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Value::from(number as i64)
        }
        Stored::Number(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Stored::Boolean(flag) => Value::Bool(flag),
        Stored::Text(text) => Value::String(text),
    }
}
