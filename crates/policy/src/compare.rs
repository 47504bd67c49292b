//! A role that is held against a role that is needed: what is missing, what is in excess.
//!
//! Must not know where either came from.

use crate::{Action, EntryId, Level, List, ListDocument, Registry, Role, Table, Verb};
use serde::Serialize;

/// What separates a held role from a needed one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Comparison {
    /// Cells below what is needed.
    pub missing: Vec<Cell>,
    /// Cells above what is needed.
    pub excess: Vec<Cell>,
    /// Customize lists that differ.
    pub lists: Vec<ListGap>,
    /// Whether the held role is an administrator's although the needed one is not.
    pub excess_admin: bool,
    /// Whether the held role is inactive: then everything is missing.
    pub inactive: bool,
    /// Whether the held role can read everything through one row, such as API Reports, needed or
    /// not. Every audit must say so.
    pub reads_everything: bool,
}

/// One cell of a row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub module: String,
    pub action: String,
    pub verb: Verb,
    pub held: Level,
    pub needed: Level,
    /// Whether this cell reads across all objects, whatever the other rows say.
    pub reads_everything: bool,
}

/// One customize list that differs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ListGap {
    /// `SystemTableSetup`.
    pub list: String,
    /// Entries that are needed and not allowed.
    pub missing: Vec<String>,
    /// Entries that are allowed and not needed.
    pub excess: Vec<String>,
    /// Whether every entry that neither list names is needed and not allowed.
    pub missing_rest: bool,
    /// Whether every entry that neither list names is allowed and not needed.
    pub excess_rest: bool,
}

impl Comparison {
    /// Whether the held role does what is needed.
    pub fn suffices(&self) -> bool {
        let gaps = self.lists.iter();
        self.missing.is_empty()
            && gaps
                .clone()
                .all(|gap| gap.missing.is_empty() && !gap.missing_rest)
    }

    /// Whether the held role does no more than what is needed.
    pub fn is_least(&self) -> bool {
        let gaps = self.lists.iter();
        !self.excess_admin
            && self.excess.is_empty()
            && gaps
                .clone()
                .all(|gap| gap.excess.is_empty() && !gap.excess_rest)
    }
}

/// Compares what a role holds with what is needed, per cell, per setup table and per list.
///
/// A list counts only where both roles can pass its row: before that, the row is the difference.
pub fn compare(held: &Role, needed: &Role, registry: &Registry) -> Comparison {
    let mut comparison = Comparison {
        excess_admin: held.admin && !held.inactive && !needed.admin,
        inactive: held.inactive,
        ..Comparison::default()
    };
    for action in registry.actions() {
        for verb in Verb::EVERY {
            let cell = Cell {
                module: action.module.clone(),
                action: action.name.clone(),
                verb,
                held: effective(held, action, verb),
                needed: effective(needed, action, verb),
                reads_everything: action.reads_everything && verb == Verb::Inquire,
            };
            comparison.reads_everything |= cell.reads_everything && cell.held > Level::None;
            match cell.held.cmp(&cell.needed) {
                std::cmp::Ordering::Less => comparison.missing.push(cell),
                std::cmp::Ordering::Greater => comparison.excess.push(cell),
                std::cmp::Ordering::Equal => {}
            }
        }
    }
    for list in registry.lists() {
        let Some(row) = registry.get(list.action) else {
            continue;
        };
        let open = |role| {
            Verb::EVERY
                .iter()
                .any(|v| effective(role, row, *v) > Level::None)
        };
        if !open(held) || !open(needed) {
            continue;
        }
        let mut gap = if list.fixed {
            table_gap(held, needed, registry)
        } else {
            name_gap(
                &entries(held, registry, list.id),
                &entries(needed, registry, list.id),
            )
        };
        if gap != ListGap::default() {
            gap.list.clone_from(&list.identifier);
            comparison.lists.push(gap);
        }
    }
    comparison
}

/// The level that counts: an administrator holds whatever the row can, an inactive role nothing.
fn effective(role: &Role, action: &Action, verb: Verb) -> Level {
    match (role.inactive, role.admin) {
        (true, _) => Level::None,
        (false, true) => action.levels(verb).max().unwrap_or(Level::None),
        (false, false) => role.level(action.id, verb),
    }
}

fn entries(role: &Role, registry: &Registry, list: crate::ListId) -> ListDocument {
    if role.admin {
        return List::Everything;
    }
    role.list_document(registry, list)
}

/// Setup tables are all known, so both lists can be compared table by table.
fn table_gap(held: &Role, needed: &Role, registry: &Registry) -> ListGap {
    let mut gap = ListGap::default();
    let allows = |role: &Role, table: EntryId| role.admin || role.lists_table(table);
    for table in registry.tables() {
        match (allows(held, table.id), allows(needed, table.id)) {
            (false, true) => gap.missing.push(Table::full_name(table)),
            (true, false) => gap.excess.push(Table::full_name(table)),
            _ => {}
        }
    }
    gap
}

/// A tenant's entries are not known, so whatever neither list names is compared as one.
fn name_gap(held: &ListDocument, needed: &ListDocument) -> ListGap {
    let mut gap = ListGap::default();
    let mut named: Vec<&String> = [held, needed].into_iter().flat_map(named).collect();
    named.sort_by_key(|name| name.to_lowercase());
    named.dedup_by_key(|name| name.to_lowercase());
    for name in named {
        match (allows(held, name), allows(needed, name)) {
            (false, true) => gap.missing.push(name.clone()),
            (true, false) => gap.excess.push(name.clone()),
            _ => {}
        }
    }
    let rest = |list: &ListDocument| !matches!(list, List::Allow(_));
    gap.missing_rest = rest(needed) && !rest(held);
    gap.excess_rest = rest(held) && !rest(needed);
    gap
}

fn named(list: &ListDocument) -> &[String] {
    match list {
        List::Everything => &[],
        List::Allow(names) | List::Deny(names) => names,
    }
}

fn allows(list: &ListDocument, name: &str) -> bool {
    let name = name.to_lowercase();
    list.admits(|names| names.iter().any(|n| n.to_lowercase() == name))
}
