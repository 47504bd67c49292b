//! Browsing an Autotask database's records with a filter, as the operator or as any API user.

use super::desk::{Desk, message};
use crate::console::data::table;
use crate::console::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_calls::http::form::encode;
use maud::html;
use serde_json::{Value, json};

const SIZE: u64 = 25;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    let query = &visit.query;
    let path = query.trimmed("path").trim_matches('/');
    let users = desk.tenant.api_users();
    let wanted = query.text("as");
    let chosen = wanted
        .parse::<i64>()
        .ok()
        .and_then(|id| users.iter().find(|(known, _)| *known == id));
    let caller = match chosen {
        Some((_, user)) => desk
            .tenant
            .caller_of(user)
            .await
            .map_err(|trouble| super::desk::problem(&trouble))?,
        None => Some(desk.caller.clone()),
    };
    let gone = !wanted.is_empty() && (chosen.is_none() || caller.is_none());
    let text = query.trimmed("filter");
    let found = match caller.as_ref().filter(|_| !path.is_empty() && !gone) {
        Some(caller) => {
            let seen = Desk {
                server: desk.server,
                tenant: desk.tenant,
                caller: caller.clone(),
            };
            Some(rows(&seen, path, text).await)
        }
        None => None,
    };
    let names: Vec<(String, String)> = users
        .iter()
        .map(|(id, user)| (id.to_string(), user.user.clone()))
        .collect();
    let paths = desk
        .tenant
        .catalog()
        .entities
        .iter()
        .map(|entity| &entity.path);
    let body = html! {
        header.head { h1 { "Data" } p.hint { "What an API user sees through the API, with its security level and lines of business." } }
        form.filter method="get" {
            div.field { label for="path" { "Entity" } input #path name="path" list="paths" value=(path) required placeholder="Tickets"; }
            (page::choice("as", "View as", &names, wanted, Some("operator (sees all)"), "", None))
            div.field.grow { label for="filter" { "Filter" } input #filter name="filter" value=(text) placeholder="[{\"op\":\"eq\",\"field\":\"status\",\"value\":1}]"; }
            button type="submit" { "Show" }
        }
        datalist #paths { @for one in paths { option value=(one) {} } }
        @if gone { (page::wrong("That API user is locked, inactive or gone, so its key sees nothing.")) }
        @match found {
            None => (page::empty("Choose an entity: Tickets, Companies, Contracts. Tickets/1 opens one record.")),
            Some(Err(text)) => (page::wrong(&text)),
            Some(Ok((rows, total))) => {
                p { b { (total) } " records in sight of " b { @match chosen { Some((_, user)) => (user.user), None => "operator" } } }
                @if let ([record], true) = (&rows[..], path.contains('/')) { div.card { pre { (serde_json::to_string_pretty(record).unwrap_or_default()) } } }
                @else { (table(&rows, &|id| format!("{}?path={}&as={}", visit.at("data"), encode(&format!("{path}/{id}")), encode(wanted)))) }
                @if total > SIZE && !path.contains('/') { p.hint { "The first " (SIZE) " are shown; narrow them with a filter." } }
            }
        }
    };
    Ok(Outcome::Page(Page::new("data", "Data", body)))
}

async fn rows(
    desk: &Desk<'_>,
    path: &str,
    text: &str,
) -> std::result::Result<(Vec<Value>, u64), String> {
    let path: Vec<String> = path.split('/').map(encode).collect();
    let path = path.join("/");
    if path.contains('/') {
        let one = desk.call(http::Method::GET, &path, "", None).await;
        let mut one = one.map_err(|trouble| message(&trouble))?;
        let found: Vec<Value> = match one["item"].take() {
            Value::Null => one["items"].as_array().cloned().unwrap_or_default(),
            item => vec![item],
        };
        let total = found.len() as u64;
        return Ok((found, total));
    }
    let filter: Value = if text.is_empty() {
        json!([])
    } else {
        serde_json::from_str(text).map_err(|error| format!("The filter is no JSON: {error}."))?
    };
    let search = json!({ "MaxRecords": SIZE, "filter": filter });
    let query = format!("search={}", encode(&search.to_string()));
    let answer = desk
        .call(http::Method::GET, &format!("{path}/query"), &query, None)
        .await
        .map_err(|trouble| message(&trouble))?;
    let counted = desk
        .call(
            http::Method::GET,
            &format!("{path}/query/count"),
            &query,
            None,
        )
        .await;
    let found = answer["items"].as_array().cloned().unwrap_or_default();
    let total = counted
        .ok()
        .and_then(|answer| answer["queryCount"].as_u64())
        .unwrap_or(found.len() as u64);
    Ok((found, total))
}
