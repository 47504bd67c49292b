//! What remains to click on a PSA whose API cannot write levels, lists or keys: where, and each cell's value.

use crate::plan::{Plan, Sign, Subject, words};
use bitting_policy::{ListDocument, Verb};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// One thing to do on a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// Menu path and place on the screen.
    pub at: String,
    /// What to do there.
    pub set: String,
}

/// The clicks that bring the role where the plan wants it, and the key, in the order of the screens: a list
/// is chosen before its row is opened.
pub fn of(plan: &Plan) -> Vec<Click> {
    let role = &plan.wanted.document.name;
    let screen = format!("System > Security Roles > {role}");
    let mut clicks = Vec::new();
    for (list, entries) in &plan.wanted.document.lists {
        let touched = plan
            .role_lines
            .iter()
            .any(|line| matches!(&line.subject, Subject::List { list: of, .. } if of == list));
        if touched {
            clicks.push(Click {
                at: format!("{screen} > customize ({list})"),
                set: format!("{}; Save", chosen(entries)),
            });
        }
    }
    let mut last = String::new();
    for line in &plan.role_lines {
        let Subject::Cell { module, action, .. } = &line.subject else {
            continue;
        };
        let row = format!("{module} > {action}");
        if row == last {
            continue;
        }
        let cells: Vec<String> = plan
            .role_lines
            .iter()
            .filter_map(|other| match &other.subject {
                Subject::Cell {
                    module: m,
                    action: a,
                    verb,
                } if m == module && a == action => {
                    Some(format!("{} = {}", verb_name(*verb), other.to))
                }
                _ => None,
            })
            .collect();
        clicks.push(Click {
            at: format!("{screen} > {row}"),
            set: cells.join(", "),
        });
        last = row;
    }
    if !clicks.is_empty() {
        clicks.push(Click {
            at: screen,
            set: "Save and Close".to_owned(),
        });
    }
    let new = plan
        .member_lines
        .iter()
        .any(|line| line.subject == Subject::Member && line.sign == Sign::Add);
    if new || plan.member.is_none() {
        clicks.push(key(plan));
    }
    clicks
}

/// The click that cuts a key.
pub fn key(plan: &Plan) -> Click {
    Click {
        at: format!("System > Members > API Members > {} > API Keys", plan.wanted.member.identifier),
        set: "New Item: describe the key, Save (not Save and Close), copy both keys: the private one is shown once"
            .to_owned(),
    }
}

/// A list as the customize window shows it.
fn chosen(entries: &ListDocument) -> String {
    match entries {
        ListDocument::Allow(names) if !names.is_empty() => {
            format!("allow (left side): {}", names.join("; "))
        }
        ListDocument::Deny(names) => format!("disallow (right side): {}", names.join("; ")),
        other => words(other),
    }
}

fn verb_name(verb: Verb) -> &'static str {
    verb.as_str()
}

/// The clicks as a list to tick off.
pub fn text(clicks: &[Click]) -> String {
    let mut out = String::new();
    for click in clicks {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "[ ] {}\n      {}", click.at, click.set);
    }
    out
}
