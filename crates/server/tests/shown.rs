//! What a list shows can be asked for: every value of a record, its own and those of its references, is a condition
//! that finds the record, and a name to sort by. Over every list of a demo company.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::route::{Method, RouteKind};
use bitting_server::demo::Size;
use bitting_server::seed::{self, Demo};
use serde_json::Value;
use support::Company;

async fn demo() -> Company {
    let company = Company::bare().await;
    let demo = Demo {
        size: Size::scaled(60),
        seed: 1,
    };
    let seeded = seed::company(&company.instance, Some(&demo), &mut |_| {}).await;
    let admin = seeded.expect("a demo company").admin;
    company.with_admin(admin.expect("an administrator"))
}

/// A value as conditions write it; nothing for what they have no words for.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            Some(format!("\"{text}\""))
        }
        _ => None,
    }
}

/// Name and value of everything that a record says in a word.
fn said(record: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in record.as_object().expect("a record") {
        match value {
            Value::Object(members) => {
                for (member, value) in members {
                    let named = name != "_info" || !member.ends_with("_href");
                    if let Some(value) =
                        written(value).filter(|_| named && !member.starts_with('_'))
                    {
                        all.push((format!("{name}/{member}"), value));
                    }
                }
            }
            value => all.extend(written(value).map(|value| (name.clone(), value))),
        }
    }
    all
}

#[tokio::test]
async fn every_value_that_a_list_shows_finds_its_record() {
    let company = demo().await;
    let catalog = company.instance.catalog();
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for route in &catalog.routes {
        let lists = matches!(route.kind, RouteKind::Collection | RouteKind::Info)
            && route
                .methods
                .iter()
                .any(|operation| operation.method == Method::Get && operation.list);
        // Service levels are worked out of the records that conditions on their stored state keep.
        let derived = route.rule.as_deref() == Some("calculate_sla");
        if !lists || derived || route.path.contains('{') {
            continue;
        }
        let path = &route.path;
        let all = company
            .get(&company.admin, &format!("{path}?pageSize=1000"))
            .await;
        let Some(record) = all.json.as_array().and_then(|rows| rows.last()) else {
            continue;
        };
        let said = said(record);
        let id = &record["id"];
        if all.status != 200 || said.is_empty() || id.is_null() {
            continue;
        }
        let finds = async |parts: &[(String, String)]| {
            let conditions: Vec<String> = parts
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect();
            let text = conditions
                .join(" and ")
                .replace('%', "%25")
                .replace('&', "%26");
            let text = text.replace('#', "%23").replace('+', "%2B");
            let order = parts.first().map_or("id", |(name, _)| name);
            let path =
                format!("{path}?fields=id&pageSize=1000&conditions={text}&orderBy={order} desc");
            let rows = company.get(&company.admin, &path).await.json;
            let rows = rows.as_array().cloned().unwrap_or_default();
            rows.iter().any(|row| row["id"] == *id)
        };
        asked += said.len();
        if !finds(&said).await {
            for one in said {
                if !finds(std::slice::from_ref(&one)).await {
                    wrong.push(format!("{path}: {} = {}", one.0, one.1));
                }
            }
        }
    }
    assert!(asked > 1500, "only {asked} values were seen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every row of a list, over all of its pages.
async fn whole(company: &Company, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let path = format!("{path}&pageSize=1000&page={page}");
        let rows = company.get(&company.admin, &path).await.rows();
        if rows.is_empty() {
            break;
        }
        all.extend(rows);
    }
    all
}

/// What a condition is held against.
type Keeps<'k> = &'k dyn Fn(&Value) -> bool;

/// Lists that are worked out are asked through references like stored ones.
#[tokio::test]
async fn worked_out_lists_are_asked_through_references() {
    let company = demo().await;
    let path = "/finance/accounting/unpostedinvoices?fields=id,company/name";
    let all = whole(&company, path).await;
    let of = |row: &Value| {
        row["company"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let name = of(all.last().expect("an unposted invoice"));
    let theirs = |row: &Value| of(row) == name;
    let others = |row: &Value| of(row) != name;
    let none = |_: &Value| false;
    let table: [(String, Keeps<'_>); 5] = [
        (format!("company/name = '{name}'"), &theirs),
        (format!("company/name != '{name}'"), &others),
        (format!("not (company/name like '{name}')"), &others),
        (
            format!("company/name in ('x', '{name}') and company/deletedFlag = false"),
            &theirs,
        ),
        (
            format!("company/name = '{name}' and company/territory/name = null"),
            &none,
        ),
    ];
    for (conditions, keeps) in table {
        let kept = whole(&company, &format!("{path}&conditions={conditions}")).await;
        let expected: Vec<Value> = all.iter().filter(|row| keeps(row)).cloned().collect();
        assert!(
            kept == expected,
            "{conditions}: {} of {}",
            kept.len(),
            expected.len()
        );
        let count = format!("/finance/accounting/unpostedinvoices/count?conditions={conditions}");
        let count = company.get(&company.admin, &count).await.expect(200);
        assert_eq!(count["count"], kept.len(), "{conditions}");
    }
    let sorted = whole(&company, &format!("{path}&orderBy=company/name desc")).await;
    let names: Vec<String> = sorted.iter().map(of).collect();
    let mut expected = names.clone();
    expected.sort_by_key(|name| std::cmp::Reverse(name.to_ascii_lowercase()));
    assert_eq!(names, expected);
    assert_eq!(names.len(), all.len());
}
