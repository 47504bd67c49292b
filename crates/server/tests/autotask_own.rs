//! Users who see their own records alone: a list, its pages and its count are what can be got one by one, whatever the
//! search asks for beside, and a record that changes hands is found, or not, at once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use bitting_autotask::users::Shown;
use bitting_store::{DatabaseUrl, Location};
use serde_json::{Value, json};
use site::Site;
use std::collections::BTreeSet;

/// What is searched: entities with rows of one's own, and those that hang on them, one and two records away.
const ENTITIES: [&str; 22] = [
    "Tickets",
    "TicketNotes",
    "TicketCharges",
    "TicketSecondaryResources",
    "TicketHistory",
    "TicketNoteAttachments",
    "TimeEntries",
    "Projects",
    "Tasks",
    "TaskNotes",
    "Opportunities",
    "Quotes",
    "QuoteItems",
    "Companies",
    "CompanyNotes",
    "CompanyToDos",
    "Contacts",
    "ConfigurationItems",
    "Contracts",
    "ContractNotes",
    "ServiceCalls",
    "SurveyResults",
];

/// The same numbers in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// A user whose level says by chance how much each permission lets see, and of most: the own.
async fn somebody(site: &Site, name: &str, dice: &mut Dice) -> Shown {
    let mut settings: Vec<(String, &str, String)> = Vec::new();
    for entry in &site.tenant.permissions.entries {
        for cell in ["value", "view"] {
            let values = entry.values(cell);
            let own = values.iter().position(|value| value.starts_with("Mine"));
            let Some(last) = values.len().checked_sub(1) else {
                continue;
            };
            let chosen = match (own, dice.below(4)) {
                (Some(own), 0..2) => own,
                (_, 2) => dice.below(values.len()),
                _ => last,
            };
            settings.push((entry.full_name(), cell, values[chosen].clone()));
        }
    }
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, cell, value)| (name.as_str(), *cell, value.as_str()))
        .collect();
    let resource = site.resource(name).await;
    site.user(resource, &settings).await
}

/// The ids of a search, by pages of this size.
async fn found(site: &Site, user: &Shown, entity: &str, parts: &[Value], size: u64) -> Vec<i64> {
    let search = json!({"filter": parts, "MaxRecords": size});
    let mut next = format!("/{entity}/query");
    let mut ids = Vec::new();
    loop {
        let (status, page) = site
            .call(Some(user), "POST", &next, Some(search.clone()))
            .await;
        assert_eq!(status, 200, "{entity}: {page}");
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_i64().unwrap()));
        match page["pageDetails"]["nextPageUrl"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => break,
        }
    }
    let path = format!("/{entity}/query/count");
    let (_, counted) = site.call(Some(user), "POST", &path, Some(search)).await;
    assert_eq!(counted["queryCount"], ids.len(), "{entity}: {counted}");
    ids
}

/// What is asked beside whose the rows are: nothing, a start, and a value of each of some fields that most rows have.
fn shapes(all: &[Value]) -> Vec<Vec<Value>> {
    let middle = &all[all.len() / 2];
    let start = json!({"op": "gt", "field": "id", "value": middle["id"]});
    let mut shapes = vec![
        vec![json!({"op": "gte", "field": "id", "value": 0})],
        vec![start.clone()],
    ];
    for field in [
        "companyID",
        "status",
        "ticketID",
        "assignedResourceID",
        "projectID",
    ] {
        if !middle[field].is_null() {
            let equal = json!({"op": "eq", "field": field, "value": middle[field]});
            shapes.push(vec![equal.clone()]);
            shapes.push(vec![start.clone(), equal]);
        }
    }
    shapes
}

fn satisfies(row: &Value, part: &Value) -> bool {
    let held = &row[part["field"].as_str().unwrap()];
    let number = |value: &Value| value.as_i64();
    match part["op"].as_str().unwrap() {
        "eq" => *held == part["value"],
        "gt" => number(held) > number(&part["value"]),
        _ => number(held) >= number(&part["value"]),
    }
}

