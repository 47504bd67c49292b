//! Every operation of the catalog, called as it wants to be called, as it does not, and by a key without
//! rights: the answer is what its entry says, and holds nothing its schema does not. What the test saw is
//! written down in `docs/coverage`, which fails here when it is stale; accept a new one with
//! `INSTA_UPDATE=always cargo test -p bitting-server --test every`.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arranged;
mod bodies;
mod cases;
mod defaults;
mod echoed;
mod hung;
mod page;
mod shape;
mod strict;
#[path = "../support/mod.rs"]
mod support;
mod trail;

use bitting_catalog::entity::Kind;
use bitting_catalog::route::{Method, RouteKind};
use bitting_demo::Size;
use bodies::{Ground, filled};
use serde_json::json;
use support::Company;

/// Rules of paths that answer 404 so far, because they are verbs of their own that nobody has written. A
/// rule that answers does not belong here: the test says so.
pub const NOT_YET: &[&str] = &[];

/// Lists that stay empty here, so that nothing is seen of their records: what they show comes from elsewhere
/// (a mail box, a calendar's sync, a sign-on), is put there by other paths, or is worked out of what is.
const UNSEEN: &[&str] = &[
    "/company/contacts/{id}/portalSecurity",
    "/company/m365contactsync/property/excluded",
    "/company/m365contactsync/property/included",
    "/procurement/catalog/vendors/{parentId}",
    "/project/tickets/{parentId}/scheduleentries",
    "/sales/opportunities/conversions/{id}",
    "/sales/orders/conversions/{id}",
    "/system/members/withSso",
    "/system/mySecurity/customizeItems/",
    "/system/office365/emailSetups/{id}/getEmails/",
    "/system/workflows/{parentId}/events/{id}/test",
];

/// Rows need rows that need rows: more than the stack of a test's thread holds.
const STACK: usize = 64 << 20;

#[test]
fn every_operation_answers_as_its_entry_says() {
    deep(every_operation);
}

#[test]
fn the_default_rows_of_set_up_are_one_each_and_are_taken() {
    deep(async || {
        let company = demo().await;
        let found = defaults::all(&company).await;
        assert!(found.faults.is_empty(), "{}", found.faults.join("\n"));
        assert!(found.tables > 30, "{} tables mark a default", found.tables);
        let references = found.references;
        assert!(references > 60, "{references} references take one");
    });
}

/// Runs a test on a stack of its own.
fn deep<T: Future<Output = ()>>(test: impl FnOnce() -> T + Send + 'static) {
    let deep = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(test());
        });
    if let Err(panic) = deep.expect("a thread").join() {
        std::panic::resume_unwind(panic);
    }
}

/// What every denial answers.
pub fn refused() -> serde_json::Value {
    json!({
        "code": "Security",
        "message": "You do not have security permission to perform this action.",
    })
}

/// A small demo company.
async fn demo() -> Company {
    let size = Size {
        companies: 12,
        contacts: 20,
        configurations: 20,
        agreements: 8,
        tickets: 40,
        opportunities: 8,
        activities: 8,
        projects: 3,
        technicians: 0,
    };
    Company::demo(size, 3).await
}

