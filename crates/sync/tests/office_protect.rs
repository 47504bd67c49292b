//! Office Protect against a PSA: events become tickets, once each, with exactly its profile's rights.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::Psa;
use bitting_sync::Failure;
use bitting_sync::office_protect::INTEGRATION;
use bitting_sync::state::Shelf;
use jiff::ToSpan as _;
use serde_json::{Value, json};
use support::post_office::post_office;
use support::{Desk, Server, each_right_is_needed_and_named};

fn server() -> Server {
    Server::start("office_protect", &["ticket-settings"])
}

fn company(server: &Server) -> i64 {
    let rows = server
        .operator()
        .get("company/companies?conditions=deletedFlag=false&pageSize=1&orderBy=id")
        .expect("companies");
    rows[0]["id"].as_i64().expect("a company")
}

fn settings(company: i64, more: &str) -> String {
    format!(
        "emergency_contact = \"ops@example.com\"\nbroken_after = 2\n{more}\n[[tenant]]\ntenant = \"contoso\"\ncompany = {company}\n\
         [[tenant]]\ntenant = \"quiet\"\ncompany = {company}\ntickets = false\n"
    )
}

fn event(id: &str, tenant: &str, occurred: &str) -> Value {
    json!({
        "id": id, "tenant": tenant, "type": "Administrator Role Change", "user": "ada@contoso.test", "occurred": occurred,
        "description": "Ada became a global administrator.", "entities": ["ada@contoso.test"], "view": "https://view.test/1",
        "ignore": "https://ignore.test/1",
    })
}

/// Three events that become tickets, one of them remediated, and three that do not.
fn desk(company: i64, tag: &str) -> Desk {
    let desk = Desk::new(&INTEGRATION, &settings(company, ""));
    let mut remediated = event(&format!("{tag}-3"), "contoso", "2026-11-20T00:00:00Z");
    remediated["standing"] = json!("remediated");
    desk.give(
        "tenants.jsonl",
        &[json!({ "tenant": "fresh", "name": "Fresh Tenant", "domain": "fresh.test" })],
    );
    desk.give(
        "events.jsonl",
        &[
            event(&format!("{tag}-1"), "contoso", "2026-11-21T12:00:00Z"),
            event(&format!("{tag}-2"), "contoso", "2026-11-21T11:00:00Z"),
            remediated,
            event(&format!("{tag}-4"), "contoso", "2026-11-19T12:00:00Z"),
            event(&format!("{tag}-5"), "quiet", "2026-11-21T12:00:00Z"),
            event(&format!("{tag}-6"), "nobody", "2026-11-21T12:00:00Z"),
        ],
    );
    desk
}

fn tickets(psa: &Psa, tag: &str) -> Vec<Value> {
    let mut found = psa
        .list(&format!(
            "service/tickets?conditions=externalXRef%20like%20%22officeprotect:{tag}-%25%22"
        ))
        .expect("tickets");
    found.sort_by_key(|ticket| ticket["externalXRef"].to_string());
    found
}

