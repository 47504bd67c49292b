//! PATCH in the vendor's own dialect: an array of `{op, path, value}` whose paths are names, not pointers.
//! Knows no rows: the outcome is the input of the changed fields alone.
//!
//! Accepted beyond the vendor's word: a leading slash, names in any letter case (exact case first), paths into
//! references (`status/id`, `member/identifier`), which look the record up anew, ops and the
//! members of an operation in any letter case. `add` replaces, on arrays too, and takes a value that a client
//! put into an array of one for a field that holds no array; `remove` empties. An operation without a value empties
//! as well. Later operations on the same field win.

use super::body::failure::Failure;
use super::body::{Input, InputValue, Reader, json, keys, put, twin_value};
use super::error::{ApiError, FieldError};
use bitting_catalog::entity::{Field, Kind};
use serde_json::Value;

/// Operations in one body.
const MAX_OPERATIONS: usize = 1000;

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchOperation {
    pub op: Op,
    /// The path in pieces, at least one, as written: `["status", "id"]`.
    pub path: Vec<String>,
    /// Null when there is none, and for every `remove`.
    pub value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Add,
    Replace,
    Remove,
}

/// Reads a PATCH body. 400 for malformed JSON, an op other than add, replace and remove, and a missing or
/// empty path, and anything but an array of such objects.
pub fn operations(body: &[u8]) -> Result<Vec<PatchOperation>, ApiError> {
    let Value::Array(entries) = json::value(body)? else {
        return Err(ApiError::bad_request(
            "A patch is an array of operations: [{\"op\": \"replace\", \"path\": \"summary\", \"value\": \"…\"}].",
        ));
    };
    if entries.len() > MAX_OPERATIONS {
        return Err(ApiError::bad_request(format!(
            "The patch has more than {MAX_OPERATIONS} operations."
        )));
    }
    entries
        .iter()
        .enumerate()
        .map(|(index, entry)| operation(index, entry))
        .collect()
}

fn operation(index: usize, entry: &Value) -> Result<PatchOperation, ApiError> {
    let Value::Object(members) = entry else {
        let message =
            format!("Operation {index} of the patch is no object with op, path and value.");
        return Err(ApiError::bad_request(message));
    };
    let text = |name: &str| match json::member(members, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim())),
        Some(_) => {
            let message = format!("Operation {index} of the patch has a {name} that is no text.");
            Err(ApiError::bad_request(message))
        }
    };
    let op = match text("op")? {
        Some(op) if op.eq_ignore_ascii_case("add") => Op::Add,
        Some(op) if op.eq_ignore_ascii_case("replace") => Op::Replace,
        Some(op) if op.eq_ignore_ascii_case("remove") => Op::Remove,
        op => {
            let op: String = op.unwrap_or_default().chars().take(40).collect();
            let message = format!("Operation {index} has op '{op}'; use add, replace or remove.");
            return Err(ApiError::bad_request(message));
        }
    };
    let path = text("path")?.unwrap_or_default();
    let path: Vec<String> = path
        .split('/')
        .filter(|piece| !piece.is_empty())
        .map(str::to_owned)
        .collect();
    if path.is_empty() {
        return Err(ApiError::bad_request(format!(
            "Operation {index} has no path; name the field to change."
        )));
    }
    let value = match op {
        Op::Remove => Value::Null,
        Op::Add | Op::Replace => json::member(members, "value")
            .cloned()
            .unwrap_or(Value::Null),
    };
    Ok(PatchOperation { op, path, value })
}

/// What the operations change. 400 for a path that names no field, and for every field that does not hold, all
/// together.
pub fn apply(operations: &[PatchOperation], reader: &Reader<'_>) -> Result<Input, ApiError> {
    let (mut input, mut errors) = (Input::default(), Vec::new());
    for operation in operations {
        step(operation, reader, &mut input, &mut errors)?;
    }
    reader.done(input, errors)
}

