//! Cisco Umbrella on Autotask: the scenarios of `umbrella` with a product, configuration items and their user-defined
//! fields, with the level that the profile asks for and nothing more.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_sync::Failure;
use bitting_sync::queries::is;
use bitting_sync::state::Shelf;
use bitting_sync::umbrella_autotask::INTEGRATION;
use jiff::ToSpan as _;
use serde_json::{Value, json};
use support::Desk;
use support::tenant::{Tenant, patch, rows};

const ITEMS: &str = "ConfigurationItems";

/// An instance with two active customers: one is named by its id, one by its number.
struct Case {
    tenant: Tenant,
    companies: [i64; 2],
    typed: [String; 2],
}

impl Case {
    fn start() -> Self {
        let tenant = Tenant::start("autotask/umbrella");
        let customers = [
            is("eq", "companyType", 1),
            is("eq", "isActive", true),
            is("gt", "id", 0),
        ];
        let found = rows(&tenant.admin, "Companies", &customers);
        let companies = [0, 1].map(|at: usize| found[at]["id"].as_i64().expect("an id"));
        let number = found[1]["companyNumber"].as_str().expect("a number");
        let typed = [companies[0].to_string(), number.to_lowercase()];
        assert!(typed[1].parse::<i64>().is_err(), "{typed:?}");
        Self {
            tenant,
            companies,
            typed,
        }
    }

