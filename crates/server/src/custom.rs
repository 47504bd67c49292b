//! Values of custom fields at rest: a JSON array of `{id, caption, value}` beside the typed columns.

use crate::backend::Defined;
use crate::instance::Instance;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::body::CustomField;
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
        values.retain(|value| value["id"].as_i64() != Some(field.shown.id));
        if !change.value.is_null() {
            values.push(
                json!({ "id": field.shown.id, "caption": field.caption, "value": change.value }),
            );
        }
    }
    Ok(Value::Array(values).to_string())
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
