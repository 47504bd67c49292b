//! Set-up of the contact synchronisation: which properties of a company are in and which out, and who is
//! told of its faults.

use crate::acting;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::backend::equals;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Kind, Value, and};

const RESOURCE: &str = "m365ContactSyncProperty";

/// The properties of the company that the query names as `id`. A property whose `excludeIncludeFlag` is set
/// is included: the description says no more than the name.
pub fn properties(context: Context<'_>, included: bool) -> Result<Filter, Problem> {
    let id = context.parameters.other("id");
    let id = id.ok_or_else(|| Problem::field(RESOURCE, FieldError::missing(RESOURCE, "id")))?;
    let id: i64 = id.trim().parse().map_err(|_| {
        let message = format!("{id} is no id; id is a whole number.");
        Problem::field(RESOURCE, FieldError::invalid(RESOURCE, "id", message))
    })?;
    let set = equals("exclude_include_flag", Kind::Boolean, Value::Boolean(true));
    let way = if included {
        set
    } else {
        Filter::Not(Box::new(set))
    };
    let company = equals("company_rec_id", Kind::Integer, Value::Integer(id));
    Ok(and(company, way))
}

/// The monitoring that is set up, of which there is one.
pub async fn monitoring(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let backend = &context.instance.backend;
    let all = Filter::Constant(true);
    let rows = backend.rows(permit, all, Vec::new(), Some(1)).await?;
    let missing = || ApiError::not_found(&permit.entity().schema, "(none is set up)");
    let row = rows.first().ok_or_else(missing)?;
    acting::shown(context, permit, row.id).await
}
