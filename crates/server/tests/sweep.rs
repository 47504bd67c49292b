//! Every operation of every path, called without a key, with a wrong one, with a role that lacks the right,
//! and with exactly the right it needs and nothing more. No path may exist without a right, and the test
//! checks its own coverage.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::{Method, Route};
use bitting_policy::Needs;
use serde_json::json;
use support::{Company, Credentials};

/// A path with numbers in its placeholders that no record has, and a word where a word is expected.
fn concrete(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}').expect("a closed placeholder");
        let word = ["Identifier", "Name", "ssoid"]
            .iter()
            .any(|part| name.contains(part));
        out.push_str(if word { "nobody" } else { "987654321" });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

/// What a call on the route needs, found independently of the pipeline.
fn needs<'a>(catalog: &'a Catalog, route: &'a Route) -> &'a Needs {
    let entity: &Entity = catalog.entity(route.entity);
    let view = route.view.map(|index| &entity.views[index]);
    let own = route.right.as_ref();
    let of_view = view.and_then(|view| view.right.as_ref());
    &own.or(of_view).unwrap_or(&entity.right).needs
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_refused_without_its_right_and_open_with_it() {
    let company = Company::open().await;
    let catalog = company.instance.catalog();
    let empty = company.role("nothing", &[], &[]).await;
    let (_, nothing) = company.member("nothing", empty).await;
    let wrong = Credentials::new("nobody", "nothing");
    let mut faults: Vec<String> = Vec::new();
    let mut seen = 0;
    for route in &catalog.routes {
        let path = concrete(&route.path);
        let needs = needs(catalog, route);
        let open = matches!(needs, Needs::Anyone | Needs::AnyMember);
        for operation in &route.methods {
            seen += 1;
            let method = word(operation.method);
            let body =
                (method != "GET" && method != "DELETE").then(|| json!({}).to_string().into_bytes());
            let mut check = |case: &str, status: u16, holds: bool| {
                if !holds {
                    faults.push(format!("{method} {} {case}: {status}", route.path));
                }
            };
            let discovery = route.path.eq_ignore_ascii_case("/system/info");
            let status = company.send(None, method, &path, body.clone()).await.status;
            check("without a key", status, status == 401 || discovery);
            let status = company
                .send(Some(&wrong), method, &path, body.clone())
                .await
                .status;
            check("with a wrong key", status, status == 401);
            let answered = company
                .send(Some(&nothing), method, &path, body.clone())
                .await;
            if open {
                check(
                    "open to every member",
                    answered.status,
                    answered.status != 403 && answered.status < 500,
                );
            } else {
                check("without the right", answered.status, answered.status == 403);
                check(
                    "without a reason",
                    answered.status,
                    answered.denial().contains("needs"),
                );
            }
            let key = company.holder(needs).await;
            let status = company.send(Some(&key), method, &path, body).await.status;
            // Minting a token is refused with 401 whatever the role says, as the vendor does.
            let mints = route.rule.as_deref() == Some("member_tokens");
            // What is created or changed without a body may be refused for what it lacks, not for its right.
            check(
                "with the right",
                status,
                (status != 401 || mints) && status != 403 && status < 500,
            );
        }
    }
    let all: usize = catalog.routes.iter().map(|route| route.methods.len()).sum();
    assert_eq!(seen, all, "the sweep visits every operation");
    assert!(
        seen >= 3_000,
        "the catalog holds the whole API, not {seen} operations"
    );
    assert!(
        faults.is_empty(),
        "{} of {seen} fail:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plain_list_and_count_answers() {
    let company = Company::open().await;
    let catalog = company.instance.catalog();
    let mut faults = Vec::new();
    let mut seen = 0;
    for route in catalog
        .routes
        .iter()
        .filter(|route| route.params.is_empty() && route.rule.is_none())
    {
        use bitting_catalog::route::RouteKind::{Collection, Count, Info};
        let gets = route
            .methods
            .iter()
            .any(|operation| operation.method == Method::Get);
        if !gets || !matches!(route.kind, Collection | Count | Info) {
            continue;
        }
        seen += 1;
        let answered = company.get(&company.admin, &route.path).await;
        let shape = match route.kind {
            Count => answered.json["count"].is_u64(),
            _ => answered.json.is_array(),
        };
        if answered.status != 200 || !shape {
            faults.push(format!(
                "{}: {} {}",
                route.path, answered.status, answered.json
            ));
        }
    }
    assert!(seen > 600, "{seen} lists and counts without placeholders");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
