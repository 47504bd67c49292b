//! What is hidden stays hidden by every other door: conditions through references, changes of unseen records,
//! links, merged tickets, parents, and answers that change their type.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, My, None};
use bitting_policy::{Levels, ListDocument};
use serde_json::json;
use support::{Company, Credentials};

const EVERY: Levels = [All; 4];

/// A company with a board and a ticket on it.
async fn ticket(company: &Company, board: &str) -> (i64, i64) {
    let place = company
        .get(&company.admin, "/system/locations")
        .await
        .rows()[0]["id"]
        .clone();
    let department = company
        .get(&company.admin, "/system/departments")
        .await
        .rows()[0]["id"]
        .clone();
    let body =
        json!({ "name": board, "location": { "id": place }, "department": { "id": department } });
    let board = company.made("/service/boards", body).await;
    let identifier = format!("Co{board}");
    let customer = company
        .made(
            "/company/companies",
            json!({ "identifier": identifier, "name": identifier }),
        )
        .await;
    let body =
        json!({ "summary": "Secret", "company": { "id": customer }, "board": { "id": board } });
    (company.made("/service/tickets", body).await, board)
}

/// A member who does not see one board.
async fn barred(
    company: &Company,
    name: &str,
    rows: &[(&str, &str, Levels)],
    board: i64,
) -> Credentials {
    let role = company.role(name, rows, &[]).await;
    let body = json!({
        "identifier": name, "name": name, "securityRole": { "id": role }, "excludedServiceBoardIds": [board],
    });
    company.key(company.made("/system/apiMembers", body).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn edit_all_changes_nothing_that_inquire_my_hides() {
    let company = Company::open().await;
    let (ticket, _) = ticket(&company, "Desk").await;
    let role = company
        .role(
            "own",
            &[("Service Desk", "Service Tickets", [All, All, All, My])],
            &[],
        )
        .await;
    let (_, key) = company.member("Own", role).await;
    let path = format!("/service/tickets/{ticket}");
    let patch = json!([{ "op": "replace", "path": "summary", "value": "Changed" }]);
    assert_eq!(company.get(&key, &path).await.status, 404);
    assert_eq!(
        company.call(&key, "PATCH", &path, Some(patch)).await.status,
        404
    );
    assert_eq!(
        company
            .call(&key, "DELETE", &path, Option::None)
            .await
            .status,
        404
    );
    assert_eq!(
        company.get(&company.admin, &path).await.expect(200)["summary"],
        "Secret"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_does_not_look_at_a_record_behind_a_reference_that_is_hidden() {
    let company = Company::open().await;
    let (ticket, _) = ticket(&company, "Desk").await;
    let kind = json!({
        "name": "Managed", "employeeCompRate": "Actual", "employeeCompNotExceed": "Amount",
        "invoicingCycle": "CalendarYear", "billTime": "Billable", "billExpenses": "Billable",
        "billProducts": "Billable",
    });
    company.made("/finance/agreements/types", kind).await;
    let rows = [
        ("Service Desk", "Service Tickets", EVERY),
        ("Finance", "Agreements", EVERY),
    ];
    let customer = company
        .get(&company.admin, &format!("/service/tickets/{ticket}"))
        .await
        .expect(200);
    let body = json!({ "name": "Care", "type": { "id": 1 }, "company": { "id": customer["company"]["id"] },
        "contact": { "id": company.made("/company/contacts", json!({ "firstName": "Ann",
            "company": { "id": customer["company"]["id"] } })).await },
        "startDate": "2026-01-01T00:00:00Z", "billAmount": 880 });
    let agreement = company.made("/finance/agreements", body).await;
    let body = json!([{ "op": "replace", "path": "agreement", "value": { "id": agreement } }]);
    let path = format!("/service/tickets/{ticket}");
    company
        .call(&company.admin, "PATCH", &path, Some(body))
        .await
        .expect(200);
    let nothing = [("FinanceAgreements", ListDocument::Allow(vec![]))];
    let role = company.role("listed", &rows, &nothing).await;
    let (_, key) = company.member("Listed", role).await;
    let guess = format!("/service/tickets?conditions=id={ticket} and agreement/billAmount=880");
    assert_eq!(company.get(&key, &guess).await.rows().len(), 0);
    // Nor does an order tell it: a hidden agreement sorts as none, whatever it holds.
    let other = company
        .made(
            "/service/tickets",
            json!({ "summary": "Second", "company": customer["company"] }),
        )
        .await;
    for way in ["asc", "desc"] {
        let path = format!("/service/tickets?orderBy=agreement/billAmount {way}&fields=id");
        let rows = company.get(&key, &path).await.rows();
        assert_eq!(
            json!(rows),
            json!([{ "id": ticket }, { "id": other }]),
            "{way}"
        );
    }
    let role = company.role("open", &rows, &[]).await;
    let (_, key) = company.member("Open", role).await;
    assert_eq!(company.get(&key, &guess).await.rows().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_on_a_barred_board_is_no_parent_and_shows_no_notes_through_another() {
    let company = Company::open().await;
    let (secret, board) = ticket(&company, "Barred").await;
    let (open, _) = ticket(&company, "Open").await;
    let note = json!({ "text": "not for everybody", "detailDescriptionFlag": true });
    company
        .made(&format!("/service/tickets/{secret}/notes"), note)
        .await;
    let key = barred(
        &company,
        "barred",
        &[("Service Desk", "Service Tickets", EVERY)],
        board,
    )
    .await;
    let parent = json!([{ "op": "replace", "path": "parentTicketId", "value": secret }]);
    let path = format!("/service/tickets/{open}");
    assert_eq!(
        company
            .call(&key, "PATCH", &path, Some(parent))
            .await
            .status,
        400
    );
    let of = format!("/service/tickets/{secret}");
    let status = company.get(&company.admin, &of).await.expect(200)["status"]["id"].clone();
    let merge = json!({ "mergeTicketIds": [secret], "status": { "id": status } });
    company
        .call(
            &company.admin,
            "POST",
            &format!("{path}/merge"),
            Some(merge),
        )
        .await
        .expect(200);
    let notes = company.get(&key, &format!("{path}/allNotes")).await;
    assert!(!String::from_utf8_lossy(&notes.body).contains("not for everybody"));
    let notes = company
        .get(&company.admin, &format!("{path}/allNotes"))
        .await;
    assert!(String::from_utf8_lossy(&notes.body).contains("not for everybody"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_nothing_of_a_configuration_that_may_not_be_read() {
    let company = Company::open().await;
    let (ticket, _) = ticket(&company, "Desk").await;
    let kind = company
        .made("/company/configurations/types", json!({ "name": "Server" }))
        .await;
    let customer = company
        .get(&company.admin, "/company/companies")
        .await
        .rows()[0]["id"]
        .clone();
    let body = json!({
        "name": "One", "type": { "id": kind }, "company": { "id": customer }, "deviceIdentifier": "DEVICE-1",
    });
    let configuration = company.made("/company/configurations", body).await;
    let role = company
        .role("desk", &[("Service Desk", "Service Tickets", EVERY)], &[])
        .await;
    let (_, key) = company.member("Desk", role).await;
    let path = format!("/service/tickets/{ticket}/configurations");
    let attached = company
        .call(&key, "POST", &path, Some(json!({ "id": configuration })))
        .await;
    assert!(!String::from_utf8_lossy(&attached.body).contains("DEVICE-1"));
    let listed = company.get(&key, &path).await;
    assert!(!String::from_utf8_lossy(&listed.body).contains("DEVICE-1"));
    let listed = company.get(&company.admin, &path).await;
    assert!(String::from_utf8_lossy(&listed.body).contains("DEVICE-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_does_not_change_into_a_text_with_the_type() {
    let company = Company::open().await;
    let question = |kind: &str| {
        json!({
            "question": "Admin login", "fieldType": kind, "entryType": "EntryField", "sequenceNumber": 1,
        })
    };
    let mut kinds = Vec::new();
    for (name, field) in [("Guarded", "Password"), ("Plain", "Text")] {
        let kind = company
            .made("/company/configurations/types", json!({ "name": name }))
            .await;
        let path = format!("/company/configurations/types/{kind}/questions");
        kinds.push((kind, company.made(&path, question(field)).await));
    }
    let customer = json!({ "identifier": "Holder", "name": "Holder" });
    let customer = company.made("/company/companies", customer).await;
    let body = json!({
        "name": "One", "type": { "id": kinds[0].0 }, "company": { "id": customer },
        "questions": [{ "questionId": kinds[0].1, "answer": "hunter2" }],
    });
    let configuration = company.made("/company/configurations", body).await;
    let role = company
        .role(
            "configurations",
            &[("Companies", "Configurations", [All, All, None, All])],
            &[],
        )
        .await;
    let (_, key) = company.member("Configurer", role).await;
    let patch = json!([{ "op": "replace", "path": "type", "value": { "id": kinds[1].0 } }]);
    let path = format!("/company/configurations/{configuration}/changeType");
    let changed = company.call(&key, "PATCH", &path, Some(patch)).await;
    assert!(
        changed.status < 300,
        "{}",
        String::from_utf8_lossy(&changed.body)
    );
    assert!(!String::from_utf8_lossy(&changed.body).contains("hunter2"));
}
