//! Levels and customize lists of a security role, as a whole or one by one.

use crate::operator::ask::{Ask, reply};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::{ActionId, Level, Levels, ListDocument, Role, RoleDocument, RoleError, Verb};
use bitting_psa::answer::Reply;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use http::Method;
use serde::Deserialize;
use serde_json::json;

const ROLES: &str = "system/securityroles";

/// A change of some levels of one row; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LevelsBody {
    module: Option<String>,
    action: Option<String>,
    add_level: Option<Level>,
    edit_level: Option<Level>,
    delete_level: Option<Level>,
    inquire_level: Option<Level>,
}

pub async fn answer(
    ask: &Ask<'_>,
    id: i64,
    tail: &[&str],
    segments: &[&str],
) -> Result<Reply, Problem> {
    let reading = ask.method == Method::GET;
    let permit = ask.permit(ROLES, if reading { Verb::Inquire } else { Verb::Edit })?;
    let row = ask.instance.backend.row(&permit, id).await?;
    let row = row.ok_or_else(|| ApiError::not_found("SecurityRole", &id.to_string()))?;
    let role = with_flags(&ask.instance.role(id), &row);
    match (tail, reading) {
        (["document"], true) => document(ask, &role),
        (["document"], false) => replace(ask, role).await,
        (["levels"], false) => levels(ask, role).await,
        (["customizelists"], true) => reply(200, &role.document(ask.instance.registry()).lists),
        (["customizelists", _], _) => {
            list(
                ask,
                role,
                segments.get(7).copied().unwrap_or_default(),
                reading,
            )
            .await
        }
        _ => Err(ApiError::no_endpoint().into()),
    }
}

fn document(ask: &Ask<'_>, role: &Role) -> Result<Reply, Problem> {
    reply(200, &role.document(ask.instance.registry()))
}

/// PUT: the role becomes what the document says, rows and lists alike.
async fn replace(ask: &Ask<'_>, role: Role) -> Result<Reply, Problem> {
    if ask.method != Method::PUT {
        return Err(Ask::unsupported("GET, PUT"));
    }
    let mut document: RoleDocument = ask.body()?;
    document.id = role.id;
    document.name.clone_from(&role.name);
    let mut next =
        Role::from_document(ask.instance.registry(), &document).map_err(|error| refused(&error))?;
    // Name and flags live in the role's record, which the vendor's API writes.
    next.admin = role.admin;
    next.inactive = role.inactive;
    let answer = document_of(ask, &next);
    ask.instance.save_role(next).await?;
    answer
}

/// PATCH or PUT: levels of one row by module and action.
async fn levels(ask: &Ask<'_>, mut role: Role) -> Result<Reply, Problem> {
    let body: LevelsBody = ask.body()?;
    let (module, action) = (
        body.module.as_deref().unwrap_or_default(),
        body.action.as_deref().unwrap_or_default(),
    );
    let registry = ask.instance.registry();
    let found = registry.action(module, action).ok_or_else(|| {
        let near = registry
            .nearest_action(module, action)
            .map(bitting_policy::Action::full_name);
        let hint = near
            .map(|near| format!(" Did you mean '{near}'?"))
            .unwrap_or_default();
        let message = format!("There is no action '{module} / {action}'.{hint}");
        Problem::field(
            "securityRole",
            FieldError::not_found("securityRole", "action", message),
        )
    })?;
    set(ask, &mut role, found, &body)?;
    let answer = document_of(ask, &role);
    ask.instance.save_role(role).await?;
    answer
}

fn set(ask: &Ask<'_>, role: &mut Role, action: ActionId, body: &LevelsBody) -> Result<(), Problem> {
    let held = role.levels(action);
    let given = [
        body.add_level,
        body.edit_level,
        body.delete_level,
        body.inquire_level,
    ];
    let mut next: Levels = held;
    for (slot, level) in next.iter_mut().zip(given) {
        if let Some(level) = level {
            *slot = level;
        }
    }
    role.set(ask.instance.registry(), action, next)
        .map_err(|error| refused(&error))
}

async fn list(ask: &Ask<'_>, mut role: Role, name: &str, reading: bool) -> Result<Reply, Problem> {
    let registry = ask.instance.registry();
    let list = registry.list(name).ok_or_else(|| {
        let known: Vec<_> = registry
            .lists()
            .iter()
            .map(|list| list.identifier.as_str())
            .collect();
        let message = format!(
            "There is no customize list '{name}'; there are {}.",
            known.join(", ")
        );
        Problem::field(
            "securityRole",
            FieldError::not_found("securityRole", "customizeIdentifier", message),
        )
    })?;
    if reading {
        return reply(200, &role.list_document(registry, list));
    }
    let document: ListDocument = ask.body()?;
    role.set_list(registry, list, &document)
        .map_err(|error| refused(&error))?;
    let shown = role.list_document(registry, list);
    ask.instance.save_role(role).await?;
    reply(200, &shown)
}

fn document_of(ask: &Ask<'_>, role: &Role) -> Result<Reply, Problem> {
    reply(200, &json!(role.document(ask.instance.registry())))
}

fn with_flags(role: &Role, row: &Row) -> Role {
    let mut role = role.clone();
    role.id = row.id;
    row.text("name")
        .unwrap_or_default()
        .clone_into(&mut role.name);
    role.admin = row.flag("admin_flag");
    role.inactive = row.flag("inactive_flag");
    role
}

fn refused(error: &RoleError) -> Problem {
    Problem::field(
        "securityRole",
        FieldError::invalid("securityRole", "levels", error.to_string()),
    )
}
