//! Cisco Umbrella against both PSAs: organisations become configurations, botnets become tickets that grow while they
//! are open.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use jiff::ToSpan as _;
use serde_json::json;
use support::umbrella::connectwise::Served;
use support::umbrella::{Side, event, organisation};
use support::{Desk, each_right_is_needed_and_named};

/// Each scenario, on either PSA.
macro_rules! on_both {
    ($($scenario:ident)*) => {
        mod connectwise {
            use super::support::umbrella::Side as _;
            use super::support::umbrella::connectwise::Served;
            $(#[test] fn $scenario() { super::$scenario(&Served::start()); })*
        }
        mod autotask {
            use super::support::umbrella::Side as _;
            use super::support::umbrella::autotask::Tenanted;
            $(#[test] fn $scenario() { super::$scenario(&Tenanted::start()); })*
        }
    };
}

on_both! {
    organisations_and_botnets_arrive_once
    later_windows_are_appended_while_the_ticket_is_open
    changes_of_the_console_arrive
    a_kill_at_any_step_neither_doubles_nor_loses
}

fn organisations_and_botnets_arrive_once<S: Side>(side: &S) {
    let desk = side.desk("plain");
    let said = Desk::said(&desk.whole(side.key()));
    let nobody = format!("plain-3: there is no company `{}`", S::NOBODY);
    assert!(said.contains(&nobody), "{said}");
    side.right("plain");
    let again = desk.whole(side.key());
    assert!(
        again
            .iter()
            .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
        "{again:?}"
    );
    side.right("plain");
}

fn later_windows_are_appended_while_the_ticket_is_open<S: Side>(side: &S) {
    let mut desk = side.desk("grow");
    desk.whole(side.key());
    let ticket = side.tickets("grow")[0];
    let before = side.notes(ticket);
    // The next window has nine events of the same identity; the ticket was edited meanwhile.
    side.edit(ticket);
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    let job = S::INTEGRATION.job("tickets");
    for _ in 0..2 {
        let outcomes = desk.run(side.key(), job).expect("a run");
        assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
        assert_eq!(side.notes(ticket), before + 1);
    }
    assert!(side.tickets("grow").is_empty(), "no second one");
    // Closed by a person: the next window opens a new one.
    side.close(ticket);
    let later = event("grow", 1, "laptop-7", "2026-11-21T17:00:00Z", "botnet", 9);
    desk.give("events.jsonl", &[later]);
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    let outcomes = desk.run(side.key(), job).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    assert_eq!(side.tickets("grow").len(), 1);
    assert_eq!(side.notes(ticket), before + 1);
}

fn changes_of_the_console_arrive<S: Side>(side: &S) {
    let mut desk = side.desk("move");
    desk.whole(side.key());
    // The first organisation gets more seats, the second belongs to another company now.
    let company = &side.companies()[0];
    let mut first = organisation("move", 1, company);
    first["seats"] = json!(41);
    let second = organisation("move", 2, company);
    desk.give("organisations.jsonl", &[first, second]);
    desk.whole(side.key());
    let found = side.configurations("move");
    assert_eq!(found.len(), 3, "the old one stays: nothing is deleted");
    assert_eq!(S::seats(&found[0]), "41");
    // Neither is mapped any more.
    desk.give("organisations.jsonl", &[]);
    desk.now = desk.now.checked_add(24.hours()).unwrap();
    desk.whole(side.key());
    let again = desk.whole(side.key());
    assert!(
        again.iter().all(|outcome| outcome.counts.changed == 0),
        "{again:?}"
    );
    assert_eq!(side.configurations("move").len(), 3);
}

fn a_kill_at_any_step_neither_doubles_nor_loses<S: Side>(side: &S) {
    let mut steps = 0;
    while side
        .desk(&format!("k{steps}"))
        .cut_off_once(side.key(), steps)
    {
        side.right(&format!("k{steps}"));
        steps += 1;
    }
    assert!(steps > S::STEPS, "{steps}");
    side.desk("all").cut_off_everywhere(side.key());
    side.right("all");
}

#[test]
fn each_right_of_the_profile_is_needed_and_named() {
    let side = Served::start();
    let operator = &side.operator;
    let company = operator
        .named("company/companies", "identifier", &side.companies[1])
        .expect("a company")[0]["id"]
        .clone();
    each_right_is_needed_and_named(&side.server, Served::INTEGRATION, |at| {
        let tag = format!("r{at}");
        // A type with a question that has drifted, and a configuration that a run before had made.
        let kind = operator
            .post(
                "company/configurations/types",
                &json!({ "name": format!("Umbrella {tag}") }),
            )
            .expect("a type")["id"]
            .clone();
        let question = json!({ "question": "Umbrella Org ID", "fieldType": "Text", "entryType": "EntryField", "sequenceNumber": 99.0 });
        operator
            .post(
                &format!("company/configurations/types/{kind}/questions"),
                &question,
            )
            .expect("a question");
        let configuration = json!({
            "name": "old", "type": { "id": kind }, "company": { "id": company }, "deviceIdentifier": format!("umbrella:{tag}-2"),
        });
        operator
            .post("company/configurations", &configuration)
            .expect("a configuration");
        side.desk(&tag)
    });
}
