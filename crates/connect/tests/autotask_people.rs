//! What an Autotask instance has beside levels and keys, and its own API cannot set: lines of business, and people's
//! consent to be acted for.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::Secret;
use bitting_connect::autotask::held::Instance;
use serde_json::{Value, json};
use support::Server;

fn user(made: &Value) -> bitting_client::ApiUser {
    let key = &made["keys"][0];
    let text = |name: &str| key[name].as_str().unwrap().to_owned();
    bitting_client::ApiUser {
        user: text("userName"),
        secret: Secret::new(text("secret")),
        code: Secret::new(text("integrationCode")),
    }
}

#[test]
fn lines_of_business_are_given_and_taken_away() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let known = instance.call("GET", "lines", None).unwrap();
    let names: Vec<&str> = known
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "Managed Services > East",
            "Managed Services > West",
            "Projects > East"
        ]
    );
    let form = json!({"firstName": "Line", "lastName": "API", "email": "line@example.com",
        "securityLevel": "API User (system) (API-only)", "linesOfBusiness": [names[0], names[1]]});
    let made = instance.call("POST", "users", Some(&form)).unwrap();
    assert_eq!(made["linesOfBusiness"], json!([names[0], names[1]]));
    let key = server.autotask(user(&made));
    let search = json!({"filter": [{"op": "exist", "field": "organizationalLevelAssociationID"}]});
    let seen = || {
        let page = key
            .ask("POST", "Tickets/query/count", Some(&search))
            .unwrap();
        page.body["queryCount"].as_i64().unwrap()
    };
    let tickets = seen();
    assert!(tickets > 0, "the demo has some");
    let path = format!("users/{}", made["id"]);
    let change = |lines: Value| {
        let body = json!({ "linesOfBusiness": lines });
        instance.call("PATCH", &path, Some(&body))
    };
    // In force from the next call on.
    change(json!([])).unwrap();
    assert_eq!(seen(), 0);
    let held = change(json!([known[1]["id"], "managed services > west", names[0]])).unwrap();
    assert_eq!(held["linesOfBusiness"], json!([names[0], names[1]]));
    assert_eq!(seen(), tickets);
    let wrong = change(json!(["Projects > West"])).unwrap_err().to_string();
    assert!(wrong.contains("there is no line of business"), "{wrong}");
    assert_eq!(seen(), tickets, "nothing has changed");
}

#[test]
fn people_agree_to_be_acted_for_by_their_level() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let person = |name: &str| {
        let people = instance.call("GET", "people", None).unwrap();
        let people = people.as_array().unwrap();
        let found = people.iter().find(|person| person["firstName"] == name);
        found.unwrap().clone()
    };
    let kim = person("Kim");
    assert_eq!(kim["allowsImpersonation"], false);
    let copy = json!({"name": "Desk", "copyOf": "Full Access (system)"});
    let level = instance.call("POST", "levels", Some(&copy)).unwrap();
    let allow = json!({"allowsImpersonation": true});
    let path = format!("levels/{}", level["id"]);
    let allowed = instance.call("PATCH", &path, Some(&allow)).unwrap();
    assert_eq!(allowed["allowsImpersonation"], true);
    let path = format!("people/{}", kim["id"]);
    let give = |level: &str| {
        let body = json!({ "securityLevel": level });
        instance.call("PATCH", &path, Some(&body))
    };
    assert_eq!(give("Desk").unwrap()["allowsImpersonation"], true);
    assert_eq!(person("Kim")["securityLevel"], "Desk");
    // A level for API users is none for people, and nobody acts for an API user.
    let wrong = give("API User (system) (API-only)")
        .unwrap_err()
        .to_string();
    assert!(wrong.contains("people sign in"), "{wrong}");
    let copy = json!({"name": "For keys", "copyOf": "API User (system) (API-only)"});
    let keys = instance.call("POST", "levels", Some(&copy)).unwrap();
    let path = format!("levels/{}", keys["id"]);
    let wrong = instance.call("PATCH", &path, Some(&allow)).unwrap_err();
    assert!(wrong.to_string().contains("cannot be acted for"), "{wrong}");
}
