//! Values of custom fields at rest: a JSON array of `{id, caption, value}` beside the typed columns.

use crate::backend::Defined;
use crate::instance::Instance;
use crate::number::shown;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::body::CustomField;
use bitting_dialects::connectwise::dates::moment;
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::names;
use serde_json::{Value, json};

/// The values at rest with some of them replaced; a null takes one out.
pub fn merged(
    instance: &Instance,
    entity: &Entity,
    at_rest: Option<&str>,
    changes: &[CustomField],
) -> Result<String, FieldError> {
    let defined = instance.backend.defined(entity.id);
    let mut values: Vec<Value> = at_rest
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    for change in changes {
        let Some(field) = find(&defined, change) else {
            let named = change
                .caption
                .clone()
                .or_else(|| change.id.map(|id| id.to_string()))
                .unwrap_or_default();
            let message = format!("Custom field {named} is not defined for {}.", entity.schema);
            return Err(FieldError::not_found(
                &names::resource(&entity.schema),
                "customFields",
                message,
            ));
        };
        let value = held(field, &change.value).map_err(|why| {
            let message = format!("{}: {why}", field.caption);
            FieldError::invalid(&names::resource(&entity.schema), "customFields", message)
        })?;
        values.retain(|value| value["id"].as_i64() != Some(field.shown.id));
        if !value.is_null() {
            values.push(json!({ "id": field.shown.id, "caption": field.caption, "value": value }));
        }
    }
    Ok(Value::Array(values).to_string())
}

/// A value as its field holds it. Clients send numbers and flags as text; an empty text empties a field.
fn held(field: &Defined, value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::Null => return Ok(Value::Null),
        Value::String(text) if text.trim().is_empty() => return Ok(Value::Null),
        Value::String(text) => text.trim().to_owned(),
        Value::Array(_) | Value::Object(_) => {
            return Err("a value is no list and no object.".to_owned());
        }
        other => other.to_string(),
    };
    if !field.options.is_empty() {
        let known = field
            .options
            .iter()
            .find(|option| option.eq_ignore_ascii_case(&text));
        return known.map(|option| json!(option)).ok_or_else(|| {
            format!(
                "{text} is not one of its options, which are {}.",
                field.options.join(", ")
            )
        });
    }
    match field.kind.as_str() {
        "Number" | "Currency" | "Percent" => {
            number(&text).ok_or_else(|| format!("{text} is no number."))
        }
        "Checkbox" => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(json!(true)),
            "false" | "0" => Ok(json!(false)),
            _ => Err(format!("{text} is neither true nor false.")),
        },
        "Date" => moment(&text)
            .map(Value::String)
            .ok_or_else(|| format!("{text} is no date; write 2026-03-02T00:00:00Z.")),
        // Text keeps the blanks around it.
        _ => Ok(value
            .as_str()
            .map_or_else(|| json!(text), |whole| json!(whole))),
    }
}

/// A number, whole where it can be.
fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(json!(whole));
    }
    let number: f64 = text.parse().ok()?;
    number.is_finite().then(|| shown(number))
}

fn find<'a>(defined: &'a [Defined], change: &CustomField) -> Option<&'a Defined> {
    match (change.id, &change.caption) {
        (Some(id), _) => defined.iter().find(|field| field.shown.id == id),
        (None, Some(caption)) => defined
            .iter()
            .find(|field| field.caption.eq_ignore_ascii_case(caption)),
        (None, None) => None,
    }
}
