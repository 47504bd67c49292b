//! Records made after others: what a copy holds, what it is called, and who may make one.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use bitting_policy::ListDocument;
use bitting_query::Value as Stored;
use serde_json::{Value, json};
use std::sync::Arc;
use support::{Company, Credentials};

async fn made(company: &Company, path: &str, body: Value) -> Value {
    let answered = company.call(&company.admin, "POST", path, Some(body)).await;
    assert!(
        (200..=201).contains(&answered.status),
        "{path}: {}",
        String::from_utf8_lossy(&answered.body)
    );
    answered.json
}

async fn rows(company: &Company, path: &str) -> Vec<Value> {
    company.get(&company.admin, path).await.rows()
}

/// A row that the API shows and does not make.
async fn laid(company: &Company, path: &str, values: Vec<(Arc<str>, Stored)>) -> i64 {
    let entity = company.instance.catalog().entity_at(path).unwrap();
    bitting_calls::seed::row(&company.instance, entity, values)
        .await
        .unwrap()
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect()
}

/// A board with a type, a subtype of that type, an item with that subtype, and a team.
async fn board(company: &Company) -> i64 {
    let board = made(
        company,
        "/service/boards",
        json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}}),
    )
    .await["id"]
        .as_i64()
        .unwrap();
    let under = |path: &str| format!("/service/boards/{board}/{path}");
    let kind = made(company, &under("types"), json!({"name": "Hardware"})).await;
    made(
        company,
        &under("subtypes"),
        json!({"name": "Printer", "typeAssociationIds": [kind["id"]]}),
    )
    .await;
    made(company, &under("items"), json!({"name": "Toner"})).await;
    made(
        company,
        &under("teams"),
        json!({"name": "First line", "teamLeader": {"id": company.admin_member},
            "members": [company.admin_member]}),
    )
    .await;
    made(
        company,
        &under("statuses"),
        json!({"name": "Waiting", "timeEntryNotAllowed": true}),
    )
    .await;
    board
}

async fn setup_role(company: &Company, name: &str, tables: &[&str], add: bool) -> Credentials {
    let add = if add { All } else { No };
    let list = ListDocument::Allow(tables.iter().map(|table| (*table).to_owned()).collect());
    let role = company
        .role(
            name,
            &[("System", "Table Setup", [add, No, No, All])],
            &[("SystemTableSetup", list)],
        )
        .await;
    company.member(name, role).await.1
}

#[tokio::test]
async fn a_copied_board_has_what_the_board_has() {
    let company = Company::open().await;
    let from = board(&company).await;
    let body = json!({"id": from, "name": "Help at night"});
    let copy = company
        .call(&company.admin, "POST", "/service/boards/copy", Some(body))
        .await
        .expect(200);
    assert_eq!(copy["name"], "Help at night");
    let to = copy["id"].as_i64().unwrap();
    for under in ["types", "subtypes", "items", "teams", "statuses"] {
        let was = rows(&company, &format!("/service/boards/{from}/{under}")).await;
        let is = rows(&company, &format!("/service/boards/{to}/{under}")).await;
        assert!(!was.is_empty());
        assert_eq!(names(&was), names(&is), "{under}");
        let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
        assert!(ids(&is).iter().all(|id| !ids(&was).contains(id)), "{under}");
    }
    // Links among the copied records lead to copies.
    let kind = &rows(&company, &format!("/service/boards/{to}/types")).await[0];
    let subtype = &rows(&company, &format!("/service/boards/{to}/subtypes")).await[0];
    assert_eq!(subtype["typeAssociationIds"], json!([kind["id"]]));
    let statuses = rows(&company, &format!("/service/boards/{to}/statuses")).await;
    assert_eq!(
        statuses
            .iter()
            .filter(|row| row["defaultFlag"] == true)
            .count(),
        1,
        "a board has one default status"
    );
    assert!(statuses.iter().all(|status| status["board"]["id"] == to));
    // A ticket can be entered on it at once, with the copy's own type and status.
    let client = made(
        &company,
        "/company/companies",
        json!({"identifier": "Client", "name": "Client"}),
    )
    .await;
    let ticket = made(
        &company,
        "/service/tickets",
        json!({"summary": "Printer", "board": {"id": to}, "company": {"id": client["id"]},
            "type": {"name": "Hardware"}}),
    )
    .await;
    assert_eq!(ticket["type"]["id"], kind["id"]);
}

