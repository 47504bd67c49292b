//! What clients read about rights, and members and roles as they are made, changed and retired.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::{Level, List, Table, Verb};
use bitting_store::Location;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{Company, Credentials};

const READ: [Level; 4] = [Level::None, Level::None, Level::None, Level::All];
const WORK: [Level; 4] = [Level::My, Level::My, Level::None, Level::All];
const FULL: [Level; 4] = [Level::All; 4];

fn words(rows: &[Value], field: &str) -> BTreeSet<String> {
    rows.iter()
        .map(|row| row[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn levels(row: &Value) -> [&str; 4] {
    ["addLevel", "editLevel", "deleteLevel", "inquireLevel"]
        .map(|field| row[field].as_str().expect("a level"))
}

fn row<'r>(rows: &'r [Value], module: &str, action: &str) -> &'r Value {
    rows.iter()
        .find(|row| row["moduleName"] == module && row["moduleFunctionName"] == action)
        .unwrap_or_else(|| panic!("{module} / {action}"))
}

#[tokio::test]
async fn my_security_shows_every_row_as_the_role_holds_it() {
    let company = Company::open().await;
    let id = company
        .role(
            "Desk",
            &[
                ("Service Desk", "Service Tickets", WORK),
                ("System", "Table Setup", READ),
            ],
            &[(
                "SystemTableSetup",
                List::Allow(vec!["Service / Service Board".to_owned()]),
            )],
        )
        .await;
    let (member, key) = company.member("desk", id).await;
    let rows = company
        .get(&key, "/system/mySecurity?pageSize=1000")
        .await
        .rows();
    let registry = company.instance.registry();
    let role = company.instance.role(id);
    assert_eq!(rows.len(), registry.actions().len());
    let ids: BTreeSet<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), rows.len(), "ids tell rows apart");
    assert!(ids.iter().all(|id| *id > 0 && *id <= i64::from(i32::MAX)));
    for (row, action) in rows.iter().zip(registry.actions()) {
        assert_eq!(row["moduleFunctionName"], action.name.as_str());
        assert_eq!(row["moduleIdentifier"], action.module_identifier.as_str());
        assert_eq!(row["customFlag"], action.customize.is_some());
        assert_eq!(row["reportFlag"], action.report);
        assert_eq!(
            row["myAllFlag"],
            Verb::EVERY
                .into_iter()
                .any(|verb| action.accepts(verb, Level::My))
        );
        let held = role.levels(action.id).map(Level::as_str);
        assert_eq!(levels(row), held, "{}", action.full_name());
        assert_eq!(row["member"]["id"], member);
        assert_eq!(row["member"]["identifier"], "desk");
    }
    assert_eq!(row(&rows, "System", "Table Setup")["restrictFlag"], true);
    assert_eq!(
        row(&rows, "Companies", "Configurations")["restrictFlag"],
        false
    );
}

#[tokio::test]
async fn worked_out_lists_are_filtered_sorted_projected_and_paged() {
    let company = Company::open().await;
    let key = company.admin.clone();
    let all = company
        .get(&key, "/system/mySecurity?pageSize=1000")
        .await
        .rows();
    let desk = company
        .get(
            &key,
            "/system/mySecurity?conditions=moduleName=\"Service Desk\" and sortOrder<4&orderBy=sortOrder desc&fields=id,sortOrder&pageSize=1000",
        )
        .await
        .rows();
    let orders: Vec<i64> = desk
        .iter()
        .map(|row| row["sortOrder"].as_i64().unwrap())
        .collect();
    assert_eq!(orders, [3, 2, 1]);
    assert!(desk.iter().all(|row| row.as_object().unwrap().len() == 2));
    let mut paged = Vec::new();
    let mut page = 1;
    loop {
        let path = format!("/system/mySecurity?pageSize=30&page={page}");
        let answered = company.get(&key, &path).await;
        let more = answered
            .headers
            .get("link")
            .is_some_and(|link| link.to_str().unwrap().contains("rel=\"next\""));
        paged.extend(answered.rows());
        page += 1;
        if !more {
            break;
        }
    }
    assert_eq!(paged, all, "pages together are the list");
    let (mut forward, mut after) = (BTreeSet::new(), 0);
    loop {
        let path = format!("/system/mySecurity?pageSize=30&pageId={after}");
        let rows = company.get(&key, &path).await.rows();
        let ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        let Some(last) = ids.last() else { break };
        assert!(ids.is_sorted());
        after = *last;
        forward.extend(ids);
    }
    assert_eq!(forward.len(), all.len(), "forward-only pages lose no row");
    company
        .get(&key, "/system/mySecurity?conditions=colour=1")
        .await
        .expect(400);
}

