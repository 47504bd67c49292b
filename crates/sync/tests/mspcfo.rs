//! MSPCFO against a PSA: reports and nothing else, figures that add up, a kill at any step.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::Psa;
use bitting_sync::mspcfo::INTEGRATION;
use bitting_sync::state::Shelf;
use serde_json::{Value, json};
use support::{Desk, Server, each_right_is_needed_and_named};

const SETTINGS: &str = "[agreement_types]\n\"Licenses\" = \"License & Subscription\"\n";

fn server() -> Server {
    Server::start("mspcfo", &[])
}

fn desk() -> Desk {
    Desk::new(&INTEGRATION, SETTINGS)
}

fn sum(rows: &[Value], member: &str) -> f64 {
    rows.iter().filter_map(|row| row[member].as_f64()).sum()
}

/// What a person sees of invoices, by another way than reports.
fn invoiced(psa: &Psa) -> f64 {
    sum(
        &psa.list("finance/invoices?fields=id,subtotal")
            .expect("invoices"),
        "subtotal",
    )
}

#[test]
fn figures_add_up_and_a_second_run_changes_nothing() {
    let server = server();
    let desk = desk();
    desk.whole(server.key());
    let clients = desk.taken("clients.jsonl");
    let expected = invoiced(&server.operator());
    assert!(expected > 100_000.0);
    assert!(
        (sum(&clients, "revenue") - expected).abs() < 1.0,
        "{} {expected}",
        sum(&clients, "revenue")
    );
    let time = server
        .operator()
        .list("time/entries?fields=id,actualHours")
        .expect("time");
    let members = desk.taken("members.jsonl");
    assert!((sum(&members, "hours") - sum(&time, "actualHours")).abs() < 1.0);
    for row in &clients {
        let parts =
            row["labor_revenue"].as_f64().unwrap() + row["product_revenue"].as_f64().unwrap();
        assert!(
            (parts - row["revenue"].as_f64().unwrap()).abs() < 0.02,
            "{row}"
        );
    }
    let agreements = desk.taken("agreements.jsonl");
    let licences = agreements.iter().filter(|row| {
        row["agreement"]
            .as_str()
            .unwrap_or_default()
            .starts_with("Licenses - ")
    });
    assert!(licences.clone().count() > 0);
    assert!(licences.clone().all(|row| row["labor_revenue"] == 0.0));
    let csv = std::fs::read_to_string(desk.home.output("mspcfo", "clients.csv")).expect("csv");
    assert!(csv.starts_with("month,client,revenue,labor_revenue,product_revenue"));
    assert_eq!(csv.lines().count(), clients.len() + 1);
    let again = desk.whole(server.key());
    assert!(
        again
            .iter()
            .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
        "{again:?}"
    );
    assert_eq!(desk.taken("clients.jsonl"), clients);
}

/// What months are told in beside clients, agreements and members, against the records that a person sees.
#[test]
fn leads_projects_types_of_tickets_and_payments_add_up() {
    let server = server();
    let operator = server.operator();
    let list = |path: &str| operator.list(path).expect("records");
    let invoices = list("finance/invoices?fields=id,company,total,date&orderBy=id");
    let invoice = invoices
        .iter()
        .find(|row| row["total"].as_f64() > Some(100.0))
        .expect("an invoice");
    let desk = desk();
    desk.whole(server.key());
    let same = |ours: f64, theirs: f64, what: &str| {
        assert!((ours - theirs).abs() < 1.0, "{what}: {ours} {theirs}");
    };

    let time = list("time/entries?fields=id,actualHours,project,ticket,chargeToType");
    let on = |member: &str| {
        let of = time.iter().filter(|row| !row[member].is_null()).cloned();
        sum(&of.collect::<Vec<_>>(), "actualHours")
    };
    assert!(on("ticket") > 10.0);
    same(
        sum(&desk.taken("services.jsonl"), "hours"),
        on("ticket"),
        "tickets",
    );
    same(
        sum(&desk.taken("projects.jsonl"), "hours"),
        on("project"),
        "projects",
    );

    let teams: Vec<Value> = list("company/companies?fields=id&conditions=deletedFlag=false")
        .iter()
        .flat_map(|company| list(&format!("company/companies/{}/teams", company["id"])))
        .filter(|row| row["accountManagerFlag"] == true && !row["member"].is_null())
        .collect();
    let led = |row: &&Value| {
        teams
            .iter()
            .any(|team| team["company"]["id"] == row["client_id"])
    };
    let clients = desk.taken("clients.jsonl");
    let expected: Vec<Value> = clients.iter().filter(led).cloned().collect();
    same(
        sum(&desk.taken("leads.jsonl"), "revenue"),
        sum(&expected, "revenue"),
        "leads",
    );

    let owed = desk.taken("receivables.jsonl");
    same(sum(&owed, "invoiced"), sum(&invoices, "total"), "invoiced");
    let payer = |rows: &[Value]| -> Value {
        let of = |row: &&Value| row["client_id"] == invoice["company"]["id"];
        rows.iter().find(of).cloned().expect("a payer")
    };
    let before = payer(&owed);
    let paid = json!({ "type": "Check", "amount": 100.0, "paymentDate": invoice["date"], "invoice": { "id": invoice["id"] } });
    operator
        .post(
            &format!("finance/invoices/{}/payments", invoice["id"]),
            &paid,
        )
        .expect("a payment");
    desk.whole(server.key());
    let after = payer(&desk.taken("receivables.jsonl"));
    let fell = |member: &str| after[member].as_f64().unwrap() - before[member].as_f64().unwrap();
    same(fell("paid"), 100.0, "paid");
    same(fell("open"), -100.0, "open");

    // A role that the PSA does not have holds the figures up, in words; a group that does not count leaves them.
    let file = desk.home.settings_file("mspcfo");
    std::fs::write(&file, "lead_role = \"Nobody\"\n").expect("settings");
    let said = Desk::said(
        &desk
            .run(server.key(), INTEGRATION.job("metrics"))
            .expect("a run"),
    );
    assert!(said.contains("lead_role is `Nobody`"), "{said}");
    assert_eq!(desk.taken("clients.jsonl"), clients);
    let groups: Vec<Value> = list("system/departments")
        .iter()
        .map(|row| row["name"].clone())
        .collect();
    std::fs::write(&file, format!("excluded_groups = {}\n", json!(groups))).expect("settings");
    desk.whole(server.key());
    assert!(desk.taken("members.jsonl").is_empty());
}

