//! Amounts that a member's blocks hide, wherever they stand; and counts of usages that tell of no record
//! the caller may not read.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::All;
use bitting_policy::Levels;
use serde_json::{Value, json};
use support::{Company, Credentials};

const EVERY: Levels = [All; 4];

/// A member of a role that may all this, with blocks.
async fn blocked(company: &Company, name: &str, role: i64, blocks: &[&str]) -> Credentials {
    let mut body = json!({ "identifier": name, "name": name, "securityRole": { "id": role } });
    for block in blocks {
        body[block] = json!(true);
    }
    company.key(company.made("/system/apiMembers", body).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_hide_prices_and_costs_of_every_kind() {
    let company = Company::open().await;
    let kind = company
        .made("/marketing/campaigns/types", json!({"name": "Mail"}))
        .await;
    let sub = json!({"name": "Letter", "type": {"id": kind}});
    let sub = company.made("/marketing/campaigns/subTypes", sub).await;
    let campaign = json!({ "name": "Mail", "type": {"id": kind}, "subType": {"id": sub},
        "locationId": 1, "startDate": "2026-03-01T00:00:00Z", "endDate": "2026-04-01T00:00:00Z",
        "budgetRevenue": 900, "budgetCost": 300, "budgetGrossMargin": 600 });
    let campaign = company.made("/marketing/campaigns", campaign).await;
    let path = format!("/marketing/campaigns/{campaign}");
    let role = company
        .role(
            "Marketer",
            &[("Marketing", "Marketing Management", EVERY)],
            &[],
        )
        .await;
    let open = blocked(&company, "Open", role, &[]).await;
    let price = blocked(&company, "NoPrice", role, &["blockPriceFlag"]).await;
    let cost = blocked(&company, "NoCost", role, &["blockCostFlag"]).await;
    for (key, shown) in [
        (&open, [true, true, true]),
        (&price, [false, true, false]),
        (&cost, [true, false, false]),
    ] {
        let seen = company.get(key, &path).await.expect(200);
        let there = ["budgetRevenue", "budgetCost", "budgetGrossMargin"]
            .map(|name| seen.get(name).is_some());
        assert_eq!(there, shown, "{seen}");
    }
    // What is not shown is not told by a condition or an order either.
    for asked in ["conditions=budgetCost>100", "orderBy=budgetCost"] {
        let path = format!("/marketing/campaigns?{asked}");
        assert_eq!(company.get(&cost, &path).await.status, 403);
        assert_eq!(company.get(&open, &path).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usages_count_what_the_caller_may_read() {
    let company = Company::open().await;
    let body = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = company.made("/service/boards", body).await;
    let priority = json!({ "name": "Normal", "color": "Blue", "defaultFlag": true });
    let priority = company.made("/service/priorities", priority).await;
    let customer = json!({ "identifier": "Co", "name": "Co" });
    let customer = company.made("/company/companies", customer).await;
    let ticket =
        json!({ "summary": "One", "company": { "id": customer }, "board": { "id": board } });
    company.made("/service/tickets", ticket.clone()).await;
    company.made("/service/tickets", ticket).await;
    let tables = [("SystemTableSetup", bitting_policy::ListDocument::Everything)];
    let setup = ("System", "Table Setup", EVERY);
    let role = company.role("Setup", &[setup], &tables).await;
    let (_, setter) = company.member("Setter", role).await;
    let rows = [setup, ("Service Desk", "Service Tickets", EVERY)];
    let role = company.role("Both", &rows, &tables).await;
    let (_, both) = company.member("Both", role).await;
    let path = format!("/service/priorities/{priority}/usages");
    let counts = async |key: &Credentials| -> Vec<(String, i64)> {
        let rows = company.get(key, &path).await.rows();
        let line = |row: &Value| {
            (
                row["type"].as_str().unwrap().to_owned(),
                row["count"].as_i64().unwrap(),
            )
        };
        rows.iter().map(line).collect()
    };
    assert_eq!(counts(&both).await, [("Ticket".to_owned(), 2)]);
    assert_eq!(counts(&company.admin).await, [("Ticket".to_owned(), 2)]);
    assert_eq!(counts(&setter).await, []);
    let barred = json!({ "identifier": "Barred", "name": "Barred", "securityRole": { "id": role },
        "excludedServiceBoardIds": [board] });
    let barred = company.key(company.made("/system/apiMembers", barred).await);
    assert_eq!(counts(&barred).await, []);
    // It is in use all the same.
    let path = format!("/service/priorities/{priority}");
    assert_eq!(
        company.call(&setter, "DELETE", &path, None).await.status,
        409
    );
}
