//! A plan made true on Autotask: over Bitting's own API, else left as clicks. Nothing is said to be done that
//! was not.

use super::checklist;
use super::held::{HeldUser, Instance};
use super::known::Screen;
use super::plan::Plan;
use crate::ConnectError;
use crate::checklist::Click;
use crate::halfway::Steps;
use bitting_catalog::profile::Start;
use bitting_client::{ApiUser, Secret};
use serde_json::{Value, json};

/// What was done, and what remains.
#[derive(Debug)]
pub struct Applied {
    /// Id of the API user; nothing where a person makes it.
    pub user: Option<i64>,
    /// What was written, a sentence each; empty when all was as wanted.
    pub done: Vec<String>,
    /// The key that came with a new user. Its secret is here and nowhere else.
    pub key: Option<Cut>,
    pub remaining: Vec<Click>,
}

/// A key just cut.
#[derive(Debug, Clone)]
pub struct Cut {
    pub id: i64,
    pub user: ApiUser,
}

/// Makes the plan true.
///
/// # Errors
/// [`ConnectError::Changed`] before anything is written, when the level or the user is not as the plan saw it;
/// refusals of the server and faults of the network. What was written before stays, [`ConnectError::Halfway`] names
/// it, and the next plan shows the rest.
pub fn apply(
    instance: Option<&Instance<'_>>,
    plan: &Plan,
    screen: &Screen,
) -> Result<Applied, ConnectError> {
    let Some(instance) = instance else {
        return Ok(Applied {
            user: None,
            done: Vec::new(),
            key: None,
            remaining: checklist::of(plan, screen),
        });
    };
    unchanged(instance, plan)?;
    let mut steps = Steps::default();
    let level = level(instance, plan, &mut steps)?;
    consent(instance, plan, &mut steps)?;
    let (user, key) = user(instance, plan, level, &mut steps)?;
    Ok(Applied {
        user: Some(user),
        done: steps.done(),
        key,
        remaining: plan.by_hand(),
    })
}

/// Cuts another key for a user; the old ones work until they are taken away.
pub fn cut(instance: &Instance<'_>, user: i64) -> Result<Cut, ConnectError> {
    let made = instance.call("POST", &format!("users/{user}/keys"), Some(&json!({})))?;
    taken(&made)
}

/// Takes a key away; the next request with it is refused.
pub fn revoke(instance: &Instance<'_>, key: i64) -> Result<(), ConnectError> {
    instance.call("DELETE", &format!("keys/{key}"), None)?;
    Ok(())
}

fn unchanged(instance: &Instance<'_>, plan: &Plan) -> Result<(), ConnectError> {
    let name = &plan.wanted.level.name;
    let now = instance.level(name)?;
    // How many hold it is no part of the level.
    let set = |level: &Option<super::held::HeldLevel>| {
        level
            .as_ref()
            .map(|level| (level.id, level.inactive, level.settings.clone()))
    };
    if set(&plan.level) == set(&now) {
        return Ok(());
    }
    Err(ConnectError::Changed { role: name.clone() })
}

fn level(instance: &Instance<'_>, plan: &Plan, steps: &mut Steps) -> Result<i64, ConnectError> {
    let wanted = &plan.wanted.level;
    if plan.wanted.start == Start::AsIs {
        let held = plan.level.as_ref().ok_or_else(|| ConnectError::InTheWay {
            what: format!("the instance has no level `{}`", wanted.name),
            remedy: "check its security levels".to_owned(),
        })?;
        return Ok(held.id);
    }
    if let Some(held) = &plan.level {
        if !plan.level_lines.is_empty() {
            let body = json!({ "settings": plan.target.settings, "inactive": false });
            steps.take(
                &format!("setting the permissions of `{}`", wanted.name),
                format!("set the permissions of `{}`", wanted.name),
                || instance.call("PUT", &format!("levels/{}", held.id), Some(&body)),
            )?;
        }
        return Ok(held.id);
    }
    // The guides' own way: copy first, then set.
    let body = json!({ "name": wanted.name, "copyOf": wanted.copy_of });
    let id = steps.take(
        &format!("copying `{}` to `{}`", wanted.copy_of, wanted.name),
        format!("copied `{}` to `{}`", wanted.copy_of, wanted.name),
        || number(&instance.call("POST", "levels", Some(&body))?, "levels"),
    )?;
    let body = json!({ "settings": plan.target.settings });
    steps.take(
        &format!("setting the permissions of `{}`", wanted.name),
        format!("set the permissions of `{}`", wanted.name),
        || instance.call("PUT", &format!("levels/{id}"), Some(&body)),
    )?;
    Ok(id)
}

