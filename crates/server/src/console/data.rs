//! Browsing an instance's records with conditions, as the operator or as any member: what a key sees.

use super::desk::{Desk, message};
use super::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_calls::http::form::encode;
use bitting_catalog::route::{Method, RouteKind};
use maud::{Markup, html};
use serde_json::Value;

const SIZE: u64 = 25;
/// Columns of the table; the rest opens with the row.
const COLUMNS: usize = 7;
/// Characters of a cell.
const CELL: usize = 80;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    let query = &visit.query;
    let path = query.trimmed("path").trim_matches('/');
    let members = desk
        .list(
            "system/members",
            "pageSize=1000&orderBy=identifier&fields=id,identifier",
        )
        .await?;
    let members: Vec<(String, String)> = members
        .iter()
        .map(|one| {
            (
                one["id"].to_string(),
                one["identifier"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let seen_by = match query.text("as").parse::<i64>() {
        Ok(member) => desk.instance.caller(member).await?,
        Err(_) => None,
    };
    let in_place = seen_by.map_or_else(
        || desk.as_member(desk.caller.clone()),
        |caller| desk.as_member(caller),
    );
    let wanted = query.text("as");
    let gone = !wanted.is_empty() && in_place.caller.is_operator();
    let paths = paths(desk);
    let result = if path.is_empty() || gone {
        None
    } else {
        Some(rows(visit, &in_place, path).await)
    };
    let body = html! {
        header.head { h1 { "Data" } p.hint { "What a member sees through the API, with its role, location and boards." } }
        form.filter method="get" {
            div.field { label for="path" { "Path" } input #path name="path" list="paths" value=(path) required placeholder="service/tickets"; }
            (page::choice("as", "View as", &members, wanted, Some("operator (sees all)"), "", None))
            div.field.grow { label for="conditions" { "Conditions" } input #conditions name="conditions" value=(query.trimmed("conditions")) placeholder="summary like \"%printer%\" and closedFlag = False"; }
            div.field { label for="orderBy" { "Order by" } input #orderBy name="orderBy" value=(query.trimmed("orderBy")) placeholder="id desc"; }
            button type="submit" { "Show" }
        }
        datalist #paths { @for one in &paths { option value=(one) {} } }
        @if gone { (page::wrong("That member is inactive or gone, so its keys see nothing.")) }
        @match result {
            None => { (page::empty("Choose a path: service/tickets, company/companies, or one with ids in it like service/tickets/1/notes.")) }
            Some(Err(problem)) => { (page::wrong(&message(&problem))) }
            Some(Ok((rows, total))) => {
                p { b { (total) } " records in sight of " b { (in_place.caller.identifier) } }
                @if let ([record], true) = (&rows[..], path.rsplit('/').next().is_some_and(|word| word.parse::<i64>().is_ok())) {
                    div.card { pre { (whole(record)) } }
                } @else { (table(&rows, &|id| format!("{}?path={}&as={}", visit.at("data"), encode(&format!("{path}/{id}")), encode(wanted)))) }
                (page::pages(&format!("{}?path={}&as={}&conditions={}&orderBy={}&page=", visit.at("data"), encode(path), encode(wanted), encode(query.trimmed("conditions")), encode(query.trimmed("orderBy"))), query.page(), SIZE, total))
            }
        }
    };
    Ok(Outcome::Page(Page::new("data", "Data", body)))
}

/// Lists that need no id in their path.
fn paths(desk: &Desk<'_>) -> Vec<String> {
    let routes = desk.instance.catalog().routes.iter();
    routes
        .filter(|route| {
            route.kind == RouteKind::Collection
                && route.params.is_empty()
                && route.methods.iter().any(|one| one.method == Method::Get)
        })
        .map(|route| route.path.trim_matches('/').to_owned())
        .collect()
}

async fn rows(visit: &Visit<'_>, desk: &Desk<'_>, path: &str) -> Result<(Vec<Value>, u64)> {
    let path: Vec<String> = path.split('/').map(encode).collect();
    let path = path.join("/");
    let mut filter = String::new();
    let conditions = visit.query.trimmed("conditions");
    if !conditions.is_empty() {
        filter = format!("conditions={}", encode(conditions));
    }
    let order = visit.query.trimmed("orderBy");
    let order = if order.is_empty() {
        String::new()
    } else {
        format!("&orderBy={}", encode(order))
    };
    let page = visit.query.page();
    let rows = desk
        .list(
            &path,
            &format!("{filter}{order}&pageSize={SIZE}&page={page}"),
        )
        .await?;
    // Paths that have no count of their own answer one page.
    let total = desk
        .count(&path, &filter)
        .await
        .unwrap_or(rows.len() as u64);
    Ok((rows, total))
}

/// `record` gives the address of one record by its id.
pub fn table(rows: &[Value], record: &dyn Fn(i64) -> String) -> Markup {
    let mut columns: Vec<String> = Vec::new();
    for row in rows.iter().filter_map(Value::as_object) {
        for (name, value) in row {
            let plain = !value.is_array() && name != "_info";
            if plain && columns.len() < COLUMNS && !columns.contains(name) {
                columns.push(name.clone());
            }
        }
    }
    html! {
        @if rows.is_empty() { (page::empty("No record fits. Take away conditions, or view as a member that sees more.")) }
        @else { div.wide tabindex="0" role="region" aria-label="Records" { table {
            thead { tr { @for name in &columns { th scope="col" { (name) } } th scope="col" { "Whole record" } } }
            tbody { @for row in rows { tr {
                @for name in &columns { td { (cell(&row[name])) } }
                td {
                    // Records can be long: the page of a list carries none of them whole.
                    @if let Some(id) = row["id"].as_i64() { a href=(record(id)) { "Open" span.sr { " record " (id) } } }
                    @else { details.record { summary { "Open" } pre { (whole(row)) } } }
                }
            } } }
        } } }
    }
}

fn whole(row: &Value) -> String {
    serde_json::to_string_pretty(&without_info(row)).unwrap_or_default()
}

/// Links of records lead to the API, which a browser that is signed in here cannot open.
fn without_info(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(row) = row.as_object_mut() {
        row.remove("_info");
        for value in row.values_mut() {
            if let Some(value) = value.as_object_mut() {
                value.remove("_info");
            }
        }
    }
    row
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(of) => ["name", "identifier", "summary", "id"]
            .iter()
            .find_map(|member| of.get(*member))
            .map(|shown| {
                shown
                    .as_str()
                    .map_or_else(|| shown.to_string(), str::to_owned)
            })
            .unwrap_or_default(),
        other => other.to_string(),
    };
    match text.char_indices().nth(CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
