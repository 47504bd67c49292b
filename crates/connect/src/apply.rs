//! A plan made true over the PSA's API. What the API does not offer stays on the checklist; nothing is said
//! to be done that was not.

use crate::ConnectError;
use crate::checklist::{self, Click};
use crate::halfway::Steps;
use crate::held::{self, MEMBERS, ROLES};
use crate::plan::{Plan, Subject, caption};
use bitting_client::Psa;
use bitting_policy::Registry;
use serde_json::{Value, json};

/// What was done, and what remains.
#[derive(Debug, Clone)]
pub struct Applied {
    pub role: i64,
    pub member: i64,
    /// What was written, a sentence each; empty when all was as wanted.
    pub done: Vec<String>,
    /// What only a person can do on this PSA.
    pub remaining: Vec<Click>,
}

/// Makes the plan true.
///
/// # Errors
/// [`ConnectError::Changed`] before anything is written, when the role is not as the plan saw it; refusals of
/// the PSA and faults of the network. What was written before stays, [`ConnectError::Halfway`] names it, and the
/// next plan shows the rest.
pub fn apply(psa: &Psa, plan: &Plan, registry: &Registry) -> Result<Applied, ConnectError> {
    let name = &plan.wanted.document.name;
    unchanged(psa, plan, registry)?;
    let mut steps = Steps::default();
    let role = if let Some(held) = &plan.role {
        held.id
    } else {
        let body = json!({ "name": name, "adminFlag": plan.wanted.document.admin });
        steps.take(
            &format!("making the security role `{name}`"),
            format!("made the security role `{name}`"),
            || held::id(&psa.post(ROLES, &body)?, ROLES),
        )?
    };
    let rows = plan
        .role_lines
        .iter()
        .any(|line| line.subject != Subject::Role);
    if rows && plan.own {
        let mut document = plan.wanted.document.clone();
        document.id = role;
        // Lists of rows that stay closed are nobody's business here.
        if let Some(held) = &plan.role {
            for (list, entries) in &held.document.lists {
                let closed = registry
                    .list(list)
                    .and_then(|id| registry.get_list(id))
                    .is_some_and(|list| {
                        plan.wanted.role.levels(list.action) == [bitting_policy::Level::None; 4]
                    });
                if closed {
                    document.lists.insert(list.clone(), entries.clone());
                }
            }
        }
        let path = format!("{ROLES}/{role}/document");
        steps.take(
            &format!("setting the levels and lists of `{name}`"),
            format!("set the levels and lists of `{name}`"),
            || Ok(psa.own("PUT", &path, Some(&json!(document)))?),
        )?;
    }
    let member = member(psa, plan, role, &mut steps)?;
    let remaining = if plan.own {
        Vec::new()
    } else {
        checklist::of(plan)
    };
    Ok(Applied {
        role,
        member,
        done: steps.done(),
        remaining,
    })
}

/// Refuses to write over what somebody else did since the plan was made.
fn unchanged(psa: &Psa, plan: &Plan, registry: &Registry) -> Result<(), ConnectError> {
    let now = held::role(psa, plan.own, &plan.wanted.document.name, registry)?;
    let same = match (&plan.role, &now) {
        (None, None) => true,
        (Some(seen), Some(now)) => seen.document == now.document,
        _ => false,
    };
    if same {
        return Ok(());
    }
    Err(ConnectError::Changed {
        role: plan.wanted.document.name.clone(),
    })
}

fn member(psa: &Psa, plan: &Plan, role: i64, steps: &mut Steps) -> Result<i64, ConnectError> {
    let form = &plan.wanted.member;
    let reference = json!({ "id": role });
    let Some(held) = &plan.member else {
        let mut body =
            json!({ "identifier": form.identifier, "name": form.name, "securityRole": reference });
        for (field, value) in &plan.form {
            body[*field] = value.clone();
        }
        return steps.take(
            &format!("making the API member `{}`", form.identifier),
            format!("made the API member `{}`", form.identifier),
            || held::id(&psa.post(MEMBERS, &body)?, MEMBERS),
        );
    };
    let mut changes: Vec<(String, Value)> = Vec::new();
    for line in &plan.member_lines {
        let Subject::Field { field } = line.subject else {
            continue;
        };
        let value = match field {
            "securityRole" => reference.clone(),
            "inactiveFlag" => Value::Bool(false),
            field => match plan.form.iter().find(|(name, _)| *name == field) {
                Some((_, value)) => value.clone(),
                None => continue,
            },
        };
        changes.push((field.to_owned(), value));
    }
    if !changes.is_empty() {
        let fields: Vec<&str> = changes.iter().map(|(field, _)| caption(field)).collect();
        let what = format!(
            "{} of the API member `{}`",
            fields.join(", "),
            form.identifier
        );
        let path = format!("{MEMBERS}/{}", held.id);
        steps.take(&format!("setting {what}"), format!("set {what}"), || {
            Ok(psa.patch(&path, &changes)?)
        })?;
    }
    Ok(held.id)
}
