//! Agreements: their state over time, what they take from their type, and what additions come to.

mod support;

use jiff::SignedDuration;
use serde_json::{Value, json};
use support::Company;

async fn made(company: &Company, path: &str, body: Value) -> Value {
    company
        .call(&company.admin, "POST", path, Some(body))
        .await
        .expect(201)
}

async fn customer(company: &Company) -> (i64, i64) {
    let status = json!({ "name": "Active", "defaultFlag": true });
    made(company, "/company/companies/statuses", status).await;
    let body = json!({ "identifier": "Cust", "name": "Customer", "addressLine1": "1 High Street", "site": { "name": "Main" } });
    let id = made(company, "/company/companies", body).await["id"]
        .as_i64()
        .expect("an id");
    let body = json!({ "firstName": "Ann", "company": { "id": id } });
    let contact = made(company, "/company/contacts", body).await["id"]
        .as_i64()
        .expect("an id");
    let patch = json!([{ "op": "replace", "path": "defaultContact", "value": { "id": contact } }]);
    company
        .call(
            &company.admin,
            "PATCH",
            &format!("/company/companies/{id}"),
            Some(patch),
        )
        .await
        .expect(200);
    (id, contact)
}

async fn managed(company: &Company) -> i64 {
    let body = json!({
        "name": "Managed", "defaultFlag": true, "employeeCompRate": "Hourly", "employeeCompNotExceed": "Amount",
        "invoicingCycle": "ContractYear", "billTime": "NoCharge", "billExpenses": "Billable",
        "billProducts": "DoNotBill", "coverAgreementTimeFlag": true, "taxableFlag": true, "oneTimeFlag": false,
        "expiredDays": 12,
    });
    made(company, "/finance/agreements/types", body).await["id"]
        .as_i64()
        .expect("an id")
}

async fn state(company: &Company, id: &Value) -> Value {
    let path = format!("/finance/agreements/{id}");
    company.get(&company.admin, &path).await.expect(200)["agreementStatus"].clone()
}

#[tokio::test]
async fn a_new_agreement_takes_after_its_type() {
    let company = Company::open().await;
    let (customer, contact) = customer(&company).await;
    let kind = managed(&company).await;
    let cycle = json!({ "identifier": "M", "name": "Monthly", "billingOptions": "Monthly", "defaultFlag": true });
    made(&company, "/finance/billingCycles", cycle).await;
    let body = json!({ "name": "Care", "type": { "id": kind }, "company": { "id": customer }, "taxable": false });
    let one = made(&company, "/finance/agreements", body).await;
    assert_eq!(one["contact"]["id"], contact);
    assert_eq!(one["coverAgreementTime"], true);
    assert_eq!(one["taxable"], false, "the caller's word goes first");
    assert_eq!(
        (&one["billTime"], &one["billProducts"]),
        (&json!("NoCharge"), &json!("DoNotBill"))
    );
    assert_eq!(
        (&one["invoicingCycle"], &one["employeeCompNotExceed"]),
        (&json!("ContractYear"), &json!("Amount"))
    );
    assert_eq!(one["expiredDays"], 12);
    assert_eq!(one["billingCycle"]["name"], "Monthly");
    assert_eq!(one["agreementStatus"], "Active");
    assert_eq!(one["noEndingDateFlag"], true);
}

