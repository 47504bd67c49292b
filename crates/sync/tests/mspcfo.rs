//! MSPCFO against a PSA, a ConnectWise and an Autotask alike: reading and nothing else, figures that add up, a kill at
//! any step.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::{ApiUser, Autotask, Secret};
use bitting_sync::mspcfo::INTEGRATION;
use bitting_sync::psa::Way;
use bitting_sync::queries::is;
use bitting_sync::state::Shelf;
use bitting_sync::{Failure, Integration, mspcfo_autotask};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::tenant::{Tenant, patch, post, rows};
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

/// A PSA of either kind, with MSPCFO connected to it.
enum Site {
    ConnectWise(Box<Server>),
    Autotask(Box<Tenant>),
}

/// What a person sees who adds records up one by one.
#[derive(Default)]
struct Books {
    revenue: f64,
    hours: f64,
    labor_cost: f64,
}

impl Site {
    fn both(tickets: u32) -> [Self; 2] {
        [
            Self::ConnectWise(Box::new(Server::start_with("mspcfo", &[], tickets))),
            Self::Autotask(Box::new(tenant())),
        ]
    }

    fn integration(&self) -> &'static Integration {
        match self {
            Self::ConnectWise(_) => &INTEGRATION,
            Self::Autotask(_) => &mspcfo_autotask::INTEGRATION,
        }
    }

    fn key(&self) -> Way<'_> {
        match self {
            Self::ConnectWise(server) => server.key().into(),
            Self::Autotask(tenant) => (&tenant.key).into(),
        }
    }

    fn desk(&self) -> Desk {
        match self {
            Self::ConnectWise(_) => desk(),
            Self::Autotask(_) => {
                let integration = &mspcfo_autotask::INTEGRATION;
                Desk::new(integration, integration.settings)
            }
        }
    }

    fn books(&self) -> Books {
        match self {
            Self::ConnectWise(server) => {
                let operator = server.operator();
                let list = |path: &str| operator.list(path).expect("records");
                let time = list("time/entries?fields=id,actualHours,hourlyCost,workType");
                let kinds = list("time/workTypes?fields=id,costMultiplier");
                let cost = |row: &Value| {
                    let each: f64 = row["hourlyCost"].as_str()?.parse().ok()?;
                    let kind = kinds
                        .iter()
                        .find(|kind| kind["id"] == row["workType"]["id"]);
                    let times = kind.and_then(|kind| kind["costMultiplier"].as_f64());
                    Some(each * times.unwrap_or(1.0) * row["actualHours"].as_f64()?)
                };
                Books {
                    revenue: sum(&list("finance/invoices?fields=id,subtotal"), "subtotal"),
                    hours: sum(&time, "actualHours"),
                    labor_cost: time.iter().filter_map(cost).sum(),
                }
            }
            Self::Autotask(tenant) => seen(&tenant.admin),
        }
    }

    /// A time entry that may be deleted, and when it was worked.
    fn hour(&self) -> (String, Timestamp) {
        let moment = |value: &Value| value.as_str().unwrap().parse().expect("a moment");
        match self {
            Self::ConnectWise(server) => {
                let newest = "time/entries?orderBy=timeStart%20desc&pageSize=1";
                let newest = server.operator().get(newest).expect("time")[0].clone();
                let path = format!("time/entries/{}", newest["id"]);
                (path, moment(&newest["timeStart"]))
            }
            Self::Autotask(tenant) => {
                // Only who entered an hour deletes it.
                let admin = &tenant.admin;
                let time = every(admin, "TimeEntries");
                let known = time.iter().find(|entry| !entry["ticketID"].is_null());
                let known = known.expect("an hour on a ticket");
                let mut body = json!({ "hoursWorked": 1.0, "summaryNotes": "One more." });
                for field in ["ticketID", "resourceID", "roleID", "dateWorked"] {
                    body[field] = known[field].clone();
                }
                let id = post(admin, "TimeEntries", &body);
                (format!("TimeEntries/{id}"), moment(&known["dateWorked"]))
            }
        }
    }

    fn delete(&self, path: &str) {
        let answer = match self {
            Self::ConnectWise(server) => server.operator().ask("DELETE", path, None),
            Self::Autotask(tenant) => tenant.admin.ask("DELETE", path, None),
        };
        answer.expect("asked").ok("DELETE", path).expect("deleted");
    }

    /// Takes the right away without which nobody reads invoices; answers its name.
    fn weaken(&self) -> &'static str {
        match self {
            Self::ConnectWise(server) => {
                let mut less = server.document.clone();
                less.rows.clear();
                server.set(&less);
                "System / API Reports: Inquire"
            }
            Self::Autotask(tenant) => {
                let finance = "Admin / Finance, Accounting & Invoicing";
                tenant.set(&tenant.level_with(finance, "value", "Unchecked"));
                finance
            }
        }
    }
}