#[tokio::test]
async fn an_administrator_holds_all_and_an_inactive_role_opens_nothing() {
    let company = Company::open().await;
    let rows = company
        .get(&company.admin, "/system/mySecurity?pageSize=1000")
        .await
        .rows();
    for (row, action) in rows.iter().zip(company.instance.registry().actions()) {
        let expected = Verb::EVERY.map(|verb| {
            if action.accepts(verb, Level::All) {
                "All"
            } else {
                "None"
            }
        });
        assert_eq!(levels(row), expected, "{}", action.full_name());
        assert_eq!(row["restrictFlag"], false);
    }
    let body = json!({ "name": "Gone", "adminFlag": true, "inactiveFlag": true });
    let made = company
        .call(&company.admin, "POST", "/system/securityroles", Some(body))
        .await
        .expect(201);
    let (_, key) = company.member("gone", made["id"].as_i64().unwrap()).await;
    for path in [
        "/system/mySecurity",
        "/system/myMembers",
        "/service/tickets",
    ] {
        company.get(&key, path).await.expect(403);
    }
}

#[tokio::test]
async fn customize_items_list_what_restricting_lists_let_through() {
    let company = Company::open().await;
    let board = "Service / Service Board".to_owned();
    let types = List::Allow(vec!["Managed Server".to_owned()]);
    let tables = |list| {
        [
            ("SystemTableSetup", list),
            ("CompanyConfigurations", types.clone()),
        ]
    };
    let registry_count = company.instance.registry().tables().len();
    let cases = [
        ("allow", List::Allow(vec![board.clone()]), 2),
        ("deny", List::Deny(vec![board]), registry_count),
        ("every", List::Everything, 1),
    ];
    for (name, list, expected) in cases {
        let role = company.role(name, &[], &tables(list)).await;
        let (_, key) = company.member(name, role).await;
        let rows = company
            .get(&key, "/system/mySecurity/customizeItems/?pageSize=1000")
            .await
            .rows();
        assert_eq!(rows.len(), expected, "{name}");
        let types: Vec<_> = rows
            .iter()
            .filter(|row| row["customizeIdentifier"] == "CompanyConfigurations")
            .collect();
        assert_eq!(types.len(), 1);
        assert_eq!(types[0]["itemIdentifier"], "Managed Server");
    }
    let none = company
        .get(&company.admin, "/system/mySecurity/customizeItems")
        .await
        .rows();
    assert!(none.is_empty(), "nothing restricts an administrator");
}

