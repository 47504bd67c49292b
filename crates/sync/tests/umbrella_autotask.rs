//! What of Cisco Umbrella is Autotask's alone, beside the scenarios of `umbrella`: a product, configuration items that
//! rest and wake, user-defined fields, with the level that the profile asks for and nothing more.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_sync::Failure;
use bitting_sync::queries::is;
use bitting_sync::state::Shelf;
use bitting_sync::umbrella_autotask::INTEGRATION;
use jiff::ToSpan as _;
use serde_json::{Value, json};
use support::Desk;
use support::tenant::{patch, rows};
use support::umbrella::autotask::Tenanted;
use support::umbrella::{Side as _, event, organisation};

#[test]
fn what_is_mapped_no_more_is_inactive_until_it_is_mapped_again() {
    let case = Tenanted::start();
    let mut desk = case.desk("move");
    desk.whole(&case.tenant.key);
    let active = || -> Vec<bool> {
        let items = case.configurations("move");
        items.iter().map(|item| item["isActive"] == true).collect()
    };
    // The second organisation belongs to another company now.
    let both = [1, 2].map(|number| organisation("move", number, &case.typed[0]));
    desk.give("organisations.jsonl", &both);
    desk.whole(&case.tenant.key);
    assert_eq!(active(), [true, false, true]);
    desk.give("organisations.jsonl", &[]);
    desk.now = desk.now.checked_add(24.hours()).unwrap();
    desk.whole(&case.tenant.key);
    assert_eq!(active(), [false, false, false]);
    desk.give("organisations.jsonl", &both);
    desk.whole(&case.tenant.key);
    let again = desk.whole(&case.tenant.key);
    assert!(
        again.iter().all(|outcome| outcome.counts.changed == 0),
        "{again:?}"
    );
    assert_eq!(active(), [true, false, true]);
}

#[test]
fn each_permission_of_the_profile_is_needed_and_named() {
    let case = Tenanted::start();
    let tenant = &case.tenant;
    let every = tenant.without_each();
    assert_eq!(every.len(), 8, "{every:?}");
    let whole = case.desk("check");
    whole.whole(&tenant.key);
    let checked = whole.taken("check.jsonl");
    assert_eq!(checked.len(), 9, "{checked:?}");
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
    let case = Tenanted::start();
    for (at, data) in ["view_unprotected", "none"].into_iter().enumerate() {
        case.tenant.change_user(&json!({ "protectedData": data }));
        let desk = case.desk(&format!("tick{at}"));
        let outcomes = desk.run(&case.tenant.key, None).expect("a run");
        let said = Desk::said(&outcomes);
        assert!(
            said.contains("configurations: the API user lacks Edit Unprotected Data"),
            "{said}"
        );
        assert!(case.configurations(&format!("tick{at}")).is_empty());
        case.tenant
            .change_user(&json!({ "protectedData": "edit_unprotected" }));
        desk.whole(&case.tenant.key);
        assert_eq!(case.configurations(&format!("tick{at}")).len(), 2);
    }
}

#[test]
fn missing_and_wrong_fields_are_named_each_and_nothing_is_half_written() {
    let case = Tenanted::start();
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
    assert!(case.configurations("fields").is_empty());
    // Tickets hang on no field.
    assert_eq!(case.tickets("fields").len(), 1);
    // One is made, one is done without.
    set(&domains, "name", json!("Umbrella Top Blocked Domains"));
    set(&package, "dataType", json!(1));
    let settings = desk.home.settings_file(INTEGRATION.slug);
    let text = std::fs::read_to_string(&settings).expect("settings");
    std::fs::write(&settings, format!("without = [\"umbrella seats\"]\n{text}")).unwrap();
    desk.whole(&case.tenant.key);
    assert_eq!(case.configurations("fields").len(), 2);
}

#[test]
fn the_product_is_made_once_and_known_by_its_id() {
    let case = Tenanted::start();
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
    assert_eq!(case.configurations("once")[0]["productID"], product["id"]);
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
    let case = Tenanted::start();
    let admin = &case.tenant.admin;
    let desk = case.desk("rest");
    let company = |active: bool| {
        patch(
            admin,
            "Companies",
            &json!({ "id": case.ids[0], "isActive": active }),
        );
    };
    company(false);
    let outcomes = desk.run(&case.tenant.key, None).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains(&format!("the company `{}` is inactive", case.typed[0])),
        "{said}"
    );
    assert_eq!(case.configurations("rest").len(), 1);
    assert!(case.tickets("rest").is_empty());
    company(true);
    desk.whole(&case.tenant.key);
    case.right("rest");
    // Once more out of use: what is there stays as it is.
    company(false);
    desk.whole(&case.tenant.key);
    assert!(
        case.configurations("rest")
            .iter()
            .all(|item| item["isActive"] == true)
    );
}

#[test]
fn what_does_not_show_is_made_again_only_when_it_is_proven_to_be_gone() {
    let case = Tenanted::start();
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
        let item = case.configurations("gone").remove(0);
        patch(
            &tenant.admin,
            "ConfigurationItems",
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
    assert_eq!(case.configurations("gone").len(), 2);
}

#[test]
fn settings_and_rows_that_are_wrong_are_named() {
    let case = Tenanted::start();
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
    assert_eq!(case.configurations("wrong").len(), 1, "the others go on");
}
