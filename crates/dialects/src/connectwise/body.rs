//! The body of a write as typed input for one entity: what was said, in the types at rest. Knows no rows;
//! references stay keys that somebody else looks up.
//!
//! Leniences, all of them observed in clients: member names in any letter case; numbers and booleans as text
//! (`"12"`, `"True"`), and `""` for nothing in everything but text; dates in every form of [`super::dates`];
//! words of a fixed set in any letter case, stored as the vendor spells them; a reference by `id`,
//! `identifier`, `name` or another member it shows, in this order, further members ignored.
//! What callers may not set (`id`, `_info`, read-only fields) is passed over silently.

pub mod coerce;
pub mod failure;
pub mod json;
pub mod keys;
pub mod text;

use super::error::{ApiError, FieldError};
use super::names::{self, Names};
use bitting_catalog::entity::{Entity, Field, Kind, Release};
use bitting_query::Value as Stored;
use failure::Failure;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a caller wants written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// (index of the field, what it should become), each field once, in the order given.
    pub values: Vec<(usize, InputValue)>,
    /// Custom fields to change, by id or caption; others stay as they are.
    pub custom_fields: Vec<CustomField>,
    /// `id` of the body, which matters only where the record is a link to another (a ticket's
    /// configurations).
    pub id: Option<i64>,
    /// Members the entity does not have, as written.
    pub ignored: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum InputValue {
    Value(Stored),
    /// One other record. Also for a bare id number whose record was named (`location` for `locationId`).
    Reference(Key),
    References(Vec<Key>),
    /// JSON text for a column of lists or nested objects. References nested in it stand as given: an object
    /// with `id` or the member it was named by.
    Json(String),
    /// JSON text of an object whose members go into the nested object at rest, the others staying.
    Merge(String),
    Null,
}

/// How a caller names another record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Id(i64),
    /// `member` is a member the reference shows, or a field of its target: `identifier`, `name`.
    Name {
        member: Arc<str>,
        text: String,
    },
}

impl Key {
    /// The member an error names: `status/id`, `status/name`.
    pub fn member(&self) -> &str {
        match self {
            Self::Id(_) => "id",
            Self::Name { member, .. } => member,
        }
    }
}

/// One custom field's new value. `Null` empties it.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomField {
    pub id: Option<i64>,
    pub caption: Option<String>,
    pub value: Value,
}

/// What the body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// POST: required fields have to be there.
    Create,
    /// PUT: the whole record anew.
    Replace,
    /// PATCH: what is named changes.
    Change,
}

/// What reading a body goes by.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub names: &'a dyn Names,
    pub entity: &'a Entity,
    pub release: Release,
    pub purpose: Purpose,
    /// An unknown member is refused instead of passed over.
    pub strict: bool,
    /// Whether somebody else fills this required field when the body does not (a rule, the path).
    pub filled: &'a dyn Fn(&Field) -> bool,
}