#[tokio::test]
async fn rows_of_a_role_are_read_with_the_right_on_security() {
    let company = Company::open().await;
    let seen = company
        .role("Seen", &[("Service Desk", "Service Tickets", WORK)], &[])
        .await;
    let reader = company
        .role("Reader", &[("System", "Security", READ)], &[])
        .await;
    let (_, key) = company.member("reader", reader).await;
    let path = format!("/system/securityRoles/{seen}/settings");
    let rows = company
        .get(&key, &format!("{path}?pageSize=1000"))
        .await
        .rows();
    let actions = company.instance.registry().actions().len();
    assert_eq!(rows.len(), actions);
    let tickets = row(&rows, "Service Desk", "Service Tickets");
    assert_eq!(levels(tickets), ["My", "My", "None", "All"]);
    assert_eq!(tickets["member"], Value::Null);
    let one = company
        .get(&key, &format!("{path}/{}", tickets["id"]))
        .await
        .expect(200);
    assert_eq!(one["moduleFunctionName"], "Service Tickets");
    let count = company
        .get(&key, &format!("{path}/count"))
        .await
        .expect(200);
    assert_eq!(count["count"], actions);
    company.get(&key, &format!("{path}/7")).await.expect(404);
    company
        .get(&key, "/system/securityRoles/9999/settings")
        .await
        .expect(404);
    let (_, nobody) = company.member("nobody", seen).await;
    let refused = company.get(&nobody, &path).await;
    assert!(
        refused.denial().contains("Security"),
        "{}",
        refused.denial()
    );
    let body = refused.expect(403);
    assert_eq!(body["code"], "Security");
}

#[tokio::test]
async fn setup_screens_are_the_tables_of_table_setup() {
    let company = Company::open().await;
    let rows = company
        .get(&company.admin, "/system/setupScreens?pageSize=1000")
        .await
        .rows();
    let tables = company.instance.registry().tables();
    let names: BTreeSet<String> = tables.iter().map(Table::full_name).collect();
    assert_eq!(words(&rows, "description"), names);
    assert!(rows.iter().all(|row| row["moduleIdentifier"].is_string()));
    let path = format!("/system/setupscreens/{}", rows[0]["id"]);
    let one = company.get(&company.admin, &path).await.expect(200);
    assert_eq!(one["name"], rows[0]["name"]);
    let count = company
        .get(&company.admin, "/system/setupScreens/count")
        .await
        .expect(200);
    assert_eq!(count["count"], tables.len());
}

#[tokio::test]
async fn my_members_is_the_caller_and_needs_no_right() {
    let company = Company::open().await;
    let role = company.role("Empty", &[], &[]).await;
    let (id, key) = company.member("Umbrella", role).await;
    let me = company.get(&key, "/system/myMembers").await.expect(200);
    assert_eq!(me["id"], id);
    assert_eq!(me["identifier"], "Umbrella");
    assert_eq!(me["licenseClass"], "A");
    assert_eq!(me["securityRole"]["name"], "Empty");
    assert_eq!(me["securityLocation"]["name"], "Corporate");
    assert_eq!(me["password"], Value::Null);
    let info = company
        .get(&key, "/system/myMembers/info?fields=id,identifier")
        .await
        .expect(200);
    assert_eq!(info["identifier"], "Umbrella");
    assert_eq!(info["securityRole"], Value::Null);
    company.get(&key, "/system/members").await.expect(403);
    company.get(&key, "/system/securityroles").await.expect(403);
    let about = company.get(&key, "/system/info").await.expect(200);
    assert!(about["version"].as_str().unwrap().starts_with('v'));
}

