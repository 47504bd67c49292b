//! The decision again, written from the rules over maps of names, without a thought for speed.
//!
//! Must not use the role type or anything that the fast decision uses.

use bitting_policy::{Level, List, Needs, Registry, RoleDocument, Verb};
use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    Denied = 0,
    Mine = 1,
    All = 2,
}

pub fn decide(registry: &Registry, role: &RoleDocument, needs: &Needs, verb: Verb) -> Answer {
    if *needs == Needs::Anyone {
        return Answer::All;
    }
    if role.inactive {
        return Answer::Denied;
    }
    if role.admin {
        return Answer::All;
    }
    let rows: HashMap<String, HashMap<String, Level>> = role
        .rows
        .iter()
        .map(|row| {
            let cells = [
                ("Add", row.add),
                ("Edit", row.edit),
                ("Delete", row.delete),
                ("Inquire", row.inquire),
            ];
            let cells = cells
                .into_iter()
                .map(|(verb, level)| (verb.to_owned(), level));
            (format!("{} / {}", row.module, row.action), cells.collect())
        })
        .collect();
    answer(registry, role, &rows, needs, &verb.to_string())
}

fn answer(
    registry: &Registry,
    role: &RoleDocument,
    rows: &HashMap<String, HashMap<String, Level>>,
    needs: &Needs,
    verb: &str,
) -> Answer {
    let row = |name: &str| {
        let Some(cells) = rows.get(name) else {
            return Answer::Denied;
        };
        match (cells[verb], cells["Inquire"]) {
            (_, Level::None) | (Level::None, _) => Answer::Denied,
            (Level::My, _) => Answer::Mine,
            (Level::All, _) => Answer::All,
        }
    };
    let parts = |parts: &[Needs]| -> Vec<Answer> {
        parts
            .iter()
            .map(|part| answer(registry, role, rows, part, verb))
            .collect()
    };
    match needs {
        Needs::Anyone | Needs::AnyMember => Answer::All,
        Needs::Action(id) => row(&registry.actions()[usize::from(id.0)].full_name()),
        Needs::Table(id) => {
            let table = registry.tables()[id.0 as usize].full_name();
            if allows(role, "SystemTableSetup", &table) {
                row("System / Table Setup")
            } else {
                Answer::Denied
            }
        }
        Needs::Every(all) => parts(all).into_iter().min().unwrap_or(Answer::All),
        Needs::Either(any) => parts(any).into_iter().max().unwrap_or(Answer::Denied),
    }
}

/// Whether the list lets the entry through.
pub fn allows(role: &RoleDocument, list: &str, entry: &str) -> bool {
    if role.inactive {
        return false;
    }
    let named = |names: &Vec<String>| {
        names
            .iter()
            .any(|n| n.to_lowercase() == entry.to_lowercase())
    };
    role.admin
        || match role.lists.get(list) {
            None | Some(List::Everything) => true,
            Some(List::Allow(names)) => named(names),
            Some(List::Deny(names)) => !named(names),
        }
}
