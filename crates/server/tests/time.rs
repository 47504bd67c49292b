//! Time entries: charged to what there is, with the hours they took.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::json;
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
