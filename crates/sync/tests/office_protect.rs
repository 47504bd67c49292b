//! Office Protect against both PSAs: events become tickets, once each, with exactly its profile's rights.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::{ApiUser, Secret};
use bitting_sync::Failure;
use bitting_sync::office_protect::INTEGRATION;
use bitting_sync::state::Shelf;
use jiff::ToSpan as _;
use serde_json::{Value, json};
use support::Desk;
use support::post_office::post_office;
use support::side::Side;

/// Each scenario, on either PSA.
macro_rules! on_both {
    ($($scenario:ident)*) => {
        mod connectwise {
            use super::Side;
            $(#[test] fn $scenario() { super::$scenario(&Side::connectwise()); })*
        }
        mod autotask {
            use super::Side;
            $(#[test] fn $scenario() { super::$scenario(&Side::autotask()); })*
        }
    };
}

on_both! {
    events_become_tickets_once_each
    a_kill_at_any_step_neither_doubles_nor_loses
    each_right_of_the_profile_is_needed_and_named
    a_broken_connection_is_mailed_once_a_day_and_the_queue_waits
    a_kill_at_any_step_of_break_and_repair_tells_each_once
    what_must_be_said_before_anything_runs
    a_bad_row_is_named_by_line_and_the_others_go_on
    a_company_that_takes_no_tickets_suspends_its_tenant_alone
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
fn desk(side: &Side, tag: &str) -> Desk {
    let desk = Desk::new(side.integration(), &settings(side.company(), ""));
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

/// What must be there in the end, however the way to it was.
fn right(side: &Side, tag: &str) {
    let found = side.tickets(tag);
    let keys: Vec<&str> = found.iter().map(|ticket| ticket.key.as_str()).collect();
    assert_eq!(keys, [1, 2, 3].map(|n| format!("officeprotect:{tag}-{n}")));
    let company = side.company();
    for (at, ticket) in found.iter().enumerate() {
        let mark = if at == 2 { "[remediated] " } else { "" };
        let summary = format!(
            "{mark}[Office Protect] Administrator Role Change – ada@contoso.test (contoso)"
        );
        assert_eq!(
            (ticket.summary.as_str(), ticket.company),
            (summary.as_str(), company)
        );
        let notes = side.notes(ticket.id);
        let updates = notes.iter().filter(|note| note.contains("was remediated"));
        assert_eq!(updates.count(), usize::from(at == 2), "{notes:?}");
    }
}

fn events_become_tickets_once_each(side: &Side) {
    let desk = desk(side, "plain");
    desk.whole(side.key());
    right(side, "plain");
    let again = desk.whole(side.key());
    assert!(
        again
            .iter()
            .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
        "{again:?}"
    );
    right(side, "plain");
    assert!(desk.taken("companies.jsonl").len() > 5);
    assert_eq!(desk.taken("suggestions.jsonl").len(), 1);
}

fn a_kill_at_any_step_neither_doubles_nor_loses(side: &Side) {
    let mut steps = 0;
    while desk(side, &format!("k{steps}")).cut_off_once(side.key(), steps) {
        right(side, &format!("k{steps}"));
        steps += 1;
    }
    assert!(steps > 20, "{steps}");
    let everywhere = desk(side, "all");
    everywhere.cut_off_everywhere(side.key());
    right(side, "all");
}

fn each_right_of_the_profile_is_needed_and_named(side: &Side) {
    side.each_right_is_needed_and_named(|at| desk(side, &format!("r{at}")));
}

fn a_broken_connection_is_mailed_once_a_day_and_the_queue_waits(side: &Side) {
    let (port, mails) = post_office();
    let mut desk = desk(side, "broken");
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"bitting@example.com\"\ntls = false\n"
    );
    std::fs::write(
        desk.home.settings_file(side.integration().slug),
        settings(side.company(), &mail),
    )
    .expect("settings");
    let right = side.forbid_tickets();
    let job = side.integration().job("tickets").expect("a job");
    for _ in 0..4 {
        let outcomes = desk.run(side.key(), Some(job)).expect("a run");
        assert!(Desk::said(&outcomes).contains(right));
    }
    assert_eq!(mails.lock().unwrap().len(), 1);
    desk.now = desk.now.checked_add(25.hours()).unwrap();
    desk.run(side.key(), Some(job)).expect("a run");
    assert_eq!(mails.lock().unwrap().len(), 2, "a reminder a day");
    side.allow();
    desk.now = desk.now.checked_add(12.hours()).unwrap();
    let outcomes = desk.run(side.key(), Some(job)).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    assert_eq!(
        side.tickets("broken").len(),
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
    let psa = side.integration().psa.name();
    let names = |mail: &String| mail.contains(&format!("Office Protect: the {psa} integration"));
    assert!(mails.iter().all(names), "{mails:?}");
    let events = desk
        .state
        .all(Shelf::Outbox, side.integration().slug, "event")
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
fn a_kill_at_any_step_of_break_and_repair_tells_each_once(side: &Side) {
    let (port, mails) = post_office();
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"bitting@example.com\"\ntls = false\n"
    );
    let (integration, company) = (side.integration(), side.company());
    let job = integration.job("tickets");
    let mut doubled = 0;
    for steps in 0.. {
        let tag = format!("mail{steps}");
        let mut desk = desk(side, &tag);
        let file = desk.home.settings_file(integration.slug);
        std::fs::write(file, settings(company, &mail)).expect("settings");
        mails.lock().unwrap().clear();
        let cut_off = |desk: &Desk| {
            desk.state.steps.stop_after(steps);
            let cut = matches!(desk.run(side.key(), job), Err(Failure::CutOff));
            desk.restart();
            cut
        };
        let mut cut = false;
        side.forbid_tickets();
        for _ in 0..3 {
            cut |= cut_off(&desk);
            desk.now = desk.now.checked_add(1.minute()).unwrap();
        }
        desk.run(side.key(), job).expect("a run");
        desk.run(side.key(), job).expect("a run");
        side.allow();
        cut |= cut_off(&desk);
        desk.now = desk.now.checked_add(1.minute()).unwrap();
        let outcomes = desk.run(side.key(), job).expect("a run");
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
        assert_eq!(side.tickets(&tag).len(), 3);
        if !cut {
            break;
        }
    }
    assert!(doubled > 0, "no kill came between a mail and its note");
}

fn what_must_be_said_before_anything_runs(side: &Side) {
    let job = side.integration().job("tickets");
    let desk = Desk::new(side.integration(), "");
    let outcomes = desk.run(side.key(), job).expect("a run");
    assert!(Desk::said(&outcomes).contains("emergency_contact"));
    let desk = Desk::new(side.integration(), &settings(9_999_999, ""));
    desk.give(
        "events.jsonl",
        &[event("gone-1", "contoso", "2026-11-21T12:00:00Z")],
    );
    let outcomes = desk.run(side.key(), job).expect("a run");
    assert!(
        Desk::said(&outcomes).contains("tenant contoso is suspended"),
        "{outcomes:?}"
    );
    assert!(side.tickets("gone").is_empty());
    // What the other PSA knows says nothing here.
    let other = match side {
        Side::ConnectWise(_) => "category = \"Standard\"",
        Side::Autotask(_) => "api_member = \"OfficeProtect\"",
    };
    let other = settings(side.company(), other);
    let fault = (side.integration().read_settings)(&other).expect_err("strange");
    assert!(fault.to_string().contains("take the line out"), "{fault}");
    assert!((side.integration().read_settings)(side.integration().settings).is_ok());
}

fn a_bad_row_is_named_by_line_and_the_others_go_on(side: &Side) {
    let desk = desk(side, "line");
    let file = desk.home.input(side.integration().slug, "events.jsonl");
    let good = std::fs::read_to_string(&file).expect("events");
    std::fs::write(&file, format!("{{\"id\":\n{good}")).expect("events");
    let said = Desk::said(&desk.whole(side.key()));
    assert!(
        said.contains("events.jsonl") && said.contains("line 1"),
        "{said}"
    );
    right(side, "line");
}

fn a_company_that_takes_no_tickets_suspends_its_tenant_alone(side: &Side) {
    let desk = desk(side, "closed");
    let (gone, open) = (side.company(), "other");
    side.close(gone);
    let file = desk.home.settings_file(side.integration().slug);
    // The next company is the first one now.
    let more = format!(
        "\n[[tenant]]\ntenant = \"{open}\"\ncompany = {}\n",
        side.company()
    );
    std::fs::write(file, format!("{}{more}", settings(gone, ""))).expect("settings");
    desk.give(
        "events.jsonl",
        &[
            event("closed-1", "contoso", "2026-11-21T12:00:00Z"),
            event("closed-2", open, "2026-11-21T12:00:00Z"),
        ],
    );
    let job = side.integration().job("tickets");
    let outcomes = desk.run(side.key(), job).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(outcomes[0].result.is_ok(), "{said}");
    assert!(
        said.contains(&format!("tenant contoso is suspended: its company {gone}")),
        "{said}"
    );
    let found = side.tickets("closed");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, "officeprotect:closed-2");
}

#[test]
fn a_closed_status_of_the_member_s_board_is_refused() {
    let side = Side::connectwise();
    let Side::ConnectWise(server) = &side else {
        return;
    };
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
        let desk = desk(&side, tag);
        let line = format!("status = {}", status["name"]);
        std::fs::write(
            desk.home.settings_file(INTEGRATION.slug),
            settings(side.company(), &line),
        )
        .expect("settings");
        let outcomes = desk.run(side.key(), None).expect("a run");
        assert_eq!(
            Desk::said(&outcomes).contains("closes tickets"),
            refused,
            "{outcomes:?}"
        );
        let found = side.tickets(tag);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].whole["board"]["id"], board);
        assert_eq!(
            found[0].whole["status"]["id"] == open["id"],
            !refused,
            "{}",
            found[0].whole
        );
    }
}

