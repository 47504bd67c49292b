//! The audit trail: what it tells, and to whom.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, My, None as No};
use serde_json::{Value, json};
use support::{Company, Credentials};

async fn post(company: &Company, path: &str, body: Value) -> Value {
    company
        .call(&company.admin, "POST", path, Some(body))
        .await
        .expect(201)
}

async fn texts(company: &Company, key: &Credentials, path: &str) -> Vec<String> {
    let rows = company.get(key, path).await.rows();
    rows.iter()
        .map(|row| row["text"].as_str().unwrap().to_owned())
        .collect()
}

async fn ticket(company: &Company) -> i64 {
    let client = post(
        company,
        "/company/companies",
        json!({"identifier": "C", "name": "C"}),
    )
    .await;
    let board = json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}});
    let board = post(company, "/service/boards", board).await;
    let body =
        json!({"summary": "Old", "board": {"id": board["id"]}, "company": {"id": client["id"]}});
    post(company, "/service/tickets", body).await["id"]
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn each_change_is_told_once_with_who_when_and_what() {
    let company = Company::open().await;
    let id = ticket(&company).await;
    let path = format!("/service/tickets/{id}");
    let body = json!([
        {"op": "replace", "path": "summary", "value": "New"},
        {"op": "replace", "path": "hourlyRate", "value": 90},
    ]);
    company
        .call(&company.admin, "PATCH", &path, Some(body))
        .await
        .expect(200);
    // What changes nothing and what is refused leave no line.
    let body = json!([{"op": "replace", "path": "summary", "value": "New"}]);
    company
        .call(&company.admin, "PATCH", &path, Some(body))
        .await
        .expect(200);
    let body = json!([{"op": "replace", "path": "summary", "value": "x".repeat(101)}]);
    company
        .call(&company.admin, "PATCH", &path, Some(body))
        .await
        .expect(400);
    let trail = format!("/system/audittrail?TYPE=ticket&id={id}");
    let rows = company.get(&company.admin, &trail).await.rows();
    let expected = [
        ("Created", "Ticket was created."),
        ("Updated", "summary changed from \"Old\" to \"New\"."),
        ("Updated", "hourlyRate was set to 90."),
    ];
    assert_eq!(rows.len(), expected.len(), "{rows:?}");
    for (kind, text) in expected {
        let row = json!({
            "text": text, "enteredDate": "2026-03-02T09:00:00Z", "enteredBy": "AdminAPI",
            "auditType": "Ticket", "auditSubType": kind, "auditSource": "REST API",
        });
        let found = rows.iter().any(|found| {
            row.as_object()
                .unwrap()
                .iter()
                .all(|(name, value)| found[name] == *value)
        });
        assert!(found, "{text} is not in {rows:?}");
    }
    let count = format!("/system/audittrail/count?type=Ticket&id={id}");
    assert_eq!(
        company.get(&company.admin, &count).await.expect(200)["count"],
        3
    );
    let filtered = format!("{trail}&conditions=auditSubType=\"Created\"");
    assert_eq!(
        texts(&company, &company.admin, &filtered).await,
        ["Ticket was created."]
    );
    // The company has a trail of its own under the same id or another.
    let other = company
        .get(&company.admin, "/system/audittrail?type=Company&id=1")
        .await
        .rows();
    assert!(other.iter().all(|row| row["auditType"] == "Company"));
    for bad in [
        "",
        "?type=Ticket",
        "?id=1",
        "?type=Nonsense&id=1",
        "?type=Ticket&id=x",
    ] {
        let path = format!("/system/audittrail{bad}");
        assert_eq!(
            company.get(&company.admin, &path).await.status,
            400,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_trail_shows_no_more_than_the_record_does() {
    let company = Company::open().await;
    let id = ticket(&company).await;
    let body = json!([{"op": "replace", "path": "hourlyRate", "value": 90}]);
    let path = format!("/service/tickets/{id}");
    company
        .call(&company.admin, "PATCH", &path, Some(body))
        .await
        .expect(200);
    let trail = format!("/system/audittrail?type=Ticket&id={id}");
    let mut seen = Vec::new();
    for (name, tickets, finance) in [
        ("none", No, No),
        ("mine", My, No),
        ("all", All, No),
        ("money", All, All),
    ] {
        let rows = [
            ("Service Desk", "Service Tickets", [No, No, No, tickets]),
            (
                "Service Desk",
                "Service Tickets - Finance",
                [No, No, No, finance],
            ),
        ];
        let role = company.role(name, &rows, &[]).await;
        let (_, key) = company.member(name, role).await;
        let answered = company.get(&key, &trail).await;
        let lines = answered.json.as_array().map_or(0, Vec::len);
        seen.push((name, answered.status, lines));
    }
    assert_eq!(
        seen,
        [
            ("none", 403, 0),
            ("mine", 404, 0),
            ("all", 200, 1),
            ("money", 200, 2)
        ]
    );
}

#[tokio::test]
async fn types_are_those_of_the_vendor() {
    let company = Company::open().await;
    for (query, status, told) in [
        ("type=None&id=1", 200, ""),
        ("TYPE=none&ID=1", 200, ""),
        ("type=ticket&id=99", 404, "Ticket 99 was not found."),
        (
            "type=Nothing&id=1",
            400,
            "auditTrailEntry object is invalid",
        ),
        ("id=1", 400, "auditTrailEntry object is invalid"),
    ] {
        let path = format!("/system/audittrail?{query}");
        let answered = company.get(&company.admin, &path).await;
        let message = answered.json["message"].as_str().unwrap_or_default();
        assert_eq!((answered.status, message), (status, told), "{query}");
    }
}

#[tokio::test]
async fn passwords_are_not_in_the_trail() {
    let company = Company::open().await;
    let body = json!({"firstName": "A", "lastName": "B"});
    let id = post(&company, "/company/contacts", body).await["id"].clone();
    let body = json!([{"op": "replace", "path": "portalPassword", "value": "hidden-word"}]);
    company
        .call(
            &company.admin,
            "PATCH",
            &format!("/company/contacts/{id}"),
            Some(body),
        )
        .await;
    let trail = company
        .get(
            &company.admin,
            &format!("/system/audittrail?type=Contact&id={id}"),
        )
        .await;
    assert_eq!(trail.status, 200);
    assert!(!String::from_utf8_lossy(&trail.body).contains("hidden-word"));
}

/// What changes a record without a call on the record itself: what is hung on it, taken off, uploaded, booked.
#[tokio::test]
async fn what_is_hung_on_a_record_and_what_follows_is_told_in_its_trail() {
    let company = Company::open().await;
    let id = ticket(&company).await;
    let client = company
        .get(&company.admin, &format!("/service/tickets/{id}"))
        .await
        .json["company"]["id"]
        .clone();
    let kind = post(
        &company,
        "/company/configurations/types",
        json!({"name": "Server"}),
    )
    .await;
    let status = json!({"description": "In use", "defaultFlag": true});
    post(&company, "/company/configurations/statuses", status).await;
    let device = json!({"name": "srv", "type": {"id": kind["id"]}, "company": {"id": client}});
    let device = post(&company, "/company/configurations", device).await["id"].clone();
    let list = format!("/service/tickets/{id}/configurations");
    post(&company, &list, json!({"id": device})).await;
    // Again is no change.
    post(&company, &list, json!({"id": device})).await;
    let link = format!("{list}/{device}");
    let gone = company.call(&company.admin, "DELETE", &link, None);
    gone.await.expect(204);
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"recordType\"\r\n\r\nTicket\r\n--b\r\n\
         Content-Disposition: form-data; name=\"recordId\"\r\n\r\n{id}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n"
    );
    let media = "multipart/form-data; boundary=b";
    let documents = "/system/documents";
    let sent = company.send_as(&company.admin, "POST", documents, form.into_bytes(), media);
    assert!(matches!(sent.await.status, 200 | 201));
    let entry = json!({"chargeToId": id, "chargeToType": "ServiceTicket", "actualHours": 2,
        "timeStart": "2026-03-02T08:00:00Z"});
    post(&company, "/time/entries", entry).await;
    let trail = format!("/system/audittrail?type=Ticket&id={id}");
    let texts = texts(&company, &company.admin, &trail).await;
    let expected = [
        "Ticket was created.".to_owned(),
        format!("Configuration {device} was added."),
        format!("Configuration {device} was removed."),
        "DocumentInfo 1 was added.".to_owned(),
        "actualHours was set to 2.".to_owned(),
    ];
    assert_eq!(texts, expected);
}
