//! Companies, sites, contacts and their types as their users know them: what is kept twice says the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::{Value, json};
use support::Company;

async fn post(company: &Company, path: &str, body: Value) -> Value {
    company
        .call(&company.admin, "POST", path, Some(body))
        .await
        .expect(201)
}

async fn patch(company: &Company, path: &str, field: &str, value: Value) -> Value {
    let body = json!([{"op": "replace", "path": field, "value": value}]);
    company
        .call(&company.admin, "PATCH", path, Some(body))
        .await
        .expect(200)
}

async fn get(company: &Company, path: &str) -> Value {
    company.get(&company.admin, path).await.expect(200)
}

async fn rows(company: &Company, path: &str) -> Vec<Value> {
    company.get(&company.admin, path).await.rows()
}

async fn delete(company: &Company, path: &str) -> u16 {
    company
        .call(&company.admin, "DELETE", path, None)
        .await
        .status
}

async fn acme(company: &Company) -> i64 {
    let body = json!({"identifier": "Acme", "name": "Acme Inc", "addressLine1": "1 Main St", "city": "Tampa"});
    post(company, "/company/companies", body).await["id"]
        .as_i64()
        .unwrap()
}

fn ids(list: &Value) -> Vec<i64> {
    list.as_array()
        .map(|list| list.iter().map(|row| row["id"].as_i64().unwrap()).collect())
        .unwrap_or_default()
}

#[tokio::test]
async fn a_company_starts_with_a_primary_site_that_keeps_its_address() {
    let company = Company::open().await;
    let id = acme(&company).await;
    let path = format!("/company/companies/{id}");
    let sites = rows(&company, &format!("{path}/sites")).await;
    assert_eq!(sites.len(), 1);
    assert_eq!(sites[0]["name"], "Main");
    assert_eq!(sites[0]["primaryAddressFlag"], true);
    assert_eq!(sites[0]["addressLine1"], "1 Main St");
    assert_eq!(get(&company, &path).await["site"]["id"], sites[0]["id"]);
    patch(&company, &path, "city", json!("Miami")).await;
    let site = format!("{path}/sites/{}", sites[0]["id"]);
    assert_eq!(get(&company, &site).await["city"], "Miami");
    // Another site takes the mark, and with it the company's address.
    let branch = post(
        &company,
        &format!("{path}/sites"),
        json!({"name": "Branch", "city": "Ocala", "primaryAddressFlag": true}),
    )
    .await;
    assert_eq!(get(&company, &site).await["primaryAddressFlag"], false);
    let shown = get(&company, &path).await;
    assert_eq!(shown["site"]["id"], branch["id"]);
    assert_eq!(shown["city"], "Ocala");
}

#[tokio::test]
async fn an_identifier_is_there_once_and_a_deleted_company_stays() {
    let company = Company::open().await;
    let id = acme(&company).await;
    let again = json!({"identifier": "ACME", "name": "Other"});
    let refused = company
        .call(&company.admin, "POST", "/company/companies", Some(again))
        .await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json["errors"][0]["code"], "ObjectExists");
    assert_eq!(
        refused.json["errors"][0]["message"],
        "Company ID already in use."
    );
    let path = format!("/company/companies/{id}");
    assert_eq!(delete(&company, &path).await, 204);
    let kept = get(&company, &path).await;
    assert_eq!(kept["deletedFlag"], true);
    assert_eq!(kept["deletedBy"], "AdminAPI");
    assert!(kept["dateDeleted"].is_string());
    assert!(
        rows(
            &company,
            &format!("/company/companies?conditions=deletedFlag=false and id={id}")
        )
        .await
        .is_empty()
    );
}

#[tokio::test]
async fn types_and_their_associations_say_the_same_on_every_path() {
    let company = Company::open().await;
    let mut kinds = Vec::new();
    for name in ["Client", "Vendor", "Prospect"] {
        let made = post(&company, "/company/companies/types", json!({"name": name})).await;
        kinds.push(made["id"].as_i64().unwrap());
    }
    let body = json!({"identifier": "Acme", "name": "Acme", "types": [{"id": kinds[0]}, {"name": "Vendor"}]});
    let made = post(&company, "/company/companies", body).await;
    assert_eq!(ids(&made["types"]), kinds[..2]);
    let path = format!("/company/companies/{}", made["id"]);
    let under = format!("{path}/typeAssociations");
    assert_eq!(rows(&company, &under).await.len(), 2);
    post(&company, &under, json!({"type": {"id": kinds[2]}})).await;
    assert_eq!(ids(&get(&company, &path).await["types"]), kinds);
    let twice = company
        .call(
            &company.admin,
            "POST",
            &under,
            Some(json!({"type": {"id": kinds[2]}})),
        )
        .await;
    assert_eq!(twice.status, 400);
    let all = rows(&company, "/company/companyTypeAssociations").await;
    assert_eq!(all.len(), 3);
    let first = all
        .iter()
        .find(|row| row["type"]["id"] == kinds[0])
        .unwrap();
    assert_eq!(
        delete(
            &company,
            &format!("/company/companyTypeAssociations/{}", first["id"])
        )
        .await,
        204
    );
    assert_eq!(ids(&get(&company, &path).await["types"]), kinds[1..]);
    let body = json!({"type": {"id": kinds[0]}, "company": {"id": made["id"]}});
    post(&company, "/company/companyTypeAssociations", body).await;
    assert_eq!(ids(&get(&company, &path).await["types"]).len(), 3);
    let late = json!([{"op": "replace", "path": "types", "value": []}]);
    let refused = company
        .call(&company.admin, "PATCH", &path, Some(late))
        .await;
    assert_eq!(refused.status, 400, "types are for POST only");
}

