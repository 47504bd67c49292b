//! Opportunities that become orders and tickets, and orders that become tickets: what goes along, how both
//! point to one another, and who may.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use serde_json::{Value, json};
use support::Company;

async fn made(company: &Company, path: &str, body: Value) -> Value {
    let answered = company.call(&company.admin, "POST", path, Some(body)).await;
    assert!(
        (200..=201).contains(&answered.status),
        "{path}: {}",
        String::from_utf8_lossy(&answered.body)
    );
    answered.json
}

/// An opportunity with a note, a product and a document, and what tickets and orders need.
async fn opportunity(company: &Company) -> Value {
    let client = made(
        company,
        "/company/companies",
        json!({"identifier": "Client", "name": "Client"}),
    )
    .await;
    let contact = made(
        company,
        "/company/contacts",
        json!({"firstName": "Ann", "lastName": "Lee", "company": {"id": client["id"]}}),
    )
    .await;
    made(
        company,
        "/service/boards",
        json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}}),
    )
    .await;
    for (name, closed) in [("Done", true), ("Open", false)] {
        made(
            company,
            "/sales/orders/statuses",
            json!({"name": name, "closedFlag": closed, "sortOrder": if closed {1} else {2}}),
        )
        .await;
    }
    let opportunity = made(
        company,
        "/sales/opportunities",
        json!({"name": "Firewall", "company": {"id": client["id"]}, "contact": {"id": contact["id"]},
            "primarySalesRep": {"id": company.admin_member}, "customerPO": "PO 7", "notes": "Two sites."}),
    )
    .await;
    let id = &opportunity["id"];
    for words in ["Call back on Monday.", "Budget is fixed."] {
        made(
            company,
            &format!("/sales/opportunities/{id}/notes"),
            json!({ "text": words }),
        )
        .await;
    }
    opportunity
}

async fn convert(company: &Company, id: &Value, what: &str, body: Value) -> Value {
    made(
        company,
        &format!("/sales/opportunities/{id}/convertTo{what}"),
        body,
    )
    .await
}

#[tokio::test]
async fn an_opportunity_becomes_an_order_and_both_know_of_each_other() {
    let company = Company::open().await;
    let opportunity = opportunity(&company).await;
    let id = &opportunity["id"];
    let order = convert(
        &company,
        id,
        "SalesOrder",
        json!({"includeAllNotesFlag": true}),
    )
    .await;
    assert_eq!(order["opportunity"]["id"], *id);
    assert_eq!(order["company"]["id"], opportunity["company"]["id"]);
    assert_eq!(order["contact"]["id"], opportunity["contact"]["id"]);
    assert_eq!(order["poNumber"], "PO 7");
    assert_eq!(order["description"], "Firewall");
    assert_eq!(order["status"]["name"], "Open", "the first open status");
    assert_eq!(
        order["notes"],
        "Two sites.\n\nCall back on Monday.\n\nBudget is fixed."
    );
    let became = company
        .get(
            &company.admin,
            &format!("/sales/opportunities/conversions/{id}"),
        )
        .await
        .rows();
    assert_eq!(
        became,
        [json!({"parentType": "Opportunity",
            "convertedTo": {"id": order["id"], "name": "Sales Order"}})]
    );
    // An order becomes a ticket in its turn.
    let path = format!("/sales/orders/{}/convertToServiceTicket", order["id"]);
    let ticket = company
        .call(&company.admin, "POST", &path, None)
        .await
        .expect(200);
    assert_eq!(ticket["summary"], "Firewall");
    assert_eq!(ticket["opportunity"]["id"], *id);
    let became = company
        .get(
            &company.admin,
            &format!("/sales/orders/conversions/{}", order["id"]),
        )
        .await
        .rows();
    assert_eq!(became[0]["convertedTo"]["id"], ticket["id"]);
}

