//! Connections to the world outside that set-up can be asked to try: mail boxes, directories, payment. An
//! embedded PSA reaches nothing outside, and says so: success is false, and the message tells what the
//! settings at rest would have been tried against, or what they lack.

use super::related;
use crate::acting;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::Method;
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::names;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use serde_json::json;

/// One thing to try.
struct Trial {
    rule: &'static str,
    /// What it would reach, for people.
    what: &'static str,
    /// Fields of the set-up row that say where it is: shown.
    shows: &'static [&'static str],
    /// Fields of the row without which nothing can be tried: secrets are among them, and not shown.
    needs: &'static [&'static str],
    /// A parameter of the query that says where, in place of a row.
    parameter: Option<&'static str>,
    /// A member of the body that says where, in place of a row.
    member: Option<&'static str>,
}

const fn trial(
    rule: &'static str,
    what: &'static str,
    shows: &'static [&'static str],
    needs: &'static [&'static str],
) -> Trial {
    Trial {
        rule,
        what,
        shows,
        needs,
        parameter: None,
        member: None,
    }
}

static TRIALS: &[Trial] = &[
    trial(
        "authorize_email_setup",
        "the consent page of the mail provider",
        &["username", "tenantId", "clientId"],
        &["tenantId", "clientId", "clientSecret"],
    ),
    trial(
        "test_email_setup",
        "the mail box",
        &["username", "inboxFolder"],
        &["username", "tenantId", "clientId", "clientSecret"],
    ),
    trial(
        "test_google_email_setup",
        "the mail box",
        &["username", "inboxFolder"],
        &["username", "clientId", "privateKey"],
    ),
    trial(
        "test_auth_anvil",
        "the second-factor server",
        &["serverLocationUrl", "siteId"],
        &["serverLocationUrl"],
    ),
    trial(
        "test_network_security",
        "the management site",
        &["site", "username"],
        &["site", "username", "password"],
    ),
    trial(
        "test_reporting_service",
        "the reporting server",
        &["reportingUrl", "reportingDomain", "reportingUserName"],
        &["reportingUrl", "reportingUserName", "reportingPassword"],
    ),
    trial(
        "test_payment",
        "the payment processor",
        &["urlOverride", "login"],
        &["login", "password"],
    ),
    trial(
        "execute_managed_it_sync",
        "the managed-IT solution",
        &["runTime"],
        &["integratorLogin"],
    ),
    Trial {
        parameter: Some("url"),
        ..trial("test_quote_link", "the quoting tool", &[], &[])
    },
    Trial {
        member: Some("server"),
        ..trial("test_ldap", "the directory", &[], &[])
    },
];

/// Answers what a trial would have tried; `None` when the rule tries nothing.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let Some(trial) = TRIALS.iter().find(|trial| trial.rule == rule) else {
        return Ok(None);
    };
    let message = if let Some(name) = trial.parameter {
        let said = context.parameters.other(name).map(str::trim);
        // The description has no such parameter, so that clients made from it can name none.
        let said = said.filter(|said| !said.is_empty());
        let at = said.map(|said| format!("{name} {said}"));
        told(
            trial,
            &at.unwrap_or_else(|| format!("but the query names no {name}")),
        )
    } else if let Some(name) = trial.member {
        let members = related::object(body, "LdapConfigurationTestLink")?;
        // The description has the name twice: `server` is a text, `Server` is anything.
        let said = members
            .iter()
            .filter(|(member, _)| member.eq_ignore_ascii_case(name))
            .find_map(|(_, said)| said.as_str());
        told(trial, &address(name, said, "ldapConfigurationTestLink")?)
    } else {
        acting::members(body, &permit.entity().schema)?;
        of_row(trial, permit.entity(), &row(context, permit, id).await?)
    };
    let status = acting::status(context);
    Ok(Some(Answer::json(
        status,
        &json!({ "success": false, "message": message }),
    )))
}

fn address(name: &str, said: Option<&str>, resource: &str) -> Result<String, Problem> {
    let said = said.filter(|said| !said.trim().is_empty());
    let missing = || Problem::field(resource, FieldError::missing(resource, name));
    said.map(|said| format!("{name} {said}"))
        .ok_or_else(missing)
}

/// The set-up row: the one that the path names, else the only one there is.
async fn row(context: Context<'_>, permit: &Permit<'_>, id: Option<i64>) -> Result<Row, Problem> {
    let entity = permit.entity();
    let Some(id) = id else {
        let backend = &context.instance.backend;
        let all = bitting_query::Filter::Constant(true);
        let rows = backend.rows(permit, all, Vec::new(), Some(1)).await?;
        // Nothing was set up; that is all there is to tell.
        return Ok(rows.into_iter().next().unwrap_or_default());
    };
    if context.method == Method::Get {
        return acting::model(context, entity, id).await;
    }
    bitting_psa::saving::existing(context, permit, id).await
}

fn of_row(trial: &Trial, entity: &Entity, row: &Row) -> String {
    let value = |name: &str| entity.any_field(name).map(|field| row.get(&field.column));
    let lacks: Vec<&str> = trial
        .needs
        .iter()
        .copied()
        .filter(|name| match value(name) {
            Some(Value::Text(text)) => text.trim().is_empty(),
            Some(Value::Null) | None => true,
            Some(_) => false,
        })
        .collect();
    if !lacks.is_empty() {
        return format!(
            "Nothing was tried: to reach {}, {} of the {} must be set.",
            trial.what,
            lacks.join(" and "),
            names::resource(&entity.schema),
        );
    }
    let shown: Vec<String> = trial
        .shows
        .iter()
        .filter_map(|name| match value(name)? {
            Value::Text(text) => Some(format!("{name} {text}")),
            Value::Integer(number) => Some(format!("{name} {number}")),
            _ => None,
        })
        .collect();
    told(trial, &shown.join(", "))
}

fn told(trial: &Trial, at: &str) -> String {
    let at = if at.is_empty() {
        String::new()
    } else {
        format!(" ({at})")
    };
    format!(
        "Nothing was tried: this is an embedded PSA, which reaches nothing outside. A live one would have \
         tried {}{at}.",
        trial.what
    )
}
