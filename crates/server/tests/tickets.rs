//! Tickets and boards as their users know them: what a board, a company and a contact fill in, what closing
//! asks for, notes, links, merges.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_demo::Size;
use bitting_policy::Level;
use serde_json::{Value, json};
use support::{Company, Credentials};

const FULL: [Level; 4] = [Level::All; 4];

/// A company with two boards, one company with a contact, and default rows in the setup tables.
struct Desk {
    company: Company,
    board: i64,
    other: i64,
    acme: i64,
}

impl Desk {
    async fn open() -> Self {
        let company = Company::open().await;
        let post = async |path: &str, body: Value| post(&company, path, body).await;
        post(
            "/service/priorities",
            json!({"name": "Normal", "color": "Blue", "defaultFlag": true}),
        )
        .await;
        post(
            "/service/sources",
            json!({"name": "Phone", "defaultFlag": true}),
        )
        .await;
        let board = board(&company, "Help Desk").await;
        let other = board2(&company).await;
        let acme = post(
            "/company/companies",
            json!({"identifier": "Acme", "name": "Acme Inc", "addressLine1": "1 Main St", "city": "Tampa", "zip": "33601"}),
        )
        .await["id"]
            .as_i64()
            .unwrap();
        Self {
            company,
            board,
            other,
            acme,
        }
    }

    async fn ticket(&self, body: Value) -> Value {
        post(&self.company, "/service/tickets", body).await
    }

    async fn new_ticket(&self) -> i64 {
        let ticket = self
            .ticket(json!({"summary": "Printer", "company": {"id": self.acme}}))
            .await;
        ticket["id"].as_i64().unwrap()
    }

    async fn status(&self, board: i64, name: &str) -> i64 {
        let path = format!("/service/boards/{board}/statuses?conditions=name=\"{name}\"");
        self.company.get(&self.company.admin, &path).await.rows()[0]["id"]
            .as_i64()
            .unwrap()
    }

    async fn patch(
        &self,
        key: &Credentials,
        path: &str,
        field: &str,
        value: Value,
    ) -> support::Answered {
        let body = json!([{"op": "replace", "path": field, "value": value}]);
        self.company.call(key, "PATCH", path, Some(body)).await
    }
}

async fn post(company: &Company, path: &str, body: Value) -> Value {
    company
        .call(&company.admin, "POST", path, Some(body))
        .await
        .expect(201)
}

async fn board(company: &Company, name: &str) -> i64 {
    let body = json!({"name": name, "location": {"id": 1}, "department": {"id": 1}, "billTime": "Billable"});
    post(company, "/service/boards", body).await["id"]
        .as_i64()
        .unwrap()
}

async fn board2(company: &Company) -> i64 {
    board(company, "Alerts").await
}

#[tokio::test]
async fn a_ticket_of_summary_and_company_is_filled_from_its_board_and_company() {
    let desk = Desk::open().await;
    let ticket = desk
        .ticket(json!({"summary": "Printer", "company": {"identifier": "acme"}}))
        .await;
    assert_eq!(ticket["board"]["id"], desk.board);
    assert_eq!(ticket["status"]["name"], "New");
    assert_eq!(ticket["priority"]["name"], "Normal");
    assert_eq!(ticket["source"]["name"], "Phone");
    assert_eq!(ticket["severity"], "Medium");
    assert_eq!(ticket["impact"], "Medium");
    assert_eq!(ticket["recordType"], "ServiceTicket");
    assert_eq!(ticket["location"]["id"], 1);
    assert_eq!(ticket["department"]["id"], 1);
    assert_eq!(ticket["billTime"], "Billable");
    assert_eq!(ticket["siteName"], "Main");
    assert_eq!(ticket["site"]["name"], "Main");
    assert_eq!(ticket["addressLine1"], "1 Main St");
    assert_eq!(ticket["closedFlag"], false);
    assert!(
        ticket.get("type").is_none(),
        "a board without a default type gives none"
    );
}

