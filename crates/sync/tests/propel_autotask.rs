//! Propel Your MSP on Autotask: import, a push in steps that no failure halves, read-back, tickets, with the level
//! that the guide asks for.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::security::Values;
use bitting_sync::Failure;
use bitting_sync::propel_autotask::{INTEGRATION, UNUSED};
use bitting_sync::queries::is;
use bitting_sync::state::Shelf;
use serde_json::{Value, json};
use support::Desk;
use support::tenant::{self, patch, post, rows};

/// An instance with the profile applied, a company and a configuration item of it.
struct Tenant {
    tenant: tenant::Tenant,
    company: i64,
    item: i64,
}

impl std::ops::Deref for Tenant {
    type Target = tenant::Tenant;

    fn deref(&self) -> &tenant::Tenant {
        &self.tenant
    }
}

impl Tenant {
    fn start() -> Self {
        let tenant = tenant::Tenant::start("autotask/propel");
        let (admin, company) = (&tenant.admin, tenant.company());
        let product = rows(admin, "Products", &[])
            .first()
            .map(|row| row["id"].clone());
        let product = product.unwrap_or_else(|| {
            let body = json!({ "name": "Box", "isActive": true, "isSerialized": false, "productBillingCodeID": rows(admin, "BillingCodes", &[])[0]["id"] });
            json!(post(admin, "Products", &body))
        });
        let item = json!({
            "companyID": company, "productID": product, "isActive": true, "configurationItemType": 2, "referenceTitle": "SRV-1",
            "serialNumber": "X1", "installDate": "2020-01-01T00:00:00Z",
        });
        let item = post(admin, "ConfigurationItems", &item);
        Self {
            tenant,
            company,
            item,
        }
    }

    fn desk(&self, number: u64) -> Desk {
        let settings = format!(
            "[companies]\ntypes = [\"Customer\"]\npropelled = [{}]\n[assets]\nwrite_back = true\n[assets.types]\nServer = \"Machine\"\n\
             [tickets]\nqueue = \"Help Desk\"\n",
            self.company
        );
        let desk = Desk::new(&INTEGRATION, &settings);
        desk.give("projects.jsonl", &[json!({
            "id": format!("project-{number}"), "company": self.company, "name": format!("New firewall {number}"), "description": "Replace the old one.",
            "material": 1500.0, "material_cost": 1100.0, "labor": 640.0, "labor_cost": 300.0, "start": "2027-01-10", "close": "2026-12-20",
        })]);
        let day = |day: u64| {
            format!(
                "20{:02}-{:02}-{:02}",
                21 + day / 300 % 50,
                1 + day / 25 % 12,
                1 + day % 25
            )
        };
        desk.give("warranties.jsonl", &[json!({ "configuration": self.item, "purchase": day(number), "warranty": day(number + 1) })]);
        desk.give("tickets.jsonl", &[json!({
            "key": format!("asset:{number}:warranty"), "company": self.company, "summary": "Warranty ends", "description": "Replace it.",
        })]);
        desk
    }

    /// What must be there in the end, however the way to it was.
    fn right(&self, number: u64) -> i64 {
        let mark = format!("[propel:project-{number}]");
        let found = rows(
            &self.admin,
            "Opportunities",
            &[is("contains", "description", mark.as_str())],
        );
        assert_eq!(found.len(), 1, "{number}");
        let opportunity = &found[0];
        assert_eq!(
            opportunity["title"],
            format!("New firewall {number}").as_str()
        );
        assert_eq!(
            (&opportunity["amount"], &opportunity["cost"]),
            (&json!(2140.0), &json!(1400.0))
        );
        assert!(
            opportunity["promisedFulfillmentDate"]
                .as_str()
                .expect("a day")
                .starts_with("2027-01-10")
        );
        let id = opportunity["id"].as_i64().expect("an id");
        let todos = rows(
            &self.admin,
            "CompanyToDos",
            &[is("eq", "opportunityID", id)],
        );
        assert_eq!(todos.len(), 1, "{number}: {todos:?}");
        let attachments = self
            .admin
            .get(&format!("Opportunities/{id}/Attachments"))
            .expect("attachments");
        assert_eq!(
            attachments["items"].as_array().map(Vec::len),
            Some(1),
            "{attachments}"
        );
        let key = format!("propel:asset:{number}:warranty");
        let tickets = rows(
            &self.admin,
            "Tickets",
            &[is("eq", "externalID", key.as_str())],
        );
        assert_eq!(tickets.len(), 1, "{number}");
        assert_eq!(tickets[0]["companyID"], self.company);
        id
    }
}

#[test]
fn the_whole_job_arrives_and_a_second_run_changes_nothing() {
    let tenant = Tenant::start();
    let desk = tenant.desk(1);
    desk.whole(&tenant.key);
    let opportunity = tenant.right(1);
    let companies = desk.taken("companies.jsonl");
    assert!(companies.iter().all(|company| company["companyType"] == 1));
    assert!(
        companies
            .iter()
            .any(|company| company["id"] == tenant.company)
    );
    let assets = desk.taken("assets.jsonl");
    assert!(
        assets
            .iter()
            .any(|asset| asset["id"] == tenant.item && asset["category"] == "Machine"),
        "{assets:?}"
    );
    let item = &rows(
        &tenant.admin,
        "ConfigurationItems",
        &[is("eq", "id", tenant.item)],
    )[0];
    assert!(
        item["installDate"]
            .as_str()
            .expect("a day")
            .starts_with("2021-01-02"),
        "{item}"
    );
    let read = desk.taken("opportunities.jsonl");
    assert_eq!(
        (&read[0]["material"], &read[0]["labor"]),
        (&json!(1500.0), &json!(640.0))
    );
    assert_eq!(read[0]["description"], "Replace the old one.");
    assert_eq!(
        desk.taken("check.jsonl")
            .iter()
            .filter(|row| row["result"] == "held")
            .count(),
        13
    );
    // The first run wrote dates, which the import reads once more.
    desk.whole(&tenant.key);
    let again = desk.whole(&tenant.key);
    assert!(
        again
            .iter()
            .all(|one| one.counts.created + one.counts.changed == 0),
        "{again:?}"
    );
    assert_eq!(tenant.right(1), opportunity);
}

