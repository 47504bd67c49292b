//! Security levels: list, copy, set, remove. The system levels can be copied and nothing else.

use super::{Area, refused, reply, wrong};
use crate::operator::ask::Ask;
use bitting_autotask::tenant::{Level, Tenant};
use bitting_catalog::security::{SecurityLevel, Values};
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::answer::Reply;
use bitting_psa::problem::Problem;
use http::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A level as lists and answers show it. In lists, without its settings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LevelBody<'a> {
    id: i64,
    name: &'a str,
    copy_of: &'a str,
    /// Comes with the product: to be copied, not changed.
    system: bool,
    inactive: bool,
    /// For people, who sign in.
    interactive: bool,
    /// API users may act as the people that hold it.
    allows_impersonation: bool,
    /// API users that hold it.
    users: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<&'a BTreeMap<String, Values>>,
}

/// `{"name": "API User (Vendor)", "copyOf": "API User (system) (API-only)"}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CopyBody {
    name: String,
    /// Name or id of the level to copy.
    copy_of: serde_json::Value,
}

/// What is left out stays as it is; `settings` of PUT replace all, those of PATCH the permissions they name.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeBody {
    name: Option<String>,
    inactive: Option<bool>,
    allows_impersonation: Option<bool>,
    settings: Option<BTreeMap<String, Values>>,
}

pub async fn all(area: &Area<'_>) -> Result<Reply, Problem> {
    let tenant = &area.tenant;
    match area.ask.method {
        Method::GET => {
            let levels = tenant.levels();
            let shown: Vec<_> = levels
                .iter()
                .map(|(id, level)| shown(tenant, *id, level, false))
                .collect();
            reply(200, &shown)
        }
        Method::POST => copy(area).await,
        _ => Err(Ask::unsupported("GET, POST")),
    }
}

async fn copy(area: &Area<'_>) -> Result<Reply, Problem> {
    let body: CopyBody = area.ask.body()?;
    let tenant = &area.tenant;
    let name = named(tenant, &body.name, None)?;
    let of = find(tenant, &body.copy_of)?;
    let mut document = of.document.clone();
    of.document.name.clone_into(&mut document.copy_of);
    document.name = name;
    document.inactive = false;
    let id = tenant.save_level(None, document).await.map_err(refused)?;
    answer(tenant, 201, id)
}

pub async fn one(area: &Area<'_>, id: i64) -> Result<Reply, Problem> {
    let tenant = &area.tenant;
    let level = tenant
        .level(id)
        .ok_or_else(|| ApiError::not_found("SecurityLevel", &id.to_string()))?;
    match area.ask.method {
        Method::GET => answer(tenant, 200, id),
        Method::PUT | Method::PATCH => {
            let change: ChangeBody = area.ask.body()?;
            let mut document = level.document.clone();
            if let Some(name) = &change.name {
                document.name = named(tenant, name, Some(id))?;
            }
            if let Some(inactive) = change.inactive {
                document.inactive = inactive;
            }
            if let Some(allows) = change.allows_impersonation {
                if allows && !document.interactive {
                    return Err(wrong(
                        "allowsImpersonation",
                        "API users cannot be acted for; this is for a level that people hold, as a copy of `Full Access (system)`",
                    ));
                }
                document.allows_impersonation = allows;
            }
            if let Some(settings) = change.settings {
                let settings = canonical(tenant, settings)?;
                if area.ask.method == Method::PUT {
                    document.settings = settings;
                } else {
                    merge(&mut document, settings);
                }
            }
            tenant
                .save_level(Some(id), document)
                .await
                .map_err(refused)?;
            answer(tenant, 200, id)
        }
        Method::DELETE => {
            tenant.remove_level(id).await.map_err(refused)?;
            Ok(Reply::json(204, Vec::new()))
        }
        _ => Err(Ask::unsupported("GET, PUT, PATCH, DELETE")),
    }
}