/// An instance whose user works for every line of business, as the profile asks.
fn tenant() -> Tenant {
    let lines = [
        "Managed Services > East",
        "Managed Services > West",
        "Projects > East",
    ];
    Tenant::of_lines("autotask/mspcfo", &lines)
}

/// Every record of an entity.
fn every(psa: &Autotask, entity: &str) -> Vec<Value> {
    let (mut all, mut last) = (Vec::new(), -1);
    loop {
        let page = rows(psa, entity, &[is("gt", "id", last)]);
        let Some(end) = page.last().and_then(|row| row["id"].as_i64()) else {
            return all;
        };
        last = end;
        all.extend(page);
    }
}

fn seen(admin: &Autotask) -> Books {
    let mut books = Books::default();
    for invoice in every(admin, "Invoices") {
        if invoice["isVoided"] != true {
            let tax = invoice["totalTaxValue"].as_f64().unwrap_or_default();
            books.revenue += invoice["invoiceTotal"].as_f64().expect("a total") - tax;
        }
    }
    let people = every(admin, "Resources");
    let (projects, tasks) = (every(admin, "Projects"), every(admin, "Tasks"));
    let of = |rows: &[Value], id: &Value| -> Value {
        let found = rows.iter().find(|row| row["id"] == *id);
        found.cloned().unwrap_or_default()
    };
    for entry in every(admin, "TimeEntries") {
        // Projects of clients and the provider's own; proposals and templates are closed to MSPCFO.
        let project = of(&projects, &of(&tasks, &entry["taskID"])["projectID"]);
        let open =
            !entry["ticketID"].is_null() || [json!(1), json!(5)].contains(&project["projectType"]);
        if open {
            let hours = entry["hoursWorked"].as_f64().expect("hours");
            let cost = of(&people, &entry["resourceID"])["internalCost"].as_f64();
            books.hours += hours;
            books.labor_cost += hours * cost.expect("a cost");
        }
    }
    books
}

#[test]
fn figures_add_up_and_a_second_run_changes_nothing() {
    for site in Site::both(200) {
        let (desk, slug) = (site.desk(), site.integration().slug);
        desk.whole(site.key());
        let (clients, members) = (desk.taken("clients.jsonl"), desk.taken("members.jsonl"));
        let books = site.books();
        assert!(books.revenue > 100_000.0 && books.hours > 20.0);
        for (ours, theirs, what) in [
            (sum(&clients, "revenue"), books.revenue, "revenue"),
            (sum(&members, "hours"), books.hours, "hours"),
            (sum(&members, "labor_cost"), books.labor_cost, "labor cost"),
        ] {
            assert!(
                (ours - theirs).abs() < 1.0,
                "{slug} {what}: {ours} {theirs}"
            );
        }
        for row in &clients {
            let parts =
                row["labor_revenue"].as_f64().unwrap() + row["product_revenue"].as_f64().unwrap();
            assert!(
                (parts - row["revenue"].as_f64().unwrap()).abs() < 0.02,
                "{row}"
            );
        }
        let csv = std::fs::read_to_string(desk.home.output(slug, "clients.csv")).expect("csv");
        assert!(csv.starts_with("month,client,revenue,labor_revenue,product_revenue"));
        assert_eq!(csv.lines().count(), clients.len() + 1);
        let page = std::fs::read_to_string(desk.home.output(slug, "report.html")).expect("html");
        assert!(page.contains("<svg") && !page.contains("<script"));
        let again = desk.whole(site.key());
        assert!(
            again
                .iter()
                .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
            "{again:?}"
        );
        assert_eq!(desk.taken("clients.jsonl"), clients);
    }
}

