//! A record that a location, a board or a level hides answers 404, just as a deleted one does. Nothing is taken for
//! deleted that may be hidden: no second ticket, no second configuration, nothing dropped from a ledger. What waits
//! goes on once the record shows again, or its deletion is proven.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::Psa;
use bitting_policy::{Level, Verb};
use bitting_sync::api::{Api, Need};
use bitting_sync::sight;
use bitting_sync::steps::Steps;
use bitting_sync::umbrella::INTEGRATION;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use support::{Desk, Server};

/// A desk with one organisation of a company, and a server whose key opens everything that the profile names.
struct Case {
    server: Server,
    operator: Psa,
    company: Value,
    settings: String,
    desk: Desk,
}

impl Case {
    fn new() -> Self {
        let server = Server::start("umbrella", &[]);
        let operator = server.operator();
        let company = server
            .key()
            .get("company/companies?conditions=deletedFlag=false%20and%20territory/id>0&pageSize=1&orderBy=id")
            .expect("companies")[0]
            .clone();
        let name = |path: &str| operator.list(path).expect(path)[0]["name"].clone();
        let settings = format!(
            "[tickets]\non = true\nboard = {}\npriority = {}\nthreshold = 1\n",
            name("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false"),
            name("service/priorities"),
        );
        let desk = Desk::new(&INTEGRATION, &settings);
        let mut case = Self {
            server,
            operator,
            company,
            settings,
            desk,
        };
        case.mapped(true);
        case
    }

    fn mapped(&mut self, mapped: bool) {
        let company = if mapped {
            &self.company["identifier"]
        } else {
            &json!("")
        };
        let org = json!({ "org": "o", "name": "O", "company": company });
        self.desk.give("organisations.jsonl", &[org]);
    }

    /// Runs everything four hours later, with events in the window that ends then; what was said, and whether it
    /// all went well.
    fn next_window(&mut self) -> (String, bool) {
        self.desk.now = self.desk.now.checked_add(4.hours()).unwrap();
        let time: Timestamp = self.desk.now.checked_sub(2.hours()).unwrap();
        let event = json!({ "org": "o", "identity": "laptop", "time": time.to_string(), "domain": "c2.test", "category": "botnet", "count": 5 });
        self.desk.give("events.jsonl", &[event]);
        self.again()
    }

    /// The same with nothing new.
    fn again(&self) -> (String, bool) {
        let outcomes = self.desk.run(self.server.key(), None).expect("a run");
        let well = outcomes.iter().all(|outcome| outcome.result.is_ok());
        (Desk::said(&outcomes), well)
    }

    fn tickets(&self) -> Vec<i64> {
        let list =
            "service/tickets?conditions=externalXRef%20like%20%22umbrella:o:%25%22&orderBy=id";
        let rows = self.operator.list(list).expect("tickets");
        rows.iter().filter_map(|row| row["id"].as_i64()).collect()
    }

    fn notes(&self, ticket: i64) -> usize {
        let path = format!("service/tickets/{ticket}/notes");
        self.operator.list(&path).expect("notes").len()
    }

    fn configurations(&self) -> Vec<Value> {
        let list = "company/configurations?conditions=deviceIdentifier=%22umbrella:o%22&orderBy=id";
        self.operator.list(list).expect("configurations")
    }

    fn patch(&self, path: &str, member: &str, value: Value) {
        let members = [(member.to_owned(), value)];
        self.operator.patch(path, &members).expect("changed");
    }

    fn delete(&self, path: &str) {
        let answer = self.operator.ask("DELETE", path, None).expect("asked");
        answer.ok("DELETE", path).expect("deleted");
    }

    /// The location of the company, and one that does not see it, below the top both.
    fn places(&self) -> (Value, Value) {
        let own = self.company["territory"]["id"].clone();
        let places = self.operator.list("system/locations").expect("locations");
        let of_own = places.iter().find(|place| place["id"] == own);
        let level = &of_own.expect("its location")["structureLevel"];
        let beside = |place: &&Value| place["structureLevel"] == *level && place["id"] != own;
        let other = places.iter().find(beside).expect("another location");
        (own, other["id"].clone())
    }

