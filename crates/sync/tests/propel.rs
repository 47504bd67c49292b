//! Propel Your MSP against a PSA: import, a push in steps that no failure halves, read-back, tickets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::Psa;
use bitting_sync::propel::INTEGRATION;
use bitting_sync::state::Shelf;
use bitting_sync::{Failure, api};
use serde_json::{Value, json};
use support::{Desk, Server, each_right_is_needed_and_named};

fn server() -> Server {
    Server::start("propel", &[])
}

/// What of the demo company the tests work with.
struct Choice {
    company: i64,
    configuration: i64,
    kind: String,
    team_role: String,
    member: i64,
    settings: String,
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn choice(server: &Server) -> Choice {
    let operator = server.operator();
    let first = |path: &str| {
        operator
            .get(&format!("{path}?pageSize=1&orderBy=id"))
            .expect(path)[0]
            .clone()
    };
    let company = operator
        .list("company/companies?conditions=status/name=%22Active%22%20and%20deletedFlag=false&orderBy=id")
        .expect("companies")
        .into_iter()
        .find(|company| {
            let path = format!("company/configurations/count?conditions=company/id={}", company["id"]);
            !company["defaultContact"].is_null() && operator.get(&path).expect("a count")["count"] != 0
        })
        .expect("a company with a contact and a configuration");
    let company = company["id"].as_i64().expect("an id");
    let configuration = operator
        .list(&format!(
            "company/configurations?conditions=company/id={company}&orderBy=id"
        ))
        .expect("one")[0]
        .clone();
    let role = first("company/teamRoles");
    let member = first("system/members")["id"].as_i64().expect("a member");
    let path = format!("company/companies/{company}/teams");
    for row in operator.list(&path).expect("a team") {
        if row["teamRole"]["id"] == role["id"] {
            operator
                .ask("DELETE", &format!("{path}/{}", row["id"]), None)
                .expect("asked");
        }
    }
    operator
        .post(
            &path,
            &json!({ "teamRole": { "id": role["id"] }, "member": { "id": member } }),
        )
        .expect("a team member");
    let kind = text(&configuration["type"]["name"]);
    let settings = format!(
        "[companies]\nstatuses = [\"Active\"]\npropelled = [{company}]\n[team]\naccount_manager = {}\n[assets]\nwrite_back = true\n\
         [assets.types]\n\"{kind}\" = \"Machine\"\n[opportunity]\ntype = {}\nstage = {}\nactivity_type = {}\n\
         [tickets]\nboard = {}\nsource = {}\n",
        role["name"],
        first("sales/opportunities/types")["description"],
        first("sales/stages")["name"],
        first("sales/activities/types")["name"],
        operator
            .list("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false")
            .expect("boards")[0]["name"],
        first("service/sources")["name"],
    );
    Choice {
        company,
        configuration: configuration["id"].as_i64().expect("an id"),
        kind,
        team_role: text(&role["name"]),
        member,
        settings,
    }
}

/// A day that no other number has.
fn day(number: u64) -> String {
    format!(
        "20{:02}-{:02}-{:02}",
        10 + number / 300 % 10,
        1 + number / 25 % 12,
        1 + number % 25
    )
}

fn desk(choice: &Choice, number: u64) -> Desk {
    let desk = Desk::new(&INTEGRATION, &choice.settings);
    desk.give("projects.jsonl", &[json!({
        "id": format!("project-{number}"), "company": choice.company, "name": format!("New firewall {number}"), "description": "Replace the old one.",
        "material": 1500.0, "material_cost": 1100.0, "labor": 640.0, "labor_cost": 300.0, "start": "2027-01-10", "close": "2026-12-20",
    })]);
    desk.give("warranties.jsonl", &[json!({ "configuration": choice.configuration, "purchase": day(number), "warranty": day(number + 1) })]);
    desk.give("tickets.jsonl", &[json!({
        "key": format!("asset:{number}:warranty"), "company": choice.company, "summary": "Warranty ends", "description": "Replace it.",
    })]);
    desk
}

fn listed(psa: &Psa, path: &str, conditions: &str) -> Vec<Value> {
    psa.list(&format!("{path}?conditions={}", api::encode(conditions)))
        .expect(path)
}

/// What must be there in the end, however the way to it was.
fn right(psa: &Psa, choice: &Choice, number: u64) -> i64 {
    let found = listed(
        psa,
        "sales/opportunities",
        &format!("source=\"propel:project-{number}\""),
    );
    assert_eq!(found.len(), 1, "{number}");
    assert_eq!(found[0]["name"], format!("New firewall {number}").as_str());
    assert_eq!(found[0]["primarySalesRep"]["id"], choice.member);
    let opportunity = found[0]["id"].as_i64().expect("an id");
    let forecast = psa
        .get(&format!("sales/opportunities/{opportunity}/forecast"))
        .expect("a forecast");
    let items = forecast[0]["forecastItems"]
        .as_array()
        .expect("items")
        .clone();
    let lines: Vec<(&str, f64)> = items
        .iter()
        .filter_map(|line| {
            Some((
                line["forecastDescription"].as_str()?,
                line["revenue"].as_f64()?,
            ))
        })
        .collect();
    assert_eq!(lines, [("Material", 1500.0), ("Labor", 640.0)]);
    let documents = psa
        .list(&format!(
            "system/documents?recordType=Opportunity&recordId={opportunity}"
        ))
        .expect("documents");
    assert_eq!(documents.len(), 1, "{documents:?}");
    assert_eq!(
        listed(
            psa,
            "sales/activities",
            &format!("opportunity/id={opportunity}")
        )
        .len(),
        1
    );
    let configuration = psa
        .get(&format!("company/configurations/{}", choice.configuration))
        .expect("a configuration");
    assert!(
        configuration["purchaseDate"]
            .as_str()
            .unwrap_or_default()
            .starts_with(&day(number)),
        "{configuration}"
    );
    let tickets = listed(
        psa,
        "service/tickets",
        &format!("externalXRef=\"propel:asset:{number}:warranty\""),
    );
    assert_eq!(tickets.len(), 1);
    opportunity
}

#[test]
fn the_whole_job_arrives_and_a_second_run_changes_nothing() {
    let server = server();
    let choice = choice(&server);
    let desk = desk(&choice, 1);
    desk.whole(server.key());
    right(&server.operator(), &choice, 1);
    assert!(desk.taken("companies.jsonl").len() > 5);
    assert_eq!(
        desk.taken("team.jsonl")[0]["account_manager"],
        choice.member
    );
    let assets = desk.taken("assets.jsonl");
    assert!(
        !assets.is_empty()
            && assets.iter().all(|asset| asset["category"] == "Machine"
                && asset["type"]["name"] == choice.kind.as_str())
    );
    let back = desk.taken("opportunities.jsonl");
    assert_eq!(
        (back[0]["material"].as_f64(), back[0]["labor"].as_f64()),
        (Some(1500.0), Some(640.0))
    );
    // The dates just written come back once with the next import; from then on nothing changes.
    desk.whole(server.key());
    let again = desk.whole(server.key());
    assert!(
        again
            .iter()
            .all(|outcome| outcome.counts.created + outcome.counts.changed == 0),
        "{again:?}"
    );
    right(&server.operator(), &choice, 1);
    assert!(!choice.team_role.is_empty());
}

#[test]
fn a_kill_at_every_step_of_the_push_halves_nothing() {
    let server = server();
    let choice = choice(&server);
    let operator = server.operator();
    let push = INTEGRATION.job("push");
    for steps in 0.. {
        let number = 1000 + steps;
        let desk = desk(&choice, number);
        for job in ["lookups", "companies", "team"] {
            desk.run(server.key(), INTEGRATION.job(job)).expect("a run");
        }
        desk.state.steps.stop_after(steps);
        let cut = matches!(desk.run(server.key(), push), Err(Failure::CutOff));
        desk.restart();
        desk.whole(server.key());
        right(&operator, &choice, number);
        if !cut {
            assert!(steps > 12, "{steps}");
            break;
        }
    }
}

#[test]
fn a_kill_at_every_step_in_turn_neither_doubles_nor_loses() {
    let server = server();
    let choice = choice(&server);
    let desk = desk(&choice, 2999);
    assert!(desk.cut_off_everywhere(server.key()) > 60);
    right(&server.operator(), &choice, 2999);
}

/// Cuts fresh work off once, after the steps of one residue: together the tests below try each step there is.
fn cut_off_once(residue: u64) {
    let server = server();
    let choice = choice(&server);
    let mut steps = residue;
    while desk(&choice, 2000 + steps).cut_off_once(server.key(), steps) {
        right(&server.operator(), &choice, 2000 + steps);
        steps += 5;
    }
    assert!(steps > 60, "{steps}");
}

macro_rules! cut_off_once {
    ($($name:ident $residue:literal),*) => {
        $(#[test]
        fn $name() {
            cut_off_once($residue);
        })*
    };
}

cut_off_once! {
    a_kill_at_any_step_neither_doubles_nor_loses_0 0,
    a_kill_at_any_step_neither_doubles_nor_loses_1 1,
    a_kill_at_any_step_neither_doubles_nor_loses_2 2,
    a_kill_at_any_step_neither_doubles_nor_loses_3 3,
    a_kill_at_any_step_neither_doubles_nor_loses_4 4
}

#[test]
fn each_right_of_the_profile_is_needed_and_named() {
    let server = server();
    let choice = choice(&server);
    each_right_is_needed_and_named(&server, &INTEGRATION, |at| {
        let desk = desk(&choice, 3000 + at as u64);
        // What was imported while the key still had all its rights.
        server.set(&server.document);
        for job in ["lookups", "companies", "team", "assets"] {
            desk.run(server.key(), INTEGRATION.job(job)).expect("a run");
        }
        desk
    });
}

#[test]
fn a_push_that_lacks_a_right_names_the_step_and_goes_on_there() {
    let server = server();
    let choice = choice(&server);
    let desk = desk(&choice, 5);
    let mut less = server.document.clone();
    for row in less
        .rows
        .iter_mut()
        .filter(|row| row.action == "Manage Attachments")
    {
        row.add = bitting_policy::Level::None;
    }
    server.set(&less);
    let said = Desk::said(&desk.run(server.key(), None).expect("a run"));
    assert!(
        said.contains("stops at the step `document` (opportunity, material, labor is there)"),
        "{said}"
    );
    assert!(
        said.contains("Companies / Manage Attachments: Add"),
        "{said}"
    );
    let before = listed(
        &server.operator(),
        "sales/opportunities",
        "source=\"propel:project-5\"",
    )[0]["id"]
        .as_i64();
    server.set(&server.document);
    desk.whole(server.key());
    assert_eq!(Some(right(&server.operator(), &choice, 5)), before);
}

#[test]
fn what_the_psa_decides_comes_back() {
    let server = server();
    let choice = choice(&server);
    let desk = desk(&choice, 6);
    desk.whole(server.key());
    let operator = server.operator();
    let opportunity = right(&operator, &choice, 6);
    // Somebody writes another description before the first reading after the push.
    let links = desk.state.all(Shelf::Link, "propel", "opportunity");
    for link in links.expect("links") {
        desk.state.remove(Shelf::Link, link.id).expect("removed");
    }
    let statuses = operator
        .list("sales/opportunities/statuses")
        .expect("statuses");
    let won = statuses
        .iter()
        .find(|status| status["wonFlag"] == true)
        .expect("a status for won");
    let path = format!("sales/opportunities/{opportunity}");
    operator
        .patch(
            &path,
            &[
                ("status".to_owned(), json!({ "id": won["id"] })),
                ("notes".to_owned(), json!("Another text")),
            ],
        )
        .expect("won");
    let job = INTEGRATION.job("opportunities");
    desk.run(server.key(), job).expect("a run");
    let back = desk.taken("opportunities.jsonl");
    assert_eq!(
        (&back[0]["response"], &back[0]["description"]),
        (&json!("Accepted"), &json!("Replace the old one."))
    );
    // Deleted in the PSA: gone here too, and never pushed again.
    for activity in listed(
        &operator,
        "sales/activities",
        &format!("opportunity/id={opportunity}"),
    ) {
        let path = format!("sales/activities/{}", activity["id"]);
        operator
            .ask("DELETE", &path, None)
            .expect("asked")
            .ok("DELETE", &path)
            .expect("deleted");
    }
    operator
        .ask("DELETE", &path, None)
        .expect("asked")
        .ok("DELETE", &path)
        .expect("deleted");
    let said = Desk::said(&desk.run(server.key(), job).expect("a run"));
    assert!(said.contains("was deleted in the PSA"), "{said}");
    desk.whole(server.key());
    assert!(
        listed(
            &operator,
            "sales/opportunities",
            "source=\"propel:project-6\""
        )
        .is_empty()
    );
    let ledger = desk
        .state
        .all(Shelf::Outbox, "propel", "project opportunity")
        .expect("a ledger");
    assert_eq!(ledger[0].state, "deleted");
}

/// A location answers 404 for what it hides, just like a deletion.
#[test]
fn an_opportunity_that_a_location_hides_is_kept() {
    let server = server();
    let choice = choice(&server);
    let desk = desk(&choice, 8);
    desk.whole(server.key());
    let operator = server.operator();
    let opportunity = right(&operator, &choice, 8);
    let path = format!("sales/opportunities/{opportunity}");
    let places = listed(&operator, "system/locations", "id>0");
    let company = operator
        .get(&format!("company/companies/{}", choice.company))
        .expect("a company");
    let seen = &company["territory"]["id"];
    let named = |place: &&Value| place["name"] != "Corporate" && place["id"] != *seen;
    let other = places.iter().find(named).expect("another location");
    operator
        .patch(&path, &[("locationId".to_owned(), other["id"].clone())])
        .expect("moved");
    operator
        .patch(
            &format!("system/members/{}", server.member),
            &[("securityLocation".to_owned(), json!({ "id": seen }))],
        )
        .expect("narrowed");
    let status = server.key().ask("GET", &path, None).expect("asked").status;
    assert_eq!(status, 404, "it is not hidden");
    let job = INTEGRATION.job("opportunities");
    let said = Desk::said(&desk.run(server.key(), job).expect("a run"));
    assert!(
        said.contains("is there, but hidden from the key") && !said.contains("was deleted"),
        "{said}"
    );
    let standing = || {
        let ledger = desk
            .state
            .all(Shelf::Outbox, "propel", "project opportunity");
        ledger.expect("a ledger")[0].state.clone()
    };
    assert_eq!(standing(), "pushed");
    // It is shown as it was.
    assert_eq!(
        desk.taken("opportunities.jsonl")[0]["opportunity"],
        opportunity
    );
    // Deleted for good, which a key that a location narrows cannot know, and one at the top can.
    let delete = |path: &str| {
        let answer = operator.ask("DELETE", path, None).expect("asked");
        answer.ok("DELETE", path).expect("deleted");
    };
    for activity in listed(
        &operator,
        "sales/activities",
        &format!("opportunity/id={opportunity}"),
    ) {
        delete(&format!("sales/activities/{}", activity["id"]));
    }
    delete(&path);
    let said = Desk::said(&desk.run(server.key(), job).expect("a run"));
    assert!(
        said.contains("was deleted, or is hidden from the key") && said.contains("below Corporate"),
        "{said}"
    );
    assert_eq!(standing(), "pushed");
    let top = places.iter().find(|place| place["name"] == "Corporate");
    operator
        .patch(
            &format!("system/members/{}", server.member),
            &[(
                "securityLocation".to_owned(),
                json!({ "id": top.expect("the top")["id"] }),
            )],
        )
        .expect("widened");
    let said = Desk::said(&desk.run(server.key(), job).expect("a run"));
    assert!(said.contains("was deleted in the PSA"), "{said}");
    assert_eq!(standing(), "deleted");
}

#[test]
fn a_company_keeps_the_categories_that_it_was_given_with_its_first_asset() {
    let server = server();
    let choice = choice(&server);
    let desk = desk(&choice, 9);
    let file = desk.home.settings_file("propel");
    let categories = |settings: &str| {
        std::fs::write(&file, settings).expect("settings");
        let said = Desk::said(&desk.whole(server.key()));
        let mut found: Vec<String> = desk
            .taken("assets.jsonl")
            .iter()
            .map(|asset| text(&asset["category"]))
            .collect();
        found.sort();
        found.dedup();
        (found, said)
    };
    let one = |word: &str| vec![word.to_owned()];
    assert_eq!(categories(&choice.settings).0, one("Machine"));
    assert_eq!(
        desk.taken("categories.jsonl"),
        [json!({ "company": choice.company, "types": { &choice.kind: "Machine" } })]
    );
    // The account's mapping changes: said once, and the company keeps its own.
    let changed = choice.settings.replace("\"Machine\"", "\"Box\"");
    let (found, said) = categories(&changed);
    assert_eq!(found, one("Machine"));
    assert!(said.contains("1 companies keep the mapping"), "{said}");
    let (found, said) = categories(&changed);
    assert_eq!(found, one("Machine"));
    assert!(!said.contains("keep the mapping"), "{said}");
    // Its own is changed by name; and left out, its assets go by the usual way of what is missed.
    let own = |category: &str| {
        format!(
            "{changed}[assets.company.{}]\n\"{}\" = \"{category}\"\n",
            choice.company, choice.kind
        )
    };
    assert_eq!(categories(&own("Core")).0, one("Core"));
    assert!(categories(&own("")).0.is_empty());
    // A company that comes later is given the account's mapping as it is then.
    let operator = server.operator();
    let path = "company/configurations?conditions=company/id>0&fields=id,company,type&orderBy=id";
    let later = operator
        .list(path)
        .expect("configurations")
        .into_iter()
        .find(|row| {
            let company = format!("company/companies/{}", row["company"]["id"]);
            row["type"]["name"] == choice.kind.as_str()
                && row["company"]["id"] != choice.company
                && operator.get(&company).expect("a company")["status"]["name"] == "Active"
        });
    let later = later.expect("a configuration of another company")["company"]["id"].clone();
    let both = changed.replace(
        &format!("propelled = [{}]", choice.company),
        &format!("propelled = [{}, {later}]", choice.company),
    );
    assert_eq!(categories(&both).0, ["Box", "Machine"]);
    let wrong = format!("{changed}[assets.company.acme]\n");
    std::fs::write(&file, wrong).expect("settings");
    let outcomes = desk.run(server.key(), None).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("[assets.company.acme] names no company"),
        "{said}"
    );
}

