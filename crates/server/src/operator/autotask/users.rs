//! API users: the form, their keys, locking. The secret is in the answer that makes it, and never again. A
//! user is a resource of the company with one key or, while one takes over from another, two.

use super::{Area, levels, lines, reply, wrong};
use crate::operator::ask::Ask;
use bitting_autotask::tenant::Tenant;
use bitting_autotask::users::{ApiUser, ProtectedData, Shown, Tracking};
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::answer::Reply;
use bitting_psa::backend::equals;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value};
use bitting_store::table::Change;
use http::Method;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const RESOURCES: &str = "Resources";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserBody {
    /// Id of its resource.
    id: i64,
    first_name: String,
    last_name: String,
    email: String,
    security_level: LevelReference,
    /// Integration vendor, or absent for a custom identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<String>,
    custom: bool,
    locked: bool,
    inactive: bool,
    protected_data: bool,
    /// Lines of business it works for, `Managed Services > East`; rows of others are out of its sight.
    lines_of_business: Vec<String>,
    keys: Vec<KeyBody>,
}

#[derive(Serialize)]
struct LevelReference {
    id: i64,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyBody {
    id: i64,
    /// The key: what the form calls user name.
    user_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_code: Option<String>,
}

/// The New API User form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewBody {
    first_name: String,
    last_name: String,
    email: String,
    /// Name or id.
    security_level: serde_json::Value,
    /// Integration vendor of the list; without one the identifier is custom.
    vendor: Option<String>,
    #[serde(default)]
    protected_data: Ticks,
    /// By name or id.
    #[serde(default)]
    lines_of_business: Vec<serde_json::Value>,
}

/// What is ticked of the four rights on protected data: all of them or what a new user has, or the highest one by
/// name, such as `view_unprotected`.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Ticks {
    All(bool),
    Up(ProtectedData),
}

impl Default for Ticks {
    fn default() -> Self {
        Self::All(false)
    }
}

impl Ticks {
    fn set(self, user: &mut ApiUser) {
        (user.protected, user.protected_data) = match self {
            Self::All(all) => (all, None),
            Self::Up(data) => (data >= ProtectedData::ViewProtected, Some(data)),
        };
    }
}

/// What is left out stays.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeBody {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    security_level: Option<serde_json::Value>,
    vendor: Option<String>,
    custom: Option<bool>,
    locked: Option<bool>,
    inactive: Option<bool>,
    protected_data: Option<Ticks>,
    lines_of_business: Option<Vec<serde_json::Value>>,
}

pub async fn all(area: &Area<'_>) -> Result<Reply, Problem> {
    match area.ask.method {
        Method::GET => reply(200, &everyone(&area.tenant).await?),
        Method::POST => create(area).await,
        _ => Err(Ask::unsupported("GET, POST")),
    }
}

async fn everyone(tenant: &Tenant) -> Result<Vec<UserBody>, Problem> {
    let mut resources: Vec<i64> = tenant
        .api_users()
        .iter()
        .map(|(_, user)| user.resource)
        .collect();
    resources.sort_unstable();
    resources.dedup();
    let mut all = Vec::new();
    for resource in resources {
        all.extend(body(tenant, resource).await?);
    }
    Ok(all)
}

async fn create(area: &Area<'_>) -> Result<Reply, Problem> {
    let form: NewBody = area.ask.body()?;
    let tenant = &area.tenant;
    for (field, value, most) in [
        ("firstName", &form.first_name, 50),
        ("lastName", &form.last_name, 50),
        ("email", &form.email, 254),
    ] {
        fits(field, value, most)?;
    }
    let level = levels::for_api_users(tenant, &form.security_level)?;
    let entity = resources(tenant)?;
    let id = tenant.backend.store.next_id(&entity.table).await?;
    let (mut user, shown) = ApiUser::generate(id, level, form.vendor.as_deref());
    form.protected_data.set(&mut user);
    let row = row(tenant, entity, id, &form, &shown.user);
    // One write: a user without its resource, or a resource nobody can be, must not stay behind.
    let mut changes = vec![Change::Insert {
        table: entity.table.clone(),
        id,
        values: row.into_values(),
    }];
    changes.extend(lines::changes(tenant, id, &form.lines_of_business).await?);
    tenant.save_user_with(user, changes).await?;
    with_secret(tenant, 201, id, &shown).await
}

/// Another key for the same user: the old one works until it is taken away.
pub async fn cut(area: &Area<'_>, resource: i64) -> Result<Reply, Problem> {
    if area.ask.method != Method::POST {
        return Err(Ask::unsupported("POST"));
    }
    let tenant = &area.tenant;
    let held = tenant.users_of(resource);
    let (_, old) = held.first().ok_or_else(|| missing(resource))?;
    let (user, shown) = old.another();
    tenant.save_user_with(user, Vec::new()).await?;
    with_secret(tenant, 201, resource, &shown).await
}

