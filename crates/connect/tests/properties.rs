//! Plan, apply and verify over roles drawn by lot, on a server's API: any role becomes any other, the plan names
//! every difference and nothing else, and a proof finds each single right that is taken or added.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/random.rs"]
mod random;
mod support;

use bitting_catalog::profile::Profile;
use bitting_connect::plan::{Plan, Subject};
use bitting_connect::verify::State;
use bitting_connect::wanted::Choices;
use bitting_policy::{Level, ListDocument, Role, RoleDocument, RowDocument, Verb, compare};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use support::{Server, applied, choices, named, planned, registry, verified};

const ROLE: &str = "Drawn";

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        // Each step asks a server; a smaller case is worth a few of them, not thousands.
        max_shrink_iters: 60,
        ..Config::default()
    })
}

fn profile_of(role: &RoleDocument) -> (Profile, Choices) {
    let text = random::profile_text(role);
    let profile = Profile::parse("connectwise/drawn.toml", &text).expect(&text);
    let choices = choices(&profile, &[]);
    (profile, choices)
}

/// Cells that a plan changes, as `Module / Action: Verb from -> to`.
fn cells(plan: &Plan) -> BTreeSet<String> {
    let cells = plan
        .role_lines
        .iter()
        .filter_map(|line| match &line.subject {
            Subject::Cell {
                module,
                action,
                verb,
            } => Some(format!(
                "{module} / {action}: {verb} {} -> {}",
                line.from, line.to
            )),
            _ => None,
        });
    cells.collect()
}

/// The same by comparing the two roles, which knows no plan.
fn differences(held: &RoleDocument, wanted: &RoleDocument) -> BTreeSet<String> {
    let role = |document| Role::from_document(registry(), document).expect("a role");
    let found = compare(&role(held), &role(wanted), registry());
    let cells = found.missing.iter().chain(&found.excess).map(|cell| {
        format!(
            "{} / {}: {} {} -> {}",
            cell.module, cell.action, cell.verb, cell.held, cell.needed
        )
    });
    cells.collect()
}

#[test]
fn any_role_becomes_any_other_and_then_nothing_is_left_to_plan() {
    let server = Server::start(false);
    let (operator, live) = (server.operator(), server.as_live());
    let start = profile_of(&one_row());
    let role = applied(&operator, &start.0, &start.1).role;
    let pairs = (random::role(ROLE), random::role(ROLE));
    runner(120)
        .run(&pairs, |(held, want)| {
            server.set(role, &held);
            let (profile, choices) = profile_of(&want);
            let plan = planned(&operator, &profile, &choices);
            let expected = differences(&held, &want);
            prop_assert_eq!(&cells(&plan), &expected);
            // Nothing but the vendor's API shows the same cells.
            prop_assert_eq!(&cells(&planned(&live, &profile, &choices)), &expected);
            let done = applied(&operator, &profile, &choices);
            prop_assert_eq!(done.done.is_empty(), plan.is_empty());
            let after = planned(&operator, &profile, &choices);
            prop_assert!(after.is_empty(), "{}", after.text(false));
            let after_live = planned(&live, &profile, &choices);
            prop_assert!(after_live.is_empty(), "{}", after_live.text(false));
            let again = applied(&operator, &profile, &choices);
            prop_assert!(again.done.is_empty(), "{:?}", again.done);
            // What is there is what was drawn, but for lists behind rows that stay closed.
            let now = after.role.expect("the role").document;
            prop_assert_eq!(&now.rows, &want.rows);
            for (list, entries) in &want.lists {
                prop_assert_eq!(now.lists.get(list), Some(entries));
            }
            Ok(())
        })
        .expect("any role becomes any other");
}

/// A role that differs from another in one right, and what a proof says of it.
#[derive(Debug)]
struct Changed {
    role: RoleDocument,
    missing: BTreeSet<String>,
    excess: BTreeSet<String>,
}