#[tokio::test]
async fn an_opportunity_becomes_a_ticket_with_chosen_notes_and_documents() {
    let company = Company::open().await;
    let opportunity = opportunity(&company).await;
    let id = &opportunity["id"];
    let notes = company
        .get(&company.admin, &format!("/sales/opportunities/{id}/notes"))
        .await
        .rows();
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"recordType\"\r\n\r\nOpportunity\r\n--b\r\n\
         Content-Disposition: form-data; name=\"recordId\"\r\n\r\n{id}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"plan.txt\"\r\n\r\nfirst floor\r\n--b--\r\n"
    );
    company
        .send_as(
            &company.admin,
            "POST",
            "/system/documents",
            form.into_bytes(),
            "multipart/form-data; boundary=b",
        )
        .await
        .expect(201);
    let body = json!({"summary": "Install", "includeNoteIds": [notes[1]["id"]],
        "includeAllDocumentsFlag": true});
    let ticket = convert(&company, id, "ServiceTicket", body).await;
    assert_eq!(ticket["summary"], "Install");
    assert_eq!(ticket["opportunity"]["id"], *id);
    let ticket = &ticket["id"];
    let kept = company
        .get(&company.admin, &format!("/service/tickets/{ticket}/notes"))
        .await
        .rows();
    let internal: Vec<_> = kept
        .iter()
        .filter(|note| note["internalAnalysisFlag"] == true)
        .map(|note| &note["text"])
        .collect();
    assert_eq!(internal, ["Budget is fixed."]);
    let documents = company
        .get(
            &company.admin,
            &format!("/system/documents?recordType=Ticket&recordId={ticket}"),
        )
        .await
        .rows();
    let copy = documents[0]["id"].as_i64().unwrap();
    let bytes = company
        .get(
            &company.admin,
            &format!("/system/documents/{copy}/download"),
        )
        .await
        .body;
    assert_eq!(bytes, b"first floor");
    // A second conversion may go into the same ticket.
    let body = json!({ "ticketId": ticket });
    let again = convert(&company, id, "ServiceTicket", body).await;
    assert_eq!(again["id"], *ticket);
}

#[tokio::test]
async fn a_conversion_that_fails_leaves_nothing_behind() {
    let company = Company::open().await;
    let opportunity = opportunity(&company).await;
    let id = &opportunity["id"];
    for body in [
        json!({"includeNoteIds": [4711]}),
        json!({"includeNoteIds": "all"}),
        json!({"salesOrderId": 4711}),
        json!({"salesOrderId": "first"}),
        json!({"name": {"of": "order"}}),
    ] {
        let path = format!("/sales/opportunities/{id}/convertToSalesOrder");
        let status = company
            .call(&company.admin, "POST", &path, Some(body.clone()))
            .await
            .status;
        assert!((400..=404).contains(&status), "{body}: {status}");
    }
    assert!(
        company
            .get(&company.admin, "/sales/orders")
            .await
            .rows()
            .is_empty()
    );
}

#[tokio::test]
async fn a_conversion_asks_for_both_rights_and_for_what_goes_along() {
    let company = Company::open().await;
    let opportunity = opportunity(&company).await;
    let path = format!(
        "/sales/opportunities/{}/convertToSalesOrder",
        opportunity["id"]
    );
    let all = [All, No, No, All];
    let sells = ("Sales", "Opportunity", all);
    let orders = ("Sales", "Sales Orders", all);
    for (name, rows, body, status) in [
        ("seller", vec![sells], json!({}), 403),
        ("clerk", vec![orders], json!({}), 403),
        ("both", vec![sells, orders], json!({}), 201),
        (
            "files",
            vec![sells, orders],
            json!({"includeAllDocumentsFlag": true}),
            403,
        ),
        (
            "goods",
            vec![sells, orders],
            json!({"includeAllProductsFlag": true}),
            403,
        ),
    ] {
        let role = company.role(name, &rows, &[]).await;
        let (_, key) = company.member(name, role).await;
        let answered = company.call(&key, "POST", &path, Some(body)).await;
        assert_eq!(
            answered.status,
            status,
            "{name}: {} {}",
            answered.denial(),
            answered.json
        );
    }
    let orders = company.get(&company.admin, "/sales/orders").await.rows();
    assert_eq!(orders.len(), 1, "only the one that was allowed");
}
