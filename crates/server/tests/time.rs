//! Time entries: charged to what there is, with the hours they took.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{self, All, My, None as No};
use serde_json::{Value, json};
use support::Company;

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_knows_its_company_and_its_hours() {
    let company = Company::open().await;
    let customer = json!({ "identifier": "Payer", "name": "Payer" });
    let customer = company
        .call(&company.admin, "POST", "/company/companies", Some(customer))
        .await
        .expect(201);
    let entry = |more: serde_json::Value| {
        let mut body = json!({
            "chargeToId": customer["id"], "chargeToType": "Company", "timeStart": "2026-03-02T08:00:00Z",
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let post = |body| company.call(&company.admin, "POST", "/time/entries", Some(body));
    let made = post(entry(json!({ "timeEnd": "2026-03-02T09:30:00Z" })))
        .await
        .expect(201);
    assert_eq!(made["actualHours"], 1.5);
    assert_eq!(made["company"]["identifier"], "Payer");
    assert_eq!(made["billableOption"], "Billable");
    assert_eq!(made["member"]["id"], company.admin_member);
    let made = post(entry(json!({ "actualHours": 0.25 })))
        .await
        .expect(201);
    assert_eq!(made["actualHours"], 0.25);
    let backwards = post(entry(json!({ "timeEnd": "2026-03-02T07:00:00Z" }))).await;
    assert_eq!(backwards.status, 400);
    let nowhere = post(entry(json!({ "chargeToId": 999_999 }))).await;
    assert_eq!(
        (nowhere.status, &nowhere.json["errors"][0]["field"]),
        (400, &json!("chargeToId"))
    );
}

const EVERY: [Level; 4] = [All; 4];
const READ: [Level; 4] = [No, No, No, All];

#[tokio::test(flavor = "multi_thread")]
async fn time_of_others_takes_billing_view_time() {
    let company = Company::open().await;
    let admin = company.admin.clone();
    let made = async |path: &str, body: Value| {
        let made = company.call(&admin, "POST", path, Some(body)).await;
        made.expect(201)["id"].as_i64().unwrap()
    };
    let customer = made(
        "/company/companies",
        json!({ "identifier": "Payer", "name": "Payer" }),
    )
    .await;
    let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = made("/service/boards", board).await;
    let ticket =
        json!({ "summary": "Printer", "company": { "id": customer }, "board": { "id": board } });
    let ticket = made("/service/tickets", ticket).await;
    let charged = |notes: &str| {
        json!({ "chargeToId": ticket, "chargeToType": "ServiceTicket", "actualHours": 1, "notes": notes,
            "timeStart": "2026-03-02T08:00:00Z" })
    };
    let foreign = made("/time/entries", charged("theirs")).await;
    let time = ("Time & Expense", "Time Entry", EVERY);
    let tickets = ("Service Desk", "Service Tickets", EVERY);
    let lone = company.role("Books its time", &[time, tickets], &[]).await;
    let view = ("Finance", "Billing View Time", READ);
    let whole = company
        .role("Sees all time", &[time, tickets, view], &[])
        .await;
    let narrow = ("Finance", "Billing View Time", [No, No, No, My]);
    let narrow = company
        .role("Sees its time", &[time, tickets, narrow], &[])
        .await;
    let of_ticket = format!("/service/tickets/{ticket}");
    for (role, sees) in [(lone, false), (narrow, false), (whole, true)] {
        let (_, key) = company.member(&format!("m{role}"), role).await;
        let own = company
            .call(&key, "POST", "/time/entries", Some(charged("mine")))
            .await;
        let own = own.expect(201)["id"].as_i64().unwrap();
        let ids = async |path: &str| -> Vec<i64> {
            let rows = company.get(&key, path).await.rows();
            rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
        };
        for list in ["/time/entries", &format!("{of_ticket}/timeentries")] {
            let listed = ids(list).await;
            assert!(listed.contains(&own), "{list}");
            assert_eq!(listed.contains(&foreign), sees, "{list}");
            let count = company
                .get(&key, &format!("{list}/count"))
                .await
                .expect(200);
            assert_eq!(count["count"], listed.len(), "{list}");
            assert!(sees || listed == [own], "{list}: {listed:?}");
        }
        let notes = company
            .get(&key, &format!("{of_ticket}/allNotes"))
            .await
            .rows();
        let theirs = notes.iter().any(|note| note["text"] == "theirs");
        assert_eq!(theirs, sees);
        let path = format!("/time/entries/{foreign}");
        let change = || Some(json!([{ "op": "replace", "path": "notes", "value": "theirs" }]));
        let seen = if sees { 200 } else { 404 };
        assert_eq!(company.get(&key, &path).await.status, seen);
        assert_eq!(
            company.call(&key, "PATCH", &path, change()).await.status,
            seen
        );
        if !sees {
            assert_eq!(company.call(&key, "DELETE", &path, None).await.status, 404);
        }
        let path = format!("/time/entries/{own}");
        company
            .call(&key, "PATCH", &path, change())
            .await
            .expect(200);
    }
}
