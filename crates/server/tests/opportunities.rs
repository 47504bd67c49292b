//! Opportunities and activities: what a new one starts with, when it closes, and the forecast in both shapes.

mod support;

use bitting_policy::Level::{All, My, None};
use bitting_policy::Levels;
use serde_json::{Value, json};
use support::{Company, Credentials};

struct Sales {
    company: Company,
    customer: i64,
    contact: i64,
    open: i64,
    won: i64,
}

/// A company with a customer, its contact, and the set-up rows of sales.
async fn sales() -> Sales {
    let company = Company::open().await;
    let open = json!({ "name": "Open", "defaultFlag": true });
    let open = company.made("/sales/opportunities/statuses", open).await;
    let won = json!({ "name": "Won", "wonFlag": true, "closedFlag": true });
    let won = company.made("/sales/opportunities/statuses", won).await;
    for percent in [50, 10] {
        company
            .made("/sales/probabilities", json!({ "probability": percent }))
            .await;
    }
    for (name, number) in [("Second", 2), ("First", 1)] {
        company
            .made(
                "/sales/stages",
                json!({ "name": name, "sequenceNumber": number }),
            )
            .await;
    }
    let status = json!({ "name": "Active", "defaultFlag": true });
    company.made("/company/companies/statuses", status).await;
    let body = json!({ "identifier": "Cust", "name": "Customer", "addressLine1": "1 High Street", "site": { "name": "Main" } });
    let customer = company.made("/company/companies", body).await;
    let body = json!({ "firstName": "Ann", "company": { "id": customer } });
    let contact = company.made("/company/contacts", body).await;
    let patch = json!([{ "op": "replace", "path": "defaultContact", "value": { "id": contact } }]);
    company
        .call(
            &company.admin,
            "PATCH",
            &format!("/company/companies/{customer}"),
            Some(patch),
        )
        .await
        .expect(200);
    Sales {
        company,
        customer,
        contact,
        open,
        won,
    }
}

impl Sales {
    fn body(&self, rep: i64) -> Value {
        json!({ "name": "New switches", "company": { "id": self.customer }, "primarySalesRep": { "id": rep } })
    }

    async fn opportunity(&self) -> i64 {
        self.company
            .made("/sales/opportunities", self.body(self.company.admin_member))
            .await
    }

    async fn seller(
        &self,
        name: &str,
        levels: Levels,
        more: &[(&str, &str, Levels)],
    ) -> Credentials {
        let mut rows = vec![("Sales", "Opportunity", levels)];
        rows.extend_from_slice(more);
        let role = self.company.role(name, &rows, &[]).await;
        self.company.member(name, role).await.1
    }
}

