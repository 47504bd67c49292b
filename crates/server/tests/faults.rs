//! Faults that tests ask for: each strikes what it is aimed at, says so, and is gone when told.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{Answered, Company, Credentials};

const FAULTS: &str = "/bitting/apis/3.0/faults";

async fn own(
    company: &Company,
    key: &Credentials,
    method: &str,
    path: &str,
    body: Value,
) -> Answered {
    let body = (!body.is_null()).then(|| body.to_string().into_bytes());
    company
        .raw(Some(key), method, path, body, "application/json")
        .await
}

async fn set(company: &Company, fault: Value) -> Value {
    own(company, &company.admin, "POST", FAULTS, fault)
        .await
        .expect(201)
}

async fn reader(company: &Company) -> Credentials {
    let rows = [("Companies", "Company Maintenance", [No, No, No, All])];
    let role = company.role("Reader", &rows, &[]).await;
    company.member("reader", role).await.1
}

#[tokio::test]
async fn each_kind_is_what_a_client_has_to_live_with() {
    let company = Company::open().await;
    let key = reader(&company).await;
    let list = "/company/companies";
    for name in ["A", "B"] {
        let body = json!({"identifier": name, "name": name});
        company
            .call(&company.admin, "POST", list, Some(body))
            .await
            .expect(201);
    }
    let header = |answered: &Answered, name: &str| {
        answered
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let whole = company.get(&key, list).await;
    assert_eq!(
        (whole.status, header(&whole, "x-bitting-fault")),
        (200, None)
    );

    set(
        &company,
        json!({"kind": "throttle", "seconds": 7, "member": "reader", "times": 1}),
    )
    .await;
    assert_eq!(company.get(&company.admin, list).await.status, 200);
    let throttled = company.get(&key, list).await;
    assert_eq!(throttled.status, 429);
    assert_eq!(header(&throttled, "retry-after").as_deref(), Some("7"));
    assert_eq!(
        header(&throttled, "x-bitting-fault").as_deref(),
        Some("throttle")
    );
    assert_eq!(
        throttled.json,
        json!({"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 7 seconds."})
    );
    assert_eq!(company.get(&key, list).await.status, 200);

    set(
        &company,
        json!({"kind": "error", "status": 503, "path": "company", "times": 1}),
    )
    .await;
    let failed = company.get(&key, list).await;
    assert_eq!(
        (failed.status, &failed.json["code"]),
        (503, &json!("ConnectWiseApi"))
    );

    set(&company, json!({"kind": "truncate", "times": 2})).await;
    assert_eq!(
        company.get(&key, "/company/companies/count").await.json["count"],
        2
    );
    let cut = company.get(&key, list).await;
    assert_eq!((cut.status, &cut.json), (200, &Value::Null));
    assert!(whole.body.starts_with(&cut.body) && !cut.body.is_empty());

    set(&company, json!({"kind": "withdraw", "right": "Companies / Company Maintenance", "after": 1, "times": 1})).await;
    let seen: Vec<u16> = [
        company.get(&key, list).await,
        company.get(&key, list).await,
        company.get(&key, list).await,
    ]
    .iter()
    .map(|answered| answered.status)
    .collect();
    assert_eq!(seen, [200, 403, 200]);

    set(
        &company,
        json!({"kind": "latency", "milliseconds": 60, "times": 1}),
    )
    .await;
    let started = Instant::now();
    assert_eq!(company.get(&key, list).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(60));

    let log = company
        .at(Some(&company.admin), "/bitting/apis/3.0/events")
        .await
        .rows();
    let decided: Vec<(&str, bool)> = log
        .iter()
        .filter(|event| event["member"] == "reader")
        .map(|event| {
            (
                event["decision"].as_str().unwrap(),
                event["reason"].is_string(),
            )
        })
        .collect();
    assert_eq!(
        decided
            .iter()
            .filter(|one| **one == ("fault", true))
            .count(),
        2
    );
    assert_eq!(
        decided
            .iter()
            .filter(|one| **one == ("denied", true))
            .count(),
        1
    );
    assert!(
        decided
            .iter()
            .all(|(decision, reason)| *reason == (*decision != "allowed"))
    );
}

#[tokio::test]
async fn faults_are_set_listed_and_cleared_by_administrators_only() {
    let company = Company::open().await;
    let key = reader(&company).await;
    let fault = json!({"kind": "error"});
    for (method, body) in [
        ("GET", Value::Null),
        ("POST", fault.clone()),
        ("DELETE", Value::Null),
    ] {
        assert_eq!(
            own(&company, &key, method, FAULTS, body).await.status,
            403,
            "{method}"
        );
    }
    for wrong in [
        json!({}),
        json!({"kind": "nonsense"}),
        json!({"kind": "error", "status": 404}),
        json!({"kind": "error", "sttus": 503}),
        json!({"kind": "withdraw", "right": "Nonsense"}),
        json!({"kind": "throttle", "times": "x"}),
    ] {
        let answered = own(&company, &company.admin, "POST", FAULTS, wrong.clone()).await;
        assert_eq!(answered.status, 400, "{wrong}");
    }
    let first = set(&company, fault.clone()).await;
    set(&company, json!({"kind": "throttle", "key": "x"})).await;
    let listed = company.at(Some(&company.admin), FAULTS).await.rows();
    assert_eq!(
        (listed.len(), &listed[1]["seconds"], &listed[1]["key"]),
        (2, &json!(30), &json!("x"))
    );
    // Bitting's own paths stay open: else a fault could not be taken back.
    assert_eq!(
        company
            .get(&company.admin, "/company/companies")
            .await
            .status,
        500
    );
    let one = format!("{FAULTS}/{}", first["id"]);
    assert_eq!(
        own(&company, &company.admin, "DELETE", &one, Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(
        own(&company, &company.admin, "DELETE", &one, Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        company
            .get(&company.admin, "/company/companies")
            .await
            .status,
        200
    );
    assert_eq!(
        own(&company, &company.admin, "DELETE", FAULTS, Value::Null)
            .await
            .status,
        204
    );
    assert!(
        company
            .at(Some(&company.admin), FAULTS)
            .await
            .rows()
            .is_empty()
    );
}