#[tokio::test]
async fn a_ticket_without_a_board_goes_to_the_members_then_to_the_instances() {
    let desk = Desk::open().await;
    desk.company
        .instance
        .set_setting("default-board", Some(&desk.other.to_string()))
        .await
        .unwrap();
    let ticket = desk
        .ticket(json!({"summary": "a", "company": {"id": desk.acme}}))
        .await;
    assert_eq!(ticket["board"]["id"], desk.other);
    let path = format!("/system/apiMembers/{}", desk.company.admin_member);
    desk.patch(
        &desk.company.admin,
        &path,
        "serviceDefaultBoard",
        json!({"id": desk.board}),
    )
    .await
    .expect(200);
    let ticket = desk
        .ticket(json!({"summary": "a", "company": {"id": desk.acme}}))
        .await;
    assert_eq!(ticket["board"]["id"], desk.board);
}

#[tokio::test]
async fn statuses_live_within_their_board() {
    let desk = Desk::open().await;
    let foreign = desk.status(desk.other, "New").await;
    let body = json!({"summary": "a", "company": {"id": desk.acme}, "board": {"id": desk.board}, "status": {"id": foreign}});
    let refused = desk
        .company
        .call(&desk.company.admin, "POST", "/service/tickets", Some(body))
        .await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json["errors"][0]["field"], "status/id");
    let expected = format!(
        "Service Status {foreign} not found for Service Board {}",
        desk.board
    );
    assert_eq!(refused.json["errors"][0]["message"], expected);
    // A ticket that moves gets the new board's own status.
    let id = desk.new_ticket().await;
    let moved = desk
        .patch(
            &desk.company.admin,
            &format!("/service/tickets/{id}"),
            "board",
            json!({"id": desk.other}),
        )
        .await
        .expect(200);
    assert_eq!(moved["status"]["id"], foreign);
}

#[tokio::test]
async fn closing_reopening_and_changing_a_closed_ticket_ask_for_a_row_of_their_own() {
    let desk = Desk::open().await;
    let tickets = ("Service Desk", "Service Tickets", FULL);
    let role = desk.company.role("Work", &[tickets], &[]).await;
    let (_, work) = desk.company.member("work", role).await;
    let close = ("Service Desk", "Close Service Tickets", FULL);
    let role = desk.company.role("Close", &[tickets, close], &[]).await;
    let (_, closer) = desk.company.member("closer", role).await;
    let id = desk.new_ticket().await;
    let path = format!("/service/tickets/{id}");
    let (new, closed) = (
        desk.status(desk.board, "New").await,
        desk.status(desk.board, "Closed").await,
    );

    desk.patch(&work, &path, "summary", json!("b"))
        .await
        .expect(200);
    let denied = desk
        .patch(&work, &path, "status", json!({"id": closed}))
        .await;
    assert_eq!(denied.status, 403);
    assert!(
        denied.denial().contains("Close Service Tickets"),
        "{}",
        denied.denial()
    );
    let shut = desk
        .patch(&closer, &path, "status/id", json!(closed))
        .await
        .expect(200);
    assert_eq!(shut["closedFlag"], true);
    assert_eq!(shut["closedBy"], "closer");
    assert!(shut["closedDate"].is_string());
    assert!(shut["dateResolved"].is_string());
    assert_eq!(
        desk.patch(&work, &path, "summary", json!("c")).await.status,
        403
    );
    assert_eq!(
        desk.patch(&work, &path, "status", json!({"id": new}))
            .await
            .status,
        403
    );
    let open = desk
        .patch(&closer, &path, "status", json!({"id": new}))
        .await
        .expect(200);
    assert_eq!(open["closedFlag"], false);
    assert!(open.get("closedDate").is_none());
    let body = json!({"summary": "a", "company": {"id": desk.acme}, "status": {"name": "Closed"}});
    assert_eq!(
        desk.company
            .call(&work, "POST", "/service/tickets", Some(body))
            .await
            .status,
        403
    );
    let kept = desk.company.get(&work, &path).await.expect(200);
    assert_eq!(kept["summary"], "b");
}