#[tokio::test]
async fn a_status_may_bar_saving() {
    let company = Company::open().await;
    let open = post(
        &company,
        "/company/companies/statuses",
        json!({"name": "Active", "defaultFlag": true}),
    )
    .await;
    let shut = post(
        &company,
        "/company/companies/statuses",
        json!({"name": "Hold", "disallowSavingFlag": true}),
    )
    .await;
    let id = acme(&company).await;
    let path = format!("/company/companies/{id}");
    assert_eq!(get(&company, &path).await["status"]["id"], open["id"]);
    patch(&company, &path, "status", json!({"id": shut["id"]})).await;
    let body = json!([{"op": "replace", "path": "city", "value": "Miami"}]);
    assert_eq!(
        company
            .call(&company.admin, "PATCH", &path, Some(body))
            .await
            .status,
        400
    );
    let ticket = json!({"summary": "a", "company": {"id": id}});
    let refused = company
        .call(&company.admin, "POST", "/service/tickets", Some(ticket))
        .await;
    assert_eq!(refused.status, 400);
    patch(&company, &path, "status", json!({"id": open["id"]})).await;
    patch(&company, &path, "city", json!("Miami")).await;
}

/// A phone type and an e-mail type.
async fn reach(company: &Company) -> (Value, Value) {
    let phone = post(
        company,
        "/company/communicationTypes",
        json!({"description": "Direct", "phoneFlag": true, "defaultFlag": true}),
    )
    .await;
    let email = post(
        company,
        "/company/communicationTypes",
        json!({"description": "Email", "emailFlag": true}),
    )
    .await;
    (phone, email)
}

