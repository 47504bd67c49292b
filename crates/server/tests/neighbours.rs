//! Two servers that share a PostgreSQL database: what one of them changes of keys, roles, members and names holds
//! on the other's next request.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use bitting_policy::Role;
use bitting_store::{DatabaseUrl, Location};
use serde_json::{Value, json};
use std::sync::Arc;
use support::{Company, Credentials};

/// A schema of the test's own, where a PostgreSQL is at hand.
fn shared(test: &str) -> Option<Location> {
    let Ok(url) = std::env::var("BITTING_TEST_POSTGRES") else {
        println!("skipped: {test} (BITTING_TEST_POSTGRES is not set)");
        return None;
    };
    Some(Location::Postgres {
        url: DatabaseUrl::new(&url),
        schema: format!("bitting_{test}_{}", std::process::id()),
    })
}

/// A key at rest, with its id.
async fn cut(company: &Company, member: i64) -> (i64, Credentials) {
    let (key, pair) = company
        .instance
        .cut_key(member, "test", None)
        .await
        .unwrap();
    (
        key.id,
        Credentials::new(&pair.public, pair.private.reveal()),
    )
}

/// Two servers, and the administrator's key.
async fn two(location: Location) -> (Company, Company, Credentials) {
    let here = Company::open_at(location.clone()).await;
    let (_, admin) = cut(&here, here.admin_member).await;
    let there = Company::reopen(location).await;
    (here, there, admin)
}

async fn made(company: &Company, key: &Credentials, path: &str, body: Value) -> i64 {
    let made = company.call(key, "POST", path, Some(body)).await;
    made.expect(201)["id"].as_i64().unwrap()
}

