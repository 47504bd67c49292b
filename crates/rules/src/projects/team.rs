//! Who is on a project's team, for what asks it of members: tickets and schedule entries.

use crate::paths::project::{ROLES, TEAM};
use crate::{acting, related};
use bitting_dialects::connectwise::error::FieldError;
use bitting_policy::Verb;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use serde_json::json;

/// Whether a member is on a project's team.
pub async fn has_on_team(context: Context<'_>, project: i64, member: i64) -> Result<bool, Problem> {
    let team = related::under(context.instance, TEAM, "project_id", project).await?;
    let mut team = team.iter();
    Ok(team.any(|row| row.integer("member_id") == Some(member)))
}

/// Whether an entry's member is on the team of a ticket's project; the entry may put it there.
pub async fn on_the_team(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    ticket: &Row,
) -> Result<(), Problem> {
    let (Some(project), Some(member)) = (ticket.integer("project_id"), draft.integer("member"))
    else {
        return Ok(());
    };
    if has_on_team(context, project, member).await? {
        return Ok(());
    }
    if !draft.flag("addMemberToProjectFlag") {
        let message = format!(
            "Member {member} is not on the team of project {project}; set addMemberToProjectFlag to put it there."
        );
        let error = FieldError::invalid(&draft.resource, "member", message);
        draft.errors.push(error);
        return Ok(());
    }
    let role = match draft.integer("projectRoleId") {
        Some(role) => Some(role),
        None => {
            let roles = related::all(context.instance, ROLES).await?;
            let plain = roles.iter().find(|row| !row.flag("manager_role_flag"));
            plain.or(roles.first()).map(|row| row.id)
        }
    };
    // Putting somebody on a team is what its own row is for.
    let entity = related::entity(context.instance, TEAM)?;
    let permit = acting::authorized(context, entity, Verb::Add)?;
    let parents = [project];
    let below = Context {
        parents: &parents,
        ..context
    };
    let body = json!({ "member": { "id": member }, "projectRole": { "id": role } }).to_string();
    let composed = saving::composed(below, &permit, body.as_bytes(), context.release);
    let (_, changes) = Box::pin(composed).await?;
    draft.also.extend(changes);
    Ok(())
}
