//! Statuses of a board: exactly one is what new tickets get, and it is one that a ticket can be in.

use crate::related;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value, and};

/// The first status of a board is its default; the mark can be given to another, not taken away.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(board) = draft.integer("board") else {
        return Ok(());
    };
    let was = draft
        .before
        .as_ref()
        .is_some_and(|row| row.flag("default_flag"));
    if !draft.flag("defaultFlag") {
        if was {
            let message = "A board has a default status: make another one the default instead.";
            refuse(draft, "defaultFlag", message);
        } else if draft.is_new() && default(context, board).await?.is_none() {
            draft.set("defaultFlag", Value::Boolean(true));
        }
    }
    if draft.flag("defaultFlag") && draft.flag("inactive") {
        refuse(
            draft,
            "inactive",
            "The default status of a board cannot be inactive.",
        );
    }
    Ok(())
}

fn refuse(draft: &mut Draft<'_>, field: &str, message: &str) {
    let error = FieldError::invalid(&draft.resource, field, message);
    draft.errors.push(error);
}

async fn default(context: Context<'_>, board: i64) -> Result<Option<Row>, Problem> {
    let filter = and(
        equals("board_id", Kind::Integer, Value::Integer(board)),
        equals("default_flag", Kind::Boolean, Value::Boolean(true)),
    );
    let rows = related::filtered(context.instance, super::STATUSES, filter).await?;
    Ok(rows.into_iter().next())
}

/// The default stays until another status is the default.
pub fn delete(row: &Row) -> Result<(), Problem> {
    if row.flag("default_flag") {
        return Err(ApiError::in_use("BoardStatus", "Board (it is the default status)").into());
    }
    Ok(())
}
