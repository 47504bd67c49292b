//! References in bodies: which record is meant. The record itself is looked up elsewhere.

use super::super::error::FieldError;
use super::super::names;
use super::failure::{Failure, conversion};
use super::{InputValue, Key, Purpose, Reader, json};
use bitting_catalog::entity::{Field, Reference};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The key in `{"id": 5}`, `{"identifier": "Acme"}`, `{"name": "New"}` or by another member the reference
/// shows; `id` wins, then `identifier`, then `name`. `None` for null, blank text and an object that says null; where a
/// record is given whole, for one that says nothing too: clients of typed languages send `{}` for what is not set. In a
/// change it would empty a field that nobody named.
pub(crate) fn reference(
    reader: &Reader<'_>,
    field: &Field,
    reference: &Reference,
    value: &Value,
) -> Result<Option<Key>, Failure> {
    let members = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::Object(members) => members,
        _ => return Err(conversion(value, &reference.shape, &field.name).into()),
    };
    if let Some(id) = json::member(members, "id").filter(|id| !is_blank(id)) {
        return match json::integer(id) {
            Some(id) => Ok(Some(Key::Id(id))),
            None => Err(conversion(id, "System.Int32", &format!("{}.id", field.name)).into()),
        };
    }
    let shown = reference.members.iter().map(|(member, _)| &**member);
    let candidates = ["identifier", "name"].into_iter().chain(shown);
    for candidate in candidates {
        let Some(member) = known(reader, reference, candidate) else {
            continue;
        };
        let Some(given) = json::member(members, candidate).filter(|given| !is_blank(given)) else {
            continue;
        };
        let text = match given {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => {
                return Err(conversion(
                    given,
                    "System.String",
                    &format!("{}.{member}", field.name),
                )
                .into());
            }
        };
        return Ok(Some(Key::Name { member, text }));
    }
    if !members.is_empty() && members.values().all(Value::is_null) {
        return Ok(None);
    }
    let says_nothing = members
        .iter()
        .all(|(member, value)| is_blank(value) || member.eq_ignore_ascii_case("_info"));
    if says_nothing && reader.purpose != Purpose::Change {
        return Ok(None);
    }
    Err(reader.required_key(field).into())
}

/// What a path into a reference sets: `status/id`, `member/identifier`. `None` for a member that no record
/// of the target is known by.
pub(crate) fn below(
    reader: &Reader<'_>,
    field: &Field,
    reference: &Reference,
    member: &str,
    value: &Value,
) -> Result<Option<InputValue>, Failure> {
    if !member.eq_ignore_ascii_case("id") && known(reader, reference, member).is_none() {
        return Ok(None);
    }
    if is_blank(value) {
        return Ok(Some(InputValue::Null));
    }
    let object = Value::Object(Map::from_iter([(member.to_owned(), value.clone())]));
    let key = self::reference(reader, field, reference, &object)?;
    Ok(Some(key.map_or(InputValue::Null, InputValue::Reference)))
}

/// The record named where the field is a bare number.
pub(crate) fn bare(
    reader: &Reader<'_>,
    field: &Field,
    value: &Value,
) -> Result<Option<Key>, Failure> {
    let stand_in = Reference {
        shape: Arc::from("Reference"),
        target: field.id_of,
        members: Vec::new(),
        href: Arc::from(""),
        since: Vec::new(),
    };
    reference(reader, field, &stand_in, value)
}

pub(crate) fn as_json(key: Key) -> Value {
    let (member, value) = match key {
        Key::Id(id) => ("id".to_owned(), Value::from(id)),
        Key::Name { member, text } => (member.to_string(), Value::String(text)),
    };
    Value::Object(Map::from_iter([(member, value)]))
}

/// The member's own spelling, when a record of the target can be known by it.
fn known(reader: &Reader<'_>, reference: &Reference, member: &str) -> Option<Arc<str>> {
    let shown = reference.members.iter().map(|(shown, _)| shown);
    if let Some(shown) = shown
        .into_iter()
        .find(|shown| shown.eq_ignore_ascii_case(member))
    {
        return Some(shown.clone());
    }
    let target = reader.names.entity(reference.target?)?;
    names::field(&target.fields, member, reader.release).map(|(_, field)| field.name.clone())
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || matches!(value, Value::String(text) if text.trim().is_empty())
}

impl Reader<'_> {
    fn required_key(&self, field: &Field) -> FieldError {
        let mut error = FieldError::missing(&self.resource(), &field.name);
        error.message = format!("The {}/id field is required.", field.name);
        error
    }
}