#[tokio::test]
async fn a_copy_without_a_name_gets_the_first_free_one() {
    let company = Company::open().await;
    let list = made(&company, "/schedule/holidayLists", json!({"name": "US"})).await;
    let id = list["id"].as_i64().unwrap();
    made(
        &company,
        &format!("/schedule/holidayLists/{id}/holidays"),
        json!({"name": "New Year", "date": "2026-01-01T00:00:00Z", "allDayFlag": true}),
    )
    .await;
    for name in ["US (copy)", "US (copy 2)"] {
        let body = json!({ "id": id });
        let copy = company
            .call(
                &company.admin,
                "POST",
                "/schedule/holidayLists/copy",
                Some(body),
            )
            .await
            .expect(200);
        assert_eq!(copy["name"], name);
        let copied = format!("/schedule/holidayLists/{}/holidays", copy["id"]);
        assert_eq!(names(&rows(&company, &copied).await), ["New Year"]);
    }
    let twice = json!({ "id": id, "name": "us" });
    let refused = company
        .call(
            &company.admin,
            "POST",
            "/schedule/holidayLists/copy",
            Some(twice),
        )
        .await
        .expect(400);
    assert_eq!(refused["errors"][0]["field"], "name");
}

#[tokio::test]
async fn a_copy_asks_for_the_right_to_add_and_writes_nothing_without_it() {
    let company = Company::open().await;
    let from = board(&company).await;
    let reader = setup_role(&company, "reader", &["Service / Service Board"], false).await;
    let writer = setup_role(&company, "writer", &["Service / Service Board"], true).await;
    let body = Some(json!({"id": from, "name": "Mine"}));
    let before = rows(&company, "/service/boards").await.len();
    let refused = company
        .call(&reader, "POST", "/service/boards/copy", body.clone())
        .await;
    assert_eq!(refused.status, 403);
    assert!(refused.denial().contains("Add"), "{}", refused.denial());
    assert_eq!(rows(&company, "/service/boards").await.len(), before);
    company
        .call(&writer, "POST", "/service/boards/copy", body)
        .await
        .expect(200);
    for wrong in [
        json!({"id": 4711, "name": "x"}),
        json!({"name": "x"}),
        json!({"id": from, "name": 7}),
    ] {
        let status = company
            .call(&writer, "POST", "/service/boards/copy", Some(wrong))
            .await
            .status;
        assert!((400..=404).contains(&status), "{status}");
    }
    assert_eq!(rows(&company, "/service/boards").await.len(), before + 1);
}