#[tokio::test]
async fn the_first_texts_become_notes_and_are_never_shown() {
    let desk = Desk::open().await;
    let ticket = desk
        .ticket(
            json!({"summary": "a", "company": {"id": desk.acme}, "initialDescription": "It smokes",
            "initialInternalAnalysis": "Toner", "initialResolution": "Off and on"}),
        )
        .await;
    for field in [
        "initialDescription",
        "initialInternalAnalysis",
        "initialResolution",
    ] {
        assert!(ticket.get(field).is_none(), "{field}");
    }
    let path = format!("/service/tickets/{}/notes", ticket["id"]);
    let notes = desk.company.get(&desk.company.admin, &path).await.rows();
    let flags: Vec<(&str, [bool; 3])> = notes
        .iter()
        .map(|note| {
            let flag = |name: &str| note[name].as_bool().unwrap();
            let flags = [
                flag("detailDescriptionFlag"),
                flag("internalAnalysisFlag"),
                flag("resolutionFlag"),
            ];
            (note["text"].as_str().unwrap(), flags)
        })
        .collect();
    assert_eq!(
        flags,
        [
            ("It smokes", [true, false, false]),
            ("Toner", [false, true, false]),
            ("Off and on", [false, false, true]),
        ]
    );
    assert_eq!(notes[0]["createdBy"], "AdminAPI");
    assert_eq!(notes[0]["_info"]["enteredBy"], "AdminAPI");
    let all = format!("/service/tickets/{}/allNotes", ticket["id"]);
    let all = desk.company.get(&desk.company.admin, &all).await.rows();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0]["noteType"], "TicketNote");
    assert_eq!(all[0]["ticket"]["id"], ticket["id"]);
}

#[tokio::test]
async fn a_note_needs_a_text_and_says_what_it_is() {
    let desk = Desk::open().await;
    let id = desk.new_ticket().await;
    let path = format!("/service/tickets/{id}/notes");
    let none = desk
        .company
        .call(
            &desk.company.admin,
            "POST",
            &path,
            Some(json!({"text": " "})),
        )
        .await;
    assert_eq!(none.status, 400);
    assert_eq!(none.json["errors"][0]["code"], "MissingRequiredField");
    let note = post(
        &desk.company,
        &path,
        json!({"text": "Called", "customerUpdatedFlag": true}),
    )
    .await;
    assert_eq!(note["detailDescriptionFlag"], true);
    assert_eq!(note["ticketId"], id);
    assert_eq!(note["member"]["identifier"], "AdminAPI");
    let ticket = desk
        .company
        .get(&desk.company.admin, &format!("/service/tickets/{id}"))
        .await
        .expect(200);
    assert_eq!(ticket["customerUpdatedFlag"], true);
}

#[tokio::test]
async fn a_contact_lends_its_name_phone_and_address() {
    let desk = Desk::open().await;
    let phone = post(
        &desk.company,
        "/company/communicationTypes",
        json!({"description": "Direct", "phoneFlag": true, "defaultFlag": true}),
    )
    .await;
    let email = post(
        &desk.company,
        "/company/communicationTypes",
        json!({"description": "Email", "emailFlag": true}),
    )
    .await;
    let contact = post(
        &desk.company,
        "/company/contacts",
        json!({"firstName": "Ada", "lastName": "Byron", "company": {"id": desk.acme}, "communicationItems": [
            {"type": {"id": phone["id"]}, "value": "8135550100", "extension": "12"},
            {"type": {"id": email["id"]}, "value": "ada@acme.test"}]}),
    )
    .await;
    let ticket = desk
        .ticket(
            json!({"summary": "a", "company": {"id": desk.acme}, "contact": {"id": contact["id"]}}),
        )
        .await;
    assert_eq!(ticket["contactName"], "Ada Byron");
    assert_eq!(ticket["contactPhoneNumber"], "8135550100");
    assert_eq!(ticket["contactPhoneExtension"], "12");
    assert_eq!(ticket["contactEmailAddress"], "ada@acme.test");
    let found = desk
        .ticket(json!({"summary": "a", "contactEmailLookup": "ADA@acme.test"}))
        .await;
    assert_eq!(found["contact"]["id"], contact["id"]);
    assert_eq!(found["company"]["id"], desk.acme);
}

