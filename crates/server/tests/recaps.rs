//! Records that are worked out from others: the parameters of an agreement, the recap of a project, the days of
//! a schedule entry. They say what the records say that they come from.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_demo::Size;
use serde_json::{Value, json};
use support::Company;

async fn demo() -> Company {
    let size = Size {
        companies: 12,
        contacts: 20,
        configurations: 5,
        agreements: 8,
        tickets: 60,
        opportunities: 5,
        activities: 5,
        projects: 4,
        technicians: 0,
    };
    Company::demo(size, 5).await
}

async fn read(company: &Company, path: &str) -> Value {
    company.get(&company.admin, path).await.expect(200)
}

fn sum(rows: &[Value], name: &str) -> f64 {
    rows.iter().filter_map(|row| row[name].as_f64()).sum()
}

#[tokio::test]
async fn parameters_say_what_the_agreement_says() {
    let company = demo().await;
    let agreements = read(&company, "/finance/agreements?pageSize=100").await;
    for agreement in agreements.as_array().unwrap() {
        let id = &agreement["id"];
        let path = format!("/finance/agreements/{id}");
        let covers = read(&company, &format!("{path}/applicationParameters/any_pod")).await;
        assert_eq!(
            covers["applicationUnit"]["name"],
            agreement["applicationUnits"]
        );
        assert_eq!(
            covers["applicationLimitAmount"],
            agreement["applicationLimit"]
        );
        assert_eq!(covers["coversTimeFlag"], agreement["coverAgreementTime"]);
        let recurs = read(&company, &format!("{path}/recurringParameters/7")).await;
        assert_eq!(recurs["aGRAmount"], agreement["billAmount"]);
        assert_eq!(
            recurs["billingCycle"]["id"],
            agreement["billingCycle"]["id"]
        );
        let total = recurs["totalAmount"].as_f64().unwrap();
        let parts = ["aGRAmount", "childrenAmount", "additionsAmount"];
        let parts: f64 = parts.iter().filter_map(|name| recurs[*name].as_f64()).sum();
        assert!((total - parts).abs() < 0.005, "{recurs}");
    }
    let missing = "/finance/agreements/999999/recurringParameters/7";
    company.get(&company.admin, missing).await.expect(404);
}

#[tokio::test]
async fn the_recap_of_a_project_sums_what_is_on_it() {
    let company = demo().await;
    let projects = read(&company, "/project/projects?pageSize=100").await;
    let mut some = false;
    for project in projects.as_array().unwrap() {
        let id = &project["id"];
        let of = |path: &str| format!("{path}?conditions=project/id={id}&pageSize=1000");
        let entries = company
            .get(&company.admin, &of("/time/entries"))
            .await
            .rows();
        let expenses = company
            .get(&company.admin, &of("/expense/entries"))
            .await
            .rows();
        let products = company
            .get(&company.admin, &of("/procurement/products"))
            .await
            .rows();
        let path = format!("/project/projects/{id}/projectRecap");
        let recap = company
            .get_as_of(&company.admin, &path, "2026.4")
            .await
            .expect(200);
        assert_eq!(recap["description"], project["name"]);
        let expected = sum(&entries, "extendedInvoiceAmount")
            + sum(&expenses, "amount")
            + sum(&products, "extPrice");
        let actual = recap["revenueActual"].as_f64().unwrap();
        assert!(
            (actual - expected).abs() < 0.01,
            "{actual} is not {expected}: {recap}"
        );
        some |= actual > 0.0;
        let [billed, unbilled] =
            ["revenueBilled", "revenueUnbilled"].map(|name| recap[name].as_f64().unwrap());
        assert!((billed + unbilled - actual).abs() < 0.015, "{recap}");
    }
    assert!(some, "no project of the demo company has anything on it");
}

#[tokio::test]
async fn an_entry_has_one_appointment_for_each_of_its_days() {
    let company = demo().await;
    let entries = read(&company, "/schedule/entries?pageSize=1").await;
    let entry = &entries[0];
    let path = format!("/schedule/entries/{}", entry["id"]);
    let change = json!([
        { "op": "replace", "path": "dateStart", "value": "2026-05-04T20:00:00Z" },
        { "op": "replace", "path": "dateEnd", "value": "2026-05-06T02:00:00Z" },
    ]);
    company
        .call(&company.admin, "PATCH", &path, Some(change))
        .await
        .expect(200);
    let days = company
        .get(&company.admin, &format!("{path}/details"))
        .await
        .rows();
    let hours: Vec<(&str, &str)> = days
        .iter()
        .map(|day| {
            (
                day["dateStart"].as_str().unwrap(),
                day["dateEnd"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        hours,
        [
            ("2026-05-04T20:00:00Z", "2026-05-05T00:00:00Z"),
            ("2026-05-05T00:00:00Z", "2026-05-06T00:00:00Z"),
            ("2026-05-06T00:00:00Z", "2026-05-06T02:00:00Z"),
        ]
    );
    for day in &days {
        let one = read(&company, &format!("{path}/details/{}", day["id"])).await;
        assert_eq!(one, *day);
    }
}