#[tokio::test]
async fn an_api_member_is_a_whole_member_too() {
    let company = Company::open().await;
    let admin = company.admin.clone();
    let made = company
        .call(
            &admin,
            "POST",
            "/system/apiMembers",
            Some(json!({ "identifier": "propel", "name": "Propel Your MSP" })),
        )
        .await
        .expect(201);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(
        made["securityRole"],
        Value::Null,
        "no role unless one is named"
    );
    assert_eq!(made["structureLevel"]["name"], "Corporate");
    assert_eq!(
        made["licenseClass"],
        Value::Null,
        "the form has no such field"
    );
    let member = company
        .get(&admin, &format!("/system/members/{id}"))
        .await
        .expect(200);
    for (field, value) in [
        ("licenseClass", "A"),
        ("firstName", "Propel"),
        ("lastName", "Your MSP"),
        ("defaultEmail", "Office"),
        ("defaultPhone", "Office"),
        ("hireDate", "2026-03-02T00:00:00Z"),
        ("companyActivityTabFormat", "SummaryList"),
    ] {
        assert_eq!(member[field], value, "{field}");
    }
    for location in [
        "securityLocation",
        "defaultLocation",
        "salesDefaultLocation",
    ] {
        assert_eq!(member[location]["name"], "Corporate", "{location}");
    }
    let by_name = company
        .get(&admin, "/system/members/PROPEL")
        .await
        .expect(200);
    assert_eq!(by_name["id"], id);
    company
        .get(&admin, "/system/members/nobody")
        .await
        .expect(404);
    // One form leaves the names of the other alone.
    let patch = json!([{ "op": "replace", "path": "title", "value": "Robot" }]);
    let path = format!("/system/members/{id}");
    company
        .call(&admin, "PATCH", &path, Some(patch))
        .await
        .expect(200);
    let patch = json!([{ "op": "replace", "path": "lastName", "value": "Owner" }]);
    company
        .call(&admin, "PATCH", &path, Some(patch))
        .await
        .expect(200);
    let patch = json!([{ "op": "replace", "path": "notes", "value": "Keys in the vault" }]);
    let path = format!("/system/apiMembers/{id}");
    let form = company
        .call(&admin, "PATCH", &path, Some(patch))
        .await
        .expect(200);
    assert_eq!(form["name"], "Propel Owner");
    let put = json!({ "identifier": "propel", "name": "Propel" });
    let form = company
        .call(&admin, "PUT", &path, Some(put))
        .await
        .expect(200);
    assert_eq!(form["name"], "Propel");
    assert_eq!(form["notes"], Value::Null);
    let key = company.key(id);
    company.get(&key, "/service/tickets").await.expect(403);
    company.get(&key, "/company/companies").await.expect(403);
}

#[tokio::test]
async fn the_template_shows_the_defaults_and_saves_nothing() {
    let company = Company::open().await;
    let before = company
        .get(&company.admin, "/system/apiMembers/count")
        .await
        .expect(200);
    let form = company
        .get(&company.admin, "/system/apiMembers/default")
        .await
        .expect(200);
    assert_eq!(form["securityLocation"]["name"], "Corporate");
    assert_eq!(form["defaultDepartment"]["name"], "Administration");
    assert_eq!(form["inactiveFlag"], false);
    assert_eq!(form["securityRole"], Value::Null);
    let after = company
        .get(&company.admin, "/system/apiMembers/count")
        .await
        .expect(200);
    assert_eq!(before, after);
}

#[tokio::test]
async fn the_form_of_an_api_member_is_checked() {
    let company = Company::open().await;
    let cases = [
        (json!({}), "MissingRequiredField"),
        (
            json!({ "identifier": "sixteen-letters-" }),
            "MaxLengthField",
        ),
        (
            json!({ "identifier": "long", "name": "x".repeat(31) }),
            "MaxLengthField",
        ),
        (json!({ "identifier": "ADMINapi" }), "ObjectExists"),
        (
            json!({ "identifier": "x", "securityRole": { "id": 999 } }),
            "NotFound",
        ),
        (json!({ "identifier": "a,b" }), "InvalidField"),
    ];
    for (body, code) in cases {
        let shown = body.to_string();
        let error = company
            .call(&company.admin, "POST", "/system/apiMembers", Some(body))
            .await
            .expect(400);
        assert_eq!(error["code"], "InvalidObject", "{shown}");
        assert_eq!(error["errors"][0]["code"], code, "{shown}: {error}");
    }
}

fn full_member(identifier: &str, role: i64) -> Value {
    json!({
        "identifier": identifier,
        "licenseClass": "F",
        "firstName": "Ada",
        "lastName": "Byron",
        "hireDate": "2020-01-01T00:00:00Z",
        "defaultEmail": "Office",
        "defaultPhone": "Mobile",
        "securityRole": { "id": role },
    })
}