#[tokio::test]
async fn configurations_are_attached_by_id_or_device() {
    let desk = Desk::open().await;
    let kind = post(
        &desk.company,
        "/company/configurations/types",
        json!({"name": "Server"}),
    )
    .await;
    let made = post(
        &desk.company,
        "/company/configurations",
        json!({"name": "DC1", "type": {"id": kind["id"]}, "company": {"id": desk.acme}, "deviceIdentifier": "dev-1"}),
    )
    .await;
    let id = desk.new_ticket().await;
    let path = format!("/service/tickets/{id}/configurations");
    let admin = &desk.company.admin;
    let empty = desk
        .company
        .call(admin, "POST", &path, Some(json!({})))
        .await;
    let expected = json!({"code": "InvalidObject", "message": "configuration object is invalid", "errors": [
        {"code": "MissingRequiredField", "message": "id or deviceIdentifier is required.", "resource": "configuration", "field": "id"}]});
    assert_eq!((empty.status, &empty.json), (400, &expected));
    let unknown = desk
        .company
        .call(admin, "POST", &path, Some(json!({"id": 999})))
        .await;
    assert_eq!(unknown.status, 400, "{}", unknown.json);
    let linked = post(&desk.company, &path, json!({"deviceIdentifier": "dev-1"})).await;
    assert_eq!(linked["id"], made["id"]);
    assert_eq!(linked["deviceIdentifier"], "dev-1");
    post(&desk.company, &path, json!({"id": made["id"]})).await;
    assert_eq!(desk.company.get(admin, &path).await.rows().len(), 1);
    assert_eq!(
        desk.company
            .get(admin, &format!("{path}/count"))
            .await
            .expect(200),
        json!({"count": 1})
    );
    let one = format!("{path}/{}", made["id"]);
    assert_eq!(
        desk.company.get(admin, &one).await.expect(200)["id"],
        made["id"]
    );
    desk.company
        .call(admin, "DELETE", &one, None)
        .await
        .expect(204);
    assert_eq!(
        desk.company.call(admin, "DELETE", &one, None).await.status,
        404
    );
    assert!(desk.company.get(admin, &path).await.rows().is_empty());
}

#[tokio::test]
async fn tickets_are_merged_bundled_and_copied() {
    let desk = Desk::open().await;
    let admin = &desk.company.admin;
    let (parent, child) = (desk.new_ticket().await, desk.new_ticket().await);
    let closed = desk.status(desk.board, "Closed").await;
    let note = format!("/service/tickets/{child}/notes");
    post(&desk.company, &note, json!({"text": "from the child"})).await;
    let merge = format!("/service/tickets/{parent}/merge");
    let body = json!({"mergeTicketIds": [child], "status": {"id": closed}});
    let role = desk
        .company
        .role("Work", &[("Service Desk", "Service Tickets", FULL)], &[])
        .await;
    let (_, work) = desk.company.member("work", role).await;
    assert_eq!(
        desk.company
            .call(&work, "POST", &merge, Some(body.clone()))
            .await
            .status,
        403
    );
    desk.company
        .call(admin, "POST", &merge, Some(body))
        .await
        .expect(200);
    let gone = desk
        .company
        .get(admin, &format!("/service/tickets/{child}"))
        .await
        .expect(200);
    assert_eq!(gone["closedFlag"], true);
    assert_eq!(gone["mergedParentTicket"]["id"], parent);
    let kept = desk
        .company
        .get(admin, &format!("/service/tickets/{parent}"))
        .await
        .expect(200);
    assert_eq!(kept["hasMergedChildTicketFlag"], true);
    let notes = desk
        .company
        .get(admin, &format!("/service/tickets/{parent}/allNotes"))
        .await
        .rows();
    assert_eq!(notes[0]["mergedFlag"], true);

    let third = desk.new_ticket().await;
    let attach = format!("/service/tickets/{parent}/attachChildren");
    desk.company
        .call(
            admin,
            "POST",
            &attach,
            Some(json!({"childTicketIds": [third]})),
        )
        .await
        .expect(200);
    let under = desk
        .company
        .get(admin, &format!("/service/tickets/{third}"))
        .await
        .expect(200);
    assert_eq!(under["parentTicketId"], parent);
    let path = format!("/service/tickets/{third}");
    desk.patch(admin, &path, "parentTicketId", Value::Null)
        .await
        .expect(200);
    let kept = desk
        .company
        .get(admin, &format!("/service/tickets/{parent}"))
        .await
        .expect(200);
    assert_eq!(kept["hasChildTicket"], false);

    let copied = desk
        .company
        .call(
            admin,
            "POST",
            &format!("/service/tickets/{child}/copy"),
            None,
        )
        .await
        .expect(200);
    assert_ne!(copied["id"], child);
    assert_eq!(copied["summary"], "Printer");
    assert_eq!(copied["closedFlag"], false);
    assert_eq!(copied["status"]["name"], "New");
}

