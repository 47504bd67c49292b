//! What reports hold: rows in the demo company, values of their columns' types, and sums that the API itself
//! says of the same records.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_demo::Size;
use bitting_policy::Level;
use bitting_rules::reports::definition::{self, Column, ColumnKind, Source};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::{Company, Credentials};

/// The rows of a report as objects.
async fn told(company: &Company, key: &Credentials, report: &str) -> Vec<Value> {
    let path = format!("/system/reports/{report}?pageSize=1000");
    let answer = company.get(key, &path).await.expect(200);
    let columns = answer["column_definitions"].as_array().expect("columns");
    let names: Vec<&String> = columns
        .iter()
        .filter_map(|column| column.as_object()?.keys().next())
        .collect();
    let object = |row: &Value| {
        let cells = row.as_array().expect("a row").iter().cloned();
        names
            .iter()
            .map(|name| (*name).clone())
            .zip(cells)
            .collect()
    };
    let rows = answer["row_values"].as_array().expect("rows");
    rows.iter().map(object).collect()
}

fn fits(column: &Column, value: &Value) -> bool {
    match column.kind {
        // A day that nobody wrote down has no nothing to stand for it.
        ColumnKind::DateTime if value.is_null() => true,
        _ if value.is_null() => column.nullable,
        ColumnKind::Text => value.is_string(),
        ColumnKind::Numeric => value.is_number(),
        ColumnKind::Boolean => value.is_boolean(),
        ColumnKind::DateTime => value
            .as_str()
            .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
    }
}

/// The names under a heading of the page about reports.
fn listed(heading: &str) -> BTreeSet<String> {
    let page = include_str!("../../../data/reports/README.md");
    let (_, after) = page.split_once(heading).expect("the heading");
    let table = after.trim_start().split("\n\n").next().unwrap_or_default();
    let names = table.lines().skip(2).filter_map(|line| {
        let (cell, reason) = line.strip_prefix("| ")?.split_once(" | ")?;
        assert!(reason.len() > 12, "{cell} needs a reason");
        Some(cell.split(", ").map(str::to_owned).collect::<Vec<_>>())
    });
    names.flatten().collect()
}

/// Every report has rows, or stands on the page with its reason; every value is of its column's type.
#[tokio::test]
async fn reports_have_rows_of_their_types_or_a_reason() {
    let company = Company::demo(Size::default(), 1).await;
    let (mut nowhere, mut empty) = (BTreeSet::new(), BTreeSet::new());
    for name in definition::names() {
        let report = definition::find(&name).unwrap().expect("a report");
        if report.rows == Source::Nowhere {
            nowhere.insert(name);
            continue;
        }
        let rows = told(&company, &company.admin, &name).await;
        for row in &rows {
            for column in &report.columns {
                let value = &row[&*column.name];
                assert!(fits(column, value), "{name} {}: {value}", column.name);
            }
        }
        if rows.is_empty() {
            empty.insert(name);
        }
    }
    assert_eq!(nowhere, listed("## Without rows"));
    assert_eq!(empty, listed("## Empty in the demo company"));
}