    /// Two organisations of companies, one of no company, one unmapped; one identity over the threshold.
    fn desk(&self, tag: &str) -> Desk {
        let settings = format!(
            "product = \"Umbrella {tag}\"\n[tickets]\non = true\nqueue = \"Help Desk\"\npriority = \"High\"\nthreshold = 5\n"
        );
        let desk = Desk::new(&INTEGRATION, &settings);
        desk.give(
            "organisations.jsonl",
            &[
                organisation(tag, 1, &self.typed[0]),
                organisation(tag, 2, &self.typed[1]),
                organisation(tag, 3, "99999999"),
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

    fn tickets(&self, tag: &str) -> Vec<Value> {
        let of = [is("beginsWith", "externalID", format!("umbrella:{tag}-"))];
        rows(&self.tenant.admin, "Tickets", &of)
    }

    fn items(&self, tag: &str) -> Vec<Value> {
        let of = [is("beginsWith", "referenceNumber", format!("{tag}-"))];
        let mut items = rows(&self.tenant.admin, ITEMS, &of);
        items.sort_by_key(|item| item["referenceNumber"].to_string());
        items
    }

    fn notes(&self, ticket: &Value) -> Vec<Value> {
        let of = [is("eq", "ticketID", ticket["id"].clone())];
        rows(&self.tenant.admin, "TicketNotes", &of)
    }

    /// What must be there in the end, however the way to it was.
    fn right(&self, tag: &str) {
        let named = [is("eq", "name", format!("Umbrella {tag}"))];
        let products = rows(&self.tenant.admin, "Products", &named);
        assert_eq!(products.len(), 1, "{products:?}");
        let items = self.items(tag);
        assert_eq!(items.len(), 2, "{items:?}");
        for (item, company) in items.iter().zip(self.companies) {
            assert_eq!(item["companyID"], company);
            assert_eq!(item["productID"], products[0]["id"]);
            assert_eq!(item["isActive"], true);
            assert!(
                item["installDate"]
                    .as_str()
                    .expect("a day")
                    .starts_with("2026-11-21")
            );
            assert_eq!(field(item, "Umbrella Networks Total"), "3");
            assert_eq!(
                field(item, "Umbrella Top Blocked Domains"),
                "bad.test\nworse.test"
            );
            let day = field(item, "Umbrella Last Updated");
            assert!(day.starts_with("2026-11-21"), "{day}");
        }
        let tickets = self.tickets(tag);
        assert_eq!(tickets.len(), 1, "{tickets:?}");
        let ticket = &tickets[0];
        assert_eq!(
            ticket["title"],
            format!("Umbrella: botnet activity of laptop-7 (Org 1 of {tag})").as_str()
        );
        assert_eq!(ticket["companyID"], self.companies[0]);
        assert_eq!(ticket["configurationItemID"], items[0]["id"]);
        assert_eq!(
            ticket["externalID"],
            format!("umbrella:{tag}-1:laptop-7:2026-11-21T08:00:00Z").as_str()
        );
        assert_eq!(ticket["status"], 1);
        let text = ticket["description"].as_str().expect("a text");
        assert!(text.starts_with("6 blocked botnet requests"), "{text}");
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

fn field(item: &Value, name: &str) -> String {
    let fields = item["userDefinedFields"].as_array().expect("fields");
    let found = fields.iter().find(|field| field["name"] == name);
    found.expect(name)["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn organisations_and_botnets_arrive_once() {
    let case = Case::start();
    let desk = case.desk("plain");
    let first = desk.whole(&case.tenant.key);
    let said = Desk::said(&first);
    assert!(
        said.contains("plain-3: there is no company `99999999`"),
        "{said}"
    );
    case.right("plain");
    let checked = desk.taken("check.jsonl");
    assert_eq!(checked.len(), 9, "{checked:?}");
    let again = desk.whole(&case.tenant.key);
    assert!(
        again
            .iter()
            .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
        "{again:?}"
    );
    case.right("plain");
}

#[test]
fn later_windows_are_appended_while_the_ticket_is_open() {
    let case = Case::start();
    let mut desk = case.desk("grow");
    desk.whole(&case.tenant.key);
    let admin = &case.tenant.admin;
    let ticket = case.tickets("grow").remove(0);
    let before = case.notes(&ticket).len();
    // The next window has nine events of the same identity; the ticket was edited and moved meanwhile.
    patch(
        admin,
        "Tickets",
        &json!({ "id": ticket["id"], "title": "edited", "externalID": "edited", "status": 4 }),
    );
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    let job = INTEGRATION.job("tickets");
    for _ in 0..2 {
        let outcomes = desk.run(&case.tenant.key, job).expect("a run");
        assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
        assert_eq!(case.notes(&ticket).len(), before + 1);
    }
    assert!(case.tickets("grow").is_empty(), "no second one");
    // Completed by a person: the next window opens a new one.
    patch(
        admin,
        "Tickets",
        &json!({ "id": ticket["id"], "status": 5, "resolution": "Cleaned." }),
    );
    let later = event("grow", 1, "laptop-7", "2026-11-21T17:00:00Z", "botnet", 9);
    desk.give("events.jsonl", &[later]);
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    let outcomes = desk.run(&case.tenant.key, job).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    assert_eq!(case.tickets("grow").len(), 1);
    assert_eq!(case.notes(&ticket).len(), before + 1);
}

#[test]
fn changes_of_the_console_arrive() {
    let case = Case::start();
    let mut desk = case.desk("move");
    desk.whole(&case.tenant.key);
    // The first organisation gets more seats, the second belongs to another company now.
    let mut first = organisation("move", 1, &case.typed[0]);
    first["seats"] = json!(41);
    let second = organisation("move", 2, &case.typed[0]);
    desk.give("organisations.jsonl", &[first.clone(), second.clone()]);
    desk.whole(&case.tenant.key);
    let found = case.items("move");
    assert_eq!(found.len(), 3, "the old one stays: nothing is deleted");
    assert_eq!(field(&found[0], "Umbrella Seats"), "41");
    let active = |items: &[Value]| -> Vec<bool> {
        items.iter().map(|item| item["isActive"] == true).collect()
    };
    assert_eq!(active(&found), [true, false, true]);
    // Neither is mapped any more; then both are again.
    desk.give("organisations.jsonl", &[]);
    desk.now = desk.now.checked_add(24.hours()).unwrap();
    desk.whole(&case.tenant.key);
    assert_eq!(active(&case.items("move")), [false, false, false]);
    desk.give("organisations.jsonl", &[first, second]);
    desk.whole(&case.tenant.key);
    let again = desk.whole(&case.tenant.key);
    assert!(
        again.iter().all(|outcome| outcome.counts.changed == 0),
        "{again:?}"
    );
    assert_eq!(active(&case.items("move")), [true, false, true]);
}

#[test]
fn a_kill_at_any_step_neither_doubles_nor_loses() {
    let case = Case::start();
    let mut steps = 0;
    while case
        .desk(&format!("k{steps}"))
        .cut_off_once(&case.tenant.key, steps)
    {
        case.right(&format!("k{steps}"));
        steps += 1;
    }
    assert!(steps > 30, "{steps}");
    case.desk("all").cut_off_everywhere(&case.tenant.key);
    case.right("all");
}

#[test]
fn each_permission_of_the_profile_is_needed_and_named() {
    let case = Case::start();
    let tenant = &case.tenant;
    let every = tenant.without_each();
    assert_eq!(every.len(), 8, "{every:?}");
    let mut silent = Vec::new();
    let verb = |cell: &str| match cell {
        "view" => ": View",
        "add" => ": Add",
        "edit" => ": Edit",
        _ => "",
    };
    for (at, (permission, cell, less)) in every.iter().enumerate() {
        // One item is there from before, so that there is something to change, too.
        tenant.set(&tenant.wanted.level);
        let desk = case.desk(&format!("r{at}"));
        desk.give(
            "organisations.jsonl",
            &[organisation(&format!("r{at}"), 1, &case.typed[0])],
        );
        for job in ["product", "companies", "configurations"] {
            let outcomes = desk.run(&tenant.key, INTEGRATION.job(job)).expect("a run");
            assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
        }
        let name = format!("Umbrella r{at} two");
        let settings = desk.home.settings_file(INTEGRATION.slug);
        let text = std::fs::read_to_string(&settings).expect("settings");
        if permission == "Inventory / Products" {
            // Another product, which has to be made.
            std::fs::write(&settings, text.replace(&format!("Umbrella r{at}"), &name)).unwrap();
        }
        let mut changed = organisation(&format!("r{at}"), 1, &case.typed[0]);
        changed["seats"] = json!(7);
        let second = organisation(&format!("r{at}"), 2, &case.typed[1]);
        desk.give("organisations.jsonl", &[changed, second]);
        tenant.set(less);
        let outcomes = desk.run(&tenant.key, None).expect("a run");
        let named = format!("{permission}{}", verb(cell));
        // The check names it, and so does a job that needs it.
        let failed: Vec<&str> = outcomes
            .iter()
            .filter(|outcome| {
                let failure = outcome.result.as_ref().err();
                failure.is_some_and(|failure| failure.to_string().contains(&named))
            })
            .map(|outcome| outcome.job)
            .collect();
        if failed.first() != Some(&"check") || failed.len() < 2 {
            silent.push(format!("{named}: {failed:?}\n{}", Desk::said(&outcomes)));
        }
        // Given back, the same run goes through.
        tenant.set(&tenant.wanted.level);
        desk.whole(&tenant.key);
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn a_user_that_may_not_write_user_defined_fields_is_told_of_its_tick() {
    let case = Case::start();
    for (at, data) in ["view_unprotected", "none"].into_iter().enumerate() {
        case.tenant.change_user(&json!({ "protectedData": data }));
        let desk = case.desk(&format!("tick{at}"));
        let outcomes = desk.run(&case.tenant.key, None).expect("a run");
        let said = Desk::said(&outcomes);
        assert!(
            said.contains("configurations: the API user lacks Edit Unprotected Data"),
            "{said}"
        );
        assert!(case.items(&format!("tick{at}")).is_empty());
        case.tenant
            .change_user(&json!({ "protectedData": "edit_unprotected" }));
        desk.whole(&case.tenant.key);
        assert_eq!(case.items(&format!("tick{at}")).len(), 2);
    }
}

#[test]
fn missing_and_wrong_fields_are_named_each_and_nothing_is_half_written() {
    let case = Case::start();
    let admin = &case.tenant.admin;
    let desk = case.desk("fields");
    let defined = |name: &str| {
        let named = [is("eq", "name", name), is("eq", "udfType", 4)];
        rows(admin, "UserDefinedFieldDefinitions", &named)[0]["id"].clone()
    };
    let (seats, domains) = (
        defined("Umbrella Seats"),
        defined("Umbrella Top Blocked Domains"),
    );
    let package = defined("Umbrella Package");
    let set = |id: &Value, field: &str, value: Value| {
        patch(
            admin,
            "UserDefinedFieldDefinitions",
            &json!({ "id": id, field: value }),
        );
    };
    set(&seats, "name", json!("Chairs"));
    set(&domains, "name", json!("Worst"));
    set(&package, "dataType", json!(3));
    let outcomes = desk.run(&case.tenant.key, None).expect("a run");
    for job in ["product", "configurations"] {
        let outcome = outcomes.iter().find(|outcome| outcome.job == job).unwrap();
        let said = outcome.result.as_ref().expect_err(job).to_string();
        assert!(
            said.contains(
                "`Umbrella Seats` (Number), `Umbrella Top Blocked Domains` (Text (Multi Line))"
            ),
            "{said}"
        );
        assert!(
            said.contains("`Umbrella Package` has to be Text (Single Line)"),
            "{said}"
        );
        assert!(!said.contains("Umbrella Org ID"), "{said}");
    }
    assert!(case.items("fields").is_empty());
    // Tickets hang on no field.
    assert_eq!(case.tickets("fields").len(), 1);
    // One is made, one is done without.
    set(&domains, "name", json!("Umbrella Top Blocked Domains"));
    set(&package, "dataType", json!(1));
    let settings = desk.home.settings_file(INTEGRATION.slug);
    let text = std::fs::read_to_string(&settings).expect("settings");
    std::fs::write(&settings, format!("without = [\"umbrella seats\"]\n{text}")).unwrap();
    desk.whole(&case.tenant.key);
    assert_eq!(case.items("fields").len(), 2);
}

#[test]
fn the_product_is_made_once_and_known_by_its_id() {
    let case = Case::start();
    let admin = &case.tenant.admin;
    let desk = case.desk("once");
    let job = INTEGRATION.job("product");
    desk.run(&case.tenant.key, job).expect("a run");
    let named = |name: &str| rows(admin, "Products", &[is("eq", "name", name)]);
    let product = named("Umbrella once").remove(0);
    let code = [is("eq", "id", product["productBillingCodeID"].clone())];
    assert_eq!(rows(admin, "BillingCodes", &code)[0]["useType"], 4);
    // Another home finds it by its name.
    case.desk("once").run(&case.tenant.key, job).expect("a run");
    assert_eq!(named("Umbrella once").len(), 1);
    // Somebody gives it another name: the first home makes no second one.
    patch(
        admin,
        "Products",
        &json!({ "id": product["id"], "name": "DNS security" }),
    );
    desk.whole(&case.tenant.key);
    assert!(named("Umbrella once").is_empty());
    assert_eq!(case.items("once")[0]["productID"], product["id"]);
    // Out of use, nothing new can be of it.
    patch(
        admin,
        "Products",
        &json!({ "id": product["id"], "isActive": false }),
    );
    let outcomes = desk.run(&case.tenant.key, job).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("\"DNS security\"") && said.contains("is inactive"),
        "{said}"
    );
    // A code that is none is named with those there are.
    let other = Desk::new(
        &INTEGRATION,
        "product = \"Other\"\nbilling_code = \"Remote Support\"\n",
    );
    let outcomes = other.run(&case.tenant.key, job).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("billing_code is `Remote Support`") && said.contains("Hardware, Software"),
        "{said}"
    );
}

#[test]
fn nothing_is_written_about_an_inactive_company_until_it_is_active_again() {
    let case = Case::start();
    let admin = &case.tenant.admin;
    let desk = case.desk("rest");
    let company = |active: bool| {
        patch(
            admin,
            "Companies",
            &json!({ "id": case.companies[0], "isActive": active }),
        );
    };
    company(false);
    let outcomes = desk.run(&case.tenant.key, None).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains(&format!("the company `{}` is inactive", case.typed[0])),
        "{said}"
    );
    assert_eq!(case.items("rest").len(), 1);
    assert!(case.tickets("rest").is_empty());
    company(true);
    desk.whole(&case.tenant.key);
    case.right("rest");
    // Once more out of use: what is there stays as it is.
    company(false);
    desk.whole(&case.tenant.key);
    assert!(
        case.items("rest")
            .iter()
            .all(|item| item["isActive"] == true)
    );
}

#[test]
fn what_does_not_show_is_made_again_only_when_it_is_proven_to_be_gone() {
    let case = Case::start();
    let tenant = &case.tenant;
    let mut desk = case.desk("gone");
    desk.whole(&tenant.key);
    let state = &desk.state;
    let slug = INTEGRATION.slug;
    // A ticket that neither shows nor stands in the log of deleted ones: its window waits.
    let thread = |id: i64| {
        let threads = state.all(Shelf::Thread, slug, "thread").expect("threads");
        let mut thread = threads[0].clone();
        thread.psa_id = Some(id);
        state.put(Shelf::Thread, &mut thread).expect("put");
    };
    thread(4_000_000);
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    let job = INTEGRATION.job("tickets");
    let outcomes = desk.run(&tenant.key, job).expect("a run");
    assert!(
        matches!(outcomes[0].result, Err(Failure::Held(_))),
        "{outcomes:?}"
    );
    let said = Desk::said(&outcomes);
    assert!(said.contains("write `gone = [4000000]`"), "{said}");
    assert_eq!(case.tickets("gone").len(), 1);
    // Whoever knows says so.
    let settings = desk.home.settings_file(slug);
    let text = std::fs::read_to_string(&settings).expect("settings");
    std::fs::write(&settings, format!("{text}gone = [4000000]\n")).unwrap();
    desk.run(&tenant.key, job).expect("a run");
    assert_eq!(case.tickets("gone").len(), 2);
    // One that stands in the log is gone, and nobody has to say so.
    thread(7001);
    let later = event("gone", 1, "laptop-7", "2026-11-21T17:00:00Z", "botnet", 9);
    desk.give("events.jsonl", &[later]);
    desk.now = desk.now.checked_add(4.hours()).unwrap();
    let outcomes = desk.run(&tenant.key, job).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("ticket 7001 was deleted in the PSA"),
        "{said}"
    );
    assert_eq!(case.tickets("gone").len(), 3);
    // An item that does not show, of a company that shows, made by this very user: deleted.
    let job = INTEGRATION.job("configurations");
    let links = state
        .all(Shelf::Link, slug, "configuration")
        .expect("links");
    let lose = |by: Value| {
        let mut link = links[0].clone();
        link.psa_id = Some(4_000_000);
        link.data["by"] = by;
        state.put(Shelf::Link, &mut link).expect("put");
        // It is not found by what it is known by, either.
        let item = case.items("gone").remove(0);
        patch(
            &tenant.admin,
            ITEMS,
            &json!({ "id": item["id"], "referenceNumber": "lost" }),
        );
    };
    lose(Value::Null);
    let outcomes = desk.run(&tenant.key, job).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("configuration item 4000000 of organisation gone-1")
            && said.contains("no second one is made"),
        "{said}"
    );
    let mut link = links[0].clone();
    link.psa_id = Some(4_000_000);
    state.put(Shelf::Link, &mut link).expect("put");
    let outcomes = desk.run(&tenant.key, job).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    assert_eq!(outcomes[0].counts.created, 1);
    assert_eq!(case.items("gone").len(), 2);
}

#[test]
fn settings_and_rows_that_are_wrong_are_named() {
    let case = Case::start();
    let desk = case.desk("wrong");
    let job = INTEGRATION.job("tickets");
    let settings = desk.home.settings_file(INTEGRATION.slug);
    for (text, fault) in [
        (
            "[tickets]\non = true\n",
            "tickets.queue is not chosen; choose one of ",
        ),
        (
            "[tickets]\non = true\nqueue = \"Nowhere\"\n",
            "tickets.queue is `Nowhere`",
        ),
        (
            "[tickets]\non = true\nqueue = \"Help Desk\"\npriority = \"high\"\nstatus = \"Complete\"\n",
            "tickets.status is `Complete`, which completes a ticket at once",
        ),
        ("[tickets]\nboard = \"x\"\n", "unknown field `board`"),
    ] {
        std::fs::write(&settings, text).unwrap();
        let outcomes = desk.run(&case.tenant.key, job).expect("a run");
        let said = Desk::said(&outcomes);
        assert!(said.contains(fault), "{text}\n{said}");
    }
    std::fs::write(&settings, "product = \"Umbrella wrong\"\n").unwrap();
    let file = desk.home.input(INTEGRATION.slug, "organisations.jsonl");
    let good = organisation("wrong", 1, &case.typed[0]);
    std::fs::write(
        &file,
        format!("{{\"org\": \"wrong-0\", \"seats\": \"many\"}}\n{good}\nno row\n"),
    )
    .unwrap();
    let outcomes = desk.run(&case.tenant.key, None).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("organisations.jsonl line 1") && said.contains("organisations.jsonl line 3"),
        "{said}"
    );
    assert_eq!(case.items("wrong").len(), 1, "the others go on");
}
