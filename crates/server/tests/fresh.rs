//! What writes look up in memory (companies, their sites, calendars, levels) is never older than the last write of
//! it: each answer here would be another one if something were kept too long.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level;
use serde_json::{Value, json};
use support::Company;

async fn made(company: &Company, path: &str, body: Value) -> Value {
    let made = company.call(&company.admin, "POST", path, Some(body)).await;
    made.expect(201)
}

async fn set(company: &Company, path: &str, field: &str, value: Value) {
    let body = json!([{ "op": "replace", "path": field, "value": value }]);
    let changed = company
        .call(&company.admin, "PATCH", path, Some(body))
        .await;
    changed.expect(200);
}

/// A ticket of the company, and how it was answered.
async fn ticket(company: &Company, customer: &Value) -> (u16, Value) {
    let body = json!({ "summary": "Printer", "company": { "id": customer } });
    let answered = company
        .call(&company.admin, "POST", "/service/tickets", Some(body))
        .await;
    (answered.status, answered.json.clone())
}

async fn desk() -> (Company, Value) {
    let company = Company::open().await;
    let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = made(&company, "/service/boards", board).await;
    // One in which the clock of a service level runs.
    let asked = json!({ "name": "Asked", "escalationStatus": "NotResponded", "defaultFlag": true });
    let statuses = format!("/service/boards/{}/statuses", board["id"]);
    made(&company, &statuses, asked).await;
    let customer = json!({ "identifier": "Acme", "name": "Acme", "addressLine1": "1 Main St" });
    let customer = made(&company, "/company/companies", customer).await;
    (company, customer["id"].clone())
}

#[tokio::test]
async fn a_ticket_has_the_address_that_its_company_has_now() {
    let (company, customer) = desk().await;
    let path = format!("/company/companies/{customer}");
    let line = async |text: &str| {
        let (status, made) = ticket(&company, &customer).await;
        assert_eq!((status, &made["addressLine1"]), (201, &json!(text)));
    };
    line("1 Main St").await;
    let sites = company.get(&company.admin, &format!("{path}/sites")).await;
    let site = format!("{path}/sites/{}", sites.rows()[0]["id"]);
    set(&company, &site, "addressLine1", json!("2 Side St")).await;
    line("2 Side St").await;
    set(&company, &path, "addressLine1", json!("3 Hill St")).await;
    line("3 Hill St").await;
    let other = json!({ "name": "Branch", "addressLine1": "4 Quay", "primaryAddressFlag": true });
    made(&company, &format!("{path}/sites"), other).await;
    line("4 Quay").await;
}

#[tokio::test]
async fn a_company_that_is_barred_or_gone_takes_no_ticket() {
    let (company, customer) = desk().await;
    let path = format!("/company/companies/{customer}");
    let statuses = "/company/companies/statuses";
    let open = made(&company, statuses, json!({ "name": "Active" })).await;
    let shut = json!({ "name": "Hold", "disallowSavingFlag": true });
    let shut = made(&company, statuses, shut).await;
    assert_eq!(ticket(&company, &customer).await.0, 201);
    set(&company, &path, "status", json!({ "id": shut["id"] })).await;
    assert_eq!(ticket(&company, &customer).await.0, 400);
    set(&company, &path, "status", json!({ "id": open["id"] })).await;
    assert_eq!(ticket(&company, &customer).await.0, 201);
    // The status itself may change its mind.
    let status = format!("{statuses}/{}", open["id"]);
    set(&company, &status, "disallowSavingFlag", json!(true)).await;
    assert_eq!(ticket(&company, &customer).await.0, 400);
}

#[tokio::test]
async fn a_company_that_moved_out_of_sight_cannot_be_named() {
    let (company, customer) = desk().await;
    let first = async |path: &str| {
        let rows = company.get(&company.admin, path).await.rows();
        rows[0]["id"].clone()
    };
    let top = first("/system/locations").await;
    let level = first("/system/myCompany/corporateStructureLevels").await;
    let mut branches = Vec::new();
    for name in ["East", "West"] {
        let body =
            json!({ "name": name, "structureLevel": { "id": level }, "reportsTo": { "id": top } });
        branches.push(made(&company, "/system/locations", body).await["id"].clone());
    }
    let all = [Level::All; 4];
    let rows = [("Service Desk", "Service Tickets", all)];
    let role = company.role("Desk", &rows, &[]).await;
    let member = json!({ "identifier": "east", "name": "East", "securityRole": { "id": role },
        "securityLocation": { "id": branches[0] }, "defaultLocation": { "id": branches[0] } });
    let member = made(&company, "/system/apiMembers", member).await;
    let key = company.key(member["id"].as_i64().unwrap());
    let path = format!("/company/companies/{customer}");
    for (branch, status) in [(0, 201), (1, 400), (0, 201)] {
        set(
            &company,
            &path,
            "territory",
            json!({ "id": branches[branch] }),
        )
        .await;
        let body = json!({ "summary": "Printer", "company": { "id": customer },
            "location": { "id": branches[0] } });
        let answered = company
            .call(&key, "POST", "/service/tickets", Some(body))
            .await;
        assert_eq!(answered.status, status, "{:?}", answered.json);
    }
}

#[tokio::test]
async fn goals_are_those_of_the_level_and_the_calendar_as_they_are_now() {
    let (company, customer) = desk().await;
    let mut week = json!({ "name": "Office" });
    for day in ["monday", "tuesday", "wednesday", "thursday", "friday"] {
        week[format!("{day}StartTime")] = json!("08:00:00");
        week[format!("{day}EndTime")] = json!("17:00:00");
    }
    let calendar = made(&company, "/schedule/calendars", week).await["id"].clone();
    let level = json!({ "name": "Office hours", "basedOn": "Custom", "customCalendar": { "id": calendar },
        "defaultFlag": true, "respondHours": 4, "planWithin": 8, "resolutionHours": 16 });
    let level = made(&company, "/service/SLAs", level).await["id"].clone();
    let due = async |text: &str| {
        let (status, made) = ticket(&company, &customer).await;
        assert_eq!((status, &made["slaStatus"]), (201, &json!(text)));
    };
    // It is Monday at nine.
    due("Respond by Mon 03/02 1:00 PM UTC+00").await;
    let path = format!("/service/SLAs/{level}");
    set(&company, &path, "respondHours", json!(6)).await;
    due("Respond by Mon 03/02 3:00 PM UTC+00").await;
    let path = format!("/schedule/calendars/{calendar}");
    set(&company, &path, "mondayStartTime", json!("10:00:00")).await;
    due("Respond by Mon 03/02 4:00 PM UTC+00").await;
    let list = made(
        &company,
        "/schedule/holidayLists",
        json!({ "name": "Days off" }),
    )
    .await;
    set(&company, &path, "holidayList", json!({ "id": list["id"] })).await;
    let day = json!({ "name": "Founders", "allDayFlag": true, "date": "2026-03-02" });
    let days = format!("/schedule/holidayLists/{}/holidays", list["id"]);
    made(&company, &days, day).await;
    due("Respond by Tue 03/03 2:00 PM UTC+00").await;
}