/// A value of a custom field is a row of its pod's report; a password is not told.
#[tokio::test]
async fn custom_fields_are_told_of_every_kind_of_record() {
    let company = Company::demo(Size::scaled(40), 3).await;
    for (pod, path, report, id, value) in [
        (
            1,
            "/company/companies",
            "CompanyCustomFields",
            "Company_RecID",
            "User_Defined_Field_Value",
        ),
        (
            2,
            "/company/contacts",
            "ContactCustomFields",
            "Contact_RecID",
            "User_Defined_Field_Value",
        ),
        (
            4,
            "/company/configurations",
            "ConfigCustomFields",
            "Config_RecID",
            "User_Defined_Field_Value",
        ),
        (
            5,
            "/service/tickets",
            "ServiceCustomFields",
            "SR_Service_RecID",
            "User_Defined_Field_Value",
        ),
        (
            7,
            "/project/projects",
            "ProjectCustomFields",
            "PM_Project_RecID",
            "User_Defined_Field_Value",
        ),
        (
            9,
            "/sales/opportunities",
            "OpportunityCustomFields",
            "Opportunity_RecID",
            "opportunity_customvalue",
        ),
        (
            10,
            "/sales/activities",
            "ActivityCustomFields",
            "SO_Activity_RecID",
            "User_Defined_Field_Value",
        ),
        (
            11,
            "/sales/orders",
            "SalesOrderCustomFields",
            "Order_Header_RecID",
            "User_Defined_Field_Value",
        ),
        (
            16,
            "/finance/invoices",
            "InvoiceCustomFields",
            "Billing_Log_RecID",
            "User_Defined_Field_Value",
        ),
        (
            18,
            "/system/members",
            "MyAccountCustomFields",
            "Member_RecID",
            "User_Defined_Field_Value",
        ),
        (
            20,
            "/time/entries",
            "TimeEntryCustomFields",
            "Time_RecID",
            "User_Defined_Field_Value",
        ),
        (
            21,
            "/expense/entries",
            "ExpenseCustomFields",
            "EX_Detail_RecID",
            "User_Defined_Field_Value",
        ),
    ] {
        for kind in ["Text", "Password"] {
            let body = json!({ "podId": pod, "caption": format!("{kind} {pod}"), "sequenceNumber": 9,
                "fieldTypeIdentifier": kind, "entryTypeIdentifier": "EntryField" });
            let field = company.made("/system/userDefinedFields", body).await;
            // What is closed or approved is not changed any more.
            let open = match pod {
                16 => "&conditions=status/closedFlag=false",
                21 => "&conditions=status='Open'",
                _ => "",
            };
            let first = format!("{path}?pageSize=1{open}");
            let rows = company.get(&company.admin, &first).await.rows();
            let record = rows[0]["id"].as_i64().expect("an id");
            let before = told(&company, &company.admin, report).await.len();
            let body = json!([{ "op": "replace", "path": "customFields",
                "value": [{ "id": field, "value": "Gold" }] }]);
            let at = format!("{path}/{record}");
            let answered = company.call(&company.admin, "PATCH", &at, Some(body)).await;
            assert_eq!(answered.status, 200, "{at}: {}", answered.json);
            let rows = told(&company, &company.admin, report).await;
            assert_eq!(rows.len(), before + 1, "{report}");
            let row = rows
                .iter()
                .find(|row| row["User_Defined_Field_RecID"] == json!(field));
            let row = row.unwrap_or_else(|| panic!("{report} has no field {field}"));
            assert_eq!(row[id], json!(record), "{report}");
            let shown = if kind == "Text" { "Gold" } else { "" };
            assert_eq!(row[value], shown, "{report}");
        }
    }
}

/// Reports of trails have a row per line, and nothing for whoever may see no prices.
#[tokio::test]
async fn trails_are_told_and_keep_prices_from_who_may_not_see_them() {
    let company = Company::demo(Size::scaled(40), 3).await;
    let all = [Level::None, Level::None, Level::None, Level::All];
    let role = company
        .role("Reports", &[("System", "API Reports", all)], &[])
        .await;
    let (member, key) = company.member("Blocked", role).await;
    for field in ["blockPriceFlag", "blockCostFlag"] {
        let body = json!([{ "op": "replace", "path": field, "value": true }]);
        let path = format!("/system/apiMembers/{member}");
        company
            .call(&company.admin, "PATCH", &path, Some(body))
            .await
            .expect(200);
    }
    for (path, field, report, id) in [
        (
            "/finance/agreements",
            "name",
            "AgreementAudit",
            "AGR_Header_RecID",
        ),
        (
            "/project/projects",
            "name",
            "ProjectAudit",
            "PM_Project_RecID",
        ),
        (
            "/service/tickets",
            "summary",
            "TicketAudit",
            "SR_Service_RecID",
        ),
        ("/service/tickets", "summary", "ServiceAudit", "TicketNbr"),
    ] {
        let rows = company
            .get(&company.admin, &format!("{path}?pageSize=1"))
            .await
            .rows();
        let record = rows[0]["id"].as_i64().expect("an id");
        let body = json!([{ "op": "replace", "path": field, "value": format!("Called {report}") }]);
        company
            .call(
                &company.admin,
                "PATCH",
                &format!("{path}/{record}"),
                Some(body),
            )
            .await
            .expect(200);
        let rows = told(&company, &company.admin, report).await;
        let about = |row: &&Value| {
            let text = row["Audit_Text"].as_str().unwrap_or_default();
            text.contains(&format!("Called {report}"))
        };
        let row = rows.iter().find(about).expect("a line");
        assert_eq!(row[id], json!(record), "{report}");
        for row in told(&company, &key, report).await {
            assert_eq!(row["Audit_Text"], Value::Null, "{report}");
        }
        let path = format!("/system/reports/{report}?conditions=Audit_Text like '*Called*'");
        assert_eq!(company.get(&key, &path).await.status, 403, "{report}");
    }
}