#[tokio::test]
async fn a_board_that_is_hidden_is_not_there_to_copy() {
    let company = Company::open().await;
    let from = board(&company).await;
    let writer = setup_role(&company, "writer", &["Service / Service Board"], true).await;
    let members = rows(&company, "/system/members?conditions=identifier=\"writer\"").await;
    let member = &members[0]["id"];
    made(
        &company,
        &format!("/service/boards/{from}/excludedMembers"),
        json!({ "memberId": member }),
    )
    .await;
    let body = json!({"id": from, "name": "Mine"});
    company
        .call(&writer, "POST", "/service/boards/copy", Some(body))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_copied_workflow_has_its_events_with_their_actions() {
    let company = Company::open().await;
    let board = board(&company).await;
    let words = |name: &str| {
        ["identifier", "name"]
            .map(|column| (Arc::from(column), Stored::Text(name.to_owned())))
            .to_vec()
    };
    let table = laid(&company, "system/workflows/tableTypes", words("Board")).await;
    let workflow = made(
        &company,
        "/system/workflows",
        json!({"name": "Remind", "tableType": {"id": table}, "board": {"id": board}}),
    )
    .await["id"]
        .clone();
    let mut mail = words("Email");
    let above = company
        .instance
        .catalog()
        .entity_at("system/workflows/notifyTypes");
    let above = above.unwrap().parents[0].column.clone();
    mail.push((above, Stored::Integer(workflow.as_i64().unwrap())));
    let mail = laid(&company, "system/workflows/notifyTypes", mail).await;
    let events = format!("/system/workflows/{workflow}/events");
    let event = made(
        &company,
        &events,
        json!({"name": "Old", "eventCondition": "id>0"}),
    )
    .await["id"]
        .clone();
    let actions = format!("{events}/{event}/actions");
    made(
        &company,
        &actions,
        json!({"notifyType": {"id": mail}, "subject": "Still open"}),
    )
    .await;
    let copy = company
        .call(
            &company.admin,
            "POST",
            &format!("/system/workflows/{workflow}/copy"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(copy["name"], "Remind (copy)");
    assert_eq!(
        copy["board"]["id"], board,
        "what is not copied stays linked"
    );
    let copied = format!("/system/workflows/{}/events", copy["id"]);
    let new = &rows(&company, &copied).await[0];
    assert_ne!(new["id"], event);
    let subjects = rows(&company, &format!("{copied}/{}/actions", new["id"])).await;
    assert_eq!(subjects[0]["subject"], "Still open");
    assert_ne!(
        subjects[0]["notifyType"]["id"], mail,
        "it has types of its own"
    );
    assert_eq!(
        rows(&company, &actions).await.len(),
        1,
        "the model keeps its own"
    );
    // One event alone, beside the other.
    let path = format!("{events}/{event}/copy");
    let twin = company
        .call(&company.admin, "POST", &path, None)
        .await
        .expect(200);
    assert_eq!(twin["name"], "Old (copy)");
    assert_eq!(rows(&company, &events).await.len(), 2);
    let under = format!("{events}/{}/actions", twin["id"]);
    assert_eq!(rows(&company, &under).await.len(), 1);
}

#[tokio::test]
async fn the_trial_of_an_event_lists_what_the_caller_may_read() {
    let company = Company::open().await;
    for name in ["North", "South"] {
        let body = json!({"identifier": name, "name": name});
        made(&company, "/company/companies", body).await;
    }
    let named = vec![(Arc::from("name"), Stored::Text("Company".to_owned()))];
    let table = laid(&company, "system/workflows/tableTypes", named).await;
    let body = json!({"name": "Find", "tableType": {"id": table}});
    let workflow = made(&company, "/system/workflows", body).await["id"].clone();
    let events = format!("/system/workflows/{workflow}/events");
    let tables = ListDocument::Allow(vec!["General / Workflow_Rules".to_owned()]);
    let role = company
        .role(
            "setup",
            &[("System", "Table Setup", [All, All, No, All])],
            &[("SystemTableSetup", tables)],
        )
        .await;
    let (_, blind) = company.member("setup", role).await;
    for (condition, found) in [
        ("name contains \"th\"", 2),
        ("name=\"North\"", 1),
        ("(gibberish", 0),
    ] {
        let event = json!({"name": "When", "eventCondition": condition});
        let event = made(&company, &events, event).await["id"].clone();
        let path = format!("{events}/{event}/test");
        let listed = rows(&company, &path).await;
        let listed: Vec<_> = listed
            .iter()
            .filter(|row| row["name"].as_str().unwrap().len() == 5)
            .collect();
        assert_eq!(listed.len(), found, "{condition}");
        let tried = company
            .get(&company.admin, &format!("{events}/{event}"))
            .await
            .expect(200);
        assert!(tried["dateTestedUTC"].is_string());
        // Whoever may not read companies sees none through a workflow either.
        assert!(company.get(&blind, &path).await.rows().is_empty());
    }
}

#[tokio::test]
async fn a_copied_purchase_order_is_ordered_and_not_received() {
    let company = Company::open().await;
    let vendor = made(
        &company,
        "/company/companies",
        json!({"identifier": "Vendor", "name": "Vendor", "isVendorFlag": true}),
    )
    .await["id"]
        .clone();
    let status = made(
        &company,
        "/procurement/purchaseorderstatuses",
        json!({"name": "New", "defaultFlag": true}),
    )
    .await["id"]
        .clone();
    let closed = made(
        &company,
        "/procurement/purchaseorderstatuses",
        json!({"name": "Done", "closedFlag": true}),
    )
    .await["id"]
        .clone();
    let terms = made(
        &company,
        "/finance/billingTerms",
        json!({"name": "Net 30", "dueDays": 30}),
    )
    .await["id"]
        .clone();
    let unit = made(
        &company,
        "/procurement/unitOfMeasures",
        json!({"name": "Each"}),
    )
    .await["id"]
        .clone();
    let order = made(
        &company,
        "/procurement/purchaseorders",
        json!({"vendorCompany": {"id": vendor}, "status": {"id": closed}, "terms": {"id": terms},
            "poNumber": "PO-1", "trackingNumber": "1Z", "internalNotes": "Careful"}),
    )
    .await["id"]
        .clone();
    let category =
        made(&company, "/procurement/categories", json!({"name": "Ink"})).await["id"].clone();
    let sub = made(
        &company,
        "/procurement/subcategories",
        json!({"name": "Toner", "category": {"id": category}}),
    )
    .await["id"]
        .clone();
    let kind = made(&company, "/procurement/types", json!({"name": "Goods"})).await["id"].clone();
    let item = made(
        &company,
        "/procurement/catalog",
        json!({"identifier": "TN-1", "description": "Toner", "customerDescription": "Toner",
            "subcategory": {"id": sub}, "type": {"id": kind}, "price": 50, "cost": 30}),
    )
    .await["id"]
        .clone();
    let lines = format!("/procurement/purchaseorders/{order}/lineitems");
    made(
        &company,
        &lines,
        json!({"description": "Toner", "lineNumber": 1, "product": {"id": item}, "quantity": 2,
            "unitOfMeasure": {"id": unit}, "unitCost": 30, "receivedQuantity": 2,
            "receivedStatus": "FullyReceived", "serialNumbers": "A,B"}),
    )
    .await;
    let copy = company
        .call(
            &company.admin,
            "POST",
            &format!("/procurement/purchaseorders/{order}/copy"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(copy["poNumber"], "PO-1 (copy)");
    assert_eq!(copy["status"]["id"], status, "it starts like a new one");
    assert_eq!(copy["internalNotes"], "Careful");
    assert!(copy["trackingNumber"].is_null());
    let copied = format!("/procurement/purchaseorders/{}/lineitems", copy["id"]);
    let line = &rows(&company, &copied).await[0];
    assert_eq!(line["quantity"], 2);
    assert_eq!(line["unitCost"], 30);
    assert_eq!(line["purchaseOrderId"], copy["id"]);
    for name in ["receivedQuantity", "receivedStatus", "serialNumbers"] {
        assert!(line[name].is_null(), "{name}: {}", line[name]);
    }
    // What is to be bought becomes lines of a new order, or of one that is there.
    let product = json!({"catalogItem": {"id": item}, "billableOption": "Billable", "quantity": 4,
        "locationId": 1, "businessUnitId": 1, "customerDescription": "Toner"});
    let product = made(&company, "/procurement/products", product).await["id"].clone();
    let demand = |order: Value| {
        json!({"vendor": {"id": vendor}, "purchaseOrder": order,
            "products": [{"productRecId": product, "quantity": 4, "cost": 28.5}]})
    };
    let path = "/procurement/purchasingDemands";
    let unmeasured = demand(json!({"terms": {"id": terms}}));
    let refused = company
        .call(&company.admin, "POST", path, Some(unmeasured))
        .await;
    assert_eq!(refused.status, 400, "a line has a unit of measure");
    let change = json!([{"op": "replace", "path": "unitOfMeasure", "value": {"id": unit}}]);
    let of = format!("/procurement/catalog/{item}");
    company
        .call(&company.admin, "PATCH", &of, Some(change))
        .await
        .expect(200);
    let body = demand(json!({"terms": {"id": terms}, "poNumber": "PO-2"}));
    let bought = made(&company, path, body).await["purchaseOrder"].take();
    assert_eq!(bought["vendorCompany"]["id"], vendor);
    made(&company, path, demand(json!({"id": bought["id"]}))).await;
    let of = format!("/procurement/purchaseorders/{}/lineitems", bought["id"]);
    let bought = rows(&company, &of).await;
    let numbers: Vec<_> = bought.iter().map(|line| &line["lineNumber"]).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(
        (&bought[0]["unitCost"], &bought[0]["quantity"]),
        (&json!(28.5), &json!(4))
    );
    // Lines go out of the batch and back, each once.
    for (verb, batched, done) in [
        ("rebatch", true, true),
        ("rebatch", true, false),
        ("unbatch", false, true),
        ("unbatch", false, false),
    ] {
        let path = format!("/procurement/purchaseorders/{order}/{verb}");
        let said = company
            .call(&company.admin, "POST", &path, None)
            .await
            .expect(200);
        assert_eq!(said["success"], done, "{verb}: {said}");
        assert_eq!(rows(&company, &lines).await[0]["batchedFlag"], batched);
    }
}
