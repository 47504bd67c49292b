//! Custom fields: defined once, listed by every record, set, asked for, and gone with their definition.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_store::Location;
use serde_json::{Value, json};
use support::Company;

const COMPANIES: i64 = 1;

async fn define(company: &Company, caption: &str, kind: &str, sequence: i64, more: Value) -> i64 {
    let mut body = json!({
        "podId": COMPANIES, "caption": caption, "sequenceNumber": sequence, "fieldTypeIdentifier": kind,
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = company
        .call(
            &company.admin,
            "POST",
            "/system/userDefinedFields",
            Some(body),
        )
        .await
        .expect(201);
    made["id"].as_i64().unwrap()
}

async fn client(company: &Company, name: &str, fields: Value) -> Value {
    let body = json!({"identifier": name, "name": name, "customFields": fields});
    company
        .call(&company.admin, "POST", "/company/companies", Some(body))
        .await
        .expect(201)
}

fn value<'v>(record: &'v Value, caption: &str) -> &'v Value {
    let fields = record["customFields"].as_array().expect("custom fields");
    let field = fields.iter().find(|field| field["caption"] == caption);
    &field.unwrap_or_else(|| panic!("{caption} is not listed"))["value"]
}

#[tokio::test]
async fn every_record_lists_every_field_in_its_order() {
    let company = Company::open().await;
    let admin = &company.admin;
    let early = client(&company, "Early", Value::Null).await;
    assert_eq!(early["customFields"], Value::Null);
    let second = define(&company, "Seats", "Number", 2, json!({"numberDecimals": 1})).await;
    let first = define(&company, "Outage ID", "Text", 1, json!({})).await;
    let expected = json!([
        {"id": first, "caption": "Outage ID", "type": "Text", "entryMethod": "EntryField", "numberOfDecimals": 0},
        {"id": second, "caption": "Seats", "type": "Number", "entryMethod": "EntryField", "numberOfDecimals": 1},
    ]);
    let path = format!("/company/companies/{}", early["id"]);
    assert_eq!(
        company.get(admin, &path).await.expect(200)["customFields"],
        expected
    );
    let list = company.get(admin, "/company/companies").await.rows();
    assert_eq!(list[0]["customFields"], expected);
    let contacts = company
        .call(
            admin,
            "POST",
            "/company/contacts",
            Some(json!({"firstName": "A"})),
        )
        .await
        .expect(201);
    assert_eq!(
        contacts["customFields"],
        Value::Null,
        "another pod's records do not list them"
    );
    let projected = format!("{path}?fields=id");
    assert_eq!(
        company.get(admin, &projected).await.expect(200)["customFields"],
        Value::Null
    );
    company
        .call(
            admin,
            "DELETE",
            &format!("/system/userDefinedFields/{second}"),
            None,
        )
        .await
        .expect(204);
    let left = company.get(admin, &path).await.expect(200);
    assert_eq!(left["customFields"], json!([expected[0]]));
}