#[tokio::test]
async fn members_and_api_members_share_identifiers_and_keep_apart() {
    let company = Company::open().await;
    let admin = company.admin.clone();
    let role = company.role("Staff", &[], &[]).await;
    let ada = company
        .call(
            &admin,
            "POST",
            "/system/members",
            Some(full_member("ada", role)),
        )
        .await
        .expect(201);
    assert_eq!(ada["adminFlag"], false);
    assert_eq!(ada["defaultPhone"], "Mobile");
    let again = company
        .call(
            &admin,
            "POST",
            "/system/apiMembers",
            Some(json!({ "identifier": "Ada" })),
        )
        .await
        .expect(400);
    assert_eq!(again["errors"][0]["code"], "ObjectExists");
    let api = company
        .get(&admin, "/system/apiMembers?pageSize=1000")
        .await;
    assert!(!words(&api.rows(), "identifier").contains("ada"));
    let path = format!("/system/apiMembers/{}", ada["id"]);
    company.get(&admin, &path).await.expect(404);
    let patch = json!([{ "op": "replace", "path": "name", "value": "Mallory" }]);
    company
        .call(&admin, "PATCH", &path, Some(patch))
        .await
        .expect(404);
    let all = company.get(&admin, "/system/members?pageSize=1000").await;
    assert!(words(&all.rows(), "identifier").contains("ada"));
}

#[tokio::test]
async fn an_inactive_member_is_out_from_the_next_call_on() {
    let company = Company::open().await;
    let role = company
        .role("Reader", &[("Companies", "Company Maintenance", READ)], &[])
        .await;
    let (id, key) = company.member("reader", role).await;
    company.get(&key, "/company/companies").await.expect(200);
    let path = format!("/system/apiMembers/{id}");
    let flag = |on: bool| json!([{ "op": "replace", "path": "inactiveFlag", "value": on }]);
    let off = company
        .call(&company.admin, "PATCH", &path, Some(flag(true)))
        .await
        .expect(200);
    assert_eq!(off["inactiveDate"], "2026-03-02T09:00:00Z");
    company.get(&key, "/company/companies").await.expect(401);
    let on = company
        .call(&company.admin, "PATCH", &path, Some(flag(false)))
        .await
        .expect(200);
    assert_eq!(on["inactiveDate"], Value::Null);
    company.get(&key, "/company/companies").await.expect(200);
    let path = format!("/system/members/{id}/deactivate");
    let hand = json!({ "activity": { "count": 1, "reAssignToMember": { "id": 1 } } });
    company
        .call(&company.admin, "POST", &path, Some(hand))
        .await
        .expect(400);
    company.get(&key, "/company/companies").await.expect(200);
    company
        .call(&key, "POST", &path, Some(json!({})))
        .await
        .expect(403);
    company
        .call(&company.admin, "POST", &path, Some(json!({})))
        .await
        .expect(200);
    company.get(&key, "/company/companies").await.expect(401);
}

#[tokio::test]
async fn a_change_of_role_holds_from_the_next_call_on() {
    let company = Company::open().await;
    let reader = company
        .role("Reader", &[("Companies", "Company Maintenance", READ)], &[])
        .await;
    let empty = company.role("Empty", &[], &[]).await;
    let (id, key) = company.member("reader", reader).await;
    company.get(&key, "/company/companies").await.expect(200);
    let patch = json!([{ "op": "replace", "path": "securityRole", "value": { "id": empty } }]);
    company
        .call(
            &company.admin,
            "PATCH",
            &format!("/system/apiMembers/{id}"),
            Some(patch),
        )
        .await
        .expect(200);
    company.get(&key, "/company/companies").await.expect(403);
}

