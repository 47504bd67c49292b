//! Cisco Umbrella against a PSA: its type, a configuration per organisation, tickets that grow while open.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::Psa;
use bitting_sync::umbrella::INTEGRATION;
use jiff::ToSpan as _;
use serde_json::{Value, json};
use support::{Desk, Server, each_right_is_needed_and_named};

fn server() -> Server {
    Server::start("umbrella", &[])
}

/// Names of an open board and a priority, and the company ids of two companies.
struct Choice {
    board: String,
    priority: String,
    companies: [String; 2],
}

fn choice(server: &Server) -> Choice {
    let operator = server.operator();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let boards = operator
        .list("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false")
        .expect("boards");
    // The demo company's member of Umbrella sees what its location allows.
    let companies = server
        .key()
        .get("company/companies?conditions=deletedFlag=false&pageSize=2&orderBy=id")
        .expect("companies");
    Choice {
        board: text(&boards[0]["name"]),
        priority: text(&operator.list("service/priorities").expect("priorities")[0]["name"]),
        companies: [
            text(&companies[0]["identifier"]),
            text(&companies[1]["identifier"]),
        ],
    }
}

fn organisation(tag: &str, number: u32, company: &str) -> Value {
    json!({
        "org": format!("{tag}-{number}"), "name": format!("Org {number} of {tag}"), "company": company, "package": "DNS Advantage",
        "seats": 40, "service_status": "Protected", "networks": { "active": 2, "inactive": 1 }, "requests_24h": 1000,
        "top_blocked": ["bad.test", "worse.test"], "dashboard": "https://dashboard.test/1",
    })
}

fn event(tag: &str, number: u32, identity: &str, time: &str, category: &str, count: u64) -> Value {
    json!({ "org": format!("{tag}-{number}"), "identity": identity, "time": time, "domain": "c2.test", "category": category, "count": count })
}

/// Two organisations of companies, one of no company; three identities, one of them over the threshold.
fn desk(choice: &Choice, tag: &str) -> Desk {
    let settings = format!(
        "type = \"Umbrella {tag}\"\n[tickets]\non = true\nboard = \"{}\"\npriority = \"{}\"\nthreshold = 5\n",
        choice.board, choice.priority
    );
    let desk = Desk::new(&INTEGRATION, &settings);
    desk.give(
        "organisations.jsonl",
        &[
            organisation(tag, 1, &choice.companies[0]),
            organisation(tag, 2, &choice.companies[1].to_lowercase()),
            organisation(tag, 3, "NoSuchCompany"),
            organisation(tag, 4, ""),
        ],
    );
    // The window that ended last at 12:30 is 08:00 to 12:00.
    desk.give(
        "events.jsonl",
        &[
            event(tag, 1, "laptop-7", "2026-11-21T08:00:00Z", "botnet", 4),
            event(tag, 1, "laptop-7", "2026-11-21T11:59:59Z", "botnet", 2),
            event(tag, 1, "laptop-8", "2026-11-21T09:00:00Z", "botnet", 5),
            event(tag, 1, "laptop-9", "2026-11-21T09:00:00Z", "malware", 50),
            event(tag, 3, "laptop-1", "2026-11-21T09:00:00Z", "botnet", 50),
            event(tag, 1, "laptop-7", "2026-11-21T12:00:00Z", "botnet", 9),
        ],
    );
    desk
}

fn tickets(psa: &Psa, tag: &str) -> Vec<Value> {
    psa.list(&format!(
        "service/tickets?conditions=externalXRef%20like%20%22umbrella:{tag}-%25%22&orderBy=id"
    ))
    .expect("tickets")
}

fn configurations(psa: &Psa, tag: &str) -> Vec<Value> {
    psa.list(&format!("company/configurations?conditions=deviceIdentifier%20like%20%22umbrella:{tag}-%25%22&orderBy=deviceIdentifier")).expect("configurations")
}

fn answer<'v>(configuration: &'v Value, question: &str) -> &'v Value {
    let questions = configuration["questions"].as_array().expect("questions");
    &questions
        .iter()
        .find(|asked| asked["question"] == question)
        .expect(question)["answer"]
}

/// What must be there in the end, however the way to it was.
fn right(psa: &Psa, choice: &Choice, tag: &str) {
    let types = psa
        .named(
            "company/configurations/types",
            "name",
            &format!("Umbrella {tag}"),
        )
        .expect("types");
    assert_eq!(types.len(), 1);
    let questions = psa
        .list(&format!(
            "company/configurations/types/{}/questions",
            types[0]["id"]
        ))
        .expect("questions");
    assert_eq!(questions.len(), 24);
    let found = configurations(psa, tag);
    assert_eq!(found.len(), 2, "{found:?}");
    for (configuration, company) in found.iter().zip(&choice.companies) {
        assert_eq!(configuration["company"]["identifier"], company.as_str());
        assert_eq!(configuration["type"]["id"], types[0]["id"]);
        assert_eq!(
            answer(configuration, "Networks Total")
                .to_string()
                .trim_matches('"'),
            "3"
        );
        assert_eq!(
            answer(configuration, "Top Blocked Domains"),
            "bad.test\nworse.test"
        );
    }
    let found = tickets(psa, tag);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0]["summary"],
        format!("Umbrella: botnet activity of laptop-7 (Org 1 of {tag})").as_str()
    );
    assert_eq!(found[0]["board"]["name"], choice.board.as_str());
    assert_eq!(found[0]["priority"]["name"], choice.priority.as_str());
    assert_eq!(
        found[0]["externalXRef"],
        format!("umbrella:{tag}-1:laptop-7:2026-11-21T08:00:00Z").as_str()
    );
}

