//! What the caller wrote, put into the row: values, references looked up, defaults, and what is still
//! missing after them.

use crate::context::Context;
use crate::draft::Draft;
use crate::problem::Problem;
use crate::references;
use bitting_catalog::entity::{Field, Kind as FieldKind};
use bitting_dialects::connectwise::body::{Input, InputValue};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::EXTRA;
use bitting_query::Value;

/// Puts the caller's values into the row: first what stands alone, then references that are looked up
/// within another field of the record (a status within its board).
pub(super) async fn take(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    input: &Input,
    within: bool,
) -> Result<(), Problem> {
    for (index, value) in &input.values {
        let field = &draft.entity.fields[*index];
        if field.within.is_some() != within {
            continue;
        }
        if !draft.given.contains(index) {
            draft.given.push(*index);
        }
        let value = match value {
            InputValue::Value(value) => value.clone(),
            InputValue::Null => Value::Null,
            InputValue::Json(json) => Value::Text(json.clone()),
            InputValue::Merge(json) => Value::Text(merged(draft.row.text(&field.column), json)),
            InputValue::Reference(key) => {
                match references::resolve(context, draft, field, key).await? {
                    Ok(id) => Value::Integer(id),
                    Err(error) => {
                        draft.errors.push(error);
                        continue;
                    }
                }
            }
            InputValue::References(keys) => {
                let mut ids = Vec::with_capacity(keys.len());
                for key in keys {
                    match references::resolve(context, draft, field, key).await? {
                        Ok(id) => ids.push(id),
                        Err(error) => draft.errors.push(error),
                    }
                }
                Value::Text(serde_json::to_string(&ids).unwrap_or_default())
            }
        };
        draft.row.set_named(&field.column, value);
    }
    if !within && !input.custom_fields.is_empty() {
        let text = crate::custom::merged(
            context.instance,
            draft.entity,
            draft.row.text(EXTRA),
            &input.custom_fields,
        );
        match text {
            Ok(text) => draft.row.set_text(EXTRA, text),
            Err(error) => draft.errors.push(error),
        }
    }
    Ok(())
}

/// A nested object with some of its members replaced.
fn merged(at_rest: Option<&str>, change: &str) -> String {
    let mut whole: serde_json::Map<String, serde_json::Value> = at_rest
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(change) {
        whole.extend(members);
    }
    serde_json::Value::Object(whole).to_string()
}

/// Empties what a PUT does not name. What callers may not set stays.
pub(super) fn clear(draft: &mut Draft<'_>, input: &Input) {
    for (index, field) in draft.entity.fields.iter().enumerate() {
        let named = input.values.iter().any(|(given, _)| *given == index);
        let hidden = field.read_only || field.post_only || field.write_only || &*field.name == "id";
        let parent = draft
            .entity
            .parents
            .iter()
            .any(|parent| parent.column == field.column);
        if !named && !hidden && !parent {
            draft.row.set(&field.column, Value::Null);
            // Left out of a whole record is as good as emptied: what is required will be missed.
            draft.given.push(index);
        }
    }
}

/// Gives a record the defaults of its data file.
pub fn fill_defaults(draft: &mut Draft<'_>) {
    for field in &draft.entity.fields {
        if let Some(value) = crate::defaults::of_field(field)
            && draft.row.is_null(&field.column)
        {
            draft.row.set_named(&field.column, value);
        }
    }
}

/// Required fields that neither the caller nor a default filled.
pub(super) fn missing(draft: &mut Draft<'_>) {
    let mut errors = Vec::new();
    for (index, field) in draft.entity.fields.iter().enumerate() {
        let asked = match draft.before {
            None => field.required,
            Some(_) => (field.required || field.required_on_update) && draft.given.contains(&index),
        };
        if !asked || field.read_only {
            continue;
        }
        let empty = match draft.row.get(&field.column) {
            Value::Null => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        };
        let wrong = draft
            .errors
            .iter()
            .any(|error| error.field.split('/').next() == Some(&field.name));
        if empty && !wrong {
            errors.push(missing_field(&draft.resource, field));
        }
    }
    draft.errors.append(&mut errors);
}

fn missing_field(resource: &str, field: &Field) -> FieldError {
    let mut error = FieldError::missing(resource, &field.name);
    if matches!(field.kind, FieldKind::Reference(_)) {
        error.message = format!("The {}/id field is required.", field.name);
    }
    error
}
