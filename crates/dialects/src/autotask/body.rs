//! A record as clients send it: names in any case, values in any form, unknown members passed over. Must not know
//! what is at rest.

use super::error::Refusal;
use super::search::{field, member};
use super::udf::{self, Defined, Held};
use super::value;
use bitting_catalog::entity::Entity;
use bitting_query::Value;
use serde_json::{Map, Value as Json};

/// What a body asks to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// The record meant, for changes.
    pub id: Option<i64>,
    /// Index of the field and its value; null empties it. Fields that callers cannot set are left out.
    pub values: Vec<(usize, Value)>,
    pub defined: Vec<Held>,
}

/// The members of a body. An empty one has none.
pub fn members(bytes: &[u8]) -> Result<Map<String, Json>, Refusal> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) => Err(Refusal::new("The body is not a JSON object.")),
        Err(error) => Err(Refusal::new(format!("The body is not valid JSON: {error}"))),
    }
}

/// Reads a record. All that is wrong with it is told at once.
pub fn read(entity: &Entity, defined: &[Defined], bytes: &[u8]) -> Result<Input, Refusal> {
    let members = members(bytes)?;
    let mut input = Input::default();
    let mut wrong = Vec::new();
    for (name, json) in &members {
        if name.eq_ignore_ascii_case("userDefinedFields") {
            continue;
        }
        let Some((index, field)) = field(entity, name) else {
            continue;
        };
        if &*field.name == "id" {
            match value::coerce(field, json) {
                Ok(Value::Integer(id)) => input.id = Some(id),
                Ok(_) => {}
                Err(fault) => wrong.push(fault),
            }
            continue;
        }
        if field.read_only {
            continue;
        }
        match value::coerce(field, json) {
            Ok(Value::Text(text))
                if field
                    .max
                    .is_some_and(|max| text.chars().count() > max as usize) =>
            {
                let max = field.max.unwrap_or_default();
                wrong.push(format!(
                    "The value of {} is longer than {max} characters.",
                    field.name
                ));
            }
            Ok(value) => {
                if let Some(fault) = unlisted(field, &value) {
                    wrong.push(fault);
                } else {
                    input.values.push((index, value));
                }
            }
            Err(fault) => wrong.push(fault),
        }
    }
    input.defined = user_defined(&members, defined, &entity.schema, &mut wrong);
    if wrong.is_empty() {
        Ok(input)
    } else {
        Err(Refusal::all(wrong))
    }
}

/// A value that the field's pick list does not have.
fn unlisted(field: &bitting_catalog::entity::Field, value: &Value) -> Option<String> {
    let list = field.picklist.as_ref()?;
    let shown = match value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) if !text.is_empty() => text.clone(),
        _ => return None,
    };
    let known = list
        .values
        .iter()
        .any(|listed| listed.value.eq_ignore_ascii_case(&shown));
    (!known).then(|| Refusal::picklist(&field.name, &shown))
}

fn user_defined(
    members: &Map<String, Json>,
    defined: &[Defined],
    name: &str,
    wrong: &mut Vec<String>,
) -> Vec<Held> {
    let Some(Json::Array(items)) = member(members, "userDefinedFields") else {
        return Vec::new();
    };
    let mut held = Vec::with_capacity(items.len());
    for item in items {
        let Json::Object(item) = item else { continue };
        let Some(Json::String(field)) = member(item, "name") else {
            continue;
        };
        let Some(known) = defined
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(field))
        else {
            let refusal = Refusal::unknown_field(field, name);
            wrong.extend(refusal.says);
            continue;
        };
        let value = match member(item, "value") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) if text.is_empty() => None,
            // What was masked on the way out comes back so.
            Some(Json::String(text)) if known.protected && text == udf::MASK => continue,
            Some(json) => match value::user_defined(known.kind, json) {
                Ok(text) if text.is_empty() => None,
                Ok(text) => Some(text),
                Err(fault) => {
                    wrong.push(fault);
                    continue;
                }
            },
        };
        if let Some(value) = &value
            && !known.values.is_empty()
            && !known
                .values
                .iter()
                .any(|listed| listed.eq_ignore_ascii_case(value))
        {
            wrong.push(Refusal::picklist(&known.name, value));
            continue;
        }
        let number = value.as_ref().filter(|_| known.kind == "double");
        held.push(Held {
            name: known.name.to_string(),
            number: number.and_then(|number| number.parse().ok()),
            value,
        });
    }
    held
}