#[tokio::test]
async fn a_new_role_is_none_everywhere_and_stays_while_it_is_held() {
    let company = Company::open().await;
    let admin = company.admin.clone();
    let made = company
        .call(
            &admin,
            "POST",
            "/system/securityroles",
            Some(json!({ "name": "Propel" })),
        )
        .await
        .expect(201);
    assert_eq!(made["adminFlag"], false);
    let id = made["id"].as_i64().unwrap();
    let path = format!("/system/securityroles/{id}");
    let rows = company
        .get(&admin, &format!("{path}/settings?pageSize=1000"))
        .await
        .rows();
    assert!(rows.iter().all(|row| levels(row) == ["None"; 4]));
    let long = json!({ "name": "x".repeat(31) });
    company
        .call(&admin, "POST", "/system/securityroles", Some(long))
        .await
        .expect(400);
    let (member, _) = company.member("propel", id).await;
    let refused = company
        .call(&admin, "DELETE", &path, None)
        .await
        .expect(409);
    assert_eq!(refused["code"], "ObjectInUse");
    let patch = json!([{ "op": "replace", "path": "securityRole", "value": null }]);
    company
        .call(
            &admin,
            "PATCH",
            &format!("/system/apiMembers/{member}"),
            Some(patch),
        )
        .await
        .expect(200);
    company
        .call(&admin, "DELETE", &path, None)
        .await
        .expect(204);
    company.get(&admin, &path).await.expect(404);
}

#[tokio::test]
async fn the_rows_of_a_deleted_role_are_gone_for_good() {
    let company = Company::open().await;
    let id = company
        .role("Once", &[("Companies", "Company Maintenance", FULL)], &[])
        .await;
    let action = company.instance.registry();
    let action = action.action("Companies", "Company Maintenance").unwrap();
    assert_eq!(company.instance.role(id).levels(action), FULL);
    company
        .call(
            &company.admin,
            "DELETE",
            &format!("/system/securityroles/{id}"),
            None,
        )
        .await
        .expect(204);
    let none = [Level::None; 4];
    assert_eq!(company.instance.role(id).levels(action), none);
    company.instance.reload().await.expect("rows at rest read");
    assert_eq!(company.instance.role(id).levels(action), none);
}

async fn mint(company: &Company, key: &Credentials, word: &str) -> support::Answered {
    let path = format!("/system/members/{word}/tokens");
    company.call(key, "POST", &path, Some(json!({}))).await
}

#[tokio::test]
async fn tokens_are_refused_but_for_oneself_where_the_instance_allows_it() {
    let company = Company::open().await;
    let admin = company.admin.clone();
    let refused = mint(&company, &admin, "AdminAPI").await.expect(401);
    assert_eq!(refused["code"], "Unauthorized");
    let role = company
        .role("Staff", &[("Companies", "Company Maintenance", READ)], &[])
        .await;
    let ada = company
        .call(
            &admin,
            "POST",
            "/system/members",
            Some(full_member("ada", role)),
        )
        .await
        .expect(201);
    let key = company.key(ada["id"].as_i64().unwrap());
    mint(&company, &key, "ada").await.expect(401);
    company
        .instance
        .set_setting("tokens", Some("own"))
        .await
        .unwrap();
    mint(&company, &key, "AdminAPI").await.expect(401);
    mint(&company, &admin, "ada").await.expect(401);
    mint(&company, &admin, "AdminAPI").await.expect(401);
    let token = mint(&company, &key, "ADA").await.expect(200);
    assert_eq!(token["expiration"], "2026-03-02T13:00:00Z");
    let token = Credentials::new(
        token["publicKey"].as_str().unwrap(),
        token["privateKey"].as_str().unwrap(),
    );
    company.advance(SignedDuration::from_mins(239));
    company.get(&token, "/company/companies").await.expect(200);
    company.advance(SignedDuration::from_mins(1));
    company.get(&token, "/company/companies").await.expect(401);
    let member = ada["id"].as_i64();
    assert_eq!(company.instance.keys.list(member).len(), 2);
    mint(&company, &key, "ada").await.expect(200);
    assert_eq!(
        company.instance.keys.list(member).len(),
        2,
        "a token that has run out goes with the next"
    );
}