#[tokio::test]
async fn one_phone_and_one_address_of_a_contact_are_the_default() {
    let company = Company::open().await;
    let (phone, email) = reach(&company).await;
    let made = post(
        &company,
        "/company/contacts",
        json!({"firstName": "Ada", "lastName": "Byron", "communicationItems": [
            {"type": {"id": phone["id"]}, "value": "1", "extension": "9"},
            {"type": {"name": "Direct"}, "value": "2", "defaultFlag": true},
            {"communicationType": "Email", "value": "ada@acme.test"}]}),
    )
    .await;
    assert_eq!(made["defaultPhoneNbr"], "2");
    assert_eq!(made["defaultPhoneType"], "Direct");
    assert_eq!(made["communicationItems"][2]["type"]["id"], email["id"]);
    assert_eq!(made["communicationItems"][2]["domain"], "@acme.test");
    assert_eq!(made["communicationItems"][2]["defaultFlag"], true);
    let path = format!("/company/contacts/{}", made["id"]);
    let items = format!("{path}/communications");
    let listed = rows(&company, &items).await;
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[0]["id"], made["communicationItems"][0]["id"]);
    // Marking another one takes the mark from the first, in both places.
    patch(
        &company,
        &format!("{items}/{}", listed[0]["id"]),
        "defaultFlag",
        json!(true),
    )
    .await;
    let shown = get(&company, &path).await;
    assert_eq!(shown["defaultPhoneNbr"], "1");
    assert_eq!(shown["defaultPhoneExtension"], "9");
    let marked = rows(
        &company,
        &format!("{items}?conditions=defaultFlag=true and communicationType=\"Phone\""),
    )
    .await;
    assert_eq!(marked.len(), 1);
    assert_eq!(
        delete(&company, &format!("{items}/{}", listed[0]["id"])).await,
        204
    );
    assert_eq!(get(&company, &path).await["defaultPhoneNbr"], "2");
    let added = post(
        &company,
        &items,
        json!({"type": {"id": email["id"]}, "value": "b@acme.test"}),
    )
    .await;
    assert_eq!(added["defaultFlag"], false);
    assert_eq!(added["communicationType"], "Email");
    assert_eq!(
        get(&company, &path).await["communicationItems"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    // The whole list anew.
    let anew = patch(
        &company,
        &path,
        "communicationItems",
        json!([{"communicationType": "Phone", "value": "7"}]),
    )
    .await;
    assert_eq!(anew["defaultPhoneNbr"], "7");
    assert_eq!(rows(&company, &items).await.len(), 1);
    let found = rows(
        &company,
        "/company/contacts?childConditions=communicationItems/value=\"7\"",
    )
    .await;
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_default_contact_is_one_thing_seen_from_two_sides() {
    let company = Company::open().await;
    let id = acme(&company).await;
    let path = format!("/company/companies/{id}");
    let first = post(
        &company,
        "/company/contacts",
        json!({"firstName": "A", "company": {"id": id}, "defaultFlag": true}),
    )
    .await;
    assert_eq!(first["site"]["name"], "Main");
    assert_eq!(
        get(&company, &path).await["defaultContact"]["id"],
        first["id"]
    );
    let second = post(
        &company,
        "/company/contacts",
        json!({"firstName": "B", "company": {"id": id}}),
    )
    .await;
    patch(
        &company,
        &path,
        "defaultContact",
        json!({"id": second["id"]}),
    )
    .await;
    let flag = async |contact: &Value| {
        get(&company, &format!("/company/contacts/{}", contact["id"])).await["defaultFlag"].clone()
    };
    assert_eq!(
        (flag(&first).await, flag(&second).await),
        (json!(false), json!(true))
    );
    patch(
        &company,
        &format!("/company/contacts/{}", first["id"]),
        "defaultFlag",
        json!(true),
    )
    .await;
    assert_eq!(
        (flag(&first).await, flag(&second).await),
        (json!(true), json!(false))
    );
    assert_eq!(
        get(&company, &path).await["defaultContact"]["id"],
        first["id"]
    );
}

#[tokio::test]
async fn what_points_to_a_deleted_contact_goes_to_another_one() {
    let company = Company::open().await;
    let id = acme(&company).await;
    post(
        &company,
        "/service/boards",
        json!({"name": "Desk", "location": {"id": 1}, "department": {"id": 1}}),
    )
    .await;
    let one = post(
        &company,
        "/company/contacts",
        json!({"firstName": "A", "company": {"id": id}, "defaultFlag": true}),
    )
    .await;
    let other = post(
        &company,
        "/company/contacts",
        json!({"firstName": "B", "company": {"id": id}}),
    )
    .await;
    let body = json!({"summary": "a", "company": {"id": id}, "contact": {"id": one["id"]}});
    let ticket = post(&company, "/service/tickets", body).await;
    let path = format!("/company/contacts/{}", one["id"]);
    assert_eq!(delete(&company, &path).await, 409);
    assert_eq!(
        delete(&company, &format!("{path}?transferContactId=999")).await,
        400
    );
    assert_eq!(
        delete(
            &company,
            &format!("{path}?transferContactId={}", other["id"])
        )
        .await,
        204
    );
    let ticket = get(&company, &format!("/service/tickets/{}", ticket["id"])).await;
    assert_eq!(ticket["contact"]["id"], other["id"]);
    let kept = get(&company, &format!("/company/companies/{id}")).await;
    assert_eq!(kept["defaultContact"]["id"], other["id"]);
}

#[tokio::test]
async fn a_merged_company_leaves_everything_to_the_other() {
    let company = Company::open().await;
    let from = acme(&company).await;
    let to = post(
        &company,
        "/company/companies",
        json!({"identifier": "Beta", "name": "Beta"}),
    )
    .await["id"]
        .clone();
    let contact = post(
        &company,
        "/company/contacts",
        json!({"firstName": "A", "company": {"id": from}}),
    )
    .await;
    let path = format!("/company/companies/{from}/merge");
    let body = json!({"toCompanyId": to, "identifier": "From", "name": "To"});
    company
        .call(&company.admin, "POST", &path, Some(body))
        .await
        .expect(200);
    let moved = get(&company, &format!("/company/contacts/{}", contact["id"])).await;
    assert_eq!(moved["company"]["id"], to);
    let kept = get(&company, &format!("/company/companies/{to}")).await;
    assert_eq!(
        (&kept["identifier"], &kept["name"]),
        (&json!("Acme"), &json!("Beta"))
    );
    assert_eq!(
        get(&company, &format!("/company/companies/{from}")).await["deletedFlag"],
        true
    );
    assert_eq!(
        rows(
            &company,
            &format!("/company/companies/{to}/sites?conditions=primaryAddressFlag=true")
        )
        .await
        .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_holds_what_a_new_record_would() {
    let company = Company::open().await;
    let status = json!({ "name": "Active", "defaultFlag": true });
    company
        .call(
            &company.admin,
            "POST",
            "/company/companies/statuses",
            Some(status),
        )
        .await
        .expect(201);
    let template = company
        .get(&company.admin, "/company/companies/default")
        .await
        .expect(200);
    assert_eq!(template["status"]["name"], "Active");
    assert_eq!(template["deletedFlag"], false);
    assert!(
        company
            .get(&company.admin, "/company/companies")
            .await
            .rows()
            .is_empty()
    );
}