/// Settings by the names that the screen has, however they are spelled.
fn canonical(
    tenant: &Tenant,
    settings: BTreeMap<String, Values>,
) -> Result<BTreeMap<String, Values>, Problem> {
    let mut all = BTreeMap::new();
    for (name, values) in settings {
        let full = tenant
            .permissions
            .named(&name)
            .map(bitting_catalog::security::Permission::full_name)
            .unwrap_or(name);
        if all.insert(full.clone(), values).is_some() {
            return Err(wrong(
                "settings",
                format!("`{full}` is there twice; name it once"),
            ));
        }
    }
    Ok(all)
}

/// Cells that are named change; the others stay.
fn merge(document: &mut SecurityLevel, settings: BTreeMap<String, Values>) {
    for (name, values) in settings {
        let held = document.settings.entry(name).or_default();
        for (cell, value) in values.cells() {
            if let (Some(value), Some(slot)) = (value, held.cell(cell)) {
                *slot = Some(value.clone());
            }
        }
    }
}

/// A name that no other level has.
fn named(tenant: &Tenant, name: &str, but: Option<i64>) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() {
        return Err(wrong("name", "a security level needs a name"));
    }
    let taken = tenant
        .levels()
        .into_iter()
        .any(|(id, level)| Some(id) != but && level.document.name.eq_ignore_ascii_case(name));
    if taken {
        return Err(wrong(
            "name",
            format!("there is a security level `{name}` already; choose another name"),
        ));
    }
    Ok(name.to_owned())
}

/// A level by id or by name.
pub(super) fn find(
    tenant: &Tenant,
    word: &serde_json::Value,
) -> Result<std::sync::Arc<Level>, Problem> {
    find_id(tenant, word).and_then(|id| {
        tenant
            .level(id)
            .ok_or_else(|| ApiError::not_found("SecurityLevel", &id.to_string()).into())
    })
}

pub(super) fn find_id(tenant: &Tenant, word: &serde_json::Value) -> Result<i64, Problem> {
    let levels = tenant.levels();
    let text = word.as_str().unwrap_or_default();
    let id = word.as_i64();
    let found = levels
        .iter()
        .find(|(known, level)| Some(*known) == id || level.document.name.eq_ignore_ascii_case(text))
        .map(|(id, _)| *id);
    found.ok_or_else(|| {
        let known: Vec<&str> = levels
            .iter()
            .map(|(_, level)| level.document.name.as_str())
            .collect();
        wrong(
            "securityLevel",
            format!(
                "there is no security level {word}; there are {}",
                known.join(", ")
            ),
        )
    })
}

/// A level that the form of an API user offers: an active one that is no person's.
pub(super) fn for_api_users(tenant: &Tenant, word: &serde_json::Value) -> Result<i64, Problem> {
    let id = find_id(tenant, word)?;
    let Some(level) = tenant.level(id) else {
        return Ok(id);
    };
    let name = &level.document.name;
    let fault = if level.document.interactive {
        format!("`{name}` is a level of people; API users hold API-only levels and copies of them")
    } else if level.document.inactive {
        format!("`{name}` is inactive; make it active first")
    } else {
        return Ok(id);
    };
    Err(wrong("securityLevel", fault))
}

fn answer(tenant: &Tenant, status: u16, id: i64) -> Result<Reply, Problem> {
    let level = tenant
        .level(id)
        .ok_or_else(|| ApiError::not_found("SecurityLevel", &id.to_string()))?;
    reply(status, &shown(tenant, id, &level, true))
}

fn shown<'a>(tenant: &Tenant, id: i64, level: &'a Level, whole: bool) -> LevelBody<'a> {
    let document = &level.document;
    LevelBody {
        id,
        name: &document.name,
        copy_of: &document.copy_of,
        system: tenant.is_system(&document.name),
        inactive: document.inactive,
        interactive: level.document.interactive,
        allows_impersonation: document.allows_impersonation,
        users: tenant
            .api_users()
            .iter()
            .filter(|(_, user)| user.level == id)
            .count(),
        settings: whole.then_some(&document.settings),
    }
}
