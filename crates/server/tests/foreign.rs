//! Level My on records of others, over every entity whose rows belong to members: out of the list, out of
//! the count, not found by id, and closed to changes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::route::{Method, RouteKind};
use bitting_demo::Size;
use bitting_policy::{Level, Needs, Registry, Role, Verb};
use serde_json::json;
use support::Company;

/// Sets every verb that accepts My to My; false where a row the needs name does not accept it.
fn mine(registry: &Registry, role: &mut Role, needs: &Needs) -> bool {
    match needs {
        Needs::Action(action) => {
            let row = registry.get(*action).expect("a known action");
            let levels = Verb::EVERY.map(|verb| {
                if row.accepts(verb, Level::My) {
                    Level::My
                } else {
                    Level::None
                }
            });
            row.accepts(Verb::Inquire, Level::My) && role.set(registry, *action, levels).is_ok()
        }
        Needs::Every(parts) => parts.iter().all(|part| mine(registry, role, part)),
        Needs::Either(parts) => parts.iter().any(|part| mine(registry, role, part)),
        Needs::Anyone | Needs::AnyMember | Needs::Table(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn my_shows_and_opens_nothing_of_others() {
    let size = Size {
        companies: 30,
        tickets: 120,
        ..Size::default()
    };
    let company = Company::demo(size, 3).await;
    let catalog = company.instance.catalog();
    let mut seen = Vec::new();
    for entity in &catalog.entities {
        if entity.ownership.fields.is_empty() || !entity.parents.is_empty() {
            continue;
        }
        let registry = company.instance.registry();
        let mut role = Role::new(registry, 1, "mine");
        if !mine(registry, &mut role, &entity.right.needs) {
            continue;
        }
        let list = format!("/{}", entity.path);
        let routed = catalog.routes_of(entity.id).any(|route| {
            *route.path == *list && route.kind == RouteKind::Collection && route.rule.is_none()
        });
        // Some lists ask for a parameter (documents of which record?).
        let answered = company
            .get(&company.admin, &format!("{list}?pageSize=3&fields=id"))
            .await;
        if !routed || answered.status != 200 {
            continue;
        }
        let rows = answered.rows();
        if rows.is_empty() {
            continue;
        }
        let number = seen.len();
        let id = company.role(&format!("mine {number}"), &[], &[]).await;
        role.id = id;
        company
            .instance
            .save_role(role)
            .await
            .expect("a role is kept");
        let (_, key) = company.member(&format!("mine{number}"), id).await;
        assert!(
            company.get(&key, &list).await.rows().is_empty(),
            "{list} shows a record of others"
        );
        let count = company.get(&key, &format!("{list}/count")).await;
        if count.status == 200 {
            assert_eq!(count.json["count"], 0, "{list}/count");
        }
        for row in rows {
            let item = format!("{list}/{}", row["id"]);
            let verbs: Vec<Method> = catalog
                .routes_of(entity.id)
                .filter(|route| route.kind == RouteKind::Item && route.path.starts_with(&list))
                .flat_map(|route| route.methods.iter().map(|operation| operation.method))
                .collect();
            assert_eq!(company.get(&key, &item).await.status, 404, "GET {item}");
            for (method, word) in [(Method::Patch, "PATCH"), (Method::Delete, "DELETE")] {
                if verbs.contains(&method) {
                    let body = (method == Method::Patch).then(|| json!([]));
                    let status = company.call(&key, word, &item, body).await.status;
                    assert!([403, 404].contains(&status), "{word} {item}: {status}");
                    assert_eq!(
                        company.get(&company.admin, &item).await.status,
                        200,
                        "{word} {item} did nothing"
                    );
                }
            }
        }
        seen.push(entity.path.to_string());
    }
    for path in ["service/tickets", "sales/activities", "time/entries"] {
        assert!(
            seen.iter().any(|seen| seen == path),
            "{path} is among {seen:?}"
        );
    }
}
