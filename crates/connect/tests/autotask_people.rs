//! What an Autotask instance has beside levels and keys, and its own API cannot set: lines of business, and people's
//! consent to be acted for.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::{Profile, User};
use bitting_client::Secret;
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::apply::apply;
use bitting_connect::autotask::held::Instance;
use bitting_connect::autotask::plan::plan;
use bitting_connect::autotask::wanted::{Choices, wanted};
use bitting_connect::profiles;
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

fn screen() -> Screen {
    Screen::embedded().unwrap()
}

/// The same as a person works: plan, apply, and a plan that is empty.
#[test]
fn a_plan_gives_lines_of_business_and_asks_people_for_their_consent() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let screen = screen();
    let all = profiles::all(None).unwrap();
    let acting = |profile: &&Profile| {
        let asks = |user: &User| user.others_must_allow_impersonation;
        profile.user.as_ref().is_some_and(asks)
    };
    let profile = all
        .iter()
        .find(acting)
        .expect("a profile that acts for people");
    let choose = |lines: &[&str], act_for: &[&str]| Choices {
        selection: profile.select(&["all"]).unwrap(),
        lines: lines.iter().map(ToString::to_string).collect(),
        act_for: act_for.iter().map(ToString::to_string).collect(),
        ..Choices::default()
    };
    let planned = |choices: &Choices| {
        plan(
            Some(&instance),
            wanted(profile, choices, &screen).unwrap(),
            &screen,
        )
    };
    // Nobody holds a level that could consent: that is told, and nothing is left to click.
    let lonely = planned(&choose(&[], &[])).unwrap();
    let text = lonely.text(false);
    assert!(
        text.contains("nobody holds a level that can consent"),
        "{text}"
    );
    assert!(!text.contains("tick Allow impersonation"), "{text}");

    let level = |name: &str| {
        let copy = json!({"name": name, "copyOf": "Full Access (system)"});
        instance.call("POST", "levels", Some(&copy)).unwrap()["id"].clone()
    };
    let (desk, idle) = (level("Desk"), level("Nobody's"));
    let people = instance.call("GET", "people", None).unwrap();
    let kim = &people.as_array().unwrap()[0]["id"];
    let give = json!({ "securityLevel": "Desk" });
    instance
        .call("PATCH", &format!("people/{kim}"), Some(&give))
        .unwrap();

    let first = planned(&choose(&["managed services > east"], &[])).unwrap();
    let text = first.text(false);
    assert!(
        text.contains("~ Desk ") && !text.contains("Nobody's"),
        "{text}"
    );
    assert!(
        text.contains("lines of business") && text.contains("Managed Services > East"),
        "{text}"
    );
    let applied = apply(Some(&instance), &first, &screen).unwrap();
    assert!(
        applied
            .done
            .iter()
            .any(|done| done == "allowed impersonation of people with `Desk`"),
        "{:?}",
        applied.done
    );
    let user = instance
        .users()
        .unwrap()
        .into_iter()
        .find(|user| Some(user.id) == applied.user);
    assert_eq!(user.unwrap().lines_of_business, ["Managed Services > East"]);
    let allows = |id: &Value| {
        let level = instance.call("GET", &format!("levels/{id}"), None).unwrap();
        level["allowsImpersonation"].as_bool().unwrap()
    };
    assert!(allows(&desk) && !allows(&idle));
    assert!(
        planned(&choose(&["Managed Services > East"], &[]))
            .unwrap()
            .is_empty()
    );
    // Who says nothing of lines leaves them; who says others replaces them.
    assert!(planned(&choose(&[], &[])).unwrap().is_empty());
    let other = planned(&choose(&["Managed Services > West"], &["nobody's"])).unwrap();
    let text = other.text(false);
    assert!(
        text.contains("Managed Services > East -> Managed Services > West"),
        "{text}"
    );
    assert!(
        text.ends_with("0 to add, 2 to change, 0 to remove\n"),
        "{text}"
    );
    apply(Some(&instance), &other, &screen).unwrap();
    assert!(allows(&idle));

    for (choices, expected) in [
        (choose(&["Projects > West"], &[]), "there is no such line"),
        (choose(&[], &["Desks"]), "there is no such level"),
        (
            choose(&[], &["Full Access (system)"]),
            "comes with the product",
        ),
        (
            choose(&[], &["API User (system) (API-only)"]),
            "API users hold it",
        ),
    ] {
        let wrong = planned(&choices).unwrap_err().to_string();
        assert!(wrong.contains(expected), "{wrong}");
    }
    // Where nothing can be written, both are clicks.
    let live = wanted(
        profile,
        &choose(&["Managed Services > East"], &["Desk"]),
        &screen,
    )
    .unwrap();
    let live = plan(None, live, &screen).unwrap();
    let applied = apply(None, &live, &screen).unwrap();
    let clicks = bitting_connect::checklist::text(&applied.remaining);
    assert!(
        clicks.contains("Security Levels > Desk > Web Services API"),
        "{clicks}"
    );
    assert!(
        clicks.contains("associate Managed Services > East"),
        "{clicks}"
    );
}
