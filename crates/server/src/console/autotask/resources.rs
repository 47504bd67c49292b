//! Resources (Users): people and API users, and New > New API User.

use super::desk::Desk;
use super::key::{key_field, secret_field};
use super::people::API_USER;
use crate::console::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::operator::RESOURCES;
use bitting_calls::http::form::encode;
use bitting_psa::secret::{Secret, word};
use maud::html;
use serde_json::{Value, json};

const SIZE: usize = 50;
pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] => Ok(Outcome::Page(list(visit, desk).await?)),
        ["key"] if visit.post => Ok(Outcome::Part(key_field(&new_key(), None))),
        ["secret"] if visit.post => Ok(Outcome::Part(secret_field(
            Some(&new_secret()),
            false,
            None,
        ))),
        ["new"] => super::user::answer(visit, desk, None).await,
        [id] => match id.parse::<i64>() {
            Ok(id) => super::user::answer(visit, desk, Some(id)).await,
            Err(_) => Ok(Outcome::Nowhere),
        },
        [id, "lines"] => match id.parse::<i64>() {
            Ok(id) => super::lines::answer(visit, desk, id).await,
            Err(_) => Ok(Outcome::Nowhere),
        },
        _ => Ok(Outcome::Nowhere),
    }
}

/// A user name as the product makes them: it looks like an e-mail address.
fn new_key() -> String {
    format!("{}@EXAMPLE.COM", word().to_lowercase())
}

fn new_secret() -> Secret {
    Secret::new(format!("{}{}", word(), word()))
}

async fn list(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Page> {
    let search = visit.query.trimmed("search");
    let mut filter = vec![json!({ "op": "exist", "field": "id" })];
    if !search.is_empty() {
        filter = vec![json!({ "op": "or", "items": [
            { "op": "contains", "field": "firstName", "value": search },
            { "op": "contains", "field": "lastName", "value": search },
            { "op": "contains", "field": "email", "value": search },
        ] })];
    }
    let found = desk
        .found(RESOURCES, &json!({ "filter": filter }))
        .await
        .map_err(|trouble| super::desk::problem(&trouble))?;
    let page = visit.query.page();
    let start = usize::try_from(page - 1)
        .unwrap_or_default()
        .saturating_mul(SIZE);
    let total = found.len();
    let users = desk.tenant.api_users();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let body = html! {
        (page::crumbs(&[("Admin", None), ("Resources (Users)", None)]))
        header.head { h1 { "Resources (Users)" }
            div.split {
                a.button href=(visit.at("resources/new")) { "New" }
                details.popup { summary.button aria-label="More kinds of New" { "▾" } ul { li { a href=(visit.at("resources/new")) { "New API User" } } } }
            }
        }
        form.filter method="get" {
            label for="search" { "Name or email contains" }
            input id="search" name="search" type="search" value=(search);
            button.quiet type="submit" { "Search" }
        }
        @if found.is_empty() { (page::empty("Nobody fits. Choose New > New API User to make an API user.")) }
        @else {
            div.wide tabindex="0" role="region" aria-label="Resources" { table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Email" } th scope="col" { "License" } th scope="col" { "Username (Key)" } th scope="col" { "Security Level" } th scope="col" { "State" } } }
                tbody { @for row in found.iter().skip(start).take(SIZE) {
                    @let id = row["id"].as_i64().unwrap_or_default();
                    @let user = users.iter().find(|(_, user)| user.resource == id);
                    @let api = row["licenseType"].as_i64() == Some(API_USER);
                    tr {
                        th scope="row" { a href=(visit.at(&format!("resources/{id}"))) { (super::people::name(row)) } }
                        td { (text(row, "email")) }
                        td { @if api { "API User" } @else { "Person" } }
                        td { @if let Some((_, user)) = user { code { (user.user) } } }
                        td { @match user {
                            Some((_, user)) => @if let Some(level) = desk.tenant.level(user.level) { a href=(visit.at(&format!("levels/{}", user.level))) { (level.document.name) } },
                            None => @if let Some(level) = desk.tenant.level_of(id) { (level.document.name) @if level.document.allows_impersonation { " " span.flag.off { "may be impersonated" } } },
                        } }
                        td { @if user.is_some_and(|(_, user)| user.locked) { span.flag { "locked" } } @else if row["isActive"] == false || user.is_some_and(|(_, user)| user.inactive) { span.flag.off { "inactive" } } @else { "active" } }
                    }
                } }
            } }
            (page::pages(&format!("{}?search={}&page=", visit.at("resources"), encode(search)), page, SIZE as u64, total as u64))
        }
    };
    Ok(Page::new("resources", "Resources (Users)", body))
}