/// Sums and counts are those of the records themselves.
#[tokio::test]
async fn what_is_counted_is_what_the_api_lists() {
    let company = Company::demo(Size::scaled(120), 5).await;
    let list = async |path: &str| {
        let path = format!("{path}?pageSize=1000");
        company.get(&company.admin, &path).await.rows()
    };
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);

    let hours = told(&company, &company.admin, "ServiceKPICountByHour").await;
    let counted: i64 = hours
        .iter()
        .filter_map(|row| row["TicketCount"].as_i64())
        .sum();
    let tickets = list("/service/tickets").await.len() + list("/project/tickets").await.len();
    assert_eq!(counted, i64::try_from(tickets).unwrap());

    let invoices = list("/finance/invoices").await;
    let aging = told(&company, &company.admin, "AccountsReceivableAging").await;
    assert_eq!(aging.len(), invoices.len());
    let now = jiff::Timestamp::from_second(support::START).unwrap();
    for (row, invoice) in aging.iter().zip(&invoices) {
        assert_eq!(row["Open_Balance"], invoice["balance"]);
        let owed = number(&invoice["balance"]) > 0.0;
        assert_eq!(row["IsPaid"], json!(i32::from(!owed)));
        let due: jiff::Timestamp = row["DueDate"].as_str().unwrap().parse().unwrap();
        let late = (now.as_second() - due.as_second()).div_euclid(86_400);
        assert_eq!(row["Aging"], json!(if owed { late } else { 0 }));
    }

    let mut of: BTreeMap<i64, (i64, f64)> = BTreeMap::new();
    for result in list("/service/surveys/1/results").await {
        let held = of.entry(result["ticketId"].as_i64().unwrap()).or_default();
        held.0 += 1;
        held.1 += number(&result["totalPoints"]);
    }
    assert!(!of.is_empty());
    for row in told(&company, &company.admin, "SurveysByTicket").await {
        let (count, points) = of
            .remove(&row["SR_Service_RecID"].as_i64().unwrap())
            .unwrap_or_default();
        assert_eq!(row["Surveys_Completed"], json!(count));
        assert!((number(&row["Total_Points"]) - points).abs() < 0.001);
    }
    assert!(of.is_empty());

    let counts = told(&company, &company.admin, "ServiceMetricsCounts").await;
    let mut attached = 0;
    for row in counts.iter().take(20) {
        let path = format!(
            "/service/tickets/{}/configurations",
            row["SR_Service_RecID"]
        );
        let there = list(&path).await.len();
        assert_eq!(row["Configuration_Count"], json!(there));
        attached += there;
    }
    assert!(attached > 0);
}

/// What is posted waits no more, in the list of accounting and in the report.
#[tokio::test]
async fn a_posted_expense_waits_no_more() {
    let company = Company::demo(Size::scaled(60), 3).await;
    let waiting = async || {
        let list = company
            .get(
                &company.admin,
                "/finance/accounting/unpostedexpenses?pageSize=1000",
            )
            .await
            .rows();
        let ids: BTreeSet<i64> = list.iter().filter_map(|row| row["id"].as_i64()).collect();
        let report = told(&company, &company.admin, "UnpostedExpense").await;
        assert_eq!(report.len(), ids.len());
        ids
    };
    let before = waiting().await;
    let first = *before.first().expect("an expense");
    let body = json!({ "batchIdentifier": "E1", "exportExpensesFlag": true, "processedRecordIds": [first] });
    let path = "/finance/accounting/batches";
    company
        .call(&company.admin, "POST", path, Some(body))
        .await
        .expect(201);
    let after = waiting().await;
    assert!(!after.contains(&first));
    assert_eq!(after.len() + 1, before.len());
}
