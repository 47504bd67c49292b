//! A product's own side over HTTP: the same tickets and configurations as from files, bad records named, refusals
//! in clear words, secrets never said.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_sync::psa::Way;
use bitting_sync::{Failure, Integration, office_protect, propel, sample, umbrella};
use serde_json::{Value, json};
use support::{Desk, Server, psa};

/// A source that answers as told. Its address stands for the PSA's in the helper.
fn source(
    answer: impl Fn(&str) -> (u16, Value) + Send + 'static,
) -> (String, impl Fn() -> Vec<String>) {
    let (way, asked) = psa(move |path, _| {
        let (status, body) = answer(path);
        (status, "", body.to_string())
    });
    (way.address().to_owned(), move || {
        asked.lock().unwrap().clone()
    })
}

fn company(server: &Server) -> Value {
    server
        .key()
        .get("company/companies?conditions=deletedFlag=false&orderBy=id&pageSize=1")
        .expect("companies")[0]
        .clone()
}

#[test]
fn events_come_from_an_endpoint_page_by_page() {
    let server = Server::start("office_protect", &[]);
    let event = |id: &str| json!({ "id": id, "tenant": "t", "type": "x", "user": "u", "occurred": "2026-11-21T12:00:00Z", "description": "d" });
    let (one, two) = (event("http-1"), event("http-2"));
    let (address, asked) = source(move |path| match path {
        "/events" => (
            200,
            json!({ "data": [one, { "id": 5 }], "next": "https://elsewhere.test/events?page=2" }),
        ),
        "/events?page=2" => (200, json!({ "data": [two] })),
        "/tenants" => (200, json!([])),
        _ => (500, json!({})),
    });
    let settings = format!(
        "emergency_contact = \"ops@example.com\"\n[source]\nurl = \"{address}/\"\n[[tenant]]\ntenant = \"t\"\ncompany = {}\n",
        company(&server)["id"]
    );
    let desk = Desk::new(&office_protect::INTEGRATION, &settings);
    let outcomes = desk.whole(server.key());
    let tickets = outcomes
        .iter()
        .find(|one| one.job == "tickets")
        .expect("the job");
    assert_eq!(tickets.counts.created, 2, "{outcomes:?}");
    let said = Desk::said(&outcomes);
    assert!(said.contains("events record 2:"), "{said}");
    // Pages are asked for at the same address, whatever host the answer names: a token goes nowhere else.
    assert!(
        asked()
            .iter()
            .all(|path| path.starts_with("/events") || path == "/tenants")
    );
    let again = desk.whole(server.key());
    assert!(
        again
            .iter()
            .all(|one| one.counts.created + one.counts.changed == 0),
        "{again:?}"
    );
}

#[test]
fn a_source_that_fails_is_named_and_changes_nothing() {
    let server = Server::start("office_protect", &[]);
    let (address, _) = source(|_| (503, json!({})));
    for (url, words) in [
        (address.as_str(), "refuses with 503"),
        ("http://127.0.0.1:9", "does not answer"),
        ("ftp://x.test", "write it as https://host"),
    ] {
        let settings =
            format!("emergency_contact = \"ops@example.com\"\n[source]\nurl = \"{url}\"\n");
        let desk = Desk::new(&office_protect::INTEGRATION, &settings);
        let outcomes = desk
            .run(server.key(), office_protect::INTEGRATION.job("tickets"))
            .expect("a run");
        let said = Desk::said(&outcomes);
        assert!(
            outcomes[0].result.is_err() && said.contains(words),
            "{said}"
        );
        // The PSA is not what broke.
        assert!(!outcomes[0].result.as_ref().is_err_and(Failure::breaks));
    }
}

#[test]
fn a_source_that_asks_to_slow_down_is_asked_again() {
    let server = Server::start("office_protect", &[]);
    for (times_busy, well) in [(3, true), (4, false)] {
        let (way, asked) = psa(move |_, times| {
            if times <= times_busy {
                return (429, "Retry-After: 0\r\n", String::new());
            }
            (200, "", "[]".to_owned())
        });
        let settings = format!(
            "emergency_contact = \"ops@example.com\"\n[source]\nurl = \"{}\"\n",
            way.address()
        );
        let desk = Desk::new(&office_protect::INTEGRATION, &settings);
        let outcomes = desk
            .run(server.key(), office_protect::INTEGRATION.job("tickets"))
            .expect("a run");
        assert_eq!(outcomes[0].result.is_ok(), well, "{outcomes:?}");
        assert_eq!(asked.lock().unwrap().len(), 4);
        assert_eq!(Desk::said(&outcomes).contains("refuses with 429"), !well);
    }
}