#[test]
fn organisations_and_botnets_arrive_once() {
    let server = server();
    let choice = choice(&server);
    let desk = desk(&choice, "plain");
    let first = desk.whole(server.key());
    assert!(Desk::said(&first).contains("there is no company `NoSuchCompany`"));
    right(&server.operator(), &choice, "plain");
    let again = desk.whole(server.key());
    assert!(
        again
            .iter()
            .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
        "{again:?}"
    );
    right(&server.operator(), &choice, "plain");
}

#[test]
fn later_windows_are_appended_while_the_ticket_is_open() {
    let server = server();
    let choice = choice(&server);
    let mut desk = desk(&choice, "grow");
    desk.whole(server.key());
    let operator = server.operator();
    let ticket = tickets(&operator, "grow")[0]["id"]
        .as_i64()
        .expect("a ticket");
    let notes = |ticket: i64| {
        operator
            .list(&format!("service/tickets/{ticket}/notes"))
            .expect("notes")
            .len()
    };
    let before = notes(ticket);
    // The next window has nine events of the same identity; the ticket's text was edited meanwhile.
    operator
        .patch(
            &format!("service/tickets/{ticket}"),
            &[
                ("summary".to_owned(), json!("edited")),
                ("externalXRef".to_owned(), json!("edited")),
            ],
        )
        .expect("edited");
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    let job = INTEGRATION.job("tickets");
    for _ in 0..2 {
        let outcomes = desk.run(server.key(), job).expect("a run");
        assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
        assert_eq!(notes(ticket), before + 1);
    }
    assert!(tickets(&operator, "grow").is_empty(), "no second one");
    // Closed by a person: the next window opens a new one.
    let board = operator
        .get(&format!("service/tickets/{ticket}"))
        .expect("a ticket")["board"]["id"]
        .clone();
    let statuses = operator
        .list(&format!("service/boards/{board}/statuses"))
        .expect("statuses");
    let closed = statuses
        .iter()
        .find(|status| status["closedStatus"] == true)
        .expect("a closing status");
    operator
        .patch(
            &format!("service/tickets/{ticket}"),
            &[("status".to_owned(), json!({ "id": closed["id"] }))],
        )
        .expect("closed");
    desk.give(
        "events.jsonl",
        &[event(
            "grow",
            1,
            "laptop-7",
            "2026-11-21T17:00:00Z",
            "botnet",
            9,
        )],
    );
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    desk.run(server.key(), job).expect("a run");
    assert_eq!(tickets(&operator, "grow").len(), 1);
    assert_eq!(notes(ticket), before + 1);
}

#[test]
fn changes_of_the_console_arrive() {
    let server = server();
    let choice = choice(&server);
    let mut desk = desk(&choice, "move");
    desk.whole(server.key());
    // The first organisation gets more seats, the second belongs to another company now.
    let mut first = organisation("move", 1, &choice.companies[0]);
    first["seats"] = json!(41);
    desk.give(
        "organisations.jsonl",
        &[first, organisation("move", 2, &choice.companies[0])],
    );
    desk.whole(server.key());
    let found = configurations(&server.operator(), "move");
    assert_eq!(
        found.len(),
        3,
        "the old one stays: there is no right to delete it"
    );
    assert_eq!(
        answer(&found[0], "Seats").to_string().trim_matches('"'),
        "41"
    );
    // Neither is mapped any more.
    desk.give("organisations.jsonl", &[]);
    desk.now = desk.now.checked_add(24.hours()).unwrap();
    desk.whole(server.key());
    let again = desk.whole(server.key());
    assert!(
        again.iter().all(|outcome| outcome.counts.changed == 0),
        "{again:?}"
    );
    assert_eq!(configurations(&server.operator(), "move").len(), 3);
}

#[test]
fn a_kill_at_any_step_neither_doubles_nor_loses() {
    let server = server();
    let choice = choice(&server);
    let mut steps = 0;
    while desk(&choice, &format!("k{steps}")).cut_off_once(server.key(), steps) {
        right(&server.operator(), &choice, &format!("k{steps}"));
        steps += 1;
    }
    assert!(steps > 40, "{steps}");
    desk(&choice, "all").cut_off_everywhere(server.key());
    right(&server.operator(), &choice, "all");
}

#[test]
fn each_right_of_the_profile_is_needed_and_named() {
    let server = server();
    let choice = choice(&server);
    let operator = server.operator();
    let company = operator
        .named("company/companies", "identifier", &choice.companies[1])
        .expect("a company")[0]["id"]
        .clone();
    each_right_is_needed_and_named(&server, &INTEGRATION, |at| {
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
        desk(&choice, &tag)
    });
}
