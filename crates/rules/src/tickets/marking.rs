//! A note of a project's ticket that is moved to another of its tabs: discussion, internal, resolution.

use crate::acting;
use crate::related;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;

const PROJECT_TICKETS: &str = "project/tickets";
const FLAGS: [&str; 4] = [
    "detailDescriptionFlag",
    "internalAnalysisFlag",
    "resolutionFlag",
    "issueFlag",
];

/// `/markAs`: the flags that the body names are what the note is from now on.
pub async fn mark(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    const RESOURCE: &str = "projectTicketNote";
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let members = related::object(body, "ProjectTicketNote")?;
    let mut given = Vec::new();
    for name in FLAGS {
        match related::member(&members, name) {
            None => {}
            Some(serde_json::Value::Bool(flag)) => given.push((name, *flag)),
            Some(_) => {
                let message = format!("{name} is true or false.");
                let error = FieldError::invalid(RESOURCE, name, message);
                return Err(Problem::field(RESOURCE, error));
            }
        }
    }
    if given.is_empty() {
        let error = FieldError::missing(RESOURCE, FLAGS[0]);
        return Err(Problem::field(RESOURCE, error));
    }
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    let mut draft = acting::opened(context, permit, id).await?;
    // The path names no ticket, so nobody has seen yet that it is there for the caller.
    let tickets = related::entity(context.instance, PROJECT_TICKETS)?;
    let ticket = draft.row.integer("ticket_id").ok_or_else(missing)?;
    related::seen(context, tickets, ticket)
        .await?
        .ok_or_else(missing)?;
    for (name, flag) in given {
        draft.set(name, Value::Boolean(flag));
    }
    let changes = saving::settle(context, permit, &mut draft).await?;
    saving::finish(context, permit.entity(), changes).await?;
    Ok(Answer::empty(acting::status(context)))
}
