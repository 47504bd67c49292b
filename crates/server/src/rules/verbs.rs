//! Verbs of their own that are neither a record's life nor a subject's: which rule answers which path.

use super::{Answer, Context, copying};
use crate::backend::Look;
use crate::permit::Permit;
use crate::problem::Problem;
use bitting_dialects::connectwise::error::ApiError;
use bitting_query::Filter;

/// Answers a path by its rule; `None` when no rule does.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    copying::answer(context, permit, rule, id, body).await
}

/// The status that the catalog says for this path and method.
pub fn status(context: Context<'_>) -> u16 {
    let operation = context
        .route
        .methods
        .iter()
        .find(|operation| operation.method == context.method);
    operation.map_or(200, |operation| operation.status)
}

/// A record as the answer, under a permit to read it.
pub async fn shown(context: Context<'_>, permit: &Permit<'_>, id: i64) -> Result<Answer, Problem> {
    let look = Look {
        view: None,
        projection: None,
        release: context.release,
        base: context.base,
        parents: context.parents,
    };
    let backend = &context.instance.backend;
    let body = backend
        .get(permit, id, Filter::Constant(true), look)
        .await?
        .ok_or_else(|| ApiError::not_found(&permit.entity().schema, &id.to_string()))?;
    Ok(Answer {
        status: status(context),
        body,
        ..Answer::default()
    })
}
