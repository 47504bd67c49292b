//! Writing through the gate: what a role may write of the PSA itself it may write through the gate, and nothing
//! else reaches the PSA as a write.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gated;
mod support;

use bitting_policy::{Level, ListDocument, Role};
use gated::{Psa, equip, opened, rows};
use serde_json::{Value, json};
use support::{Company, Credentials};

const ALL: [Level; 4] = [Level::All; 4];
const MY: [Level; 4] = [Level::My; 4];

/// A role of these rows.
fn role(psa: &Psa, rows: &[(&str, &str, [Level; 4])]) -> Role {
    let registry = psa.company.instance.registry();
    let mut role = Role::new(registry, 0, "role");
    for (module, action, levels) in rows {
        let action = registry.action(module, action).expect("a known action");
        role.set(registry, action, *levels)
            .expect("levels it accepts");
    }
    role
}

/// How many writes the PSA was asked for.
fn writes(psa: &Psa) -> usize {
    let lines = psa.lines.lock().expect("no panic while held");
    lines
        .iter()
        .filter(|line| !line.starts_with("GET "))
        .count()
}

async fn refused(
    psa: &Psa,
    gate: &Company,
    key: &Credentials,
    call: (&str, &str, Value),
    status: u16,
) -> String {
    let before = writes(psa);
    let (method, path, body) = call;
    let answered = gate.call(key, method, path, Some(body)).await;
    assert_eq!(
        answered.status,
        status,
        "{method} {path}: {}",
        String::from_utf8_lossy(&answered.body)
    );
    assert_eq!(writes(psa), before, "{method} {path} reached the PSA");
    answered.denial().to_owned()
}

fn set(path: &str, value: impl Into<Value>) -> Value {
    let value: Value = value.into();
    json!([{ "op": "replace", "path": path, "value": value }])
}

