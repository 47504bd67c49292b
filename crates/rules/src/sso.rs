//! Single sign-on: which members are linked to a login of the identity provider, and which were told to it.
//! The provider itself is outside; what is known of its logins are the rows of `/system/ssoUsers`.

use super::related::{self, text};
use crate::acting;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::backend::equals;
use bitting_psa::moment;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Kind, Path, Value};
use bitting_store::table::Change;
use serde_json::json;
use std::sync::Arc;

const USERS: &str = "system/ssoUsers";
const MEMBERS: &str = "system/members";

/// Members that are linked to a login.
pub fn linked() -> Filter {
    let path = Path {
        through: Vec::new(),
        column: Arc::from("sso_settings_id"),
        kind: Kind::Integer,
    };
    Filter::Not(Box::new(Filter::IsNull { path }))
}

/// Answers the verbs of a member and of a configuration.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    match rule {
        "link_sso_user" => link(context, permit, id, body).await,
        "unlink_sso_user" => unlink(context, permit, id).await,
        "submit_sso_member" => submit(context, permit, id, body).await,
        "register_sso_token" => register(context, permit, id, body).await,
        _ => submit_all(context, permit, id, body).await,
    }
}

fn done(context: Context<'_>, message: &str) -> Answer {
    let said = json!({ "success": true, "message": message });
    Answer::json(acting::status(context), &said)
}

/// A text that a body must have.
fn required(body: &[u8], schema: &str, resource: &str, name: &str) -> Result<String, Problem> {
    let members = related::object(body, schema)?;
    match related::member(&members, name) {
        Some(serde_json::Value::String(said)) if !said.trim().is_empty() => {
            Ok(said.trim().to_owned())
        }
        None => Err(Problem::field(
            resource,
            FieldError::missing(resource, name),
        )),
        Some(_) => {
            let message = format!("{name} must be a text that is not empty.");
            let error = FieldError::invalid(resource, name, message);
            Err(Problem::field(resource, error))
        }
    }
}

/// Links a member to a login, which is remembered where it is new. A login is one member's.
async fn link(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    let resource = "memberLinkSsoUser";
    let login = required(body, "MemberLinkSsoUser", resource, "ssoUserId")?;
    if login.chars().count() > 100 {
        let error = FieldError::too_long(resource, "ssoUserId", 100);
        return Err(Problem::field(resource, error));
    }
    let mut draft = acting::opened(context, permit, id).await?;
    let same = equals("sso_user_id", Kind::Text, text(login.as_str()));
    let known = related::filtered(context.instance, USERS, same).await?;
    let mut changes = Vec::new();
    let user = match known.first() {
        Some(user) => {
            let other = user
                .integer("linked_member_id")
                .filter(|member| *member != id);
            if other.is_some() {
                let message = format!("The login {login} is linked to another member.");
                let error = FieldError::exists(resource, "ssoUserId", message);
                return Err(Problem::field(resource, error));
            }
            let values = [
                ("linked_member_id", Value::Integer(id)),
                ("linked_flag", Value::Boolean(true)),
            ];
            changes.push(related::update(context, USERS, user.id, &values)?);
            user.id
        }
        None => {
            let user = related::next_id(context.instance, USERS).await?;
            let now = text(moment::time(context.now));
            let values = [
                ("ssoUserId", text(login.as_str())),
                ("userName", draft.row.get("identifier").clone()),
                ("firstName", draft.row.get("first_name").clone()),
                ("lastName", draft.row.get("last_name").clone()),
                ("email", draft.row.get("office_email").clone()),
                ("linkedFlag", Value::Boolean(true)),
                ("linkedMember", Value::Integer(id)),
                ("dateEntered", now.clone()),
                ("lastUpdated", now),
            ];
            changes.extend(related::insert(context, USERS, user, &values, None).await?);
            user
        }
    };
    if let Some(former) = draft
        .row
        .integer("sso_settings_id")
        .filter(|former| *former != user)
    {
        changes.push(freed(context, former)?);
    }
    draft.row.set("sso_settings_id", Value::Integer(user));
    changes.extend(saving::settle(context, permit, &mut draft).await?);
    saving::finish(context, permit.entity(), changes).await?;
    Ok(done(
        context,
        &format!("The member is linked to the login {login}."),
    ))
}

fn freed(context: Context<'_>, user: i64) -> Result<Change, Problem> {
    let values = [
        ("linked_member_id", Value::Null),
        ("linked_flag", Value::Boolean(false)),
    ];
    related::update(context, USERS, user, &values)
}

async fn unlink(context: Context<'_>, permit: &Permit<'_>, id: i64) -> Result<Answer, Problem> {
    let mut draft = acting::opened(context, permit, id).await?;
    let Some(former) = draft.row.integer("sso_settings_id") else {
        return Ok(done(context, "The member was not linked to a login."));
    };
    let mut changes = Vec::new();
    if related::one(context.instance, USERS, former)
        .await?
        .is_some()
    {
        changes.push(freed(context, former)?);
    }
    draft.row.set("sso_settings_id", Value::Null);
    changes.extend(saving::settle(context, permit, &mut draft).await?);
    saving::finish(context, permit.entity(), changes).await?;
    Ok(done(context, "The member is no longer linked to a login."))
}

/// Tells the provider of a member: here there is none to tell.
async fn submit(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    required(body, "MemberSsoToken", "memberSsoToken", "token")?;
    let row = saving::existing(context, permit, id).await?;
    let name = row.text("identifier").unwrap_or_default();
    let message = format!(
        "Nothing was sent: this is an embedded PSA, which reaches nothing outside. A live one would have \
         submitted the member {name} to the identity provider."
    );
    let said = json!({ "success": false, "message": message });
    Ok(Answer::json(acting::status(context), &said))
}

/// Keeps the token that the provider gave for a configuration.
async fn register(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    let token = required(body, "SsoConfiguration", "ssoConfiguration", "token")?;
    let mut draft = acting::opened(context, permit, id).await?;
    draft.set("token", text(token));
    let changes = saving::settle(context, permit, &mut draft).await?;
    saving::finish(context, permit.entity(), changes).await?;
    acting::shown(context, &permit.reading(), id).await
}

/// Marks every active member as told to the provider.
async fn submit_all(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    acting::members(body, "SsoConfiguration")?;
    let mut draft = acting::opened(context, permit, id).await?;
    if draft.is_null("token") {
        let resource = "ssoConfiguration";
        let message = "The configuration has no token; register one first with /registertoken.";
        let error = FieldError::invalid(resource, "token", message);
        return Err(Problem::field(resource, error));
    }
    let members = related::all(context.instance, MEMBERS).await?;
    let active = |row: &&Row| !row.flag("inactive_flag");
    let count = i64::try_from(members.iter().filter(active).count()).unwrap_or(i64::MAX);
    draft.set("submittedMemberCount", Value::Integer(count));
    draft.set("allMembersSubmitted", Value::Boolean(true));
    let changes = saving::settle(context, permit, &mut draft).await?;
    saving::finish(context, permit.entity(), changes).await?;
    acting::shown(context, &permit.reading(), id).await
}