#[tokio::test]
async fn a_setup_table_has_one_default() {
    let desk = Desk::open().await;
    let path = format!("/service/boards/{}/statuses", desk.board);
    let made = post(
        &desk.company,
        &path,
        json!({"name": "Triage", "defaultFlag": true}),
    )
    .await;
    let rows = desk
        .company
        .get(
            &desk.company.admin,
            &format!("{path}?conditions=defaultFlag=true"),
        )
        .await
        .rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["id"], made["id"]);
    // The other board keeps its own.
    let other = format!(
        "/service/boards/{}/statuses?conditions=defaultFlag=true",
        desk.other
    );
    assert_eq!(
        desk.company
            .get(&desk.company.admin, &other)
            .await
            .rows()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_board_closed_to_a_member_is_on_the_members_list_and_back() {
    let desk = Desk::open().await;
    let admin = &desk.company.admin;
    let role = desk
        .company
        .role("Work", &[("Service Desk", "Service Tickets", FULL)], &[])
        .await;
    let (member, work) = desk.company.member("work", role).await;
    let id = desk.new_ticket().await;
    let path = format!("/service/boards/{}/excludedMembers", desk.board);
    let ticket = format!("/service/tickets/{id}");
    desk.company.get(&work, &ticket).await.expect(200);
    post(&desk.company, &path, json!({"memberId": member})).await;
    assert_eq!(desk.company.get(&work, &ticket).await.status, 404);
    let shown = desk
        .company
        .get(admin, &format!("/system/apiMembers/{member}"))
        .await
        .expect(200);
    assert_eq!(shown["excludedServiceBoardIds"], json!([desk.board]));
    let rows = desk.company.get(admin, &path).await.rows();
    assert_eq!(rows[0]["memberId"], member);
    let one = format!("{path}/{}", rows[0]["id"]);
    desk.company
        .call(admin, "DELETE", &one, None)
        .await
        .expect(204);
    desk.company.get(&work, &ticket).await.expect(200);
    let unknown = desk
        .company
        .get(admin, "/service/boards/999/statuses")
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_deleted_ticket_takes_its_notes_along() {
    let desk = Desk::open().await;
    let id = desk.new_ticket().await;
    let path = format!("/service/tickets/{id}");
    post(
        &desk.company,
        &format!("{path}/notes"),
        json!({"text": "n"}),
    )
    .await;
    desk.company
        .call(&desk.company.admin, "DELETE", &path, None)
        .await
        .expect(204);
    assert_eq!(
        desk.company.get(&desk.company.admin, &path).await.status,
        404
    );
    assert_eq!(
        desk.company
            .get(&desk.company.admin, &format!("{path}/notes"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn level_my_reaches_what_hangs_on_the_callers_own_tickets() {
    let desk = Desk::open().await;
    let mine = ("Service Desk", "Service Tickets", [Level::My; 4]);
    let role = desk.company.role("Mine", &[mine], &[]).await;
    let (_, key) = desk.company.member("mine", role).await;
    let foreign = desk.new_ticket().await;
    let body = json!({"summary": "own", "company": {"id": desk.acme}, "initialDescription": "n"});
    let own = desk
        .company
        .call(&key, "POST", "/service/tickets", Some(body))
        .await
        .expect(201);
    for (path, own) in [
        (format!("/service/tickets/{}", own["id"]), true),
        (format!("/service/tickets/{foreign}"), false),
    ] {
        for below in [
            "notes",
            "allNotes",
            "configurations",
            "notes/count",
            "tasks",
        ] {
            let answered = desk.company.get(&key, &format!("{path}/{below}")).await;
            let expected = if own { 200 } else { 404 };
            assert_eq!(answered.status, expected, "{path}/{below}");
        }
        let note = Some(json!({"text": "x"}));
        let made = desk
            .company
            .call(&key, "POST", &format!("{path}/notes"), note)
            .await;
        assert_eq!(made.status, if own { 201 } else { 404 });
    }
}

#[tokio::test]
async fn tickets_of_a_project_share_the_table_and_not_the_path() {
    let desk = Desk::open().await;
    let admin = &desk.company.admin;
    let service = desk.new_ticket().await;
    let body = json!({"name": "Projects", "location": {"id": 1}, "department": {"id": 1}, "projectFlag": true});
    let board = post(&desk.company, "/service/boards", body).await["id"].clone();
    let status = post(
        &desk.company,
        "/project/statuses",
        json!({"name": "Open", "defaultFlag": true}),
    )
    .await;
    let body = json!({"name": "Move", "board": {"id": board}, "company": {"id": desk.acme}, "status": {"id": status["id"]},
        "manager": {"id": desk.company.admin_member}, "billingMethod": "ActualRates",
        "estimatedStart": "2026-03-01T00:00:00Z", "estimatedEnd": "2026-04-01T00:00:00Z"});
    let project = post(&desk.company, "/project/projects", body).await["id"].clone();
    let path = format!("/project/projects/{project}/phases");
    let phase = post(&desk.company, &path, json!({"description": "Plan"})).await["id"].clone();
    let body = json!({"summary": "Pack", "project": {"id": project}, "phase": {"id": phase}, "initialDescription": "boxes"});
    let made = post(&desk.company, "/project/tickets", body).await;
    assert_eq!(made["board"]["id"], board);
    assert_eq!(made["company"]["id"], desk.acme);
    assert_eq!(made["status"]["name"], "New");
    let service_side = desk
        .company
        .get(admin, &format!("/service/tickets/{}", made["id"]))
        .await;
    assert_eq!(service_side.status, 404);
    assert_eq!(
        desk.company
            .get(admin, &format!("/project/tickets/{service}"))
            .await
            .status,
        404
    );
    let rows = desk.company.get(admin, "/project/tickets").await.rows();
    assert_eq!(rows.len(), 1);
    let notes = format!("/project/tickets/{}/notes", made["id"]);
    assert_eq!(
        desk.company.get(admin, &notes).await.rows()[0]["text"],
        "boxes"
    );
    let active = desk
        .company
        .get(admin, "/service/info/boards/active")
        .await
        .rows();
    assert_eq!(active.len(), 3);
}

#[tokio::test]
async fn who_may_read_all_and_add_to_its_own_adds_nothing_to_others() {
    let desk = Desk::open().await;
    let levels = [Level::My, Level::My, Level::None, Level::All];
    let role = desk
        .company
        .role("Mine", &[("Service Desk", "Service Tickets", levels)], &[])
        .await;
    let (_, key) = desk.company.member("mine", role).await;
    let path = format!("/service/tickets/{}/notes", desk.new_ticket().await);
    desk.company.get(&key, &path).await.expect(200);
    let note = Some(json!({"text": "x"}));
    let denied = desk.company.call(&key, "POST", &path, note).await;
    assert_eq!(denied.status, 403);
    assert!(
        denied.denial().contains("Service Tickets"),
        "{}",
        denied.denial()
    );
    assert!(desk.company.get(&key, &path).await.rows().is_empty());
}

#[tokio::test]
async fn a_ticket_put_as_a_whole_has_the_defaults_of_a_new_one() {
    let desk = Desk::open().await;
    let ticket = desk.new_ticket().await;
    let path = format!("/service/tickets/{ticket}");
    let before = desk
        .company
        .get(&desk.company.admin, &path)
        .await
        .expect(200);
    let body = json!({"summary": "Printer on fire", "company": {"id": desk.acme}, "board": {"id": desk.board},
        "severity": "Low", "impact": "Low"});
    let after = desk
        .company
        .call(&desk.company.admin, "PUT", &path, Some(body))
        .await
        .expect(200);
    assert_eq!(after["summary"], "Printer on fire");
    for name in [
        "location",
        "department",
        "site",
        "addressLine1",
        "city",
        "zip",
        "billTime",
    ] {
        assert!(!before[name].is_null(), "{name}");
        assert_eq!(after[name], before[name], "{name}");
    }
}

#[tokio::test]
async fn copies_and_merges_are_in_the_trail() {
    let desk = Desk::open().await;
    let (one, two) = (desk.new_ticket().await, desk.new_ticket().await);
    let company = &desk.company;
    let trail = async |id: &Value| {
        let path = format!("/system/audittrail?type=Ticket&id={id}");
        company.get(&company.admin, &path).await.rows().len()
    };
    let path = format!("/service/tickets/{one}/copy");
    let copy = company
        .call(&company.admin, "POST", &path, Some(json!({})))
        .await
        .expect(200);
    assert!(trail(&copy["id"]).await > 0, "the copy came from somewhere");
    let before = trail(&json!(two)).await;
    let closed = desk.status(desk.board, "Closed").await;
    let body = json!({"mergeTicketIds": [two], "status": {"id": closed}});
    let path = format!("/service/tickets/{one}/merge");
    company
        .call(&company.admin, "POST", &path, Some(body))
        .await
        .expect(200);
    assert!(trail(&json!(two)).await > before, "the merge is told");
}

/// Clients of typed languages send an empty object for each reference that their caller left out.
#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_says_nothing_is_one_that_is_left_out() {
    let company = Company::demo(Size::with_tickets(5), 1).await;
    let admin = &company.admin;
    let made = async |more: Value| {
        let mut body = json!({ "summary": "Printer", "company": { "id": 2 } });
        for (name, value) in more.as_object().expect("members") {
            body[name] = value.clone();
        }
        company
            .call(admin, "POST", "/service/tickets", Some(body))
            .await
    };
    let nothing = json!({ "board": {}, "status": {}, "contact": {}, "owner": {}, "team": { "id": null }, "site": { "_info": {} } });
    let (bare, empty) = (
        made(json!({})).await.expect(201),
        made(nothing).await.expect(201),
    );
    for field in [
        "board", "status", "contact", "owner", "team", "site", "priority",
    ] {
        assert_eq!(bare[field]["id"], empty[field]["id"], "{field}");
    }
    assert!(empty["board"]["id"].is_i64(), "{empty}");
    let refused = made(json!({ "company": {} })).await.expect(400);
    assert_eq!(refused["errors"][0]["code"], "MissingRequiredField");
    assert_eq!(
        refused["errors"][0]["message"],
        "The company/id field is required."
    );
    let patch = json!([{ "op": "replace", "path": "contact", "value": {} }]);
    let path = format!("/service/tickets/{}", bare["id"]);
    let refused = company
        .call(admin, "PATCH", &path, Some(patch))
        .await
        .expect(400);
    assert_eq!(refused["errors"][0]["field"], "contact");
}
