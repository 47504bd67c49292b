//! Records that hang under others of their kind: a phase under a phase, a company under a company. None hangs under
//! itself, however far the way: whoever walks up must come to an end.

use super::related::wrong;
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_query::Value;
use std::collections::BTreeSet;

/// The fields that say what a record hangs under, by the table of its kind.
const UPWARDS: [(&str, &str); 6] = [
    ("company/companies", "parentCompany"),
    ("company/configurations", "parentConfigurationId"),
    ("finance/agreements", "parentAgreement"),
    ("project/projects/phases", "parentPhase"),
    ("service/tickets", "parentTicketId"),
    ("system/locations", "reportsTo"),
];

/// Refuses what would hang a record under itself.
pub async fn check(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let home = context.instance.catalog().home(draft.entity.id);
    let up = UPWARDS.iter().find(|(path, _)| **path == *home.path);
    let Some((_, name)) = up.filter(|(_, name)| draft.changed(name) && !wrong(draft, name)) else {
        return Ok(());
    };
    // Nothing hangs under a record that is not there yet.
    let (false, Some(column), Some(above)) =
        (draft.is_new(), draft.column(name), draft.integer(name))
    else {
        return Ok(());
    };
    if is_above(context, draft.entity, column, above, draft.row.id).await? {
        let (schema, id) = (&draft.entity.schema, draft.row.id);
        let message = format!("{schema} {above} hangs under {id} itself.");
        let error = FieldError::invalid(&draft.resource, name, message);
        draft.errors.push(error);
    }
    Ok(())
}

/// Whether `id` is `from`, or what `from` hangs under, step by step. A circle that is at rest ends the walk.
pub async fn is_above(
    context: Context<'_>,
    entity: &bitting_catalog::entity::Entity,
    column: &str,
    from: i64,
    id: i64,
) -> Result<bool, Problem> {
    let mut passed = BTreeSet::new();
    let mut at = Some(from);
    while let Some(step) = at.filter(|step| passed.insert(*step)) {
        if step == id {
            return Ok(true);
        }
        let backend = &context.instance.backend;
        at = match backend.raw_value(entity, step, column).await? {
            Some(Value::Integer(above)) => Some(above),
            _ => None,
        };
    }
    Ok(false)
}
