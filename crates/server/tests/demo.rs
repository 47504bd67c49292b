//! What a newcomer finds in the demo company: a record wherever a client is likely to look. Lists that have
//! none are named with their reasons in docs/demo.md, and this test holds that page to what is served.

mod support;

use bitting_catalog::route::{Method, RouteKind};
use bitting_demo::Size;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use support::Company;

/// Parents that are looked into for one with children.
const PARENTS: usize = 150;

async fn demo() -> Company {
    Company::demo(Size::default(), 1).await
}

/// Walks lists from the top down, remembering the ids that each concrete path shows.
struct Walk<'c> {
    company: &'c Company,
    ids: BTreeMap<String, Vec<String>>,
}

impl Walk<'_> {
    async fn rows(&self, path: &str, size: usize) -> Vec<Value> {
        let path = format!("{path}?pageSize={size}");
        let answer = self.company.get(&self.company.admin, &path).await;
        match answer.json {
            Value::Array(rows) if answer.status == 200 => rows,
            _ => Vec::new(),
        }
    }

    /// The paths that the placeholders of `path` stand for, where records are there to fill them.
    async fn filled(&mut self, path: &str) -> Vec<String> {
        let mut whole = vec![String::new()];
        for segment in path.trim_matches('/').split('/') {
            let mut next = Vec::new();
            for above in &whole {
                if !segment.starts_with('{') {
                    next.push(format!("{above}/{segment}"));
                    continue;
                }
                if next.len() >= PARENTS {
                    break;
                }
                if !self.ids.contains_key(above) {
                    let rows = self
                        .rows(&list_of(above).unwrap_or_else(|| above.clone()), PARENTS)
                        .await;
                    let id = |row: &Value| match &row["id"] {
                        Value::Null => row["name"].as_str().map(str::to_owned),
                        id => Some(id.to_string()),
                    };
                    self.ids
                        .insert(above.clone(), rows.iter().filter_map(id).collect());
                }
                next.extend(self.ids[above].iter().map(|id| format!("{above}/{id}")));
            }
            whole = next;
        }
        whole
    }
}

/// Where the ids below a path are listed, if not at the path itself.
fn list_of(path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("/configurations/") {
        return Some(format!("/company/configurations/{rest}"));
    }
    let list = match path {
        "/finance/agreementTypes" => "/finance/agreements/types",
        "/project/boards" => "/service/boards",
        "/project" => "/project/projects",
        "/system/myAccount" => "/system/members",
        "/system/workflowActions" => "/system/workflows/events/actions",
        _ => return None,
    };
    Some(list.to_owned())
}

/// Whether a GET of the path answers a list.
fn lists(route: &bitting_catalog::route::Route) -> bool {
    let mut methods = route.methods.iter();
    methods.any(|operation| operation.method == Method::Get && operation.list)
}

/// The paths in the first column of the page's tables.
fn documented() -> BTreeSet<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/demo.md");
    let page = std::fs::read_to_string(page).expect("docs/demo.md");
    let path = |line: &str| Some(line.strip_prefix("| `/")?.split_once('`')?.0.to_owned());
    page.lines()
        .filter_map(path)
        .map(|path| format!("/{path}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_a_record_or_a_reason_why_not() {
    let company = demo().await;
    let catalog = company.instance.catalog();
    let mut walk = Walk {
        company: &company,
        ids: BTreeMap::new(),
    };
    let (mut asked, mut empty) = (0, BTreeSet::new());
    let mut seen = BTreeSet::new();
    for route in &catalog.routes {
        let path = route.path.trim_end_matches('/').to_owned();
        let list = matches!(route.kind, RouteKind::Collection | RouteKind::Info);
        let item = path.ends_with("/info") && path.contains("}/info") || path.ends_with('}');
        if !list || item || !lists(route) || !seen.insert(path.to_lowercase()) {
            continue;
        }
        asked += 1;
        let mut found = false;
        for path in walk.filled(&path).await {
            found = !walk.rows(&path, 1).await.is_empty();
            if found {
                break;
            }
        }
        if !found {
            empty.insert(path);
        }
    }
    let documented = documented();
    let new: Vec<_> = empty.difference(&documented).collect();
    assert!(
        new.is_empty(),
        "of {asked} lists, empty and not in docs/demo.md: {new:#?}"
    );
    let filled: Vec<_> = documented.difference(&empty).collect();
    assert!(
        filled.is_empty(),
        "in docs/demo.md, but not empty: {filled:#?}"
    );
    assert!(asked > 500, "{asked} lists");
}