impl Reader<'_> {
    /// Reads a POST or PUT body. 400 for malformed JSON, with line and column, and for every field that does
    /// not hold, all together, or for a value of the wrong JSON type.
    pub fn read(&self, body: &[u8]) -> Result<Input, ApiError> {
        let members = json::object(body, &self.entity.schema)?;
        let (mut input, mut errors) = (Input::default(), Vec::new());
        for (name, value) in &members {
            self.member(name, value, body, &mut input, &mut errors)?;
        }
        self.missing(&input, &mut errors);
        self.unlinked(&input, &mut errors);
        self.done(input, errors)
    }

    pub(crate) fn done(
        &self,
        input: Input,
        mut errors: Vec<FieldError>,
    ) -> Result<Input, ApiError> {
        // Several operations of a patch may fail in the same way.
        let mut index = 0;
        while index < errors.len() {
            if errors[..index].contains(&errors[index]) {
                errors.remove(index);
            } else {
                index += 1;
            }
        }
        if errors.is_empty() {
            Ok(input)
        } else {
            Err(ApiError::invalid_object(&self.resource(), errors))
        }
    }

    fn member(
        &self,
        name: &str,
        value: &Value,
        body: &[u8],
        input: &mut Input,
        errors: &mut Vec<FieldError>,
    ) -> Result<(), ApiError> {
        if self.entity.custom_fields && name.eq_ignore_ascii_case("customFields") {
            return Self::custom_fields(value, input);
        }
        if name.eq_ignore_ascii_case("id") {
            input.id = json::integer(value);
        }
        match self.field(name) {
            Some(Found { index, field, twin }) => {
                let value = if twin {
                    twin_value(field, value)
                } else {
                    value.clone()
                };
                self.set(index, field, &value, input, errors)
            }
            None if name.eq_ignore_ascii_case("_info") || name.eq_ignore_ascii_case("id") => Ok(()),
            None if self.strict => {
                let (line, column) = json::position(body, name);
                Err(ApiError::unknown_member(
                    name,
                    &self.entity.schema,
                    line,
                    column,
                ))
            }
            None => {
                input.ignored.push(name.to_owned());
                Ok(())
            }
        }
    }

    /// The field a member name means: its own, or its twin in the older or newer model.
    pub(crate) fn field(&self, name: &str) -> Option<Found<'_>> {
        let own = |name: &str| names::field(&self.entity.fields, name, self.release);
        if let Some((index, field)) = own(name) {
            return Some(Found {
                index,
                field,
                twin: false,
            });
        }
        let (older, newer) = TWINS.iter().find(|(older, newer)| {
            older.eq_ignore_ascii_case(name) || newer.eq_ignore_ascii_case(name)
        })?;
        let other = if older.eq_ignore_ascii_case(name) {
            newer
        } else {
            older
        };
        let (index, field) = own(other)?;
        matches!(field.kind, Kind::Reference(_) | Kind::Integer).then_some(Found {
            index,
            field,
            twin: true,
        })
    }

    /// Sets one field to a JSON value, collecting what does not hold.
    pub(crate) fn set(
        &self,
        index: usize,
        field: &Field,
        value: &Value,
        input: &mut Input,
        errors: &mut Vec<FieldError>,
    ) -> Result<(), ApiError> {
        if field.read_only {
            return Ok(());
        }
        if field.post_only && self.purpose != Purpose::Create {
            // A record that was read and is put back whole carries what it showed.
            let put_back = self.purpose == Purpose::Replace && !field.write_only;
            if !value.is_null() && !put_back {
                errors.push(self.only_on_create(field));
            }
            return Ok(());
        }
        match self.value(field, value) {
            Ok(value) if is_blank(&value) && self.must_stay(field) => {
                errors.push(self.required(field));
            }
            // An object that says nothing leaves the field out, and what fills it then is at work.
            Ok(InputValue::Null) if value.is_object() && self.purpose == Purpose::Create => {}
            Ok(value) => put(input, index, value),
            Err(Failure::Field(error)) => errors.push(error),
            Err(Failure::Api(error)) => return Err(error),
        }
        Ok(())
    }

    pub(crate) fn custom_fields(value: &Value, input: &mut Input) -> Result<(), ApiError> {
        let entries = match value {
            Value::Null => return Ok(()),
            Value::Array(entries) => entries.as_slice(),
            one @ Value::Object(_) => std::slice::from_ref(one),
            _ => {
                return Err(failure::conversion(
                    value,
                    "CustomFieldValue",
                    "customFields",
                ));
            }
        };
        for entry in entries {
            let Value::Object(members) = entry else {
                return Err(failure::conversion(
                    entry,
                    "CustomFieldValue",
                    "customFields",
                ));
            };
            let id = json::member(members, "id").and_then(json::integer);
            let caption = json::member(members, "caption")
                .and_then(Value::as_str)
                .map(str::to_owned);
            let Some(value) = json::member(members, "value") else {
                continue;
            };
            if id.is_none() && caption.is_none() {
                continue;
            }
            input
                .custom_fields
                .retain(|known| id.is_none() || known.id != id);
            input.custom_fields.push(CustomField {
                id,
                caption,
                value: value.clone(),
            });
        }
        Ok(())
    }

    /// Whether a field may not be emptied now.
    pub(crate) fn must_stay(&self, field: &Field) -> bool {
        // Elsewhere a required field that is missing is found once, at the end.
        self.purpose == Purpose::Change && (field.required || field.required_on_update)
    }

    /// A record that only links has to say to what: `id or deviceIdentifier is required.`
    fn unlinked(&self, input: &Input, errors: &mut Vec<FieldError>) {
        if self.purpose != Purpose::Create || input.id.is_some() {
            return;
        }
        let Some((reference, _)) = names::linked(self.entity) else {
            return;
        };
        let given = |member: &str| {
            let found = names::field(&self.entity.fields, member, self.release);
            found.is_some_and(|(index, _)| {
                input
                    .values
                    .iter()
                    .any(|(known, value)| *known == index && !is_blank(value))
            })
        };
        if reference.members.iter().any(|(member, _)| given(member)) {
            return;
        }
        let members: Vec<&str> = reference
            .members
            .iter()
            .map(|(member, _)| &**member)
            .collect();
        let mut error = FieldError::missing(&self.resource(), "id");
        error.message = format!(
            "{} is required.",
            [&["id"], members.as_slice()].concat().join(" or ")
        );
        errors.push(error);
    }

    /// Required fields that the input does not give and nobody fills.
    fn missing(&self, input: &Input, errors: &mut Vec<FieldError>) {
        for (index, field) in self.entity.fields.iter().enumerate() {
            let required = match self.purpose {
                Purpose::Create => field.required && field.default.is_none(),
                Purpose::Replace => {
                    (field.required && field.default.is_none() && !field.post_only)
                        || field.required_on_update
                }
                Purpose::Change => false,
            };
            let given = input
                .values
                .iter()
                .any(|(known, value)| *known == index && !is_blank(value));
            if !required
                || given
                || field.read_only
                || !names::exists(field, self.release)
                || (self.filled)(field)
            {
                continue;
            }
            // A field that was given and failed has its error already.
            let failed = errors.iter().any(|error| *error.field == *field.name);
            if !failed {
                errors.push(self.required(field));
            }
        }
    }

    pub(crate) fn required(&self, field: &Field) -> FieldError {
        let mut error = FieldError::missing(&self.resource(), &field.name);
        if matches!(field.kind, Kind::Reference(_)) {
            error.message = format!("The {}/id field is required.", field.name);
        }
        error
    }

    pub(crate) fn only_on_create(&self, field: &Field) -> FieldError {
        let message = format!("{} can only be used when creating a record.", field.name);
        FieldError::invalid(&self.resource(), &field.name, message)
    }

    pub(crate) fn resource(&self) -> String {
        names::resource(&self.entity.schema)
    }
}