#[test]
fn autotask_tickets_get_what_is_chosen_and_their_category_supplies_the_rest() {
    let side = Side::autotask();
    let slug = side.integration().slug;
    let tried = [
        // Settings, what is said of them, and status, priority, category and queue of the tickets. The category's
        // own tickets have to name a queue, which it supplies.
        ("", "", [1, 3, 1, 29_682_833]),
        ("category = \"Change\"", "", [1, 3, 3, 29_682_833]),
        (
            "status = \"In Progress\"\npriority = \"4\"\ncategory = \"rmm alert\"",
            "",
            [8, 4, 2, 29_682_833],
        ),
        (
            "status = \"Complete\"",
            "status `Complete` completes tickets",
            [1, 3, 1, 29_682_833],
        ),
        (
            "status = \"5\"\npriority = \"2\"",
            "completes tickets",
            [1, 2, 1, 29_682_833],
        ),
        (
            "priority = \"Panic\"",
            "priority is `Panic`, and tickets have no such priority",
            [1, 3, 1, 29_682_833],
        ),
    ];
    for (at, (line, said, wanted)) in tried.into_iter().enumerate() {
        let tag = format!("s{at}");
        let desk = desk(&side, &tag);
        let file = desk.home.settings_file(slug);
        std::fs::write(file, settings(side.company(), line)).expect("settings");
        let outcomes = desk.run(side.key(), None).expect("a run");
        let failed: Vec<&str> = outcomes
            .iter()
            .filter(|outcome| outcome.result.is_err())
            .map(|outcome| outcome.job)
            .collect();
        let expected: &[&str] = if said.is_empty() { &[] } else { &["settings"] };
        assert_eq!(failed, expected, "{line}: {outcomes:?}");
        assert!(Desk::said(&outcomes).contains(said), "{line}: {outcomes:?}");
        let found = side.tickets(&tag);
        assert_eq!(found.len(), 3, "{line}");
        let fields = ["status", "priority", "ticketCategory", "queueID"];
        assert_eq!(
            fields.map(|field| found[0].whole[field].clone()),
            wanted.map(|id| json!(id)),
            "{line}"
        );
        let offered = desk.taken("statuses.jsonl");
        assert!(offered.len() == 7 && offered.iter().all(|status| status["name"] != "Complete"));
    }
}

#[test]
fn autotask_tells_a_wrong_vendor_from_an_unknown_user() {
    let side = Side::autotask();
    let Side::Autotask(tenant) = &side else {
        return;
    };
    let held = &tenant.credentials;
    for (user, secret, code, said) in [
        (
            &*held.user,
            held.secret.reveal(),
            "another-vendor-s-code",
            "`Office Protect - Alert Integration`",
        ),
        (
            "nobody@example.com",
            held.secret.reveal(),
            held.code.reveal(),
            "does not know the user name",
        ),
    ] {
        let user = ApiUser {
            user: user.to_owned(),
            secret: Secret::new(secret),
            code: Secret::new(code),
        };
        let (way, desk) = (tenant.server.autotask(user), desk(&side, "vendor"));
        let outcomes = desk.run(&way, None).expect("a run");
        // Nothing else is tried with such a key.
        assert_eq!(outcomes.len(), 1);
        assert!(
            matches!(outcomes[0].result, Err(Failure::Key { .. })),
            "{outcomes:?}"
        );
        assert!(Desk::said(&outcomes).contains(said), "{outcomes:?}");
        assert!(!Desk::said(&outcomes).contains(held.secret.reveal()));
    }
    assert!(side.tickets("vendor").is_empty());
}