async fn every_operation() {
    let company = demo().await;
    let seen = cases::all(&company).await;
    let catalog = company.instance.catalog();
    let operations: usize = catalog.routes.iter().map(|route| route.methods.len()).sum();
    assert_eq!(seen.len(), operations, "every operation is visited");
    let faults: Vec<&String> = seen.iter().flat_map(|case| &case.faults).collect();
    assert!(
        faults.is_empty(),
        "{} faults in {operations} operations:\n{}",
        faults.len(),
        faults
            .iter()
            .map(|f| f.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    );
    let path = |case: &cases::Seen| catalog.routes[case.route].path.to_string();
    let unseen: Vec<String> = seen.iter().filter(|case| !case.told).map(path).collect();
    let new: Vec<&String> = unseen
        .iter()
        .filter(|path| !path.contains("/usages") && !UNSEEN.contains(&path.as_str()))
        .collect();
    assert!(new.is_empty(), "lists without a record to look at: {new:?}");
    let verbs = seen.iter().filter(|case| case.changed > 0).count();
    assert!(
        verbs > 25,
        "{verbs} verbs of their own changed a record with a trail"
    );
    page::compare(&company, &seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_chooses_the_release_of_every_record() {
    let company = Company::open().await;
    let catalog = company.instance.catalog();
    let mut ground = Ground::new(&company, catalog);
    let (mut fields, mut faults) = (0, Vec::new());
    for entity in &catalog.entities {
        let plain = |kind: &Kind| {
            matches!(
                kind,
                Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean
            )
        };
        let versioned: Vec<_> = entity
            .fields
            .iter()
            .filter(|field| field.since.is_some() || field.until.is_some())
            .filter(|field| plain(&field.kind) && field.id_of.is_none() && !field.write_only)
            .collect();
        let item = catalog.routes_of(entity.id).find(|route| {
            route.kind == RouteKind::Item
                && route
                    .methods
                    .iter()
                    .any(|operation| operation.method == Method::Get && !operation.list)
                && route.params.len() == entity.parents.len() + 1
        });
        let (Some(item), false) = (item, versioned.is_empty()) else {
            continue;
        };
        let Some(place) = ground.full(entity).await else {
            continue;
        };
        let words = ground.words(item, Some(&place)).await;
        let path = filled(&item.path, &words);
        for release in cases::RELEASES {
            let asked = release.to_string();
            let answered = company.get_as_of(&company.admin, &path, &asked).await;
            if answered.status != 200 {
                continue;
            }
            for field in &versioned {
                fields += 1;
                let exists = field.since.is_none_or(|since| since <= release)
                    && field.until.is_none_or(|until| release <= until);
                if answered.json.get(&*field.name).is_some() != exists {
                    faults.push(format!("{path} {} in {release}: {}", field.name, !exists));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        fields > 300,
        "{fields} fields of three releases were looked at"
    );
}

#[tokio::test]
async fn accept_chooses_what_a_body_may_hold() {
    let company = Company::open().await;
    let body = |name: &str| json!({ "name": name, "addressLine1": "1 High Street", "phoneNumberExt": "7" });
    let made = company
        .call(
            &company.admin,
            "POST",
            "/company/companies",
            Some(json!({ "identifier": "A", "name": "A" })),
        )
        .await
        .expect(201);
    let path = format!(
        "/v4_6_release/apis/3.0/company/companies/{}/sites",
        made["id"]
    );
    for (release, name, status) in [("2022.1", "Old", 400), ("2025.1", "New", 201)] {
        let accept = format!("application/vnd.connectwise.com+json; version={release}");
        let headers = [
            ("accept", accept.as_str()),
            ("content-type", "application/json"),
        ];
        let body = Some(body(name).to_string().into_bytes());
        let answered = company
            .whole(Some(&company.admin), "POST", &path, body, &headers)
            .await;
        assert_eq!(answered.status, status, "{release}: {}", answered.json);
        if status == 201 {
            assert_eq!(answered.json["phoneNumberExt"], "7");
        } else {
            let text = answered.json["message"].as_str().unwrap_or_default();
            assert!(text.contains("phoneNumberExt"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_word_in_place_of_an_id_is_not_found_by_the_name_of_what_it_stands_for() {
    let company = Company::open().await;
    let table = [
        ("/service/tickets/printer", "Ticket printer was not found."),
        (
            "/service/tickets/printer/notes",
            "Ticket printer was not found.",
        ),
        (
            "/service/tickets/printer/notes/1",
            "Ticket printer was not found.",
        ),
        (
            "/company/companies/acme/sites/1",
            "Company acme was not found.",
        ),
    ];
    for (path, message) in table {
        let answered = company.get(&company.admin, path).await;
        assert_eq!(answered.status, 404, "{path}");
        assert_eq!(answered.json["message"], message, "{path}");
    }
}
