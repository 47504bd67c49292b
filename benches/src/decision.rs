//! A decision of `bitting-policy` against the same one of cedar-policy: every role, action, verb, on the
//! caller's own row and on a foreign one. Every answer of the matrix is compared.

use crate::Places;
use crate::case::Case;
use crate::cedar::Cedar;
use crate::report::{Goal, Table, figure};
use anyhow::{Context as _, Result, bail};
use bitting_policy::{Decision, Level, Needs, Registry, Role, Verb, decide};
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

const ACTIONS: usize = 72;
/// Roles of the comparison; the other numbers show that a decision does not depend on it.
const ROLES: usize = 200;

pub fn measure(places: &Places) -> Result<Vec<Table>> {
    let registry = registry(places)?;
    let mut table = Table::new(
        "decision: bitting-policy against cedar-policy, 72 actions x 4 verbs x own and foreign row",
        &[
            "roles",
            "cases",
            "mismatches",
            "bitting ns",
            "cedar ns",
            "ratio",
            "goal",
            "",
        ],
    );
    let needs: Vec<Needs> = registry
        .actions()
        .iter()
        .take(ACTIONS)
        .map(|action| Needs::Action(action.id))
        .collect();
    if needs.len() < ACTIONS {
        bail!("the registry has {} actions, not {ACTIONS}", needs.len());
    }
    for count in [10, ROLES, 2_000] {
        let roles = roles(&registry, count)?;
        let cases = cases(count);
        let cedar = Cedar::new(&roles, &needs)?;
        let mut mismatches = 0_usize;
        for case in &cases {
            if ours(&roles, &needs, *case) != cedar.allows(*case)? {
                mismatches += 1;
            }
        }
        let own = time(&cases, |case| ours(&roles, &needs, *case));
        // Built beforehand, so that cedar is timed for nothing but the decision.
        let some = &cases[..cases.len().min(50_000)];
        let requests = some
            .iter()
            .map(|case| cedar.request(*case))
            .collect::<Result<Vec<_>>>()?;
        let theirs = time(&requests, |request| cedar.decides(request));
        let ratio = theirs / own;
        let [goal, verdict] = if count == ROLES {
            Goal::AtLeast(25.0).judge(ratio, "x")
        } else {
            [String::new(), String::new()]
        };
        table.row([
            count.to_string(),
            cases.len().to_string(),
            mismatches.to_string(),
            figure(own),
            figure(theirs),
            format!("{ratio:.0}x"),
            goal,
            verdict,
        ]);
        let [goal, verdict] = Goal::AtMost(100.0).judge(own, " ns");
        table.note(format!(
            "{count} roles: {} ns per decision, goal {goal}: {verdict}",
            figure(own)
        ));
        if mismatches > 0 {
            table.note(format!(
                "{count} roles: {mismatches} MISMATCHES: the two engines do not agree"
            ));
        } else {
            table.note(format!(
                "{count} roles: NO MISMATCH over {} cases",
                cases.len()
            ));
        }
    }
    table.note("Cedar in its fastest form: two policies, the rights as sets on the role, requests and entities built beforehand.");
    Ok(vec![table])
}

fn registry(places: &Places) -> Result<Registry> {
    let read = |name: &str| {
        let file = places.root.join("data/connectwise").join(name);
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let (actions, tables) = (read("actions.toml")?, read("tables.toml")?);
    Ok(Registry::read(&[
        ("actions.toml", &actions),
        ("tables.toml", &tables),
    ])?)
}

/// Roles with levels drawn from those that each row accepts.
fn roles(registry: &Registry, count: usize) -> Result<Vec<Role>> {
    let mut draw = Draw(7);
    let mut roles = Vec::with_capacity(count);
    for number in 0..count {
        let mut role = Role::new(registry, number as i64, format!("Role {number}"));
        for action in registry.actions() {
            let levels = Verb::EVERY.map(|verb| {
                let choices: Vec<Level> = action.levels(verb).collect();
                choices[draw.below(choices.len())]
            });
            // A row without Inquire holds nothing.
            let levels = if levels[Verb::Inquire.index()] == Level::None {
                [Level::None; 4]
            } else {
                levels
            };
            role.set(registry, action.id, levels)?;
        }
        roles.push(role);
    }
    Ok(roles)
}

/// The whole matrix in an order that no cache and no branch predictor can foresee.
fn cases(roles: usize) -> Vec<Case> {
    let mut cases = Vec::with_capacity(roles * ACTIONS * 8);
    for role in 0..roles {
        for action in 0..ACTIONS {
            for verb in Verb::EVERY {
                for own in [true, false] {
                    cases.push(Case {
                        role: role as u32,
                        action: action as u32,
                        verb,
                        own,
                    });
                }
            }
        }
    }
    let mut draw = Draw(11);
    for index in (1..cases.len()).rev() {
        cases.swap(index, draw.below(index + 1));
    }
    cases
}

#[inline]
fn ours(roles: &[Role], needs: &[Needs], case: Case) -> bool {
    match decide(
        &roles[case.role as usize],
        &needs[case.action as usize],
        case.verb,
    ) {
        Decision::All => true,
        Decision::Mine => case.own,
        Decision::Denied(_) => false,
    }
}

/// Nanoseconds per case, over at least a second.
fn time<T>(cases: &[T], decide: impl Fn(&T) -> bool) -> f64 {
    let started = Instant::now();
    let (mut done, mut allowed) = (0_u64, 0_u64);
    while started.elapsed() < Duration::from_secs(1) {
        for case in cases {
            allowed += u64::from(decide(black_box(case)));
        }
        done += cases.len() as u64;
    }
    black_box(allowed);
    started.elapsed().as_nanos() as f64 / done as f64
}

struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as usize
    }
}
