//! Service levels of tickets: goals by priority and calendar, a clock that stands still while a ticket waits, and
//! `/calculateSla`, which says how tickets stand now.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use jiff::SignedDuration;
use serde_json::{Value, json};
use support::Company;

/// A desk whose clock starts on Monday 2 March 2026 at 9:00, with a level by a calendar from 8 to 17.
struct Desk {
    company: Company,
    board: i64,
    customer: i64,
    urgent: i64,
}

impl Desk {
    async fn open() -> Self {
        let company = Company::open().await;
        let made = async |path: &str, body: Value| company.made(path, body).await;
        let mut week = json!({ "name": "Office" });
        for day in ["monday", "tuesday", "wednesday", "thursday", "friday"] {
            week[format!("{day}StartTime")] = json!("08:00:00");
            week[format!("{day}EndTime")] = json!("17:00:00");
        }
        let calendar = made("/schedule/calendars", week).await;
        let normal = json!({ "name": "Normal", "color": "Blue", "defaultFlag": true });
        made("/service/priorities", normal).await;
        let urgent = json!({ "name": "Urgent", "color": "Red" });
        let urgent = made("/service/priorities", urgent).await;
        let level = json!({ "name": "Office hours", "basedOn": "Custom", "customCalendar": { "id": calendar },
            "defaultFlag": true, "respondHours": 4, "planWithin": 8, "resolutionHours": 16 });
        let level = made("/service/SLAs", level).await;
        let goals = json!({ "priority": { "id": urgent }, "respondHours": 1, "planWithin": 2, "resolutionHours": 4 });
        made(&format!("/service/SLAs/{level}/priorities"), goals).await;
        let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
        let board = made("/service/boards", board).await;
        let customer = json!({ "identifier": "Acme", "name": "Acme" });
        let customer = made("/company/companies", customer).await;
        for (name, escalation) in [
            ("Asked", "NotResponded"),
            ("Answered", "Responded"),
            ("Waiting", "NoEscalation"),
            ("Solved", "Resolved"),
        ] {
            let status = json!({ "name": name, "escalationStatus": escalation, "sortOrder": 90 });
            made(&format!("/service/boards/{board}/statuses"), status).await;
        }
        Self {
            company,
            board,
            customer,
            urgent,
        }
    }

    async fn ticket(&self, more: Value) -> i64 {
        let mut body = json!({ "summary": "Printer", "company": { "id": self.customer },
            "board": { "id": self.board }, "status": { "name": "Asked" } });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        self.company.made("/service/tickets", body).await
    }

    async fn status(&self, ticket: i64, name: &str) {
        let body = json!([{ "op": "replace", "path": "status", "value": { "name": name } }]);
        let path = format!("/service/tickets/{ticket}");
        let answered = self
            .company
            .call(&self.company.admin, "PATCH", &path, Some(body))
            .await;
        answered.expect(200);
    }

    /// How a ticket stands: its status, whether it is in its level, and the minutes taken so far.
    async fn stands(&self, ticket: i64) -> (Value, Value, [Value; 3]) {
        let path = format!("/service/tickets/calculateSla?conditions=id={ticket}");
        let rows = self.company.get(&self.company.admin, &path).await.rows();
        assert_eq!(rows.len(), 1);
        let of = |name: &str| rows[0][name].clone();
        let minutes = ["respondMinutes", "resPlanMinutes", "resolveMinutes"].map(of);
        (of("slaStatus"), of("isInSla"), minutes)
    }

    fn wait(&self, minutes: i64) {
        self.company.advance(SignedDuration::from_mins(minutes));
    }
}

#[tokio::test]
async fn a_ticket_stands_by_the_hours_of_its_level() {
    let desk = Desk::open().await;
    let none = Value::Null;
    let usual = desk.ticket(json!({})).await;
    let urgent = desk
        .ticket(json!({ "priority": { "id": desk.urgent } }))
        .await;
    let shown = desk
        .company
        .get(&desk.company.admin, &format!("/service/tickets/{usual}"))
        .await
        .expect(200);
    assert_eq!(shown["sla"]["name"], "Office hours");
    assert_eq!(shown["slaStatus"], "Respond by Mon 03/02 1:00 PM UTC+00");
    let open = [none.clone(), none.clone(), none.clone()];
    let by = |text: &str, kept: bool| (json!(text), json!(kept), open.clone());
    assert_eq!(
        desk.stands(urgent).await,
        by("Respond by Mon 03/02 10:00 AM UTC+00", true)
    );

    desk.wait(90);
    assert_eq!(
        desk.stands(urgent).await,
        by("Respond by Mon 03/02 10:00 AM UTC+00", false)
    );
    assert_eq!(
        desk.stands(usual).await,
        by("Respond by Mon 03/02 1:00 PM UTC+00", true)
    );

    // Answered in time; the plan is due after eight hours of work.
    desk.status(usual, "Answered").await;
    let stands = (
        json!("Plan by Mon 03/02 5:00 PM UTC+00"),
        json!(true),
        [json!(90), none.clone(), none.clone()],
    );
    assert_eq!(desk.stands(usual).await, stands);

    // Over night the clock stands still: at nine on Tuesday there are nine hours on it.
    desk.wait(24 * 60 - 90);
    let (_, kept, _) = desk.stands(usual).await;
    assert_eq!(kept, json!(false), "eight hours for the plan have passed");
    desk.status(usual, "Solved").await;
    let (status, kept, minutes) = desk.stands(usual).await;
    assert_eq!((status, kept), (json!("Resolved"), json!(false)));
    assert_eq!(minutes, [json!(90), json!(540), json!(540)]);
}

#[tokio::test]
async fn a_ticket_that_waits_loses_no_time() {
    let desk = Desk::open().await;
    let ticket = desk
        .ticket(json!({ "priority": { "id": desk.urgent } }))
        .await;
    desk.wait(30);
    desk.status(ticket, "Answered").await;
    desk.wait(30);
    desk.status(ticket, "Waiting").await;
    // A whole day on somebody else's time.
    desk.wait(24 * 60);
    let (status, kept, _) = desk.stands(ticket).await;
    assert_eq!((status, kept), (json!("Waiting"), json!(true)));
    desk.status(ticket, "Answered").await;
    let (status, kept, _) = desk.stands(ticket).await;
    assert_eq!(
        (status, kept),
        (json!("Plan by Tue 03/03 11:00 AM UTC+00"), json!(true))
    );
    desk.wait(60);
    desk.status(ticket, "Solved").await;
    let (status, kept, minutes) = desk.stands(ticket).await;
    assert_eq!((status, kept), (json!("Resolved"), json!(true)));
    assert_eq!(minutes, [json!(30), json!(120), json!(120)]);
    let shown = desk
        .company
        .get(&desk.company.admin, &format!("/service/tickets/{ticket}"))
        .await
        .expect(200);
    assert_eq!(shown["minutesWaiting"], 540);
}

#[tokio::test]
async fn the_list_is_one_of_tickets_with_pages_and_rights() {
    let desk = Desk::open().await;
    for _ in 0..5 {
        desk.ticket(json!({})).await;
    }
    let path =
        "/service/tickets/calculateSla?pageSize=2&page=2&fields=id,slaStatus&orderBy=id desc";
    let answered = desk.company.get(&desk.company.admin, path).await;
    assert!(answered.headers.contains_key("link"));
    let ids: Vec<i64> = answered
        .rows()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [3, 2]);
    let role = desk.company.role("none", &[], &[]).await;
    let (_, key) = desk.company.member("None", role).await;
    assert_eq!(desk.company.get(&key, path).await.status, 403);
}
