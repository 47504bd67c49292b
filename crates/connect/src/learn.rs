//! The smallest role for what a member really does, from the log of its calls, and the proof that no single
//! right of it can be taken away. A log shows the past only: what a product does once a year is not in it.

mod proof;

pub use proof::{Proof, prove};

use crate::ConnectError;
use crate::held;
use crate::used::{self, Called, Right};
use bitting_catalog::Catalog;
use bitting_client::Psa;
use bitting_policy::{Level, ListDocument, Registry, Role, RoleDocument, RowDocument, Table, Verb};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What was learned of a member.
#[derive(Debug, Clone)]
pub struct Learned {
    /// Its id, as the PSA writes it.
    pub member: String,
    /// Calls of the log that were served.
    pub served: usize,
    pub document: RoleDocument,
    /// Calls that were refused for lack of a right: method, path and what they would have needed.
    pub refused: Vec<String>,
    /// One call for each right and path, to play again.
    pub(crate) calls: Vec<Called>,
}

/// Learns from the log of a member.
///
/// # Errors
/// A PSA without a log, or a log without a call of this member.
pub fn learn(
    psa: &Psa,
    member: &str,
    registry: &Registry,
    catalog: &Catalog,
) -> Result<Learned, ConnectError> {
    let in_the_way = |what: String, remedy: &str| ConnectError::InTheWay {
        what,
        remedy: remedy.to_owned(),
    };
    let events = used::events(psa)?.ok_or_else(|| {
        in_the_way(
            "this PSA keeps no log of calls that can be read".to_owned(),
            "let the integration work on Bitting's own server, or through its gate",
        )
    })?;
    let own: Vec<Called> = events
        .into_iter()
        .filter(|event| event.member.eq_ignore_ascii_case(member))
        .collect();
    let (served, refused): (Vec<Called>, Vec<Called>) = own
        .into_iter()
        .filter(|event| !event.route.is_empty())
        .partition(|event| event.status != 403);
    let served: Vec<Called> = served
        .into_iter()
        .filter(|event| event.status < 400)
        .collect();
    let Some(first) = served.first() else {
        return Err(in_the_way(
            format!("the log holds no served call of `{member}`"),
            "give it rights enough to work, let it do everything it does, then learn again",
        ));
    };
    let name = first.member.clone();
    let mut rights = BTreeSet::new();
    let mut calls: BTreeMap<(String, String), Called> = BTreeMap::new();
    let held = held_rows(psa, &name, registry)?;
    for call in &served {
        rights.extend(used::rights_of(call, catalog));
        // What it never held showed it nothing; what it holds may have.
        let mut widening = used::widening(call, catalog);
        widening.retain(|right| match (right, &held) {
            (Right::Row(action, verb), Some(role)) => role.level(*action, *verb) == Level::All,
            _ => true,
        });
        rights.extend(widening);
        calls
            .entry((call.method.clone(), call.route.clone()))
            .or_insert_with(|| call.clone());
    }
    let refused: BTreeSet<String> = refused
        .iter()
        .map(|call| {
            let needs: Vec<String> = used::rights_of(call, catalog)
                .iter()
                .map(|right| words(*right, registry))
                .collect();
            format!("{} {}: {}", call.method, call.route, needs.join(" and "))
        })
        .collect();
    Ok(Learned {
        member: name,
        served: served.iter().map(|call| call.count).sum(),
        document: document(&rights, registry),
        refused: refused.into_iter().collect(),
        calls: calls.into_values().collect(),
    })
}

/// The member's role, where the PSA tells which it is.
fn held_rows(psa: &Psa, member: &str, registry: &Registry) -> Result<Option<Role>, ConnectError> {
    let member = held::member(psa, member)?;
    let name = member.and_then(|member| {
        let name = member.record["securityRole"]["name"].as_str();
        name.map(str::to_owned)
    });
    Ok(match name {
        Some(name) => held::role(psa, psa.offers_own()?, &name, registry)?.map(|held| held.role),
        None => None,
    })
}