#[test]
fn nothing_but_reports_is_held_or_asked() {
    let server = server();
    let cells: Vec<_> = server
        .document
        .rows
        .iter()
        .filter(|row| row.levels() != [bitting_policy::Level::None; 4])
        .collect();
    assert_eq!(cells.len(), 1);
    assert_eq!(
        (cells[0].module.as_str(), cells[0].action.as_str()),
        ("System", "API Reports")
    );
    let outcomes = desk().whole(server.key());
    assert!(
        !Desk::said(&outcomes).contains("does not need"),
        "{}",
        Desk::said(&outcomes)
    );
    for call in server.key().calls() {
        let probe = call.path == "company/companies" && call.status == 403;
        assert!(
            call.method == "GET" && (call.path.starts_with("system/reports") || probe),
            "{call:?}"
        );
    }
}

#[test]
fn what_the_psa_changes_and_deletes_arrives() {
    let server = server();
    let mut desk = desk();
    desk.whole(server.key());
    let operator = server.operator();
    let newest = operator
        .get("time/entries?orderBy=timeStart%20desc&pageSize=2")
        .expect("time");
    let before = desk
        .state
        .all(Shelf::Fact, "mspcfo", "Time")
        .expect("facts")
        .len();
    desk.now = newest[0]["timeStart"]
        .as_str()
        .unwrap()
        .to_string()
        .parse()
        .unwrap();
    operator
        .ask("DELETE", &format!("time/entries/{}", newest[0]["id"]), None)
        .expect("asked")
        .ok("DELETE", "time")
        .expect("deleted");
    desk.now = desk
        .now
        .checked_add(jiff::SignedDuration::from_hours(26))
        .unwrap();
    desk.whole(server.key());
    let after = desk
        .state
        .all(Shelf::Fact, "mspcfo", "Time")
        .expect("facts");
    assert_eq!(after.len(), before - 1);
}

#[test]
fn a_reading_that_broke_off_leaves_the_figures_of_before() {
    let server = server();
    let desk = desk();
    desk.whole(server.key());
    let clients = desk.taken("clients.jsonl");
    let mut less = server.document.clone();
    less.rows.clear();
    server.set(&less);
    let outcomes = desk.run(server.key(), None).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("System / API Reports: Inquire")
            && said.contains("the figures of before stay"),
        "{said}"
    );
    assert_eq!(desk.taken("clients.jsonl"), clients);
}

#[test]
fn a_kill_at_any_step_ends_in_the_same_figures() {
    // Few rows: how many there are makes no difference to where a run can be cut off.
    let server = Server::start_with("mspcfo", &[], 20);
    let whole = desk();
    whole.whole(server.key());
    let (expected, mut steps) = (whole.taken("clients.jsonl"), 0);
    // Steps of one report are alike; `bad_input` cuts off after every single one, of fewer rows.
    loop {
        let desk = desk();
        let cut = desk.cut_off_once(server.key(), steps);
        assert_eq!(
            desk.taken("clients.jsonl"),
            expected,
            "cut off after {steps} steps"
        );
        if !cut {
            break;
        }
        steps += 19;
    }
    assert!(steps > 60, "{steps}");
}

#[test]
fn the_one_right_is_needed_and_named() {
    let server = server();
    each_right_is_needed_and_named(&server, &INTEGRATION, |_| desk());
}

#[test]
fn the_health_check_names_what_is_wrong() {
    let server = server();
    let desk = desk();
    desk.whole(server.key());
    let found = desk.taken("health.jsonl");
    let said = json!(found).to_string();
    assert!(
        said.contains("agreement type Managed Services is of no kind yet"),
        "{said}"
    );
    assert!(!said.contains("agreement type Licenses "), "{said}");
}
