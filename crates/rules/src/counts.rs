//! Counts of what hangs on a record: the tabs of a screen, the surveys of a company.

use super::related;
use crate::acting;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value};
use serde_json::json;

const RESULTS: &str = "service/surveys/results";

/// `/quickAccess/count`. The description names no member of two of the answers, and for the third the
/// envelope of a web framework; so that is what they hold.
pub async fn tabs(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let id = context
        .parents
        .last()
        .copied()
        .ok_or_else(ApiError::no_endpoint)?;
    let backend = &context.instance.backend;
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    backend.row(permit, id).await?.ok_or_else(missing)?;
    let operation = context.route.methods.first();
    let envelope = operation
        .and_then(|operation| operation.returns.as_deref())
        .is_some_and(|returns| returns == "HttpResponseMessage");
    let said = if envelope {
        json!({ "statusCode": "OK", "reasonPhrase": "OK", "isSuccessStatusCode": true })
    } else {
        json!({})
    };
    Ok(Answer::json(acting::status(context), &said))
}

/// How many answered surveys of a company the caller may read.
pub async fn surveys(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let id = context
        .parents
        .last()
        .copied()
        .ok_or_else(ApiError::no_endpoint)?;
    let backend = &context.instance.backend;
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    backend.row(permit, id).await?.ok_or_else(missing)?;
    let count = match related::permit(context, RESULTS, Verb::Inquire) {
        Ok(results) => {
            let of = equals("company_id", Kind::Integer, Value::Integer(id));
            backend.count(&results, of).await?
        }
        Err(_) => 0,
    };
    Ok(Answer::json(
        acting::status(context),
        &json!({ "count": count }),
    ))
}