/// Takes a key away by its user name or id; the last one goes with its user.
pub async fn key(area: &Area<'_>, word: &str) -> Result<Reply, Problem> {
    if area.ask.method != Method::DELETE {
        return Err(Ask::unsupported("DELETE"));
    }
    let tenant = &area.tenant;
    let id: Option<i64> = word.parse().ok();
    let users = tenant.api_users();
    let (id, user) = users
        .iter()
        .find(|(known, user)| Some(*known) == id || user.user.eq_ignore_ascii_case(word))
        .ok_or_else(|| ApiError::not_found("Key", word))?;
    if tenant.users_of(user.resource).len() == 1 {
        return Err(wrong(
            "key",
            "an API user has one key at least; cut another first, or remove the user",
        ));
    }
    tenant.remove_user(*id).await?;
    Ok(Reply::json(204, Vec::new()))
}

pub async fn one(area: &Area<'_>, resource: i64) -> Result<Reply, Problem> {
    let tenant = &area.tenant;
    let held = tenant.users_of(resource);
    if held.is_empty() {
        return Err(missing(resource));
    }
    match area.ask.method {
        Method::GET => reply(200, &body(tenant, resource).await?),
        Method::PATCH | Method::PUT => {
            let change: ChangeBody = area.ask.body()?;
            changed(tenant, resource, &held, &change).await?;
            reply(200, &body(tenant, resource).await?)
        }
        Method::DELETE => {
            remove(tenant, resource, &held).await?;
            Ok(Reply::json(204, Vec::new()))
        }
        _ => Err(Ask::unsupported("GET, PUT, PATCH, DELETE")),
    }
}

async fn changed(
    tenant: &Tenant,
    resource: i64,
    held: &[(i64, Arc<ApiUser>)],
    change: &ChangeBody,
) -> Result<(), Problem> {
    let level = change
        .security_level
        .as_ref()
        .map(|word| levels::for_api_users(tenant, word))
        .transpose()?;
    let entity = resources(tenant)?;
    let mut values = Vec::new();
    for (field, value, most) in [
        ("firstName", &change.first_name, 50),
        ("lastName", &change.last_name, 50),
        ("email", &change.email, 254),
    ] {
        if let Some(value) = value {
            fits(field, value, most)?;
            values.extend(
                column(entity, field)
                    .map(|column| (column.clone(), Value::Text(value.trim().to_owned()))),
            );
        }
    }
    if let Some(inactive) = change.inactive {
        let column = column(entity, "isActive").cloned();
        values.extend(column.map(|column| (column, Value::Boolean(!inactive))));
    }
    let mut changes = Vec::new();
    if !values.is_empty() {
        changes.push(Change::Update {
            table: entity.table.clone(),
            id: resource,
            values,
        });
    }
    if let Some(wanted) = &change.lines_of_business {
        changes.extend(lines::changes(tenant, resource, wanted).await?);
    }
    let mut next = Vec::new();
    for (id, user) in held {
        let mut user = (**user).clone();
        user.level = level.unwrap_or(user.level);
        user.locked = change.locked.unwrap_or(user.locked);
        user.inactive = change.inactive.unwrap_or(user.inactive);
        if let Some(ticks) = change.protected_data {
            ticks.set(&mut user);
        }
        if let Some(vendor) = &change.vendor {
            user.tracking = Tracking::Vendor(vendor.clone());
        } else if change.custom == Some(true) && matches!(user.tracking, Tracking::Vendor(_)) {
            // The code itself is unknown here; its new key brings one of the tenant's own.
            user.tracking = Tracking::Custom(String::new());
        }
        next.push((*id, user));
    }
    tenant.change_users(next, changes).await?;
    Ok(())
}

async fn remove(
    tenant: &Tenant,
    resource: i64,
    held: &[(i64, Arc<ApiUser>)],
) -> Result<(), Problem> {
    // The resource stays, inactive: records name it as their creator.
    let entity = resources(tenant)?;
    let active = column(entity, "isActive").cloned();
    let values = active
        .map(|column| (column, Value::Boolean(false)))
        .into_iter()
        .collect();
    let inactive = Change::Update {
        table: entity.table.clone(),
        id: resource,
        values,
    };
    let ids: Vec<i64> = held.iter().map(|(id, _)| *id).collect();
    tenant.remove_users(&ids, vec![inactive]).await?;
    Ok(())
}

