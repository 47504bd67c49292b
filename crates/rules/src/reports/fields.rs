//! Records with a few of their fields, for what makes a report's rows by itself.

use super::rows;
use bitting_dialects::connectwise::layout::{DATE_ENTERED, LAST_UPDATED};
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Filter;
use std::sync::Arc;

/// When a record was last changed, which all have and none lists among its fields.
pub(super) const UPDATED: &str = "lastUpdated";
/// When it was made, likewise.
pub(super) const ENTERED: &str = "dateEntered";

/// Records with these fields only, by the names of the API.
pub(super) async fn fields(
    instance: &Instance,
    path: &str,
    names: &[&str],
    filter: Filter,
) -> Result<Vec<Row>, Problem> {
    let Some(entity) = instance.catalog().entity_at(path) else {
        return Ok(Vec::new());
    };
    let columns: Vec<(&str, Arc<str>)> = names
        .iter()
        .filter_map(|name| {
            let column = match *name {
                UPDATED => Arc::from(LAST_UPDATED),
                ENTERED => Arc::from(DATE_ENTERED),
                name => entity.any_field(name)?.column.clone(),
            };
            Some((*name, column))
        })
        .collect();
    let needed = columns.iter().map(|(_, column)| column.clone()).collect();
    let read = rows::read(instance, entity, &needed, filter, Vec::new(), None, 0).await?;
    let renamed = |row: &Row| {
        let mut renamed = Row::new(row.id);
        for (name, column) in &columns {
            renamed.set(name, row.get(column).clone());
        }
        renamed
    };
    Ok(read.iter().map(renamed).collect())
}
