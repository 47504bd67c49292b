//! Bundles: each part is answered, or refused, as it would be alone.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use serde_json::{Value, json};
use support::{Company, Credentials};

async fn bundle(company: &Company, key: &Credentials, path: &str, requests: Value) -> Vec<Value> {
    let body = json!({ "requests": requests });
    let answered = company
        .call(key, "POST", path, Some(body))
        .await
        .expect(200);
    answered["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_part_has_its_own_answer() {
    let company = Company::open().await;
    let admin = &company.admin;
    for name in ["One", "Two", "Three"] {
        let body = json!({"identifier": name, "name": name});
        company
            .call(admin, "POST", "/company/companies", Some(body))
            .await
            .expect(201);
    }
    let all = company
        .get(admin, "/company/companies?orderBy=id")
        .await
        .rows();
    let first = all[0]["id"].clone();
    let requests = json!([
        {"sequenceNumber": 1, "resourceType": "company", "version": "2025.1",
         "apiRequest": {"filters": {"conditions": "name like \"T%\"", "orderBy": "name"}, "fields": "id,name",
                        "page": {"pageSize": 1}}},
        {"sequenceNumber": 2, "resourceType": "company/companies", "apiRequest": {"id": first}},
        {"sequenceNumber": 3, "resourceType": "company/companies/sites", "apiRequest": {"parentId": first}},
        {"sequenceNumber": 4, "resourceType": "Company", "apiRequest": {"id": 999_999}},
        {"sequenceNumber": 5, "resourceType": "Nonsense", "apiRequest": {}},
        {"sequenceNumber": 6, "resourceType": "Company", "apiRequest": {"filters": {"conditions": "nonsense=1"}}},
        {"sequenceNumber": 7, "resourceType": "system/bundles", "apiRequest": {}},
    ]);
    let results = bundle(&company, admin, "/system/bundles", requests.clone()).await;
    let told: Vec<(i64, i64, bool, i64)> = results
        .iter()
        .map(|result| {
            (
                result["sequenceNumber"].as_i64().unwrap(),
                result["statusCode"].as_i64().unwrap(),
                result["success"].as_bool().unwrap(),
                result["count"].as_i64().unwrap_or(-1),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, 200, true, 1),
            (2, 200, true, 1),
            (3, 200, true, 1),
            (4, 404, false, -1),
            (5, 400, false, -1),
            (6, 400, false, -1),
            (7, 400, false, -1),
        ]
    );
    assert_eq!(results[0]["version"], "2025.1");
    assert_eq!(results[0]["entities"][0]["name"], "Three");
    assert_eq!(results[0]["entities"][0]["identifier"], Value::Null);
    let alone = company
        .get(admin, &format!("/company/companies/{first}"))
        .await
        .expect(200);
    assert_eq!(results[1]["entities"], json!([alone]));
    assert_eq!(results[5]["error"]["code"], "ApiFindCondition");
    let counted = bundle(
        &company,
        admin,
        "/system/bundles/count",
        json!([requests[0]]),
    )
    .await;
    assert_eq!(
        (&counted[0]["count"], &counted[0]["entities"]),
        (&json!(2), &Value::Null)
    );
    let many: Vec<Value> = (0..101).map(|_| requests[0].clone()).collect();
    let body = json!({ "requests": many });
    assert_eq!(
        company
            .call(admin, "POST", "/system/bundles", Some(body))
            .await
            .status,
        400
    );
    assert_eq!(
        company
            .call(admin, "POST", "/system/bundles", Some(json!({})))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_bundle_opens_nothing_that_its_parts_do_not() {
    let company = Company::open().await;
    let rows = [("Companies", "Company Maintenance", [No, No, No, All])];
    let role = company.role("Reader", &rows, &[]).await;
    let (_, key) = company.member("reader", role).await;
    let requests = json!([
        {"sequenceNumber": 1, "resourceType": "Company", "apiRequest": {}},
        {"sequenceNumber": 2, "resourceType": "Ticket", "apiRequest": {}},
        {"sequenceNumber": 3, "resourceType": "system/members", "apiRequest": {"id": company.admin_member}},
        {"sequenceNumber": 4, "resourceType": "system/documents",
         "apiRequest": {"miscProperties": {"recordType": "Company", "recordId": 1}}},
    ]);
    for path in ["/system/bundles", "/system/bundles/count"] {
        let results = bundle(&company, &key, path, requests.clone()).await;
        let told: Vec<i64> = results
            .iter()
            .map(|result| result["statusCode"].as_i64().unwrap())
            .collect();
        assert_eq!(told, [200, 403, 403, 403], "{path}");
        assert_eq!(results[1]["error"]["code"], "Security");
    }
}