async fn put(company: &Company, key: &Credentials, path: &str, field: &str, value: Value) {
    let body = json!([{ "op": "replace", "path": field, "value": value }]);
    company
        .call(key, "PATCH", path, Some(body))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_hold_on_the_next_request_of_every_server() {
    let Some(location) = shared("neighbours_rights") else {
        return;
    };
    let (here, there, admin) = two(location.clone()).await;
    let role = made(
        &here,
        &admin,
        "/system/securityroles",
        json!({ "name": "Reader" }),
    )
    .await;
    let grant = async |level| {
        let registry = here.instance.registry();
        let mut role = Role::new(registry, role, "Reader");
        let companies = registry.action("Companies", "Company Maintenance").unwrap();
        role.set(registry, companies, [No, No, No, level]).unwrap();
        here.instance.save_role(role).await.unwrap();
    };
    grant(All).await;
    let member =
        json!({ "identifier": "Reader", "name": "Reader", "securityRole": { "id": role } });
    let member = made(&there, &admin, "/system/apiMembers", member).await;
    let path = "/company/companies";
    let status = async |company: &Company, key: &Credentials| company.get(key, path).await.status;

    // A key cut here opens there at once; revoked there, it opens nothing here.
    let (id, key) = cut(&here, member).await;
    assert_eq!(
        (status(&there, &key).await, status(&here, &key).await),
        (200, 200)
    );
    there.instance.delete_key(id).await.unwrap();
    assert_eq!(
        (status(&here, &key).await, status(&there, &key).await),
        (401, 401)
    );

    // The same for levels of a role, and for a member made inactive.
    let (id, key) = cut(&there, member).await;
    assert_eq!(
        (status(&here, &key).await, status(&there, &key).await),
        (200, 200)
    );
    grant(No).await;
    assert_eq!(
        (status(&there, &key).await, status(&here, &key).await),
        (403, 403)
    );
    grant(All).await;
    assert_eq!(
        (status(&there, &key).await, status(&here, &key).await),
        (200, 200)
    );
    put(
        &there,
        &admin,
        &format!("/system/apiMembers/{member}"),
        "inactiveFlag",
        json!(true),
    )
    .await;
    assert_eq!(
        (status(&here, &key).await, status(&there, &key).await),
        (401, 401)
    );
    put(
        &here,
        &admin,
        &format!("/system/apiMembers/{member}"),
        "inactiveFlag",
        json!(false),
    )
    .await;
    assert_eq!(status(&there, &key).await, 200);

    // When a key was last used is kept without undoing what the other server did to it.
    let known = there.instance.keys.get(id).unwrap();
    let inactive = known.with("test".to_owned(), true, None);
    there.instance.change_key(inactive).await.unwrap();
    here.instance.save_last_used().await.unwrap();
    let again = Company::reopen(location).await;
    assert!(again.instance.keys.get(id).unwrap().inactive);
    assert_eq!(
        (status(&here, &key).await, status(&again, &key).await),
        (401, 401)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_custom_fields_are_the_latest_on_every_server() {
    let Some(location) = shared("neighbours_names") else {
        return;
    };
    let (here, there, admin) = two(location).await;
    made(
        &here,
        &admin,
        "/company/companies/statuses",
        json!({ "name": "Active", "defaultFlag": true }),
    )
    .await;
    let company = json!({ "identifier": "One", "name": "One" });
    let company = made(&here, &admin, "/company/companies", company).await;
    let contact = json!({ "firstName": "Ann", "company": { "id": company } });
    let contact = made(&there, &admin, "/company/contacts", contact).await;
    let name = async |server: &Company| {
        let path = format!("/company/contacts/{contact}");
        server.get(&admin, &path).await.expect(200)["company"]["name"].clone()
    };
    assert_eq!(
        (name(&here).await, name(&there).await),
        (json!("One"), json!("One"))
    );
    for (number, (at, other)) in [(&here, &there), (&there, &here)]
        .repeat(3)
        .into_iter()
        .enumerate()
    {
        let new = json!(format!("Name {number}"));
        put(
            at,
            &admin,
            &format!("/company/companies/{company}"),
            "name",
            new.clone(),
        )
        .await;
        assert_eq!((name(other).await, name(at).await), (new.clone(), new));
    }
}

/// Many renamings at once, on both servers: none fails, and both show the last of each.
#[tokio::test(flavor = "multi_thread")]
async fn renamings_at_once_do_not_stand_in_each_others_way() {
    let Some(location) = shared("neighbours_crowd") else {
        return;
    };
    let (here, there, admin) = two(location).await;
    made(
        &here,
        &admin,
        "/company/companies/statuses",
        json!({ "name": "Active", "defaultFlag": true }),
    )
    .await;
    let mut contacts = Vec::new();
    for number in 0..8 {
        let name = format!("C{number}");
        let company = json!({ "identifier": name, "name": name });
        let company = made(&here, &admin, "/company/companies", company).await;
        let contact = json!({ "firstName": "Ann", "company": { "id": company } });
        contacts.push((
            company,
            made(&here, &admin, "/company/contacts", contact).await,
        ));
    }
    let (here, there) = (Arc::new(here), Arc::new(there));
    let mut tasks = tokio::task::JoinSet::new();
    for (number, (company, contact)) in contacts.into_iter().enumerate() {
        let (mut at, mut other) = (here.clone(), there.clone());
        if number % 2 == 1 {
            std::mem::swap(&mut at, &mut other);
        }
        let admin = admin.clone();
        tasks.spawn(async move {
            for turn in 0..4 {
                let new = json!(format!("{company} {turn}"));
                let path = format!("/company/companies/{company}");
                put(&at, &admin, &path, "name", new.clone()).await;
                let path = format!("/company/contacts/{contact}");
                let shown = other.get(&admin, &path).await.expect(200);
                assert_eq!(shown["company"]["name"], new);
            }
        });
    }
    tasks.join_all().await;
}

/// Sums over other records hold when two servers write at once: each takes its turn among both.
#[tokio::test(flavor = "multi_thread")]
async fn sums_hold_when_two_servers_write_at_once() {
    let Some(location) = shared("neighbours_sums") else {
        return;
    };
    let (here, there, admin) = two(location.clone()).await;
    let company = json!({ "identifier": "Payer", "name": "Payer" });
    let company = made(&here, &admin, "/company/companies", company).await;
    let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = made(&here, &admin, "/service/boards", board).await;
    let ticket = json!({ "summary": "s", "company": { "id": company }, "board": { "id": board } });
    let ticket = made(&here, &admin, "/service/tickets", ticket).await;
    let entry = json!({ "chargeToId": ticket, "chargeToType": "ServiceTicket", "actualHours": 1,
        "timeStart": "2026-03-02T08:00:00Z" });
    let book = async |server: &Company| {
        for _ in 0..8 {
            made(server, &admin, "/time/entries", entry.clone()).await;
        }
    };
    tokio::join!(book(&here), book(&there), book(&here), book(&there));
    for server in [&here, &there] {
        let path = format!("/service/tickets/{ticket}?fields=actualHours");
        let shown = server.get(&admin, &path).await.expect(200);
        assert_eq!(shown["actualHours"], 32);
    }
}