#[test]
fn a_company_without_contact_fails_before_the_first_write() {
    let server = server();
    let choice = choice(&server);
    let operator = server.operator();
    let company = operator
        .list("company/companies?conditions=deletedFlag=false")
        .expect("companies")
        .into_iter()
        .find(|company| company["defaultContact"].is_null());
    let company = if let Some(company) = company {
        company["id"].clone()
    } else {
        let status = operator
            .get("company/companies/statuses?pageSize=1")
            .expect("statuses")[0]["id"]
            .clone();
        let body = json!({ "identifier": "nocontact", "name": "No Contact", "status": { "id": status }, "site": { "name": "Main" } });
        operator
            .post("company/companies", &body)
            .expect("a company")["id"]
            .clone()
    };
    let settings = choice
        .settings
        .replace("[opportunity]\n", "[opportunity]\nsales_rep = \"1\"\n");
    let desk = Desk::new(&INTEGRATION, &settings);
    desk.give(
        "projects.jsonl",
        &[json!({ "id": "project-7", "company": company, "name": "x", "close": "2026-12-20" })],
    );
    let said = Desk::said(
        &desk
            .run(server.key(), INTEGRATION.job("push"))
            .expect("a run"),
    );
    assert!(
        said.contains("no default contact") && said.contains("nothing of it is there yet"),
        "{said}"
    );
    assert!(
        listed(
            &operator,
            "sales/opportunities",
            "source=\"propel:project-7\""
        )
        .is_empty()
    );
}