#[test]
fn umbrellas_own_api_brings_organisations_and_botnets() {
    let server = Server::start("umbrella", &[]);
    let company = company(&server);
    let (address, asked) = source(|path| {
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        match path {
            "/auth/v2/token" => (
                200,
                json!({ "token_type": "bearer", "access_token": "hidden-token", "expires_in": 3600 }),
            ),
            "/reports/v2/providers/requests-by-org" => (
                200,
                json!({ "meta": {}, "data": [
                { "organizationid": 77, "organizationname": "Acme", "requests": 1000, "blockedrequests": 10 },
                { "organizationid": 78, "organizationname": "Nobody", "requests": 5, "blockedrequests": 0 },
            ] }),
            ),
            "/reports/v2/deployment-status" => (
                200,
                json!({ "data": [{ "type": { "type": "network" }, "count": 3, "activecount": 2 }] }),
            ),
            "/reports/v2/activity/dns" => {
                // 2026-11-21T09:00:00Z
                let at = |minutes: i64| 1_795_251_600_000_i64 + minutes * 60_000;
                let row = |minutes: i64, label: &str| {
                    json!({
                        "timestamp": at(minutes), "domain": "c2.test", "verdict": "blocked",
                        "categories": [{ "id": 65, "label": label, "type": "security" }], "identities": [{ "id": 1, "label": "laptop-9" }],
                    })
                };
                let mut rows: Vec<Value> = (0..7)
                    .map(|minutes| row(minutes, "Command and Control"))
                    .collect();
                rows.extend((0..9).map(|minutes| row(minutes, "Malware")));
                (200, json!({ "data": rows }))
            }
            _ => (404, json!({})),
        }
    });
    let operator = server.operator();
    let name = |path: &str| operator.list(path).expect(path)[0]["name"].clone();
    // A variable that is there everywhere stands for the secret's.
    let settings = format!(
        "type = \"Umbrella API\"\n[tickets]\non = true\nboard = {}\npriority = {}\nthreshold = 5\n\
         [source]\nurl = \"{address}\"\nkey = \"k\"\nsecret_variable = \"PATH\"\n[source.companies]\n\"77\" = {}\n",
        name("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false"),
        name("service/priorities"),
        company["identifier"],
    );
    let desk = Desk::new(&umbrella::INTEGRATION, &settings);
    let outcomes = desk.whole(server.key());
    let tickets = operator
        .list("service/tickets?conditions=externalXRef%20like%20%22umbrella:77:%25%22")
        .expect("tickets");
    assert_eq!(tickets.len(), 1, "{outcomes:?}");
    assert!(
        tickets[0]["summary"]
            .as_str()
            .expect("a text")
            .contains("laptop-9")
    );
    let made = operator
        .list("company/configurations?conditions=deviceIdentifier%20like%20%22umbrella:7%25%22")
        .expect("configurations");
    assert_eq!(made.len(), 1, "the other one is mapped to nobody");
    let answers = made[0]["questions"].to_string();
    assert!(answers.contains("1000"), "{answers}");
    assert!(
        asked()
            .iter()
            .any(|path| path.contains("activity/dns") && path.contains("limit=1000"))
    );
    assert!(!Desk::said(&outcomes).contains("hidden-token"));
    // A token for the provider and one for each organisation, as Cisco hands them out.
    let tokens = asked()
        .iter()
        .filter(|path| *path == "/auth/v2/token")
        .count();
    assert!(tokens >= 3, "{tokens}");
    let again = desk.whole(server.key());
    assert!(
        again
            .iter()
            .all(|one| one.counts.created + one.counts.changed == 0),
        "{again:?}"
    );
    let wrong = settings.replace("\"PATH\"", "\"NO_SUCH_VARIABLE\"");
    let desk = Desk::new(&umbrella::INTEGRATION, &wrong);
    let said = Desk::said(&desk.run(server.key(), None).expect("a run"));
    assert!(
        said.contains("NO_SUCH_VARIABLE, which is not set"),
        "{said}"
    );
}

fn tried(integration: &'static Integration, features: &[&str], jobs: &[&str]) {
    let server = Server::start(integration.slug, features);
    let desk = Desk::new(integration, "");
    let laid =
        sample::lay(&desk.home, integration, Way::from(server.key()), desk.now).expect("a sample");
    assert!(laid.len() > 1, "{laid:?}");
    let first = desk.whole(server.key());
    for job in jobs {
        let outcome = first.iter().find(|one| one.job == *job).expect("the job");
        assert!(
            outcome.counts.created + outcome.counts.changed > 0,
            "{job}: {first:?}"
        );
    }
    let again = desk.whole(server.key());
    assert!(
        again
            .iter()
            .all(|one| one.counts.created + one.counts.changed == 0),
        "{again:?}"
    );
    // What somebody has decided or written himself stays.
    let more =
        sample::lay(&desk.home, integration, Way::from(server.key()), desk.now).expect("a sample");
    assert!(more.is_empty(), "{more:?}");
}

#[test]
fn the_samples_do_the_whole_job_and_a_second_run_changes_nothing() {
    tried(&office_protect::INTEGRATION, &[], &["tickets", "updates"]);
    tried(
        &umbrella::INTEGRATION,
        &[],
        &["type", "companies", "configurations", "tickets"],
    );
    tried(
        &propel::INTEGRATION,
        &[],
        &[
            "companies",
            "team",
            "assets",
            "dates",
            "push",
            "opportunities",
            "tickets",
        ],
    );
}