/// Lets the people be acted for whom the plan names.
fn consent(instance: &Instance<'_>, plan: &Plan, steps: &mut Steps) -> Result<(), ConnectError> {
    for consent in &plan.consent {
        let body = json!({ "allowsImpersonation": true });
        let what = format!("impersonation of people with `{}`", consent.level);
        steps.take(
            &format!("allowing {what}"),
            format!("allowed {what}"),
            || instance.call("PATCH", &format!("levels/{}", consent.id), Some(&body)),
        )?;
    }
    Ok(())
}

fn user(
    instance: &Instance<'_>,
    plan: &Plan,
    level: i64,
    steps: &mut Steps,
) -> Result<(i64, Option<Cut>), ConnectError> {
    let form = &plan.wanted.user;
    let Some(held) = &plan.user else {
        let body = json!({
            "firstName": form.first_name, "lastName": form.last_name, "email": form.email,
            "securityLevel": level, "vendor": form.vendor, "protectedData": form.protected,
            "linesOfBusiness": form.lines.clone().unwrap_or_default(),
        });
        return steps.take(
            &format!("making the API user `{}`", form.name()),
            format!("made the API user `{}`", form.name()),
            || {
                let made = instance.call("POST", "users", Some(&body))?;
                Ok((number(&made, "users")?, Some(taken(&made)?)))
            },
        );
    };
    if !plan.user_lines.is_empty() {
        let mut body = json!({
            "securityLevel": level, "protectedData": form.protected, "locked": false, "inactive": false,
        });
        if form.email_said {
            body["email"] = json!(form.email);
        }
        if let Some(lines) = &form.lines {
            body["linesOfBusiness"] = json!(lines);
        }
        if held.vendor != form.vendor {
            match &form.vendor {
                Some(vendor) => body["vendor"] = json!(vendor),
                None => body["custom"] = json!(true),
            }
        }
        let fields: Vec<&str> = plan.user_lines.iter().map(|line| &*line.cell).collect();
        let what = format!("{} of the API user `{}`", fields.join(", "), form.name());
        steps.take(&format!("setting {what}"), format!("set {what}"), || {
            instance.call("PATCH", &format!("users/{}", held.id), Some(&body))
        })?;
    }
    Ok((held.id, None))
}

/// The one key of an answer that shows its secret.
fn taken(made: &Value) -> Result<Cut, ConnectError> {
    let lacking = |member| ConnectError::Answer {
        path: "users".to_owned(),
        member,
    };
    let keys = made["keys"].as_array().ok_or_else(|| lacking("keys"))?;
    let key = keys
        .iter()
        .find(|key| key["secret"].is_string())
        .ok_or_else(|| lacking("secret"))?;
    let text = |member: &'static str| key[member].as_str().ok_or_else(|| lacking(member));
    Ok(Cut {
        id: number(key, "users")?,
        user: ApiUser {
            user: text("userName")?.to_owned(),
            secret: Secret::new(text("secret")?),
            code: Secret::new(text("integrationCode")?),
        },
    })
}

fn number(value: &Value, path: &str) -> Result<i64, ConnectError> {
    value["id"].as_i64().ok_or_else(|| ConnectError::Answer {
        path: path.to_owned(),
        member: "id",
    })
}

/// Whether a user has a key of this name.
pub fn holds(user: &HeldUser, key: &str) -> bool {
    user.keys
        .iter()
        .any(|held| held.user_name.eq_ignore_ascii_case(key))
}