fn step(
    operation: &PatchOperation,
    reader: &Reader<'_>,
    input: &mut Input,
    errors: &mut Vec<FieldError>,
) -> Result<(), ApiError> {
    let Some((first, rest)) = operation.path.split_first() else {
        return Ok(());
    };
    if reader.entity.custom_fields && first.eq_ignore_ascii_case("customFields") {
        if !rest.is_empty() || operation.op == Op::Remove {
            return Err(ApiError::bad_request(
                "customFields is replaced as a whole array of {id, value}.",
            ));
        }
        return Reader::custom_fields(&operation.value, input);
    }
    let Some(found) = reader.field(first) else {
        if first.eq_ignore_ascii_case("_info") || first.eq_ignore_ascii_case("id") {
            return Ok(());
        }
        return Err(unknown(operation, reader));
    };
    let (index, field) = (found.index, found.field);
    let taken_out = alone(operation, field);
    let operation = taken_out.as_ref().unwrap_or(operation);
    let value = if found.twin {
        twin_value(field, &operation.value)
    } else {
        operation.value.clone()
    };
    if rest.is_empty() {
        return reader.set(index, field, &value, input, errors);
    }
    if field.read_only {
        return Ok(());
    }
    if field.post_only {
        errors.push(reader.only_on_create(field));
        return Ok(());
    }
    match inside(operation, field, rest, reader) {
        Ok(InputValue::Null) if reader.must_stay(field) => errors.push(reader.required(field)),
        Ok(value) => merge(input, index, value),
        Err(Failure::Field(error)) => errors.push(error),
        Err(Failure::Api(error)) => return Err(error),
    }
    Ok(())
}

/// The same operation with the one value of its array, where the field holds no array.
fn alone(operation: &PatchOperation, field: &Field) -> Option<PatchOperation> {
    let holds_arrays = matches!(
        field.kind,
        Kind::List(_) | Kind::References(_) | Kind::Any | Kind::Embedded { list: true, .. }
    );
    match operation.value.as_array()?.as_slice() {
        [only] if operation.op == Op::Add && !holds_arrays => Some(PatchOperation {
            value: only.clone(),
            ..operation.clone()
        }),
        _ => None,
    }
}

/// A path into a reference or a nested object.
fn inside(
    operation: &PatchOperation,
    field: &Field,
    rest: &[String],
    reader: &Reader<'_>,
) -> Result<InputValue, Failure> {
    match (&field.kind, rest) {
        (Kind::Reference(reference), [member]) => {
            match keys::below(reader, field, reference, member, &operation.value)? {
                Some(value) => Ok(value),
                None => Err(unknown(operation, reader).into()),
            }
        }
        (Kind::Embedded { shape, list: false }, [member]) => {
            match reader.inside(shape, member, &operation.value, &operation.path.join("/"))? {
                Some(object) => Ok(InputValue::Merge(object.to_string())),
                None => Err(unknown(operation, reader).into()),
            }
        }
        (Kind::List(_) | Kind::References(_) | Kind::Embedded { list: true, .. }, _) => {
            let message = format!(
                "{} is an array and is replaced as a whole, not by '{}'.",
                field.name,
                operation.path.join("/")
            );
            Err(ApiError::bad_request(message).into())
        }
        _ => Err(unknown(operation, reader).into()),
    }
}

/// Several paths into one nested object come together.
fn merge(input: &mut Input, index: usize, value: InputValue) {
    let known = input
        .values
        .iter_mut()
        .find(|(known, _)| *known == index)
        .map(|(_, known)| known);
    if let (Some(InputValue::Merge(known) | InputValue::Json(known)), InputValue::Merge(new)) =
        (known, &value)
        && let (Ok(Value::Object(mut all)), Ok(Value::Object(new))) =
            (serde_json::from_str(known), serde_json::from_str(new))
    {
        all.extend(new);
        *known = Value::Object(all).to_string();
        return;
    }
    put(input, index, value);
}

fn unknown(operation: &PatchOperation, reader: &Reader<'_>) -> ApiError {
    let path: String = operation.path.join("/").chars().take(80).collect();
    ApiError::bad_request(format!(
        "The path '{path}' names no field of {}.",
        reader.entity.schema
    ))
}
