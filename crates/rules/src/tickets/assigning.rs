//! A ticket's owner is one of its resources: giving a ticket to somebody schedules that member on it, without a
//! time, as the screen does. The vendor's description says nothing of it; docs/billing.md says what is chosen.

use crate::paths;
use crate::related::{self, id, text};
use crate::{members, projects, schedule};
use bitting_catalog::entity::Entity;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_query::Value;

/// Schedules the member that a ticket is given to, and marks its entry as the owner's. Whoever had it before
/// stays a resource. Nothing where set-up has no type of entry for it, or the member is not on the project's team.
pub async fn follow(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let owner = draft.integer("owner");
    if !draft.changed("owner") || (draft.is_new() && owner.is_none()) {
        return Ok(());
    }
    let entity: &Entity = draft.entity;
    let entries = if draft.is_new() {
        Vec::new()
    } else {
        schedule::of(context, draft.row.id).await?
    };
    let mut scheduled = false;
    for entry in &entries {
        let leads = owner.is_some() && entry.integer("member_id") == owner;
        scheduled |= leads;
        if entry.flag("owner_flag") != leads {
            let values = [("owner_flag", Value::Boolean(leads))];
            let change = related::update(context, paths::schedule::ENTRIES, entry.id, &values)?;
            draft.also.push(change);
        }
    }
    let Some(owner) = owner.filter(|_| !scheduled) else {
        return Ok(());
    };
    if let Some(project) = draft.integer("project")
        && !projects::team::has_on_team(context, project, owner).await?
    {
        return Ok(());
    }
    let Some(kind) = schedule::type_about(context, &entity.path).await? else {
        return Ok(());
    };
    let Some(member) = members::member_row(context.instance, owner).await? else {
        return Ok(());
    };
    let values = [
        ("objectId", Value::Integer(draft.row.id)),
        ("type", Value::Integer(kind)),
        ("member", Value::Integer(owner)),
        ("name", text(draft.text("summary").unwrap_or_default())),
        ("where", id(draft.integer("serviceLocation"))),
        ("status", id(schedule::first_status(context).await?)),
        ("ownerFlag", Value::Boolean(true)),
    ];
    let number = related::next_id(context.instance, paths::schedule::ENTRIES).await?;
    let changes = related::insert(context, paths::schedule::ENTRIES, number, &values, None).await?;
    draft.also.extend(changes);
    let name = member.text("identifier").unwrap_or_default();
    let mut names: Vec<&str> = draft
        .text("resources")
        .unwrap_or_default()
        .split(", ")
        .collect();
    names.retain(|other| !other.is_empty() && *other != name);
    names.push(name);
    let names = names.join(", ");
    draft.set("resources", text(names));
    Ok(())
}
