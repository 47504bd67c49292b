//! A connection that breaks at each request of an apply in turn, before the request arrives and after it was carried
//! out: what was written is told, nothing is told that was not, and the next apply heals it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::Profile;
use bitting_client::Psa;
use bitting_connect::ConnectError;
use bitting_connect::apply::{Applied, apply};
use bitting_connect::held::{self, MEMBERS, ROLES};
use bitting_connect::keys;
use bitting_connect::plan::plan;
use bitting_connect::wanted::{Choices, wanted};
use serde_json::Value;
use support::{Server, applied, choices, planned, profile, registry};

fn tried(psa: &Psa, profile: &Profile, choices: &Choices) -> Result<Applied, ConnectError> {
    let wanted = wanted(profile, choices, registry())?;
    apply(psa, &plan(psa, wanted, registry())?, registry())
}

/// What the server has by now, as sentences an apply would say of it.
fn there(psa: &Psa, choices: &Choices, levels: usize) -> Vec<String> {
    let (role, member) = (
        choices.role.as_deref().unwrap(),
        choices.member.as_deref().unwrap(),
    );
    let mut found = Vec::new();
    if let Some(held) = held::role(psa, true, role, registry()).unwrap() {
        found.push(format!("made the security role `{role}`"));
        if held.document.rows.len() == levels {
            found.push(format!("set the levels and lists of `{role}`"));
        }
    }
    if held::member(psa, member).unwrap().is_some() {
        found.push(format!("made the API member `{member}`"));
    }
    found
}

fn count(rows: &[Value], field: &str, name: &str) -> usize {
    rows.iter().filter(|row| row[field] == name).count()
}

#[test]
fn what_is_half_applied_is_told_and_the_next_apply_heals_it() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("umbrella");
    let levels = wanted(&profile, &choices(&profile, &[]), registry())
        .unwrap()
        .document
        .rows
        .len();
    let (mut number, mut told) = (0, 0);
    for as_live in [false, true] {
        for carried_out in [false, true] {
            for at in 0.. {
                number += 1;
                let mut choices = choices(&profile, &[]);
                choices.role = Some(format!("Role {number}"));
                choices.member = Some(format!("member{number}"));
                let cut = server.cut_at(at, carried_out, as_live);
                let result = tried(&cut, &profile, &choices);
                let there = there(&operator, &choices, levels);
                let Err(error) = result else {
                    assert!(at > 5, "it was never cut");
                    break;
                };
                let said = error.to_string();
                assert!(error.client().is_some(), "{said}");
                let (done, open) = match &error {
                    ConnectError::Halfway { done, open, .. } => (done.clone(), *open),
                    _ => (Vec::new(), false),
                };
                // Nothing is told that is not so, and at most the step under way is told as open.
                assert!(
                    done.iter().all(|done| there.contains(done)),
                    "{said}\n{there:?}"
                );
                let silent: Vec<&String> = there.iter().filter(|now| !done.contains(now)).collect();
                match silent.as_slice() {
                    [] => {}
                    [step] => {
                        assert!(open && carried_out, "{said}\n{step}");
                        let doing = step
                            .replacen("made", "making", 1)
                            .replacen("set ", "setting ", 1);
                        assert!(
                            said.contains(&format!(
                                "then {doing} failed, and may be done all the same"
                            )),
                            "{said}"
                        );
                    }
                    more => panic!("{said}\n{more:?}"),
                }
                if !there.is_empty() {
                    assert!(said.contains("run the same command again"), "{said}");
                    told += 1;
                }
                // The same command again, on a connection that holds.
                applied(&operator, &profile, &choices);
                let after = planned(&operator, &profile, &choices);
                assert!(after.is_empty(), "{}", after.text(false));
                let (roles, members) = (
                    operator.list(ROLES).unwrap(),
                    operator.list(MEMBERS).unwrap(),
                );
                assert_eq!(count(&roles, "name", choices.role.as_deref().unwrap()), 1);
                assert_eq!(
                    count(&members, "identifier", choices.member.as_deref().unwrap()),
                    1
                );
            }
        }
    }
    assert!(told > 6, "{told} of {number} were half applied");
}

#[test]
fn a_change_that_stops_half_way_is_told_and_healed_too() {
    let server = Server::start(true);
    let operator = server.operator();
    let profile = profile("umbrella");
    let mut choices = choices(&profile, &[]);
    choices.role = Some("Changing".to_owned());
    choices.member = Some("changing".to_owned());
    let mut cuts = 0;
    for at in 0.. {
        choices.location = Some("Corporate".to_owned());
        let role = applied(&operator, &profile, &choices).role;
        let mut less = wanted(&profile, &choices, registry()).unwrap().document;
        less.rows.pop();
        server.set(role, &less);
        choices.location = Some("West".to_owned());
        let Err(error) = tried(&server.cut_at(at, true, false), &profile, &choices) else {
            break;
        };
        let said = error.to_string();
        let plan = planned(&operator, &profile, &choices);
        if plan.role_lines.is_empty() {
            assert!(
                said.contains("the levels and lists of `Changing`"),
                "{said}"
            );
            cuts += 1;
        }
        if plan.member_lines.is_empty() {
            assert!(
                said.contains(
                    "setting Location of the API member `changing` failed, and may be done"
                ),
                "{said}"
            );
        }
        applied(&operator, &profile, &choices);
        assert!(planned(&operator, &profile, &choices).is_empty());
    }
    assert_eq!(cuts, 2, "the levels' own answer lost, and the member's");
}

#[test]
fn a_key_whose_answer_is_lost_is_told() {
    let server = Server::start(false);
    let profile = profile("mspcfo");
    let done = applied(&server.operator(), &profile, &choices(&profile, &[]));
    let cut = server.cut_at(0, true, false);
    let error = keys::cut(&cut, done.member, "lost", None).expect_err("no answer");
    assert!(
        error
            .to_string()
            .contains("`bitting key revoke` takes it away"),
        "{error}"
    );
    let held = held::keys(&server.operator(), done.member).unwrap();
    assert_eq!(held.len(), 1, "it was cut, and it is shown");
}