#[tokio::test]
async fn states_follow_the_days() {
    let company = Company::open().await;
    let (customer, _) = customer(&company).await;
    let kind = managed(&company).await;
    let agreement = async |start: &str, end: &str| {
        let body = json!({ "name": "A", "type": { "id": kind }, "company": { "id": customer },
            "startDate": start, "endDate": end, "noEndingDateFlag": false });
        made(&company, "/finance/agreements", body).await["id"].clone()
    };
    // The clock stands at 2026-03-02.
    let running = agreement("2026-01-01", "2026-03-03").await;
    let coming = agreement("2026-03-04", "2026-12-31").await;
    let over = agreement("2025-01-01", "2026-03-01").await;
    let forever = made(
        &company,
        "/finance/agreements",
        json!({ "name": "B", "type": { "id": kind },
        "company": { "id": customer }, "startDate": "2025-01-01" }),
    )
    .await["id"]
        .clone();
    let states = async || {
        let mut states = Vec::new();
        for id in [&running, &coming, &over, &forever] {
            states.push(
                state(&company, id)
                    .await
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        states
    };
    assert_eq!(states().await, ["Active", "Inactive", "Expired", "Active"]);
    company.advance(SignedDuration::from_hours(24));
    assert_eq!(
        states().await,
        ["Active", "Inactive", "Expired", "Active"],
        "the last day counts"
    );
    company.advance(SignedDuration::from_hours(24));
    let path = "/finance/agreements/count?conditions=agreementStatus='Expired'";
    let count = company.get(&company.admin, path).await.expect(200);
    assert_eq!(count["count"], 2, "a list filters by the state of the day");
    assert_eq!(states().await, ["Expired", "Active", "Expired", "Active"]);
    let cancel = json!([{ "op": "replace", "path": "cancelledFlag", "value": true },
        { "op": "replace", "path": "dateCancelled", "value": "2026-03-06T00:00:00Z" }]);
    let path = format!("/finance/agreements/{forever}");
    let one = company
        .call(&company.admin, "PATCH", &path, Some(cancel))
        .await
        .expect(200);
    assert_eq!(one["agreementStatus"], "Active", "until the day comes");
    company.advance(SignedDuration::from_hours(48));
    assert_eq!(state(&company, &forever).await, "Cancelled");
    let report = company
        .get(&company.admin, "/system/reports/AgreementList?columns=Agreement_Status,AGR_Header_RecID&conditions=Agreement_Status='Cancelled'")
        .await
        .expect(200);
    assert_eq!(report["row_values"], json!([["Cancelled", forever]]));
}

/// A product of the catalog.
async fn product(company: &Company) -> Value {
    let category = made(
        company,
        "/procurement/categories",
        json!({ "name": "Licences" }),
    )
    .await["id"]
        .clone();
    let sub = json!({ "name": "Mail", "category": { "id": category } });
    let sub = made(company, "/procurement/subcategories", sub).await["id"].clone();
    let product_type =
        made(company, "/procurement/types", json!({ "name": "Licence" })).await["id"].clone();
    let item = json!({ "identifier": "M365", "description": "Mail licence", "customerDescription": "Mail",
        "subcategory": { "id": sub }, "type": { "id": product_type }, "price": 12.5, "cost": 9 });
    made(company, "/procurement/catalog", item).await["id"].clone()
}

#[tokio::test]
async fn additions_come_to_what_they_bill() {
    let company = Company::open().await;
    let (customer, _) = customer(&company).await;
    let kind = managed(&company).await;
    let body = json!({ "name": "Care", "type": { "id": kind }, "company": { "id": customer } });
    let id = made(&company, "/finance/agreements", body).await["id"].clone();
    let item = product(&company).await;
    let path = format!("/finance/agreements/{id}/additions");
    let addition = json!({ "product": { "id": item }, "quantity": 10, "lessIncluded": 2, "billCustomer": "Billable" });
    let one = made(&company, &path, addition).await;
    assert_eq!(one["unitPrice"], 12.5);
    assert_eq!(
        (&one["extPrice"], &one["extCost"], &one["margin"]),
        (&json!(100), &json!(90), &json!(10))
    );
    assert_eq!(one["agreementStatus"], "Active");
    let patch = json!([{ "op": "replace", "path": "/lessIncluded", "value": 0 }]);
    let one = company
        .call(
            &company.admin,
            "PATCH",
            &format!("{path}/{}", one["id"]),
            Some(patch),
        )
        .await
        .expect(200);
    assert_eq!(one["extPrice"], 125);
    let report = company
        .get(&company.admin, "/system/reports/AgreementAdditions?columns=AGR_Name,Ext_Price,Ext_Cost,Product_Description")
        .await
        .expect(200);
    assert_eq!(
        report["row_values"],
        json!([["Care", 125, 90, "Mail licence"]])
    );
    let adjust = json!({ "amount": 30, "description": "Credit" });
    let path = format!("/finance/agreements/{id}/adjustments");
    assert_eq!(made(&company, &path, adjust).await["agreementId"], id);
}

#[tokio::test]
async fn an_invoice_shows_the_additions_of_its_day() {
    let company = Company::open().await;
    let (customer, _) = customer(&company).await;
    let kind = managed(&company).await;
    let body = json!({ "name": "Care", "type": { "id": kind }, "company": { "id": customer } });
    let agreement = made(&company, "/finance/agreements", body).await["id"].clone();
    let path = format!("/finance/agreements/{agreement}/additions");
    let product = product(&company).await;
    for (from, to) in [("2026-01-01", "2026-02-01"), ("2026-01-01", "2026-12-01")] {
        let body = json!({ "product": { "id": product }, "quantity": 2, "billCustomer": "Billable",
            "effectiveDate": from, "cancelledDate": to });
        made(&company, &path, body).await;
    }
    let body = json!({ "type": "Agreement", "company": { "id": customer }, "date": "2026-02-15",
        "agreement": { "id": agreement } });
    let invoice = made(&company, "/finance/invoices", body).await;
    let columns = "columns=AGR_Name,Billing_Log_RecID,Extended_Price,Item_ID,Type";
    let path = format!("/system/reports/InvoiceAgreementAdditions?{columns}");
    let report = company.get(&company.admin, &path).await.expect(200);
    let line = json!(["Care", invoice["id"], 25, "M365", "Addition"]);
    assert_eq!(report["row_values"], json!([line]));
    // Whoever reads only what is new meets it, too.
    for (since, found) in [("2020-01-01", 1), ("2099-01-01", 0)] {
        let path = format!(
            "/system/reports/InvoiceAgreementAdditions/count?conditions=Last_Update_UTC > [{since}]"
        );
        let count = company.get(&company.admin, &path).await.expect(200);
        assert_eq!(count["count"], json!(found), "{since}");
    }
}