#[tokio::test]
async fn a_new_opportunity_takes_what_it_lacks_from_set_up() {
    let sales = sales().await;
    let id = sales.opportunity().await;
    let one = sales
        .company
        .get(&sales.company.admin, &format!("/sales/opportunities/{id}"))
        .await
        .expect(200);
    assert_eq!(one["status"]["name"], "Open");
    assert_eq!(one["stage"]["name"], "First");
    assert_eq!(one["probability"]["name"], "10");
    assert_eq!(one["contact"]["id"], sales.contact);
    assert_eq!(one["expectedCloseDate"], "2026-04-01T00:00:00Z");
    assert!(
        one["locationId"].is_i64() && one["businessUnitId"].is_i64(),
        "{one}"
    );
    assert!(one.get("type").is_none(), "{one}");
    assert!(one.get("closedDate").is_none(), "{one}");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let sales = sales().await;
    let refused = sales
        .company
        .call(
            &sales.company.admin,
            "POST",
            "/sales/opportunities",
            Some(json!({})),
        )
        .await;
    let body = refused.expect(400);
    let fields: Vec<&str> = body["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["field"].as_str())
        .collect();
    for field in ["name", "primarySalesRep", "company", "contact"] {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    let id = sales.opportunity().await;
    for field in ["expectedCloseDate", "locationId", "businessUnitId"] {
        let patch = json!([{ "op": "replace", "path": field, "value": null }]);
        let path = format!("/sales/opportunities/{id}");
        let refused = sales
            .company
            .call(&sales.company.admin, "PATCH", &path, Some(patch))
            .await;
        assert_eq!(refused.expect(400)["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn closing_stamps_and_asks_for_a_right_of_its_own_afterwards() {
    let sales = sales().await;
    let full = [All, All, All, All];
    let plain = sales.seller("Plain", full, &[]).await;
    let closer = sales
        .seller(
            "Closer",
            full,
            &[("Sales", "Closed Opportunity", [None, All, None, All])],
        )
        .await;
    let id = sales.opportunity().await;
    let path = format!("/sales/opportunities/{id}");
    let close = json!([{ "op": "replace", "path": "status", "value": { "id": sales.won } }]);
    let one = sales
        .company
        .call(&plain, "PATCH", &path, Some(close))
        .await
        .expect(200);
    assert_eq!(one["closedDate"], "2026-03-02T09:00:00Z");
    assert_eq!(one["closedBy"]["identifier"], "Plain");
    let rename = json!([{ "op": "replace", "path": "name", "value": "Other" }]);
    let refused = sales
        .company
        .call(&plain, "PATCH", &path, Some(rename.clone()))
        .await;
    assert!(
        refused.denial().contains("Closed Opportunity"),
        "{}",
        refused.denial()
    );
    assert_eq!(refused.status, 403);
    let item = json!({ "forecastType": "Product", "revenue": 1 });
    let refused = sales
        .company
        .call(&plain, "POST", &format!("{path}/forecast"), Some(item))
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        sales
            .company
            .call(&plain, "DELETE", &path, Option::None)
            .await
            .status,
        403
    );
    sales
        .company
        .call(&closer, "PATCH", &path, Some(rename))
        .await
        .expect(200);
    let reopen = json!([{ "op": "replace", "path": "status", "value": { "id": sales.open } }]);
    let one = sales
        .company
        .call(&closer, "PATCH", &path, Some(reopen))
        .await
        .expect(200);
    assert!(
        one.get("closedDate").is_none() && one.get("closedBy").is_none(),
        "{one}"
    );
}

#[tokio::test]
async fn a_forecast_adds_up_in_both_shapes() {
    let sales = sales().await;
    let seller = sales.seller("Propel", [All, None, None, All], &[]).await;
    let id = sales.opportunity().await;
    let path = format!("/sales/opportunities/{id}/forecast");
    let material = json!({ "forecastDescription": "Material", "forecastType": "Product", "revenue": 1000.5, "cost": 600.25, "quantity": 1, "status": { "id": sales.open }, "includeFlag": true });
    let item = sales
        .company
        .call(&seller, "POST", &path, Some(material))
        .await
        .expect(201);
    assert_eq!(item["margin"], 400.25);
    let old = json!({ "name": "Labor", "type": "Service", "revenue": 200, "cost": 50, "includedFlag": true });
    let item = sales
        .company
        .call(&seller, "POST", &path, Some(old))
        .await
        .expect(201);
    assert_eq!(
        (&item["forecastDescription"], &item["forecastType"]),
        (&json!("Labor"), &json!("Service"))
    );
    assert_eq!(item["status"]["id"], sales.open, "the opportunity's own");
    let whole =
        json!({ "forecastItems": [{ "forecastType": "Agreement", "revenue": 10, "cost": 1 }] });
    let forecast = sales
        .company
        .call(&seller, "POST", &path, Some(whole))
        .await
        .expect(201);
    assert_eq!(forecast["forecastItems"].as_array().map(Vec::len), Some(3));
    let list = sales.company.get(&seller, &path).await.rows();
    assert_eq!(list.len(), 1);
    let forecast = &list[0];
    assert_eq!(forecast["id"], id);
    assert_eq!(forecast["productRevenue"]["revenue"], 1000.5);
    assert_eq!(forecast["serviceRevenue"]["margin"], 150);
    assert_eq!(forecast["forecastRevenueTotals"]["revenue"], 1210.5);
    assert_eq!(forecast["openRevenue"]["cost"], 651.25);
    assert_eq!(forecast["wonRevenue"]["revenue"], 0);
    assert_eq!(forecast["expectedProbability"], 10);
    let refused = sales
        .company
        .call(
            &seller,
            "PUT",
            &format!("{path}/"),
            Some(json!({ "forecastItems": [] })),
        )
        .await;
    assert_eq!(refused.status, 403, "Add does not change what is there");
}

#[tokio::test]
async fn items_are_records_of_their_own() {
    let sales = sales().await;
    let admin = &sales.company.admin;
    let id = sales.opportunity().await;
    let other = sales.opportunity().await;
    let path = format!("/sales/opportunities/{id}/forecast");
    let item = json!({ "forecastType": "Product", "revenue": 5, "opportunity": { "id": id }, "status": { "id": sales.open } });
    let item = sales
        .company
        .call(admin, "POST", &format!("{path}/0"), Some(item))
        .await
        .expect(201);
    let one = format!("{path}/{}", item["id"]);
    let patch = json!([{ "op": "replace", "path": "cost", "value": 2 }]);
    let patched = sales
        .company
        .call(admin, "PATCH", &one, Some(patch))
        .await
        .expect(200);
    assert_eq!(patched["margin"], 3);
    sales
        .company
        .call(
            admin,
            "POST",
            &format!("{path}/copy/{}", item["id"]),
            Option::None,
        )
        .await
        .expect(200);
    let count = sales
        .company
        .get(admin, &format!("{path}/count"))
        .await
        .expect(200);
    assert_eq!(count["count"], 2);
    let strange = format!("/sales/opportunities/{other}/forecast/{}", item["id"]);
    assert_eq!(sales.company.get(admin, &strange).await.status, 404);
    let wrong = json!({ "forecastType": "Product", "opportunity": { "id": other } });
    let refused = sales.company.call(admin, "POST", &path, Some(wrong)).await;
    assert_eq!(refused.expect(400)["errors"][0]["field"], "opportunity/id");
    let put = json!({ "forecastItems": [{ "forecastType": "Other1", "revenue": 7 }] });
    let forecast = sales
        .company
        .call(admin, "PUT", &format!("{path}/"), Some(put))
        .await
        .expect(200);
    assert_eq!(forecast["otherRevenue1"]["revenue"], 7);
    assert_eq!(forecast["forecastItems"].as_array().map(Vec::len), Some(1));
    let bad =
        json!({ "forecastItems": [{ "forecastType": "Product" }, { "forecastType": "Nonsense" }] });
    assert_eq!(
        sales
            .company
            .call(admin, "PUT", &format!("{path}/"), Some(bad))
            .await
            .status,
        400
    );
    let list = sales.company.get(admin, &path).await.rows();
    assert_eq!(
        list[0]["forecastItems"].as_array().map(Vec::len),
        Some(1),
        "all or nothing"
    );
    assert_eq!(
        sales
            .company
            .call(admin, "DELETE", &one, Option::None)
            .await
            .status,
        404
    );
    assert_eq!(
        sales
            .company
            .call(admin, "DELETE", &format!("{path}/"), Option::None)
            .await
            .status,
        204
    );
    assert_eq!(
        sales
            .company
            .get(admin, &format!("{path}/count"))
            .await
            .expect(200)["count"],
        0
    );
}

#[tokio::test]
async fn an_activity_names_who_does_it() {
    let sales = sales().await;
    sales
        .company
        .made(
            "/sales/activities/statuses",
            json!({ "name": "Open", "defaultFlag": true }),
        )
        .await;
    sales
        .company
        .made(
            "/sales/activities/types",
            json!({ "name": "Call", "defaultFlag": true }),
        )
        .await;
    let levels = [My, None, None, My];
    let role = sales
        .company
        .role(
            "Caller",
            &[("Companies", "CRM/Sales Activities", levels)],
            &[],
        )
        .await;
    let (member, key) = sales.company.member("Caller", role).await;
    let refused = sales
        .company
        .call(
            &key,
            "POST",
            "/sales/activities",
            Some(json!({ "name": "Ring" })),
        )
        .await;
    let body = refused.expect(400);
    assert_eq!(body["code"], "InvalidObject");
    assert_eq!(body["errors"][0]["code"], "MissingRequiredField");
    assert_eq!(
        body["errors"][0]["message"],
        "The assignTo/id field is required."
    );
    assert_eq!(body["errors"][0]["field"], "assignTo");
    let ring = json!({ "name": "Ring", "assignTo": { "id": member }, "company": { "id": sales.customer } });
    let one = sales
        .company
        .call(&key, "POST", "/sales/activities", Some(ring))
        .await
        .expect(201);
    assert_eq!(one["assignedBy"]["id"], member);
    assert_eq!(
        (&one["type"]["name"], &one["status"]["name"]),
        (&json!("Call"), &json!("Open"))
    );
    let admin = sales.company.admin_member;
    let foreign = json!({ "name": "Not theirs", "assignTo": { "id": admin } });
    sales.company.made("/sales/activities", foreign).await;
    let list = sales.company.get(&key, "/sales/activities").await.rows();
    assert_eq!(list.len(), 1);
}

/// Neither the block's own members nor what could be worked out from the others.
#[tokio::test]
async fn blocks_hide_prices_and_costs_of_a_forecast() {
    let sales = sales().await;
    let id = sales.opportunity().await;
    let path = format!("/sales/opportunities/{id}/forecast");
    let item = json!({ "forecastType": "Product", "revenue": 100, "cost": 60 });
    sales.company.made(&path, item).await;
    for (name, flag, shown) in [
        ("NoPrice", "blockPriceFlag", "cost"),
        ("NoCost", "blockCostFlag", "revenue"),
    ] {
        let levels = [None, None, None, All];
        let rows = [
            ("Sales", "Opportunity", levels),
            ("System", "API Reports", levels),
        ];
        let role = sales.company.role(name, &rows, &[]).await;
        let (member, key) = sales.company.member(name, role).await;
        let patch = json!([{ "op": "replace", "path": flag, "value": true }]);
        let member = format!("/system/apiMembers/{member}");
        let admin = &sales.company.admin;
        sales
            .company
            .call(admin, "PATCH", &member, Some(patch))
            .await
            .expect(200);
        let forecast = &sales.company.get(&key, &path).await.rows()[0];
        let mut members: Vec<&String> = forecast["productRevenue"]
            .as_object()
            .expect("sums")
            .keys()
            .collect();
        members.sort();
        let mut expected = vec!["id", shown];
        expected.sort_unstable();
        assert_eq!(members, expected, "{name}");
        let item = &forecast["forecastItems"][0];
        let hidden = if shown == "cost" { "revenue" } else { "cost" };
        assert!(
            item.get(hidden).is_none() && item.get(shown).is_some(),
            "{item}"
        );
        for name in ["margin", "percentage"] {
            assert!(item.get(name).is_none(), "{name} tells the other: {item}");
        }
        let columns = "columns=Product_Cost,Product_Revenue";
        let report = format!("/system/reports/Opportunity?{columns}");
        let report = sales.company.get(&key, &report).await.expect(200);
        let expected = if shown == "cost" {
            json!([60, null])
        } else {
            json!([null, 100])
        };
        assert_eq!(report["row_values"][0], expected, "{name}");
    }
}