    fn member(&self) -> String {
        format!("system/members/{}", self.server.member)
    }

    fn sits_at(&self, location: &Value) {
        self.patch(
            &self.member(),
            "securityLocation",
            json!({ "id": location }),
        );
    }

    fn top(&self) -> Value {
        let top = self.operator.named("system/locations", "name", "Corporate");
        top.expect("locations")[0]["id"].clone()
    }
}

#[test]
fn a_ticket_that_a_location_hides_gets_no_second_one_and_its_windows_wait() {
    let mut case = Case::new();
    assert!(case.next_window().1);
    let ticket = case.tickets()[0];
    let before = case.notes(ticket);
    let (own, other) = case.places();
    let path = format!("service/tickets/{ticket}");
    case.patch(&path, "location", json!({ "id": other }));
    case.sits_at(&own);
    let status = case.server.key().ask("GET", &path, None).expect("asked");
    assert_eq!(status.status, 404, "it is not hidden");
    for _ in 0..2 {
        let (said, well) = case.next_window();
        assert!(
            !well
                && said.contains(&format!(
                    "ticket {ticket} was deleted, or is hidden from the key"
                )),
            "{said}"
        );
        assert!(
            said.contains("below Corporate") && said.contains(&format!("gone = [{ticket}]")),
            "{said}"
        );
        assert_eq!(case.tickets(), [ticket]);
    }
    // The source has forgotten the events meanwhile; the windows wait here.
    case.desk.give("events.jsonl", &[]);
    case.sits_at(&case.top());
    let (said, well) = case.again();
    assert!(well, "{said}");
    assert_eq!(
        (case.tickets(), case.notes(ticket)),
        (vec![ticket], before + 2)
    );
    let (_, well) = case.again();
    assert!(well);
    assert_eq!(case.notes(ticket), before + 2);
}

#[test]
fn a_ticket_on_a_board_that_is_excluded_gets_no_second_one() {
    let mut case = Case::new();
    assert!(case.next_window().1);
    let ticket = case.tickets()[0];
    let path = format!("service/tickets/{ticket}");
    let board = case.operator.get(&path).expect("a ticket")["board"]["id"].clone();
    let boards = case
        .operator
        .list("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false")
        .expect("boards");
    let other = boards.iter().find(|row| row["id"] != board);
    let other = other.expect("another board")["id"].clone();
    case.patch(&path, "board", json!({ "id": other }));
    case.patch(&case.member(), "excludedServiceBoardIds", json!([other]));
    let (said, well) = case.next_window();
    assert!(!well && said.contains("boards are excluded"), "{said}");
    assert_eq!(case.tickets(), [ticket]);
    case.patch(&case.member(), "excludedServiceBoardIds", json!([]));
    let (said, well) = case.again();
    assert!(well, "{said}");
    assert_eq!(case.tickets(), [ticket]);
}

#[test]
fn a_ticket_that_is_proven_to_be_deleted_gets_a_new_one() {
    let mut case = Case::new();
    assert!(case.next_window().1);
    let ticket = case.tickets()[0];
    case.delete(&format!("service/tickets/{ticket}"));
    let (said, well) = case.next_window();
    assert!(
        well && said.contains(&format!(
            "ticket {ticket} was deleted in the PSA; another one is opened"
        )),
        "{said}"
    );
    let second = case.tickets();
    assert_eq!(second.len(), 1);
    assert!(second[0] > ticket);
    // Where the key cannot prove it, somebody says so.
    let boards = case.operator.list("service/boards").expect("boards");
    let last = boards.last().expect("a board")["id"].clone();
    case.patch(&case.member(), "excludedServiceBoardIds", json!([last]));
    case.delete(&format!("service/tickets/{}", second[0]));
    assert!(!case.next_window().1);
    assert!(case.tickets().is_empty());
    let text = format!("{}gone = [{}]\n", case.settings, second[0]);
    std::fs::write(case.desk.home.settings_file("umbrella"), text).expect("settings");
    let (said, well) = case.again();
    assert!(well, "{said}");
    assert_eq!(case.tickets().len(), 1);
}