#[tokio::test]
async fn the_form_of_a_full_member_asks_for_its_own_fields() {
    let company = Company::open().await;
    let role = company.role("Staff", &[], &[]).await;
    for field in ["hireDate", "licenseClass", "securityRole", "lastName"] {
        let mut body = full_member("ada", role);
        body.as_object_mut().unwrap().remove(field);
        let error = company
            .call(&company.admin, "POST", "/system/members", Some(body))
            .await
            .expect(400);
        let said = &error["errors"][0];
        assert_eq!(said["code"], "MissingRequiredField", "{field}: {error}");
        assert_eq!(said["field"], field);
    }
}

#[tokio::test]
async fn a_password_is_neither_shown_nor_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("acme.sqlite");
    let company = Company::open_at(Location::File(file)).await;
    let role = company.role("Staff", &[], &[]).await;
    let mut body = full_member("ada", role);
    body["password"] = json!("correct horse");
    let made = company
        .call(&company.admin, "POST", "/system/members", Some(body))
        .await
        .expect(201);
    assert_eq!(made["password"], Value::Null);
    let files = std::fs::read_dir(folder.path()).unwrap();
    let bytes: Vec<u8> = files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let holds = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    assert!(holds(b"Byron"), "the files have the member");
    assert!(!holds(b"correct horse"));
}

#[tokio::test]
async fn my_account_is_the_callers_own_and_no_others() {
    let company = Company::open().await;
    let mine = [Level::None, Level::My, Level::None, Level::My];
    for (name, levels) in [("My", mine), ("All", FULL)] {
        let role = company
            .role(name, &[("System", "My Account", levels)], &[])
            .await;
        let (id, key) = company.member(name, role).await;
        let own = format!("/system/myAccount/{id}");
        let other = format!("/system/myAccount/{}", company.admin_member);
        let read = company.get(&key, &own).await.expect(200);
        assert_eq!(read["identifier"], name);
        company.get(&key, &other).await.expect(404);
        let patch = json!([{ "op": "replace", "path": "officeEmail", "value": "me@acme.test" }]);
        let changed = company
            .call(&key, "PATCH", &own, Some(patch.clone()))
            .await
            .expect(200);
        assert_eq!(changed["officeEmail"], "me@acme.test");
        company
            .call(&key, "PATCH", &other, Some(patch))
            .await
            .expect(404);
        company
            .get(&key, &format!("{own}/skills"))
            .await
            .expect(200);
        company
            .get(&key, &format!("{other}/skills"))
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn who_sees_one_branch_enrols_members_into_it_and_still_reads_rights() {
    let company = Company::open().await;
    let admin = company.admin.clone();
    let me = company.get(&admin, "/system/myMembers").await.expect(200);
    let branch = company
        .call(
            &admin,
            "POST",
            "/system/locations",
            Some(json!({
                "name": "Tampa",
                "structureLevel": { "id": me["structureLevel"]["id"] },
                "reportsTo": { "id": me["securityLocation"]["id"] },
            })),
        )
        .await
        .expect(201);
    let role = company
        .role(
            "Keeper",
            &[
                ("System", "Member Maintenance", FULL),
                ("System", "Security", READ),
            ],
            &[],
        )
        .await;
    let made = company
        .call(
            &admin,
            "POST",
            "/system/apiMembers",
            Some(json!({
                "identifier": "keeper",
                "securityRole": { "id": role },
                "securityLocation": { "id": branch["id"] },
            })),
        )
        .await
        .expect(201);
    assert_eq!(made["name"], "keeper");
    let key = company.key(made["id"].as_i64().unwrap());
    let below = company
        .call(
            &key,
            "POST",
            "/system/apiMembers",
            Some(json!({ "identifier": "below" })),
        )
        .await
        .expect(201);
    assert_eq!(below["securityLocation"]["name"], "Tampa");
    let path = format!("/system/securityRoles/{role}/settings?pageSize=1000");
    assert!(!company.get(&key, &path).await.rows().is_empty());
    assert!(
        !company
            .get(&key, "/system/mySecurity")
            .await
            .rows()
            .is_empty()
    );
}
