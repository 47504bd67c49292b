//! The roles that members have in projects: a second set of levels, which can take away from the security
//! role within a project and adds nothing to it. Administrators are not held by it.

use super::super::related::{self, text};
use crate::paths::project::{ROLES, TEAM};
use bitting_policy::{ActionId, Verb};
use bitting_psa::caller::Bar;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_query::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const SETTINGS: &str = "project/securityRoles/settings";
const MODULE: &str = "Project";

/// Tables whose rows decide what a member may do in a project.
pub const DECIDING: [&str; 3] = [TEAM, ROLES, SETTINGS];

/// The columns of a setting by verb.
const LEVELS: [(Verb, &str, &str); 4] = [
    (Verb::Add, "add_level", "addLevel"),
    (Verb::Edit, "edit_level", "editLevel"),
    (Verb::Delete, "delete_level", "deleteLevel"),
    (Verb::Inquire, "inquire_level", "inquireLevel"),
];

/// A new role has a setting for each row of the module, none of which takes anything away.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.is_new() {
        return Ok(());
    }
    let entity = related::entity(context.instance, SETTINGS)?;
    let Some(parent) = entity.parents.last() else {
        return Ok(());
    };
    for name in rows(context.instance) {
        let id = related::next_id(context.instance, SETTINGS).await?;
        let mut setting = Draft::new(entity, bitting_psa::row::Row::new(id));
        setting
            .row
            .set(&parent.column, Value::Integer(draft.row.id));
        setting.set("moduleIdentifier", text(name));
        for (_, _, level) in LEVELS {
            setting.set(level, text("All"));
        }
        setting.set("myFlag", Value::Boolean(true));
        draft
            .also
            .extend(related::inserted(context, setting, None).await?);
    }
    Ok(())
}

/// The rows of the project module, by name.
fn rows(instance: &Instance) -> Vec<String> {
    let registry = instance.registry();
    let actions = registry.actions().iter();
    let own = actions.filter(|action| action.module == MODULE);
    own.map(|action| action.name.clone()).collect()
}

/// What a member's roles in projects take away. A member with several roles in one project has the best of
/// each.
pub async fn bars(instance: &Instance, member: i64) -> Result<Arc<[Bar]>, Problem> {
    let team = related::under(instance, TEAM, "member_id", member).await?;
    if team.is_empty() {
        return Ok(Arc::from([]));
    }
    let entity = related::entity(instance, SETTINGS)?;
    let Some(parent) = entity.parents.last() else {
        return Ok(Arc::from([]));
    };
    // By project, row and verb: None, My or All.
    let mut best: BTreeMap<(i64, ActionId, u8), u8> = BTreeMap::new();
    for row in team {
        let (Some(project), Some(role)) =
            (row.integer("project_id"), row.integer("project_role_id"))
        else {
            continue;
        };
        let settings = related::under(instance, SETTINGS, &parent.column, role).await?;
        for name in rows(instance) {
            let Some(action) = instance.registry().action(MODULE, &name) else {
                continue;
            };
            let setting = settings
                .iter()
                .find(|row| row.text("module_identifier") == Some(&*name));
            for (index, (_, column, _)) in LEVELS.iter().enumerate() {
                let level = match setting.and_then(|row| row.text(column)) {
                    Some("None") => 0,
                    Some("My") => 1,
                    _ => 2,
                };
                let key = (project, action, index as u8);
                let known = best.entry(key).or_insert(level);
                *known = (*known).max(level);
            }
        }
    }
    let mut barred: BTreeMap<(ActionId, u8, bool), Vec<i64>> = BTreeMap::new();
    for ((project, action, verb), level) in best {
        if level < 2 {
            barred
                .entry((action, verb, level == 1))
                .or_default()
                .push(project);
        }
    }
    let bar = |((action, verb, mine), projects): ((ActionId, u8, bool), Vec<i64>)| Bar {
        action,
        verb: LEVELS[usize::from(verb)].0,
        mine,
        projects: projects.into(),
    };
    Ok(barred.into_iter().map(bar).collect())
}