#[test]
fn agreements_that_sell_licences_earn_by_no_labor() {
    let server = server();
    let desk = desk();
    desk.whole(server.key());
    let agreements = desk.taken("agreements.jsonl");
    let licences = agreements.iter().filter(|row| {
        row["agreement"]
            .as_str()
            .unwrap_or_default()
            .starts_with("Licenses - ")
    });
    assert!(licences.clone().count() > 0);
    assert!(licences.clone().all(|row| row["labor_revenue"] == 0.0));
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
fn what_the_psa_deletes_arrives() {
    for site in Site::both(200) {
        let (mut desk, slug) = (site.desk(), site.integration().slug);
        let (path, worked) = site.hour();
        desk.whole(site.key());
        let facts = |desk: &Desk| {
            let facts = desk.state.all(Shelf::Fact, slug, "Time");
            facts.expect("facts").len()
        };
        let before = facts(&desk);
        site.delete(&path);
        desk.now = worked + SignedDuration::from_hours(26);
        desk.whole(site.key());
        assert_eq!(facts(&desk), before - 1, "{slug}");
    }
}

#[test]
fn a_reading_that_broke_off_leaves_the_figures_of_before() {
    for site in Site::both(20) {
        let desk = site.desk();
        desk.whole(site.key());
        let clients = desk.taken("clients.jsonl");
        let right = site.weaken();
        let outcomes = desk.run(site.key(), None).expect("a run");
        let said = Desk::said(&outcomes);
        assert!(
            said.contains(right) && said.contains("the figures of before stay"),
            "{said}"
        );
        assert_eq!(desk.taken("clients.jsonl"), clients);
    }
}

#[test]
fn a_kill_at_any_step_ends_in_the_same_figures() {
    // Few rows: how many there are makes no difference to where a run can be cut off.
    for site in Site::both(20) {
        let whole = site.desk();
        whole.whole(site.key());
        let (expected, mut steps) = (whole.taken("clients.jsonl"), 0);
        // Steps of one table are alike; `bad_input` and `mspcfo_autotask` cut off after every single one, of fewer rows.
        loop {
            let desk = site.desk();
            let cut = desk.cut_off_once(site.key(), steps);
            assert_eq!(
                desk.taken("clients.jsonl"),
                expected,
                "cut off after {steps} steps"
            );
            if !cut {
                break;
            }
            steps += match site {
                Site::ConnectWise(_) => 19,
                Site::Autotask(_) => 37,
            };
        }
        assert!(steps > 60, "{steps}");
    }
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

/// What an Autotask tells in other words than a ConnectWise, against the records that a person sees.
#[test]
fn contracts_leads_types_of_tickets_and_payments_of_an_autotask_add_up() {
    let tenant = tenant();
    let admin = &tenant.admin;
    let desk = Desk::new(
        &mspcfo_autotask::INTEGRATION,
        mspcfo_autotask::INTEGRATION.settings,
    );
    desk.whole(&tenant.key);
    let same = |ours: f64, theirs: f64, what: &str| {
        assert!((ours - theirs).abs() < 1.0, "{what}: {ours} {theirs}");
    };
    let invoices = every(admin, "Invoices");
    let counts = |id: &Value| {
        let invoice = invoices.iter().find(|invoice| invoice["id"] == *id);
        invoice.is_some_and(|invoice| invoice["isVoided"] != true)
    };
    assert!(invoices.iter().any(|invoice| invoice["isVoided"] == true));
    let items = every(admin, "BillingItems");
    let billed = |what: &str| -> f64 {
        let of = |item: &&Value| !item[what].is_null() && counts(&item["invoiceID"]);
        sum(
            &items.iter().filter(of).cloned().collect::<Vec<_>>(),
            "extendedPrice",
        )
    };
    let agreements = desk.taken("agreements.jsonl");
    assert!(billed("contractID") > 10_000.0 && billed("timeEntryID") > 100.0);
    same(
        sum(&agreements, "revenue"),
        billed("contractID"),
        "contracts",
    );
    // Cost 12, price 45: cost with its margin is product, the rest labor. Cost 2.5, price 6: all product.
    let labor = |service: &str, price: f64, cost: f64| -> f64 {
        let of = |item: &&Value| item["itemName"] == service && counts(&item["invoiceID"]);
        let units: f64 = items
            .iter()
            .filter(of)
            .filter_map(|item| item["quantity"].as_f64())
            .sum();
        assert!(units > 100.0, "{service}");
        units
            * if cost / price < 0.35 {
                price - cost / 0.7
            } else {
                0.0
            }
    };
    let services = labor("Managed Workstation", 45.0, 12.0) + labor("Device Protection", 6.0, 2.5);
    let managed: Vec<Value> = agreements
        .iter()
        .filter(|row| row["type"] == "Managed Services")
        .cloned()
        .collect();
    same(
        sum(&managed, "labor_revenue"),
        services,
        "labor of services",
    );

    let time = every(admin, "TimeEntries");
    let on_tickets: Vec<Value> = time
        .iter()
        .filter(|entry| !entry["ticketID"].is_null())
        .cloned()
        .collect();
    let kinds = desk.taken("services.jsonl");
    same(
        sum(&kinds, "hours"),
        sum(&on_tickets, "hoursWorked"),
        "tickets",
    );
    assert!(kinds.iter().any(|row| row["service_type"] == "Hardware"));

    // Every client of the demo company has somebody who manages the account; its own company has nobody's client.
    let clients = desk.taken("clients.jsonl");
    let companies = every(admin, "Companies");
    let customers: Vec<Value> = clients
        .iter()
        .filter(|row| {
            let company = companies
                .iter()
                .find(|company| company["id"] == row["client_id"]);
            company.is_some_and(|company| {
                [1, 6]
                    .map(|kind| json!(kind))
                    .contains(&company["companyType"])
            })
        })
        .cloned()
        .collect();
    same(
        sum(&desk.taken("leads.jsonl"), "revenue"),
        sum(&customers, "revenue"),
        "leads",
    );

    let owed = desk.taken("receivables.jsonl");
    let valid: Vec<Value> = invoices
        .iter()
        .filter(|invoice| invoice["isVoided"] != true)
        .cloned()
        .collect();
    let paid: Vec<Value> = valid
        .iter()
        .filter(|invoice| !invoice["paidDate"].is_null())
        .cloned()
        .collect();
    same(
        sum(&owed, "invoiced"),
        sum(&valid, "invoiceTotal"),
        "invoiced",
    );
    same(sum(&owed, "paid"), sum(&paid, "invoiceTotal"), "paid");
    let open = valid.iter().find(|invoice| invoice["paidDate"].is_null());
    let open = open.expect("an open invoice");
    // Paid long ago, as somebody enters it now.
    let day = open["invoiceDateTime"].clone();
    patch(
        admin,
        "Invoices",
        &json!({ "id": open["id"], "paidDate": day }),
    );
    desk.whole(&tenant.key);
    let paid = sum(&paid, "invoiceTotal") + open["invoiceTotal"].as_f64().expect("a total");
    same(
        sum(&desk.taken("receivables.jsonl"), "paid"),
        paid,
        "paid later",
    );
}

#[test]
fn nothing_but_reading_is_held_or_asked_of_an_autotask() {
    let tenant = tenant();
    for (permission, cell, value) in &tenant.wanted.listed {
        let reads = ["view", "value"].contains(&cell.as_str());
        assert!(reads, "{permission} {cell} {value}");
    }
    let desk = Desk::new(&mspcfo_autotask::INTEGRATION, "");
    let said = Desk::said(&desk.whole(&tenant.key));
    assert!(!said.contains("does not need"), "{said}");
    let calls = tenant.key.calls();
    assert!(calls.len() > 40);
    for call in calls {
        let query = call.method == "POST" && call.path.ends_with("/query");
        let told = call.method == "GET" && call.path.contains("/entityInformation");
        assert!(query || told, "{call:?}");
    }
    // What it may not do shows, where a level grants more.
    tenant.set(&tenant.level_with("Service Desk / Tickets", "add", "Yes"));
    let said = Desk::said(
        &desk
            .run(&tenant.key, desk.integration.job("check"))
            .expect("a run"),
    );
    assert!(
        said.contains("also holds Service Desk / Tickets: Add, which MSPCFO does not need"),
        "{said}"
    );
}

#[test]
fn each_permission_of_the_profile_is_needed_and_named() {
    let tenant = tenant();
    let mut silent = Vec::new();
    let every = tenant.without_each();
    assert!(every.len() >= 10, "{}", every.len());
    for (permission, cell, less) in every {
        tenant.set(&less);
        let desk = Desk::new(&mspcfo_autotask::INTEGRATION, "");
        let outcomes = desk.run(&tenant.key, None).expect("a run");
        let said = Desk::said(&outcomes);
        let unproven = desk.taken("check.jsonl").iter().any(|row| {
            row["result"] == "not provable by reading" && row["right"] == permission.as_str()
        });
        if !said.contains(permission.as_str()) && !unproven {
            silent.push(format!("{permission} {cell}\n{said}"));
        }
        // Without a right that opens a table nothing is worked out from the rest of them.
        let refused = outcomes.iter().any(|one| one.result.is_err());
        assert_eq!(
            refused,
            said.contains("the last reading"),
            "{permission}: {said}"
        );
    }
    assert!(
        silent.is_empty(),
        "no job names these:\n{}",
        silent.join("\n")
    );
}

#[test]
fn another_tracking_identifier_stops_the_run_in_clear_words() {
    let tenant = tenant();
    // User and secret are right; the identifier is another vendor's.
    let user = ApiUser {
        code: Secret::new("ABCDEFGHIJKLMNOPQRSTUVWXYZA"),
        ..tenant.credentials.clone()
    };
    let desk = Desk::new(&mspcfo_autotask::INTEGRATION, "");
    let outcomes = desk
        .run(&tenant.server.autotask(user), None)
        .expect("a run");
    assert_eq!(outcomes.len(), 1);
    assert!(
        matches!(outcomes[0].result, Err(Failure::Key { .. })),
        "{outcomes:?}"
    );
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("connect again") && !said.contains("ABCDEFGH"),
        "{said}"
    );
}