/// The role that holds these rights and nothing else. All, where My might do: a log does not show whose
/// records they were.
fn document(rights: &BTreeSet<Right>, registry: &Registry) -> RoleDocument {
    let mut rows: BTreeMap<u16, RowDocument> = BTreeMap::new();
    let mut tables = BTreeSet::new();
    for right in rights {
        let (action, verb) = match right {
            Right::Row(action, verb) => (*action, *verb),
            Right::Table(table, verb) => {
                tables.extend(registry.get_table(*table).map(Table::full_name));
                (registry.table_setup(), *verb)
            }
        };
        let Some(row) = registry.get(action) else {
            continue;
        };
        let document = rows.entry(action.0).or_insert_with(|| RowDocument {
            module: row.module.clone(),
            action: row.name.clone(),
            ..RowDocument::default()
        });
        // No verb counts without Inquire.
        for verb in [verb, Verb::Inquire] {
            if row.accepts(verb, Level::All) {
                *cell(document, verb) = Level::All;
            }
        }
    }
    let mut document = RoleDocument {
        rows: rows.into_values().collect(),
        ..RoleDocument::default()
    };
    if let Some(list) = registry.table_list().and_then(|id| registry.get_list(id))
        && !tables.is_empty()
    {
        document.lists.insert(
            list.identifier.clone(),
            ListDocument::Allow(tables.into_iter().collect()),
        );
    }
    document
}

pub(crate) fn cell(row: &mut RowDocument, verb: Verb) -> &mut Level {
    match verb {
        Verb::Add => &mut row.add,
        Verb::Edit => &mut row.edit,
        Verb::Delete => &mut row.delete,
        Verb::Inquire => &mut row.inquire,
    }
}

fn words(right: Right, registry: &Registry) -> String {
    match right {
        Right::Row(action, verb) => {
            let row = registry
                .get(action)
                .map(bitting_policy::Action::full_name)
                .unwrap_or_default();
            format!("{row} {verb}")
        }
        Right::Table(table, verb) => {
            let name = registry
                .get_table(table)
                .map(Table::full_name)
                .unwrap_or_default();
            format!("Table Setup {verb} with {name}")
        }
    }
}

impl Learned {
    /// The role as a profile, to check, plan and apply like any other.
    pub fn profile(&self, today: &str) -> String {
        let quoted = |text: &str| format!("{text:?}");
        let mut out = format!(
            "# Learned from {served} calls of `{member}`. Format: docs/profiles.md\n[profile]\nvendor = {name}\nproduct = {name}\n\
             psa = \"connectwise\"\nsummary = \"What the log of calls shows; it may do more another day.\"\n\
             completeness = \"partial\"\ngaps = \"A log shows only what was done while it was kept.\"\nversion = 1\n\n\
             [[source]]\ntitle = \"Log of calls\"\nurl = \"https://localhost/\"\ntaken = \"{today}\"\n",
            served = self.served,
            member = self.member,
            name = quoted(&self.member),
        );
        for row in &self.document.rows {
            // Writing to a String cannot fail.
            let _ = write!(
                out,
                "\n[[grant]]\nmodule = {}\naction = {}\n",
                quoted(&row.module),
                quoted(&row.action)
            );
            for (verb, level) in Verb::EVERY.into_iter().zip(row.levels()) {
                if level > Level::None {
                    let _ = writeln!(out, "{} = \"{level}\"", verb.as_str().to_lowercase());
                }
            }
            let _ = writeln!(out, "why = \"seen in the log\"");
            let list = self.document.lists.values().next();
            if let Some(ListDocument::Allow(names)) = list.filter(|_| row.action == "Table Setup") {
                let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                let _ = writeln!(
                    out,
                    "customize = {{ mode = \"allow\", entries = [{}] }}",
                    names.join(", ")
                );
            }
        }
        out
    }
}
