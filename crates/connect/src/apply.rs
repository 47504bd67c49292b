//! A plan made true over the PSA's API. What the API does not offer stays on the checklist; nothing is said
//! to be done that was not.

use crate::ConnectError;
use crate::checklist::{self, Click};
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
/// the PSA. What was written before a refusal stays, and the next plan shows the rest.
pub fn apply(psa: &Psa, plan: &Plan, registry: &Registry) -> Result<Applied, ConnectError> {
    let mut done = Vec::new();
    let name = &plan.wanted.document.name;
    unchanged(psa, plan, registry)?;
    let role = if let Some(held) = &plan.role {
        held.id
    } else {
        let made = psa.post(
            ROLES,
            &json!({ "name": name, "adminFlag": plan.wanted.document.admin }),
        )?;
        done.push(format!("made the security role `{name}`"));
        held::id(&made, ROLES)?
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
        psa.own(
            "PUT",
            &format!("{ROLES}/{role}/document"),
            Some(&json!(document)),
        )?;
        done.push(format!("set the levels and lists of `{name}`"));
    }
    let member = member(psa, plan, role, &mut done)?;
    let remaining = if plan.own {
        Vec::new()
    } else {
        checklist::of(plan)
    };
    Ok(Applied {
        role,
        member,
        done,
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

fn member(psa: &Psa, plan: &Plan, role: i64, done: &mut Vec<String>) -> Result<i64, ConnectError> {
    let form = &plan.wanted.member;
    let reference = json!({ "id": role });
    let Some(held) = &plan.member else {
        let mut body =
            json!({ "identifier": form.identifier, "name": form.name, "securityRole": reference });
        for (field, value) in &plan.form {
            body[*field] = value.clone();
        }
        let made = psa.post(MEMBERS, &body)?;
        done.push(format!("made the API member `{}`", form.identifier));
        return held::id(&made, MEMBERS);
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
        psa.patch(&format!("{MEMBERS}/{}", held.id), &changes)?;
        let fields: Vec<&str> = changes.iter().map(|(field, _)| caption(field)).collect();
        done.push(format!(
            "set {} of the API member `{}`",
            fields.join(", "),
            form.identifier
        ));
    }
    Ok(held.id)
}
