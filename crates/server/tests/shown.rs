//! What a list shows can be asked for: every value of a record, its own and those of its references, is a condition
//! that finds the record, and a name to sort by. Over every list of a demo company.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::route::{Method, RouteKind};
use bitting_demo::Size;
use serde_json::Value;
use support::Company;

async fn demo() -> Company {
    Company::demo(Size::scaled(60), 1).await
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

/// Lists that are worked out are asked through references like stored ones.
#[tokio::test]
async fn worked_out_lists_are_asked_through_references() {
    let company = demo().await;
    let mut seen = 0;
    for ticket in 1..=10 {
        let path = format!("/service/tickets/{ticket}/allNotes?pageSize=1000");
        let all = company.get(&company.admin, &path).await.rows();
        let of = |row: &Value| row["contact"]["name"].as_str().map(str::to_owned);
        for name in all.iter().filter_map(of) {
            for (op, theirs) in [("=", true), ("!=", false)] {
                let asked = format!("{path}&conditions=contact/name {op} '{name}'");
                let kept = company.get(&company.admin, &asked).await.rows();
                let expected = |row: &&Value| (of(row).as_deref() == Some(&name)) == theirs;
                let expected: Vec<Value> = all.iter().filter(expected).cloned().collect();
                assert_eq!(kept, expected, "{asked}");
                seen += kept.len();
            }
        }
    }
    assert!(seen > 10, "only {seen} notes were seen");
}