async fn lists_are_what_can_be_got(site: &Site, users: usize) -> usize {
    let mut dice = Dice(7);
    let mut narrowed = 0;
    for number in 0..users {
        let name = ["dfrost", "jmoor", "mruiz"][number % 3];
        let user = somebody(site, name, &mut dice).await;
        for entity in ENTITIES {
            let all = site.rows(site.admin(), entity).await;
            let path = format!("/{entity}/query");
            let (status, _) = site
                .call(Some(&user), "POST", &path, Some(site.all_of(entity)))
                .await;
            if all.is_empty() || status != 200 || entity == "TicketHistory" {
                continue;
            }
            let mut got = Vec::new();
            for row in &all {
                let one = format!("/{entity}/{}", row["id"]);
                let (_, json) = site.call(Some(&user), "GET", &one, None).await;
                if json["item"].is_object() {
                    got.push(row);
                }
            }
            narrowed += usize::from(!got.is_empty() && got.len() < all.len());
            for (at, parts) in shapes(&all).iter().enumerate() {
                let held = |row: &&&Value| parts.iter().all(|part| satisfies(row, part));
                let expected = got.iter().filter(held);
                let expected: Vec<i64> = expected.map(|row| row["id"].as_i64().unwrap()).collect();
                let size = [500, 3][at % 2].max(expected.len() as u64 / 5 + 1);
                let list = found(site, &user, entity, parts, size).await;
                assert_eq!(list, expected, "{name}'s {entity}, {parts:?}");
            }
        }
    }
    narrowed
}

fn postgres(name: &str) -> Option<Location> {
    let Ok(url) = std::env::var("BITTING_TEST_POSTGRES") else {
        println!("skipped: {name} on PostgreSQL (BITTING_TEST_POSTGRES is not set)");
        return None;
    };
    Some(Location::Postgres {
        url: DatabaseUrl::new(&url),
        schema: format!("bitting_own_{name}_{}", std::process::id()),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_what_can_be_got_one_by_one() {
    let narrowed = lists_are_what_can_be_got(&Site::open().await, 5).await;
    assert!(narrowed > 25, "{narrowed} lists were narrowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_what_can_be_got_one_by_one_on_postgres() {
    if let Some(location) = postgres("lists") {
        lists_are_what_can_be_got(&Site::open_at(location).await, 1).await;
    }
}

async fn hands_change(site: &Site) {
    let me = site.resource("dfrost").await;
    let other = site.resource("jmoor").await;
    let roles = site.rows(site.admin(), "ResourceServiceDeskRoles").await;
    let role =
        |of: i64| roles.iter().find(|row| row["resourceID"] == of).unwrap()["roleID"].clone();
    let settings = [("Service Desk / Tickets", "view", "Mine")];
    let user = site.user(me, &settings).await;
    let ticket = json!({"companyID": 0, "title": "x", "status": 1, "priority": 1});
    let id = site.admin_call("POST", "/Tickets", Some(ticket)).await["itemId"].clone();
    let number = id.as_i64().unwrap();
    let note = json!({"title": "x", "description": "x", "noteType": 1, "publish": 1});
    let notes = format!("/Tickets/{id}/Notes");
    let note = site.admin_call("POST", &notes, Some(note)).await["itemId"].clone();
    let note = note.as_i64().unwrap();
    let everything = [json!({"op": "gte", "field": "id", "value": 0})];
    let company = [json!({"op": "eq", "field": "companyID", "value": 0})];
    let sees = async |wanted: bool, when: &str| {
        for (entity, row, parts) in [
            ("Tickets", number, &everything),
            ("Tickets", number, &company),
            ("TicketNotes", note, &everything),
        ] {
            let ids = found(site, &user, entity, parts, 4).await;
            assert_eq!(ids.contains(&row), wanted, "{entity} {when}");
            let once: BTreeSet<_> = ids.iter().collect();
            assert_eq!(once.len(), ids.len(), "{entity} {when}: {ids:?}");
        }
    };
    let given =
        |to: i64| json!({"id": id, "assignedResourceID": to, "assignedResourceRoleID": role(to)});
    sees(false, "before it is anybody's").await;
    site.admin_call("PATCH", "/Tickets", Some(given(me))).await;
    sees(true, "when it is given to me").await;
    site.admin_call("PATCH", "/Tickets", Some(given(other)))
        .await;
    sees(false, "when it is given away").await;
    let secondary = json!({"resourceID": me, "roleID": role(me)});
    let below = format!("/Tickets/{id}/SecondaryResources");
    let team = site.admin_call("POST", &below, Some(secondary)).await["itemId"].clone();
    sees(true, "when I am put on it beside").await;
    site.admin_call("DELETE", &format!("{below}/{team}"), None)
        .await;
    sees(false, "when I am taken off").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_changes_hands_is_found_at_once() {
    hands_change(&Site::open().await).await;
    if let Some(location) = postgres("hands") {
        hands_change(&Site::open_at(location).await).await;
    }
}
