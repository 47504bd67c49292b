//! Configurations: what their status says of them, the questions their type asks, and the one way to give
//! them another type.

pub mod copying;
mod questions;

use super::companies;
use super::related::{self, id};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Value};

const STATUSES: &str = "company/configurations/statuses";
/// The path that may change a configuration's type.
const CHANGE_TYPE: &str = "change_configuration_type";

/// Fills in and checks a configuration.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let moves = context.route.rule.as_deref() == Some(CHANGE_TYPE);
    if !draft.is_new() && draft.changed("type") && !moves {
        let message = "The type of a configuration changes only through /changeType.";
        let error = FieldError::invalid(&draft.resource, "type", message);
        draft.errors.push(error);
        return Ok(());
    }
    if draft.is_new()
        && draft.is_null("site")
        && !draft.gave("site")
        && let Some(company) = draft.integer("company")
    {
        let site = companies::primary_site(context.instance, company).await?;
        draft.set("site", id(site));
    }
    let status = match draft.integer("status") {
        Some(status) => related::one(context.instance, STATUSES, status).await?,
        None => None,
    };
    // A status says whether the device is in use; between two of them, whoever changes the record may say so
    // (a key without the right to the table of statuses can do no more).
    if draft.is_new() || draft.changed("status") {
        let closed = status.is_some_and(|row| row.flag("closed_flag"));
        draft.set("activeFlag", Value::Boolean(!closed));
    } else if draft.is_null("activeFlag") {
        let before = draft.before.as_ref();
        let active = before.is_some_and(|row| row.flag("active_flag"));
        draft.set("activeFlag", Value::Boolean(active));
    }
    questions::settle(context, draft).await
}

/// `/changeType`: a PATCH of the type, answered with the configuration.
pub async fn change_type(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    saving::change(context, permit, id, body, false, context.release).await?;
    let look = context.look();
    let backend = &context.instance.backend;
    let body = backend
        .get(&permit.reading(), id, Filter::Constant(true), look)
        .await?
        .ok_or_else(|| ApiError::not_found(&permit.entity().schema, &id.to_string()))?;
    Ok(Answer {
        status: 200,
        body,
        ..Answer::default()
    })
}
