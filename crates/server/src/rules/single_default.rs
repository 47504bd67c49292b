//! One default per setup table, or per board where the table hangs on one: marking a row as the default
//! takes the mark from the row that had it.

use super::Context;
use crate::backend::equals;
use crate::draft::Draft;
use crate::problem::Problem;
use bitting_query::{Kind, Value, and};
use bitting_store::table::Change;
use std::sync::Arc;

const FLAG: &str = "defaultFlag";

/// Takes the mark from every other row under the same parent.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.flag(FLAG) || !draft.changed(FLAG) {
        return Ok(());
    }
    let Some(column) = draft.column(FLAG).map(Arc::<str>::from) else {
        return Ok(());
    };
    let mut filter = equals(&column, Kind::Boolean, Value::Boolean(true));
    if let Some(parent) = draft.entity.parents.last()
        && let Some(id) = draft.row.integer(&parent.column)
    {
        filter = and(
            filter,
            equals(&parent.column, Kind::Integer, Value::Integer(id)),
        );
    }
    let marked = context
        .instance
        .backend
        .raw_rows(draft.entity, filter, Vec::new(), None)
        .await?;
    for row in marked.iter().filter(|row| row.id != draft.row.id) {
        draft.also.push(Change::Update {
            table: draft.entity.table.clone(),
            id: row.id,
            values: vec![(column.clone(), Value::Boolean(false))],
        });
    }
    Ok(())
}