/// Every role with one cell higher or lower, or one entry of a list more or less.
fn changed(whole: &RoleDocument) -> Vec<Changed> {
    let mut all = Vec::new();
    for action in registry().actions() {
        let row = whole
            .rows
            .iter()
            .position(|row| row.module == action.module && row.action == action.name);
        for verb in Verb::EVERY {
            for level in action.levels(verb) {
                let mut role = whole.clone();
                let at = row.unwrap_or_else(|| {
                    role.rows.push(RowDocument {
                        module: action.module.clone(),
                        action: action.name.clone(),
                        ..RowDocument::default()
                    });
                    role.rows.len() - 1
                });
                let cell = random::cell(&mut role.rows[at], verb);
                let before = std::mem::replace(cell, level);
                // What the product refuses cannot happen: a level above None without Inquire.
                if before == level || Role::from_document(registry(), &role).is_err() {
                    continue;
                }
                let name = BTreeSet::from([format!("{}: {verb}", action.full_name())]);
                let (missing, excess) = if level < before {
                    (name, BTreeSet::new())
                } else {
                    (BTreeSet::new(), name)
                };
                all.push(Changed {
                    role,
                    missing,
                    excess,
                });
            }
        }
    }
    all.extend(lists_changed(whole));
    all
}

fn lists_changed(whole: &RoleDocument) -> Vec<Changed> {
    let mut all = Vec::new();
    for list in registry().lists() {
        let Some(ListDocument::Allow(names)) = whole.lists.get(&list.identifier) else {
            continue;
        };
        let row = registry().get(list.action).expect("its row").full_name();
        let mut push = |names: Vec<String>, missing: Option<&String>, excess: Option<&String>| {
            let mut role = whole.clone();
            role.lists
                .insert(list.identifier.clone(), ListDocument::Allow(names));
            let named = |name: Option<&String>| name.map(|name| format!("{row}: {name}"));
            all.push(Changed {
                role,
                missing: named(missing).into_iter().collect(),
                excess: named(excess).into_iter().collect(),
            });
        };
        for name in names {
            let rest: Vec<String> = names.iter().filter(|n| *n != name).cloned().collect();
            // A tenant's list without an entry is not told apart from one that denies.
            if list.fixed || !rest.is_empty() {
                push(rest, Some(name), None);
            }
        }
        let other = if list.fixed {
            let mut tables = registry()
                .tables()
                .iter()
                .map(bitting_policy::Table::full_name);
            tables.find(|table| !names.contains(table))
        } else {
            Some("Something Else".to_owned())
        };
        if let Some(other) = other {
            let more = names.iter().chain([&other]).cloned().collect();
            push(more, None, Some(&other));
        }
    }
    all
}

#[test]
fn a_proof_finds_each_single_right_removed_and_each_single_right_added() {
    let server = Server::start(true);
    let operator = server.operator();
    let start = profile_of(&one_row());
    let done = applied(&operator, &start.0, &start.1);
    let key = server.key(done.member);
    let drawn = (random::role(ROLE), any::<[Index; 6]>());
    runner(40)
        .run(&drawn, |(whole, picks)| {
            let (profile, choices) = profile_of(&whole);
            server.set(done.role, &whole);
            let report = verified(&key, None, &profile, &choices, false);
            prop_assert_eq!(report.exit_code(), 0, "{}", report.text());
            let all = changed(&whole);
            let (less, more): (Vec<&Changed>, Vec<&Changed>) =
                all.iter().partition(|change| !change.missing.is_empty());
            // Of the rights that are there, and of the hundreds that are not.
            for (number, pick) in picks.iter().enumerate() {
                let change: &&Changed = if number % 2 == 0 && !less.is_empty() {
                    pick.get(&less)
                } else {
                    pick.get(&more)
                };
                server.set(done.role, &change.role);
                let report = verified(&key, None, &profile, &choices, false);
                let found = (
                    named(&report, State::Missing),
                    named(&report, State::Excess),
                );
                prop_assert_eq!(
                    &found,
                    &(change.missing.clone(), change.excess.clone()),
                    "{:?}\n{}",
                    change.role,
                    report.text()
                );
                let code = if change.missing.is_empty() { 3 } else { 2 };
                prop_assert_eq!(report.exit_code(), code);
            }
            Ok(())
        })
        .expect("each single right is found");
}

fn one_row() -> RoleDocument {
    RoleDocument {
        name: ROLE.to_owned(),
        rows: vec![RowDocument {
            module: "Companies".to_owned(),
            action: "Company Maintenance".to_owned(),
            inquire: Level::All,
            ..RowDocument::default()
        }],
        ..RoleDocument::default()
    }
}
