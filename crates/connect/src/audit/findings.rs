//! What is risky about a member, rule by rule.

use super::age::{Stale, stale};
use super::{Asked, Audited, Known, Risk};
use crate::held::HeldKey;
use bitting_catalog::profile::Profile;
use bitting_policy::{Action, Level, List, Verb};
use std::collections::BTreeSet;

/// Rows of a role that give access to secrets or to rights themselves: name, rule, risk.
const SENSITIVE: [(&str, &str, &str, Risk); 2] = [
    (
        "Companies",
        "Configuration - Display Passwords",
        "reads-passwords",
        Risk::High,
    ),
    ("System", "Security", "reaches-security", Risk::High),
];

/// Collects the findings of a member.
pub fn of(asked: &Asked<'_>, known: &Known<'_>, profile: Option<&Profile>, audited: &mut Audited) {
    role(asked, known, profile, audited);
    keys(asked, known, audited);
    location(known, profile, audited);
    if !audited.excess.is_empty() {
        let count = audited.excess.len();
        let (risk, against) = match audited.measured_by {
            "profile" => (Risk::Medium, "the profile needs"),
            _ => (Risk::Low, "was used"),
        };
        let role = &audited.role;
        let remedy = match profile {
            Some(profile) => format!(
                "bitting apply {} --role \"{role}\" --member {}",
                profile.word(),
                audited.member
            ),
            None => {
                format!("look at each with the vendor's guide, then set it to None in `{role}`")
            }
        };
        audited.note(
            risk,
            "excess",
            format!("{count} levels or entries more than {against}"),
            remedy,
        );
    }
}

fn role(asked: &Asked<'_>, known: &Known<'_>, profile: Option<&Profile>, audited: &mut Audited) {
    let Some(held) = known.role else {
        audited.note(
            Risk::Low,
            "no-role",
            "has no security role",
            "give it one, or deactivate it",
        );
        return;
    };
    let name = held.document.name.clone();
    if held.document.admin {
        let remedy = match profile {
            Some(profile) => format!(
                "bitting connect {} --member {}",
                profile.word(),
                audited.member
            ),
            None => {
                "make a role from the vendor's guide (`bitting profile list`), and give it that"
                    .to_owned()
            }
        };
        audited.note(
            Risk::High,
            "admin-role",
            format!("the role `{name}` is an administrator's: every right"),
            remedy,
        );
        return;
    }
    for unknown in &held.unknown {
        audited.note(
            Risk::Low,
            "unknown-row",
            format!("grants `{unknown}`, a row unknown here"),
            "look it up on the screen",
        );
    }
    let asks = |action: &Action, verb: Verb| {
        profile.is_some_and(|profile| {
            profile.rows().any(|(_, grant)| {
                asked.registry.action(&grant.module, &grant.action) == Some(action.id)
                    && grant.level(verb) > Level::None
            })
        })
    };
    let mut deletes = Vec::new();
    for action in asked.registry.actions() {
        let level = |verb| held.role.level(action.id, verb);
        if action.reads_everything && level(Verb::Inquire) > Level::None {
            let asked = if asks(action, Verb::Inquire) {
                "; the vendor's guide asks for it"
            } else {
                ""
            };
            audited.note(if asked.is_empty() {
                    Risk::High
                } else {
                    Risk::Medium
                },
                "reads-everything",
                format!(
                    "{} reads across all records, cost and people included{asked}",
                    action.full_name()
                ),
                "allow single reports where the PSA can (`bitting instance set report-allow-list`), or use rows",
            );
        }
        if level(Verb::Delete) > Level::None {
            deletes.push(action.full_name());
        }
        for (module, row, rule, risk) in SENSITIVE {
            if action.module == module && action.name == row && level(Verb::Inquire) > Level::None {
                audited.note(
                    risk,
                    rule,
                    format!("holds {}", action.full_name()),
                    "set the row to None",
                );
            }
        }
    }
    if !deletes.is_empty() {
        let what = format!("may delete: {}", deletes.join(", "));
        audited.note(
            Risk::Medium,
            "deletes",
            what,
            "set Delete to None unless the vendor says why",
        );
    }
    let setup = Verb::EVERY.map(|verb| held.role.level(asked.registry.table_setup(), verb));
    if setup != [Level::None; 4] && held.lists_known && *held.role.tables() == List::Everything {
        let writes = setup[..3].iter().any(|level| *level > Level::None);
        audited.note(
            if writes { Risk::High } else { Risk::Low },
            "table-setup-open",
            if writes {
                "writes every setup table"
            } else {
                "reads every setup table"
            },
            "customize System / Table Setup and allow the tables it needs",
        );
    }
}

fn keys(asked: &Asked<'_>, known: &Known<'_>, audited: &mut Audited) {
    let Some(keys) = &known.keys else { return };
    let live: Vec<&HeldKey> = crate::keys::live(keys).collect();
    if audited.inactive && !live.is_empty() {
        let what = format!(
            "is inactive with {} keys that come back to life with it",
            live.len()
        );
        audited.note(
            Risk::Low,
            "inactive-with-keys",
            what,
            "revoke them with `bitting key revoke`",
        );
        return;
    }
    let purposes: BTreeSet<String> = live
        .iter()
        .map(|key| key.description.trim().to_lowercase())
        .collect();
    if purposes.len() > 1 {
        let names: Vec<&str> = live.iter().map(|key| key.description.as_str()).collect();
        audited.note(Risk::Medium,
            "shared-member",
            format!(
                "several integrations act as this one member: {}",
                names.join(", ")
            ),
            "give each its own member and role, so that each holds only its own rights and shows in the records",
        );
    }
    for key in live {
        let name = if key.description.is_empty() {
            &key.public_key
        } else {
            &key.description
        };
        let (created, used) = (key.created.as_deref(), key.last_used.as_deref());
        let Some(found) = stale(created, used, asked.days, asked.now) else {
            continue;
        };
        let (risk, remedy) = match found {
            Stale::Unused(_) | Stale::NeverUsed(_) => {
                (Risk::Medium, format!("bitting key revoke {}", key.id))
            }
            Stale::Old(_) => (
                Risk::Low,
                format!("bitting key rotate {} --key-file FILE", audited.member),
            ),
        };
        audited.note(risk, found.rule(), found.said(name), remedy);
    }
}

/// A member at the top of the structure sees every location.
fn location(known: &Known<'_>, profile: Option<&Profile>, audited: &mut Audited) {
    let Some(profile) = profile else { return };
    let asks = profile
        .member
        .location
        .as_ref()
        .and_then(|value| value.value.clone());
    let wide = known.record["securityLocation"]["name"]
        .as_str()
        .is_some_and(|name| name.eq_ignore_ascii_case("Corporate"));
    if wide && asks.is_none() && known.many_locations {
        audited.note(
            Risk::Low,
            "wide-location",
            "sees every location, which its vendor's guide does not ask for",
            "if it serves one location only, choose that with --location",
        );
    }
}