#[test]
fn a_configuration_that_is_hidden_is_not_made_twice_and_a_deleted_one_is_made_again() {
    let mut case = Case::new();
    assert!(case.next_window().1);
    let first = case.configurations();
    assert_eq!(first.len(), 1);
    let path = format!("company/configurations/{}", first[0]["id"]);
    let (own, other) = case.places();
    case.patch(&path, "locationId", other);
    case.sits_at(&own);
    let status = case.server.key().ask("GET", &path, None).expect("asked");
    assert_eq!(status.status, 404, "it is not hidden");
    let (said, well) = case.again();
    assert!(
        !well && said.contains("or is hidden from the key"),
        "{said}"
    );
    assert_eq!(case.configurations().len(), 1);
    case.sits_at(&case.top());
    let (said, well) = case.again();
    assert!(well, "{said}");
    assert_eq!(case.configurations().len(), 1);
    case.delete(&path);
    let (said, well) = case.again();
    assert!(well, "{said}");
    let made = case.configurations();
    assert_eq!(made.len(), 1);
    assert_ne!(made[0]["id"], first[0]["id"]);
}

#[test]
fn a_company_that_is_hidden_takes_nothing_back_and_one_that_is_unmapped_does_until_it_is_mapped_again()
 {
    let mut case = Case::new();
    assert!(case.next_window().1);
    let (_, other) = case.places();
    let active = |case: &Case| case.configurations()[0]["activeFlag"].clone();
    assert_eq!(active(&case), true);
    case.sits_at(&other);
    let (said, _) = case.next_window();
    assert!(said.contains("or the key's location hides it"), "{said}");
    case.sits_at(&case.top());
    // The window of the time when the company was hidden was not lost.
    let ticket = case.tickets()[0];
    let before = case.notes(ticket);
    let (said, well) = case.again();
    assert!(well, "{said}");
    assert_eq!(case.notes(ticket), before + 1);
    assert_eq!(active(&case), true);
    let outcomes = case.desk.whole(case.server.key());
    assert!(
        outcomes
            .iter()
            .all(|one| one.counts.created + one.counts.changed == 0),
        "{outcomes:?}"
    );
    case.mapped(false);
    case.again();
    let retired = active(&case);
    case.mapped(true);
    let (said, well) = case.again();
    assert!(well, "{said}");
    assert_eq!(active(&case), true, "retired as {retired}");
    assert_eq!(case.configurations().len(), 1);
}

#[test]
fn a_key_that_sees_only_its_own_proves_no_deletion() {
    let case = Case::new();
    let need = Need::row("Service Desk", "Service Tickets", Verb::Inquire);
    let steps = Steps::default();
    let narrowed =
        || sight::narrowed(Api::new(case.server.key(), &steps), need).expect("an answer");
    assert_eq!(narrowed(), None);
    let mut less = case.server.document.clone();
    for row in less.rows.iter_mut().filter(|row| row.action == need.action) {
        row.inquire = Level::My;
    }
    case.server.set(&less);
    let reason = narrowed().expect("a reason");
    assert!(
        reason.contains("does not see all of Service Desk / Service Tickets"),
        "{reason}"
    );
}

/// A PSA that tells a key nothing of itself proves nothing either.
#[test]
fn a_psa_that_tells_nothing_proves_no_deletion() {
    let need = Need::row("Service Desk", "Service Tickets", Verb::Inquire);
    for status in [403, 404] {
        let (psa, _) =
            support::psa(move |_, _| (status, "", json!({ "message": "no" }).to_string()));
        let steps = Steps::default();
        let reason = sight::narrowed(Api::new(&psa, &steps), need).expect("an answer");
        assert!(reason.expect("a reason").contains("does not tell"));
    }
    let (psa, _) = support::psa(|_, _| (500, "", String::new()));
    let steps = Steps::default();
    assert!(sight::narrowed(Api::new(&psa, &steps), need).is_err());
}