/// The resource behind an API user, with what its record needs: the form's defaults.
fn row(tenant: &Tenant, entity: &Entity, id: i64, form: &NewBody, user: &str) -> Row {
    let mut row = Row::new(id);
    let name = user.split('@').next().unwrap_or(user);
    let texts = [
        ("firstName", form.first_name.trim()),
        ("lastName", form.last_name.trim()),
        ("email", form.email.trim()),
        ("userName", name),
        ("emailTypeCode", "PRIMARY"),
        ("resourceType", "Employee"),
        ("numberFormat", "X,XXX.XX"),
        ("dateFormat", "yyyy-MM-dd"),
        ("timeFormat", "HH:mm"),
    ];
    for (field, value) in texts {
        if let Some(column) = column(entity, field) {
            row.set_text(column, value);
        }
    }
    let hired = bitting_psa::moment::time(tenant.now());
    if let Some(column) = column(entity, "hireDate") {
        row.set_text(column, hired);
    }
    // An API user's licence and kind; payroll and location as the form fills them in.
    for (field, value) in [
        ("licenseType", 7),
        ("userType", 3),
        ("payrollType", 1),
        ("locationID", 1),
    ] {
        if let Some(column) = column(entity, field) {
            row.set(column, Value::Integer(value));
        }
    }
    if let Some(column) = column(entity, "isActive") {
        row.set(column, Value::Boolean(true));
    }
    row
}

async fn body(tenant: &Tenant, resource: i64) -> Result<Option<UserBody>, Problem> {
    let held = tenant.users_of(resource);
    let Some((_, user)) = held.first() else {
        return Ok(None);
    };
    let entity = resources(tenant)?;
    let filter = equals("id", Kind::Integer, Value::Integer(resource));
    let rows = tenant
        .backend
        .raw_rows(entity, filter, Vec::new(), Some(1))
        .await?;
    let text = |field: &str| {
        let row = rows.first()?;
        Some(row.text(column(entity, field)?)?.to_owned())
    };
    let level = tenant.level(user.level);
    Ok(Some(UserBody {
        id: resource,
        first_name: text("firstName").unwrap_or_default(),
        last_name: text("lastName").unwrap_or_default(),
        email: text("email").unwrap_or_default(),
        security_level: LevelReference {
            id: user.level,
            name: level.map_or_else(String::new, |level| level.document.name.clone()),
        },
        vendor: match &user.tracking {
            Tracking::Vendor(vendor) => Some(vendor.clone()),
            Tracking::Custom(_) => None,
        },
        custom: matches!(user.tracking, Tracking::Custom(_)),
        locked: user.locked,
        inactive: user.inactive,
        protected_data: user.protected,
        lines_of_business: lines::of(tenant, resource).await?,
        keys: held
            .iter()
            .map(|(id, user)| KeyBody {
                id: *id,
                user_name: user.user.clone(),
                created: user.created.map(bitting_psa::moment::time),
                last_used: tenant.last_used(*id).map(bitting_psa::moment::time),
                secret: None,
                integration_code: None,
            })
            .collect(),
    }))
}

/// The user with the secret of the key just cut.
async fn with_secret(
    tenant: &Tenant,
    status: u16,
    resource: i64,
    shown: &Shown,
) -> Result<Reply, Problem> {
    let mut user = body(tenant, resource)
        .await?
        .ok_or_else(|| missing(resource))?;
    for key in &mut user.keys {
        if key.user_name == shown.user {
            key.secret = Some(shown.secret.reveal().to_owned());
            key.integration_code = Some(shown.code.reveal().to_owned());
        }
    }
    reply(status, &user)
}

pub(super) fn resources(tenant: &Tenant) -> Result<&Entity, Problem> {
    tenant
        .catalog()
        .entity_at(RESOURCES)
        .ok_or_else(|| ApiError::no_endpoint().into())
}

pub(super) fn column<'e>(entity: &'e Entity, name: &str) -> Option<&'e Arc<str>> {
    let field = entity.fields.iter().find(|field| *field.name == *name);
    field.map(|field| &field.column)
}

fn fits(field: &str, value: &str, most: usize) -> Result<(), Problem> {
    match value.trim().chars().count() {
        0 => Err(wrong(field, "it is empty")),
        count if count > most => Err(wrong(
            field,
            format!("it has {count} characters, and the form takes {most}"),
        )),
        _ if field == "email" && !is_address(value) => Err(wrong(
            field,
            format!("`{value}` is no e-mail address; notices of problems go there"),
        )),
        _ => Ok(()),
    }
}

/// Somebody at some host: more is for the mail server to tell.
fn is_address(text: &str) -> bool {
    let parts = text.trim().split_once('@');
    parts.is_some_and(|(who, host)| {
        let plain = |part: &str| !part.is_empty() && !part.contains([' ', '@']);
        plain(who) && plain(host)
    })
}

fn missing(resource: i64) -> Problem {
    ApiError::not_found("ApiUser", &resource.to_string()).into()
}
