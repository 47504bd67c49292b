//! Records made after others: what a copy holds, what it is called, and who may make one.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use bitting_policy::ListDocument;
use serde_json::{Value, json};
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
