//! The companies that a member picked last: each member's own list, whatever its role, and nobody else's.

use super::related;
use crate::acting;
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::draft::Draft;
use bitting_psa::marks;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;

/// A row is for whoever makes it.
pub fn save(context: Context<'_>, draft: &mut Draft<'_>) {
    let caller = context.caller.member;
    if draft
        .integer("member")
        .is_some_and(|member| member != caller)
    {
        let message = "A member keeps a list of its own; leave member out, or name yourself.";
        let error = FieldError::invalid(&draft.resource, "member", message);
        draft.errors.push(error);
    }
    draft.set("member", Value::Integer(caller));
}

/// `/clear`: empties the caller's list, of companies or of vendors where the body says which.
pub async fn clear(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let resource = "clearPickerRequest";
    let members = acting::members(body, "ClearPickerRequest")?;
    let invalid = |name: &str, message: &str| {
        Problem::field(resource, FieldError::invalid(resource, name, message))
    };
    let vendors = match related::member(&members, "type").map(|said| said.as_str()) {
        None => None,
        Some(Some(said)) if said.eq_ignore_ascii_case("Company") => Some(false),
        Some(Some(said)) if said.eq_ignore_ascii_case("Vendor") => Some(true),
        Some(_) => return Err(invalid("type", "type is Company or Vendor.")),
    };
    if let Some(said) = related::member(&members, "member")
        && said.get("id").and_then(related::number) != Some(context.caller.member)
    {
        let message = "A member empties its own list; leave member out, or name yourself.";
        return Err(invalid("member", message));
    }
    let backend = &context.instance.backend;
    let entity = permit.entity();
    let mut changes = Vec::new();
    for row in backend
        .raw_rows(entity, marks::of_caller(permit), Vec::new(), None)
        .await?
    {
        if vendors.is_none_or(|vendors| row.flag("vendor_picker_flag") == vendors) {
            changes.extend(backend.removal(entity, row.id).await?);
        }
    }
    bitting_psa::saving::finish(context, entity, changes).await?;
    Ok(Answer::empty(acting::status(context)))
}