/// What must be there in the end, however the way to it was.
fn right(psa: &Psa, tag: &str) {
    let found = tickets(psa, tag);
    let keys: Vec<String> = found
        .iter()
        .map(|ticket| {
            ticket["externalXRef"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(keys, [1, 2, 3].map(|n| format!("officeprotect:{tag}-{n}")));
    for (at, ticket) in found.iter().enumerate() {
        let mark = if at == 2 { "[remediated] " } else { "" };
        let summary = format!(
            "{mark}[Office Protect] Administrator Role Change – ada@contoso.test (contoso)"
        );
        assert_eq!(ticket["summary"], summary.as_str());
        let notes = psa
            .list(&format!("service/tickets/{}/notes", ticket["id"]))
            .expect("notes");
        let updates = notes
            .iter()
            .filter(|note| {
                note["text"]
                    .as_str()
                    .unwrap_or_default()
                    .contains("was remediated")
            })
            .count();
        assert_eq!(updates, usize::from(at == 2), "{notes:?}");
    }
}

#[test]
fn events_become_tickets_once_each() {
    let server = server();
    let desk = desk(company(&server), "plain");
    desk.whole(server.key());
    right(&server.operator(), "plain");
    let again = desk.whole(server.key());
    assert!(
        again
            .iter()
            .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
        "{again:?}"
    );
    right(&server.operator(), "plain");
    assert!(desk.taken("companies.jsonl").len() > 5);
    assert_eq!(desk.taken("suggestions.jsonl").len(), 1);
}

#[test]
fn a_kill_at_any_step_neither_doubles_nor_loses() {
    let server = server();
    let company = company(&server);
    let mut steps = 0;
    while desk(company, &format!("k{steps}")).cut_off_once(server.key(), steps) {
        right(&server.operator(), &format!("k{steps}"));
        steps += 1;
    }
    assert!(steps > 20, "{steps}");
    let everywhere = desk(company, "all");
    everywhere.cut_off_everywhere(server.key());
    right(&server.operator(), "all");
}

#[test]
fn each_right_of_the_profile_is_needed_and_named() {
    let server = server();
    let company = company(&server);
    each_right_is_needed_and_named(&server, &INTEGRATION, |at| desk(company, &format!("r{at}")));
}

#[test]
fn a_broken_connection_is_mailed_once_a_day_and_the_queue_waits() {
    let (port, mails) = post_office();
    let server = server();
    let mut desk = desk(company(&server), "broken");
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"bitting@example.com\"\ntls = false\n"
    );
    std::fs::write(
        desk.home.settings_file("office_protect"),
        settings(company(&server), &mail),
    )
    .expect("settings");
    let mut less = server.document.clone();
    for row in less
        .rows
        .iter_mut()
        .filter(|row| row.action == "Service Tickets")
    {
        row.add = bitting_policy::Level::None;
    }
    server.set(&less);
    let job = INTEGRATION.job("tickets").expect("a job");
    for _ in 0..4 {
        let outcomes = desk.run(server.key(), Some(job)).expect("a run");
        assert!(Desk::said(&outcomes).contains("Service Desk / Service Tickets: Add"));
    }
    assert_eq!(mails.lock().unwrap().len(), 1);
    desk.now = desk.now.checked_add(25.hours()).unwrap();
    desk.run(server.key(), Some(job)).expect("a run");
    assert_eq!(mails.lock().unwrap().len(), 2, "a reminder a day");
    server.set(&server.document);
    desk.now = desk.now.checked_add(12.hours()).unwrap();
    let outcomes = desk.run(server.key(), Some(job)).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    assert_eq!(
        tickets(&server.operator(), "broken").len(),
        2,
        "the third became too old meanwhile"
    );
    let mails = mails.lock().unwrap();
    assert_eq!(mails.len(), 3);
    assert!(
        mails[2].contains("works again") && mails[2].contains("broken-3"),
        "{}",
        mails[2]
    );
    let events = desk
        .state
        .all(Shelf::Outbox, "office_protect", "event")
        .expect("a queue");
    assert_eq!(
        events
            .iter()
            .filter(|event| event.state == "expired")
            .count(),
        1
    );
}

/// A kill between a mail and the note that it went out sends it again: as the same mail, by its number.
#[test]
fn a_kill_at_any_step_of_break_and_repair_tells_each_once() {
    let (port, mails) = post_office();
    let server = server();
    let company = company(&server);
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"bitting@example.com\"\ntls = false\n"
    );
    let mut less = server.document.clone();
    let of_tickets = |row: &&mut bitting_policy::RowDocument| row.action == "Service Tickets";
    for row in less.rows.iter_mut().filter(of_tickets) {
        row.add = bitting_policy::Level::None;
    }
    let job = INTEGRATION.job("tickets");
    let mut doubled = 0;
    for steps in 0.. {
        let tag = format!("mail{steps}");
        let mut desk = desk(company, &tag);
        let file = desk.home.settings_file("office_protect");
        std::fs::write(file, settings(company, &mail)).expect("settings");
        mails.lock().unwrap().clear();
        let cut_off = |desk: &Desk| {
            desk.state.steps.stop_after(steps);
            let cut = matches!(desk.run(server.key(), job), Err(Failure::CutOff));
            desk.restart();
            cut
        };
        let mut cut = false;
        server.set(&less);
        for _ in 0..3 {
            cut |= cut_off(&desk);
            desk.now = desk.now.checked_add(1.minute()).unwrap();
        }
        desk.run(server.key(), job).expect("a run");
        desk.run(server.key(), job).expect("a run");
        server.set(&server.document);
        cut |= cut_off(&desk);
        desk.now = desk.now.checked_add(1.minute()).unwrap();
        let outcomes = desk.run(server.key(), job).expect("a run");
        assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
        let numbers: Vec<String> = mails
            .lock()
            .unwrap()
            .iter()
            .flat_map(|mail| mail.lines())
            .filter(|line| line.starts_with("Message-ID:"))
            .map(str::to_owned)
            .collect();
        let once: std::collections::BTreeSet<&String> = numbers.iter().collect();
        assert_eq!(once.len(), 2, "cut off after {steps} steps: {numbers:?}");
        doubled += numbers.len() - once.len();
        assert_eq!(tickets(&server.operator(), &tag).len(), 3);
        if !cut {
            break;
        }
    }
    assert!(doubled > 0, "no kill came between a mail and its note");
}

#[test]
fn what_must_be_said_before_anything_runs() {
    let server = server();
    let desk = Desk::new(&INTEGRATION, "");
    let outcomes = desk
        .run(server.key(), INTEGRATION.job("tickets"))
        .expect("a run");
    assert!(Desk::said(&outcomes).contains("emergency_contact"));
    let desk = Desk::new(&INTEGRATION, &settings(9_999_999, ""));
    desk.give(
        "events.jsonl",
        &[event("gone-1", "contoso", "2026-11-21T12:00:00Z")],
    );
    let outcomes = desk
        .run(server.key(), INTEGRATION.job("tickets"))
        .expect("a run");
    assert!(
        Desk::said(&outcomes).contains("tenant contoso is suspended"),
        "{outcomes:?}"
    );
    assert!(tickets(&server.operator(), "gone").is_empty());
}

#[test]
fn a_closed_status_is_refused() {
    let server = server();
    let operator = server.operator();
    let boards = operator
        .list("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false")
        .expect("boards");
    let board = boards[0]["id"].as_i64().expect("a board");
    let members = operator
        .named("system/members", "identifier", "OfficeProtect")
        .expect("members");
    let path = format!("system/members/{}", members[0]["id"]);
    operator
        .patch(
            &path,
            &[("serviceDefaultBoard".to_owned(), json!({ "id": board }))],
        )
        .expect("a default board");
    let statuses = operator
        .list(&format!("service/boards/{board}/statuses"))
        .expect("statuses");
    let closed = statuses
        .iter()
        .find(|status| status["closedStatus"] == true)
        .expect("a closing status");
    let open = statuses.iter().find(|status| {
        status["closedStatus"] == false
            && status["defaultFlag"] == false
            && status["inactive"] != true
    });
    let open = open.expect("an open status that is not the default");
    for (status, refused) in [(closed, true), (open, false)] {
        let tag = if refused { "closed" } else { "open" };
        let desk = desk(company(&server), tag);
        let line = format!("status = {}", status["name"]);
        std::fs::write(
            desk.home.settings_file("office_protect"),
            settings(company(&server), &line),
        )
        .expect("settings");
        let outcomes = desk.run(server.key(), None).expect("a run");
        assert_eq!(
            Desk::said(&outcomes).contains("closes tickets"),
            refused,
            "{outcomes:?}"
        );
        let found = tickets(&operator, tag);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0]["board"]["id"], board);
        assert_eq!(
            found[0]["status"]["id"] == open["id"],
            !refused,
            "{}",
            found[0]
        );
    }
}