/// A field found by a member's name.
pub(crate) struct Found<'a> {
    pub index: usize,
    pub field: &'a Field,
    /// The name is that of the other model's twin.
    pub twin: bool,
}

/// Members that were bare numbers up to 2019 and are references since: (older, newer).
const TWINS: [(&str, &str); 2] = [("locationId", "location"), ("businessUnitId", "department")];

/// A twin's value in the form that the field at hand reads.
pub(crate) fn twin_value(field: &Field, value: &Value) -> Value {
    match (&field.kind, value) {
        (Kind::Reference(_), Value::Number(_)) => {
            Value::Object(Map::from_iter([("id".to_owned(), value.clone())]))
        }
        (Kind::Reference(_), Value::String(text)) if !text.trim().is_empty() => {
            Value::Object(Map::from_iter([("id".to_owned(), value.clone())]))
        }
        _ => value.clone(),
    }
}

/// The last of several values for one field counts.
pub(crate) fn put(input: &mut Input, index: usize, value: InputValue) {
    match input.values.iter_mut().find(|(known, _)| *known == index) {
        Some((_, known)) => *known = value,
        None => input.values.push((index, value)),
    }
}

fn is_blank(value: &InputValue) -> bool {
    match value {
        InputValue::Null => true,
        InputValue::Value(Stored::Text(text)) => text.trim().is_empty(),
        InputValue::References(keys) => keys.is_empty(),
        _ => false,
    }
}