#[tokio::test(flavor = "multi_thread")]
async fn own_records_are_written_and_foreign_ones_are_not() {
    let (psa, gate) = opened().await;
    let role = role(
        &psa,
        &[
            ("Service Desk", "Service Tickets", MY),
            (
                "Companies",
                "Company Maintenance",
                [Level::None, Level::None, Level::None, Level::All],
            ),
        ],
    );
    let top = rows(&psa.company, "/system/locations").await;
    let top = top
        .iter()
        .find(|row| row["reportsTo"].is_null())
        .expect("a top")["id"]
        .clone();
    let place = json!({ "securityLocation": { "id": top } });
    let (member, _) = equip(&psa.company, "ann", &role, &place).await;
    let (_, key) = equip(&gate, "Ann", &role, &place).await;
    let board = rows(&psa.company, "/service/boards").await[0]["id"].clone();
    let ticket = |owner: Value| {
        json!({
            "summary": "through the gate", "company": { "id": 3 }, "board": { "id": board }, "owner": owner,
        })
    };
    // The PSA takes the gate's key for whoever enters it: under My the record names its owner.
    let denial = refused(
        &psa,
        &gate,
        &key,
        ("POST", "/service/tickets", ticket(Value::Null)),
        403,
    )
    .await;
    assert!(denial.contains("own record"), "{denial}");
    let made = gate
        .call(
            &key,
            "POST",
            "/service/tickets",
            Some(ticket(json!({ "identifier": "ANN" }))),
        )
        .await
        .expect(201);
    let id = made["id"].as_i64().expect("an id");
    assert_eq!(made["owner"]["id"], json!(member));
    let path = format!("/service/tickets/{id}");
    let changed = gate
        .call(&key, "PATCH", &path, Some(set("summary", json!("changed"))))
        .await
        .expect(200);
    assert_eq!(changed["summary"], "changed");
    // Who gives a ticket away stays its resource, so that it stays an own record; another's is not taken.
    let given = gate
        .call(&key, "PATCH", &path, Some(set("owner/id", json!(1))))
        .await
        .expect(200);
    assert_eq!(given["owner"]["id"], 1);
    let resources = given["resources"].as_str().expect("resources");
    assert!(resources.contains("ann"), "{resources}");
    assert_eq!(gate.get(&key, &path).await.status, 200);
    let foreign = psa
        .company
        .get(
            &psa.company.admin,
            "/service/tickets?conditions=owner/identifier != \"ann\" and summary != \"changed\"",
        )
        .await;
    let foreign = foreign.rows()[0]["id"].clone();
    let foreign = format!("/service/tickets/{foreign}");
    refused(
        &psa,
        &gate,
        &key,
        ("PATCH", &foreign, set("owner", json!({ "id": member }))),
        404,
    )
    .await;
    refused(&psa, &gate, &key, ("DELETE", &foreign, json!({})), 404).await;
    let status = gate.call(&key, "DELETE", &path, None).await.status;
    assert_eq!(status, 204);
    assert_eq!(psa.company.get(&psa.company.admin, &path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_stays_within_location_board_and_list() {
    let (psa, gate) = opened().await;
    let mut role = role(
        &psa,
        &[
            ("Service Desk", "Service Tickets", ALL),
            ("Companies", "Company Maintenance", ALL),
            ("Companies", "Configurations", ALL),
        ],
    );
    let registry = psa.company.instance.registry();
    let list = registry.list("CompanyConfigurations").expect("a list");
    let kinds = ListDocument::Allow(vec!["Firewall".to_owned()]);
    role.set_list(registry, list, &kinds)
        .expect("known entries");
    let locations = rows(&psa.company, "/system/locations").await;
    let leaf = locations
        .iter()
        .find(|row| {
            !row["reportsTo"].is_null()
                && locations
                    .iter()
                    .all(|other| other["reportsTo"]["id"] != row["id"])
        })
        .expect("a leaf")["id"]
        .clone();
    let other = locations
        .iter()
        .find(|row| row["id"] != leaf)
        .expect("another")["id"]
        .clone();
    let boards = rows(&psa.company, "/service/boards").await;
    let place = json!({
        "securityLocation": { "id": leaf }, "defaultLocation": { "id": leaf },
        "excludedServiceBoardIds": [boards[1]["id"]],
    });
    let (_, key) = equip(&gate, "bob", &role, &place).await;
    let company = json!({ "identifier": "Gated", "name": "Gated", "territory": { "id": leaf } });
    let made = gate
        .call(&key, "POST", "/company/companies", Some(company))
        .await
        .expect(201);
    let home = json!({ "id": made["id"] });
    let away = psa
        .company
        .get(
            &psa.company.admin,
            &format!("/company/companies?conditions=territory/id != {leaf}"),
        )
        .await
        .rows();
    let away = json!({ "id": away[0]["id"] });
    let ticket = |company: &Value, board: &Value, location: Value| {
        let mut body = json!({ "summary": "s", "company": company, "board": { "id": board } });
        if !location.is_null() {
            body["location"] = json!({ "id": location });
        }
        body
    };
    // A record behind a reference answers by the caller's own sight of it, which the PSA does not know.
    let beyond = "/service/tickets?conditions=company/phoneNumber like \"*1*\"";
    assert_eq!(gate.get(&key, beyond).await.status, 403);
    let (open, closed) = (&boards[0]["id"], &boards[1]["id"]);
    let post = |body| ("POST", "/service/tickets", body);
    refused(
        &psa,
        &gate,
        &key,
        post(ticket(&home, closed, Value::Null)),
        400,
    )
    .await;
    refused(
        &psa,
        &gate,
        &key,
        post(ticket(&home, open, other.clone())),
        403,
    )
    .await;
    refused(
        &psa,
        &gate,
        &key,
        post(ticket(&away, open, Value::Null)),
        400,
    )
    .await;
    refused(
        &psa,
        &gate,
        &key,
        post(json!({ "summary": "s", "company": home })),
        403,
    )
    .await;
    // Names for the same records do not get past either.
    let named = json!({ "summary": "s", "company": home, "board": { "name": boards[1]["name"] } });
    refused(&psa, &gate, &key, post(named), 400).await;
    let made = gate
        .call(
            &key,
            "POST",
            "/service/tickets",
            Some(ticket(&home, open, Value::Null)),
        )
        .await;
    let made = made.expect(201);
    assert_eq!(
        made["location"]["id"], leaf,
        "the gate says the location that the PSA would choose"
    );
    let path = format!("/service/tickets/{}", made["id"]);
    refused(
        &psa,
        &gate,
        &key,
        ("PATCH", &path, set("location/id", other.clone())),
        403,
    )
    .await;
    refused(
        &psa,
        &gate,
        &key,
        ("PATCH", &path, set("board", json!({ "id": closed }))),
        400,
    )
    .await;
    refused(
        &psa,
        &gate,
        &key,
        (
            "PATCH",
            &path,
            set("Company", json!({ "id": away["id"], "ID": home["id"] })),
        ),
        400,
    )
    .await;
    let types = rows(&psa.company, "/company/configurations/types").await;
    let kind = |name: &str| types.iter().find(|row| row["name"] == name).expect(name)["id"].clone();
    let configuration =
        |kind: Value| json!({ "name": "c", "type": kind, "company": home, "locationId": leaf });
    let post = |body| ("POST", "/company/configurations", body);
    refused(
        &psa,
        &gate,
        &key,
        post(configuration(json!({ "id": kind("Managed Server") }))),
        403,
    )
    .await;
    refused(
        &psa,
        &gate,
        &key,
        post(configuration(json!({ "name": "Managed Server" }))),
        403,
    )
    .await;
    let firewall = configuration(json!({ "id": kind("Firewall") }));
    gate.call(&key, "POST", "/company/configurations", Some(firewall))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn states_and_fields_with_rights_of_their_own_ask_for_them() {
    let (psa, gate) = opened().await;
    let role = role(&psa, &[("Service Desk", "Service Tickets", ALL)]);
    let top = rows(&psa.company, "/system/locations").await;
    let top = top
        .iter()
        .find(|row| row["reportsTo"].is_null())
        .expect("a top")["id"]
        .clone();
    let place = json!({ "securityLocation": { "id": top } });
    let (_, key) = equip(&gate, "cleo", &role, &place).await;
    let open = psa
        .company
        .get(
            &psa.company.admin,
            "/service/tickets?conditions=closedFlag = false",
        )
        .await;
    let open = open.rows()[0].clone();
    let path = format!("/service/tickets/{}", open["id"]);
    let statuses = rows(
        &psa.company,
        &format!("/service/boards/{}/statuses", open["board"]["id"]),
    )
    .await;
    let closed = statuses
        .iter()
        .find(|row| row["closedStatus"] == true)
        .expect("a closed status");
    for value in [
        json!({ "id": closed["id"] }),
        json!({ "name": closed["name"] }),
    ] {
        let denial = refused(
            &psa,
            &gate,
            &key,
            ("PATCH", &path, set("status", value)),
            403,
        )
        .await;
        assert!(denial.contains("Close Service Tickets"), "{denial}");
    }
    refused(
        &psa,
        &gate,
        &key,
        ("PATCH", &path, set("billingAmount", json!(5))),
        403,
    )
    .await;
    let members = (
        "POST",
        "/system/apiMembers",
        json!({ "identifier": "x", "name": "x" }),
    );
    refused(&psa, &gate, &key, members, 403).await;
    let shown = gate.get(&key, &path).await.expect(200);
    assert!(
        shown.get("billingAmount").is_none() && shown["id"] == open["id"],
        "{shown}"
    );
}