#[test]
fn what_the_psa_decides_comes_back() {
    let tenant = Tenant::start();
    let desk = tenant.desk(1);
    desk.whole(&tenant.key);
    let id = tenant.right(1);
    patch(
        &tenant.admin,
        "Opportunities",
        &json!({ "id": id, "status": 3, "amount": 2500.0, "promisedFulfillmentDate": "2027-02-01T00:00:00Z" }),
    );
    let key = "propel:asset:1:warranty";
    let ticket = &rows(&tenant.admin, "Tickets", &[is("eq", "externalID", key)])[0]["id"];
    patch(
        &tenant.admin,
        "Tickets",
        &json!({ "id": ticket, "status": 5 }),
    );
    desk.whole(&tenant.key);
    let read = desk.taken("opportunities.jsonl");
    assert_eq!(
        (&read[0]["response"], &read[0]["amount"]),
        (&json!("Accepted"), &json!(2500.0))
    );
    // The parts are the review's own; they do not make up the PSA's amount any more.
    assert_eq!(read[0]["material"], Value::Null);
    assert!(
        read[0]["start"]
            .as_str()
            .expect("a day")
            .starts_with("2027-02-01")
    );
    let link = desk
        .state
        .find(Shelf::Link, "propel_autotask", "ticket", key)
        .expect("asked")
        .expect("a link");
    assert_eq!(link.state, "closed");
}

#[test]
fn a_kill_at_every_step_neither_doubles_nor_loses() {
    let tenant = Tenant::start();
    let desk = tenant.desk(0);
    let steps = desk.cut_off_everywhere(&tenant.key);
    assert!(steps > 30, "{steps}");
    tenant.right(0);
    // Fresh state each time, cut off once: nothing of the run before helps.
    let mut cut = 0;
    loop {
        let desk = tenant.desk(cut + 1);
        let again = desk.cut_off_once(&tenant.key, cut);
        tenant.right(cut + 1);
        if !again {
            break;
        }
        cut += 1;
    }
    assert!(cut > 30, "{cut}");
}

#[test]
fn each_permission_of_the_profile_is_needed_and_named() {
    let tenant = Tenant::start();
    let mut silent = Vec::new();
    let every = tenant.without_each();
    assert!(every.len() >= 10, "{}", every.len());
    for (number, (permission, cell, less)) in every.into_iter().enumerate() {
        tenant.set(&less);
        let desk = tenant.desk(100 + number as u64);
        let outcomes = desk.run(&tenant.key, None).expect("a run");
        let said = Desk::said(&outcomes);
        let unproven = desk.taken("check.jsonl").iter().any(|row| {
            row["result"] == "not provable by reading" && row["right"] == permission.as_str()
        });
        let unused = UNUSED.iter().any(|(known, _)| known.name == permission);
        if said.contains(permission.as_str()) == unused && !unproven {
            silent.push(format!("{permission} {cell}\n{said}"));
        }
    }
    assert!(
        silent.is_empty(),
        "no job names these, or names one that counts as unused:\n{}",
        silent.join("\n")
    );
}

#[test]
fn a_push_that_lacks_a_permission_names_the_step_and_goes_on_there() {
    let tenant = Tenant::start();
    let mut less = tenant.wanted.level.clone();
    for cell in ["view", "add", "edit", "delete"] {
        let cells: &mut Values = less.settings.entry("CRM / To-Dos".to_owned()).or_default();
        if let Some(cell) = cells.cell(cell).filter(|cell| cell.is_some()) {
            *cell = Some("None".to_owned());
        }
    }
    if let Some(cell) = less
        .settings
        .entry("CRM / To-Dos".to_owned())
        .or_default()
        .cell("add")
    {
        *cell = Some("No".to_owned());
    }
    tenant.set(&less);
    let desk = tenant.desk(7);
    let outcomes = desk
        .run(&tenant.key, INTEGRATION.job("push"))
        .expect("a run");
    assert!(
        matches!(outcomes[0].result, Err(Failure::Right { .. })),
        "{outcomes:?}"
    );
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("stops at the step `activity` (opportunity, document is there)")
            && said.contains("CRM / To-Dos"),
        "{said}"
    );
    tenant.set(&tenant.wanted.level);
    desk.whole(&tenant.key);
    tenant.right(7);
}

#[test]
fn a_revoked_key_stops_the_run_in_clear_words() {
    let tenant = Tenant::start();
    let user = bitting_client::ApiUser {
        user: tenant.key.user().to_owned(),
        secret: bitting_client::Secret::new("wrong"),
        code: bitting_client::Secret::new("wrong"),
    };
    let desk = tenant.desk(1);
    let outcomes = desk
        .run(&tenant.server.autotask(user), None)
        .expect("a run");
    assert_eq!(outcomes.len(), 1);
    assert!(
        matches!(outcomes[0].result, Err(Failure::Key { .. })),
        "{outcomes:?}"
    );
    assert!(Desk::said(&outcomes).contains("connect again"));
}
