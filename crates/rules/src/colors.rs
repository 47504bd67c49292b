//! Colours of the dispatch board by how full a day is: the set that a new company has, and back to it.

use super::related::{self, text};
use crate::acting;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::backend::{Ask, Look};
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Value};

/// From how many percent, to how many, and the colour: ours, the vendor's are not public.
const STANDARD: [(i64, i64, &str); 5] = [
    (0, 25, "#FFFFFF"),
    (26, 50, "#CFE8CF"),
    (51, 75, "#FFF2B3"),
    (76, 100, "#FFD0A1"),
    (101, 999, "#F5B5B5"),
];
/// The colour of a range that was cleared.
const PLAIN: &str = "#FFFFFF";

/// Puts the standard set in place of what is there, and answers it.
pub async fn reset(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let entity = permit.entity();
    let backend = &context.instance.backend;
    let mut changes = Vec::new();
    for row in related::all(context.instance, &entity.path).await? {
        changes.extend(backend.removal(entity, row.id).await?);
    }
    for (from, to, color) in STANDARD {
        let id = related::next_id(context.instance, &entity.path).await?;
        let values = [
            ("startPercent", Value::Integer(from)),
            ("endPercent", Value::Integer(to)),
            ("color", text(color)),
        ];
        changes.extend(related::insert(context, &entity.path, id, &values, None).await?);
    }
    saving::finish(context, entity, changes).await?;
    let ask = Ask {
        filter: Filter::Constant(true),
        order: Vec::new(),
        limit: STANDARD.len() as u64,
        offset: 0,
        look: Look {
            view: None,
            projection: None,
            release: context.release,
            base: context.base,
            parents: context.parents,
        },
    };
    let page = backend.list(&permit.reading(), ask).await?;
    Ok(Answer {
        status: acting::status(context),
        body: page.body,
        ..Answer::default()
    })
}

/// Takes the colour from one range.
pub async fn clear(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let mut draft = acting::opened(context, permit, id).await?;
    draft.set("color", text(PLAIN));
    let changes = saving::settle(context, permit, &mut draft).await?;
    saving::finish(context, permit.entity(), changes).await?;
    acting::shown(context, &permit.reading(), id).await
}
