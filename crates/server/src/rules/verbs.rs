//! Verbs of their own that are neither a record's life nor a subject's: which rule answers which path.

use super::{Answer, Context, conversions, copying};
use crate::backend::{Look, with_id};
use crate::draft::Draft;
use crate::permit::{Permit, authorize};
use crate::pipeline::under;
use crate::problem::Problem;
use crate::row::Row;
use crate::saving;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_query::{Filter, and};

/// Answers a path by its rule; `None` when no rule does.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    match rule {
        "opportunity_to_order"
        | "opportunity_to_ticket"
        | "order_to_ticket"
        | "sales_conversions" => conversions::answer(context, permit, rule, id, body)
            .await
            .map(Some),
        _ => copying::answer(context, permit, rule, id, body).await,
    }
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

/// A permit for what goes along with the record of the path: decided like a call on it.
pub fn authorized<'a>(
    context: Context<'a>,
    entity: &'a Entity,
    verb: Verb,
) -> Result<Permit<'a>, Problem> {
    let grounds = context.instance.backend.grounds();
    let permit = authorize(grounds, context.caller, entity, &entity.right.needs, verb)
        .map_err(|denial| denial.by(&context.caller.role.name))?;
    Ok(permit)
}

/// The record that another is made after: whoever may not read it gets no second one of it.
pub async fn model(context: Context<'_>, entity: &Entity, id: i64) -> Result<Row, Problem> {
    let permit = authorized(context, entity, Verb::Inquire)?;
    let filter = and(with_id(id), under(&permit, context.parents));
    let backend = &context.instance.backend;
    let found = backend.rows(&permit, filter, Vec::new(), Some(1)).await?;
    let missing = || ApiError::not_found(&entity.schema, &id.to_string());
    Ok(found.into_iter().next().ok_or_else(missing)?)
}

/// A record that a rule changes, as it is: in sight, and open to the permit's verb.
pub async fn opened<'a>(
    context: Context<'_>,
    permit: &Permit<'a>,
    id: i64,
) -> Result<Draft<'a>, Problem> {
    let row = saving::existing(context, permit, id).await?;
    Ok(Draft::changing(permit.entity(), row))
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
