//! Customize lists other than Table Setup: what they keep out is out of lists, counts and gets, and cannot be
//! written either.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::All;
use bitting_policy::{Levels, ListDocument};
use serde_json::json;
use support::{Company, Credentials};

const EVERY: Levels = [All; 4];

fn allow(names: &[&str]) -> ListDocument {
    ListDocument::Allow(names.iter().map(|name| (*name).to_owned()).collect())
}

fn deny(names: &[&str]) -> ListDocument {
    ListDocument::Deny(names.iter().map(|name| (*name).to_owned()).collect())
}

/// The ids a key lists, once count and gets agree with them.
async fn seen(company: &Company, key: &Credentials, path: &str, all: &[i64]) -> Vec<i64> {
    let rows = company.get(key, path).await.rows();
    let ids: Vec<i64> = rows
        .iter()
        .map(|row| row["id"].as_i64().expect("an id"))
        .collect();
    let count = company.get(key, &format!("{path}/count")).await.expect(200);
    assert_eq!(count["count"], ids.len(), "{path}/count");
    for id in all {
        let status = company.get(key, &format!("{path}/{id}")).await.status;
        assert_eq!(
            status,
            if ids.contains(id) { 200 } else { 404 },
            "{path}/{id}"
        );
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn menu_entries_go_by_their_caption() {
    let company = Company::open().await;
    let body = |caption: &str| json!({ "caption": caption, "link": "https://example.com", "newWindowFlag": true, "menuLocation": { "id": 1 } });
    let ours = company
        .made("/system/menuentries", body("Backup console"))
        .await;
    let theirs = company.made("/system/menuentries", body("Payroll")).await;
    let rows = [
        ("System", "Table Setup", EVERY),
        ("System", "Custom Menu Entry", EVERY),
    ];
    for (name, list, expected) in [
        ("allowed", allow(&["backup CONSOLE"]), vec![ours]),
        ("denied", deny(&["Payroll"]), vec![ours]),
        ("all", ListDocument::Everything, vec![ours, theirs]),
    ] {
        let role = company
            .role(name, &rows, &[("SystemCustomMenuEntry", list)])
            .await;
        let (_, key) = company.member(name, role).await;
        assert_eq!(
            seen(&company, &key, "/system/menuentries", &[ours, theirs]).await,
            expected,
            "{name}"
        );
        let refused = company
            .call(&key, "POST", "/system/menuentries", Some(body("Payroll")))
            .await;
        assert_eq!(
            refused.status,
            if name == "all" { 201 } else { 403 },
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_scheduled_by_their_location() {
    let company = Company::open().await;
    let level = company
        .get(&company.admin, "/system/myCompany/corporateStructureLevels")
        .await
        .rows();
    let top = company
        .get(&company.admin, "/system/locations")
        .await
        .rows()[0]["id"]
        .clone();
    let body = json!({ "name": "Branch", "structureLevel": { "id": level[0]["id"] }, "reportsTo": { "id": top } });
    let branch = company.made("/system/locations", body).await;
    let kind = company
        .made(
            "/schedule/types",
            json!({ "name": "Service", "identifier": "S" }),
        )
        .await;
    let nobody = company.role("scheduled", &[], &[]).await;
    let mut entries = Vec::new();
    let mut bodies = Vec::new();
    for (identifier, location) in [("AtTop", top.clone()), ("AtBranch", json!(branch))] {
        let body = json!({
            "identifier": identifier, "name": identifier,
            "securityRole": { "id": nobody }, "defaultLocation": { "id": location },
        });
        let member = company.made("/system/apiMembers", body).await;
        let body = json!({
            "member": { "id": member }, "type": { "id": kind }, "name": "On site",
            "dateStart": "2026-03-03T09:00:00Z", "dateEnd": "2026-03-03T10:00:00Z",
        });
        entries.push(company.made("/schedule/entries", body.clone()).await);
        bodies.push(body);
    }
    let rows = [("Service Desk", "Resource Scheduling", EVERY)];
    let lists = [("ServiceResourceScheduling", allow(&["Branch"]))];
    let role = company.role("dispatcher", &rows, &lists).await;
    let (_, key) = company.member("Dispatcher", role).await;
    assert_eq!(
        seen(&company, &key, "/schedule/entries", &entries).await,
        vec![entries[1]]
    );
    let refused = company
        .call(&key, "POST", "/schedule/entries", Some(bodies[0].clone()))
        .await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.denial().contains("ServiceResourceScheduling"),
        "{}",
        refused.denial()
    );
    company
        .call(&key, "POST", "/schedule/entries", Some(bodies[1].clone()))
        .await
        .expect(201);
}
