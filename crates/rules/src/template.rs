//! The template of a new record (`/default`): what it would hold if its maker said nothing.

use bitting_dialects::connectwise::names;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::references;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};

/// The row with its defaults: those of the data file, then those that set-up marks.
pub async fn row(context: Context<'_>, permit: &Permit<'_>) -> Result<Row, Problem> {
    let entity = permit.entity();
    let mut draft = Draft {
        entity,
        row: Row::new(0),
        before: None,
        given: Vec::new(),
        also: Vec::new(),
        errors: Vec::new(),
        resource: names::resource(&entity.schema),
    };
    saving::fill_defaults(&mut draft);
    context.rules.prepare(context, &mut draft).await?;
    references::fill_defaults(context.instance, &mut draft).await?;
    Ok(draft.row)
}

/// A row as the answer.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    row: Row,
) -> Result<Answer, Problem> {
    let look = context.look();
    let backend = &context.instance.backend;
    let body = backend.write_rows(permit, &[row], look, false).await?;
    Ok(Answer {
        status: 200,
        body,
        ..Answer::default()
    })
}