#[tokio::test]
async fn values_are_set_changed_emptied_and_asked_for() {
    let company = Company::open().await;
    let admin = &company.admin;
    let text = define(&company, "Outage ID", "Text", 1, json!({})).await;
    let seats = define(&company, "Seats", "Number", 2, json!({})).await;
    let made = client(
        &company,
        "One",
        json!([{"id": text, "value": "x 1"}, {"caption": "seats", "value": "12"}]),
    )
    .await;
    client(&company, "Two", json!([{"id": seats, "value": 3}])).await;
    assert_eq!(
        (value(&made, "Outage ID"), value(&made, "Seats")),
        (&json!("x 1"), &json!(12))
    );
    let path = format!("/company/companies/{}", made["id"]);
    let patch = |value: Value| json!([{"op": "replace", "path": "customFields", "value": value}]);
    let body = patch(json!([{"id": seats, "value": 12.5}]));
    let changed = company
        .call(admin, "PATCH", &path, Some(body))
        .await
        .expect(200);
    assert_eq!(
        (value(&changed, "Outage ID"), value(&changed, "Seats")),
        (&json!("x 1"), &json!(12.5))
    );
    for (conditions, names) in [
        ("caption=\"Seats\" AND value > 10", vec!["One"]),
        ("caption=\"Seats\" AND value > 1", vec!["One", "Two"]),
        ("caption=\"Outage ID\" AND value=\"X 1\"", vec!["One"]),
        ("caption=\"Outage ID\" AND value=null", vec!["Two"]),
        ("caption=\"Nothing\" AND value=1", vec![]),
    ] {
        let path = format!("/company/companies?customFieldConditions={conditions}");
        let rows = company.get(admin, &path).await.rows();
        let found: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["identifier"].as_str())
            .collect();
        assert_eq!(found, names, "{conditions}");
    }
    let body = patch(json!([{"id": text, "value": null}, {"id": seats, "value": ""}]));
    let empty = company
        .call(admin, "PATCH", &path, Some(body))
        .await
        .expect(200);
    assert_eq!(
        (value(&empty, "Outage ID"), value(&empty, "Seats")),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn values_fit_their_field() {
    let company = Company::open().await;
    let list = json!({"entryTypeIdentifier": "List", "options": [
        {"optionValue": "Gold"}, {"optionValue": "Old", "inactiveFlag": true},
    ]});
    let mut fields = std::collections::HashMap::new();
    for (at, (kind, more)) in [
        ("Number", json!({})),
        ("Checkbox", json!({})),
        ("Date", json!({})),
        ("Text", list),
    ]
    .into_iter()
    .enumerate()
    {
        fields.insert(
            kind,
            define(&company, kind, kind, at as i64 + 1, more).await,
        );
    }
    for (index, (kind, sent, kept)) in [
        ("Number", json!("1.50"), Some(json!(1.5))),
        ("Number", json!("7.0"), Some(json!(7))),
        ("Number", json!(7.0), Some(json!(7))),
        ("Number", json!("many"), None),
        ("Number", json!([1]), None),
        ("Checkbox", json!("True"), Some(json!(true))),
        ("Checkbox", json!(0), Some(json!(false))),
        ("Checkbox", json!("maybe"), None),
        (
            "Date",
            json!("2026-03-02"),
            Some(json!("2026-03-02T00:00:00Z")),
        ),
        (
            "Date",
            json!("2026-03-02T10:00:00+01:00"),
            Some(json!("2026-03-02T09:00:00Z")),
        ),
        (
            "Date",
            json!("2026-03-02 10:00:00.5"),
            Some(json!("2026-03-02T10:00:00Z")),
        ),
        (
            "Date",
            json!("3/2/2026 1:00:00 PM"),
            Some(json!("2026-03-02T13:00:00Z")),
        ),
        ("Date", json!("soon"), None),
        ("Text", json!("GOLD"), Some(json!("Gold"))),
        ("Text", json!("Old"), None),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("C{index}");
        let body = json!({"identifier": name, "name": name, "customFields": [{"id": fields[kind], "value": sent}]});
        let made = company
            .call(&company.admin, "POST", "/company/companies", Some(body))
            .await;
        match kept {
            Some(kept) => assert_eq!(value(&made.expect(201), kind), &kept, "{kind} {sent}"),
            None => assert_eq!(
                made.expect(400)["errors"][0]["field"],
                "customFields",
                "{kind} {sent}"
            ),
        }
    }
}

#[tokio::test]
async fn definitions_are_checked_and_read_when_the_company_opens() {
    let folder = tempfile::tempdir().unwrap();
    let place = || Location::File(folder.path().join("acme.sqlite"));
    let member = {
        let company = Company::open_at(place()).await;
        let options = json!({"entryTypeIdentifier": "Option", "options": [{"optionValue": "A"}, {"optionValue": "B"}]});
        let id = define(&company, "Kind", "Text", 500, options).await;
        let shown = company
            .get(&company.admin, &format!("/system/userDefinedFields/{id}"))
            .await
            .expect(200);
        assert_eq!(
            (&shown["options"][0]["id"], &shown["options"][1]["id"]),
            (&json!(1), &json!(2))
        );
        for (name, wrong) in [
            ("podId", json!(99)),
            ("sequenceNumber", json!(501)),
            ("caption", json!("KIND")),
        ] {
            let mut body = json!({"podId": COMPANIES, "caption": "Other", "sequenceNumber": 1, "fieldTypeIdentifier": "Text"});
            body[name] = wrong;
            let error = company
                .call(
                    &company.admin,
                    "POST",
                    "/system/userDefinedFields",
                    Some(body),
                )
                .await
                .expect(400);
            assert_eq!(error["errors"][0]["field"], name);
        }
        company.admin_member
    };
    let company = Company::reopen(place()).await.with_admin(member);
    let made = client(&company, "New", json!([{"caption": "Kind", "value": "b"}])).await;
    assert_eq!(value(&made, "Kind"), "B");
}
