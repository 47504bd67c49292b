//! One default per setup table, or per record that its rows hang on: marking a row as the default takes the mark
//! from the row that had it. Holds for every table that marks one; the catalog says which those are.

use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::references;
use bitting_query::{Kind, Value, and};
use bitting_store::table::Change;

/// Takes the mark from every other row under the same parent.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(flag) = bitting_psa::marked::mark(draft.entity) else {
        return Ok(());
    };
    if !draft.flag(&flag.name) || !(draft.changed(&flag.name) || moved(draft)) {
        return Ok(());
    }
    let mut filter = equals(&flag.column, Kind::Boolean, Value::Boolean(true));
    if let Some(column) = references::group(draft.entity)
        && let Some(id) = draft.row.integer(&column)
    {
        filter = and(filter, equals(&column, Kind::Integer, Value::Integer(id)));
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
            values: vec![(flag.column.clone(), Value::Boolean(false))],
        });
    }
    Ok(())
}

/// Whether the row came under another parent, which may have a default already.
fn moved(draft: &Draft<'_>) -> bool {
    let (Some(before), Some(column)) = (&draft.before, references::group(draft.entity)) else {
        return false;
    };
    before.get(&column) != draft.row.get(&column)
}
