//! A record as clients send it: names in any case, values in any form, unknown members passed over. Must not know
//! what is at rest.

use super::error::Refusal;
use super::relaxed;
use super::search::{field, member};
use super::udf::{self, Defined, Held};
use super::value;
use bitting_catalog::entity::{Entity, Field};
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
    /// Names of protected values that came back as they were masked.
    pub masked: Vec<String>,
}

/// The members of a body. An empty one has none.
pub fn members(bytes: &[u8]) -> Result<Map<String, Json>, Refusal> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => relaxed::read(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    match read {
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
            Ok(value) => match listed(field, value) {
                Ok(value) => input.values.push((index, value)),
                Err(fault) => wrong.push(fault),
            },
            Err(fault) => wrong.push(fault),
        }
    }
    user_defined(&members, defined, &entity.schema, &mut input, &mut wrong);
    if wrong.is_empty() {
        Ok(input)
    } else {
        Err(Refusal::all(wrong))
    }
}

/// The value as the field's pick list has it, or why it has none such.
fn listed(field: &Field, value: Value) -> Result<Value, String> {
    let shown = match (&field.picklist, &value) {
        (Some(_), Value::Integer(number)) => number.to_string(),
        (Some(_), Value::Text(text)) if !text.is_empty() => text.clone(),
        _ => return Ok(value),
    };
    let mut known = field.picklist.iter().flat_map(|list| &list.values);
    let found = known.find(|listed| listed.value.eq_ignore_ascii_case(&shown));
    match (found, value) {
        (None, _) => Err(Refusal::picklist(&field.name, &shown)),
        (Some(listed), Value::Text(_)) => Ok(Value::Text(listed.value.to_string())),
        (Some(_), value) => Ok(value),
    }
}

fn user_defined(
    members: &Map<String, Json>,
    defined: &[Defined],
    name: &str,
    input: &mut Input,
    wrong: &mut Vec<String>,
) {
    let Some(Json::Array(items)) = member(members, "userDefinedFields") else {
        return;
    };
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
            Some(Json::String(text)) if known.protected && text == udf::MASK => {
                input.masked.push(known.name.to_string());
                continue;
            }
            Some(json) => match value::user_defined(known.kind, json) {
                Ok(text) if text.is_empty() => None,
                Ok(text) => Some(text),
                Err(fault) => {
                    wrong.push(fault);
                    continue;
                }
            },
        };
        let mut value = value;
        if let Some(value) = &mut value
            && !known.values.is_empty()
        {
            let mut all = known.values.iter();
            let Some(listed) = all.find(|listed| listed.eq_ignore_ascii_case(value)) else {
                wrong.push(Refusal::picklist(&known.name, value));
                continue;
            };
            *value = listed.to_string();
        }
        let number = value.as_ref().filter(|_| known.kind == "double");
        input.defined.push(Held {
            name: known.name.to_string(),
            number: number.and_then(|number| number.parse().ok()),
            value,
        });
    }
}
