//! Audit of an Autotask database: API users by what they hold beyond their need, keys by age and last use, and one
//! page per user with its needs against what its level holds.

use super::desk::Desk;
use super::difference::{diff, lines};
use crate::console::audit::{
    KeyRow, by_age, days, failed, file, findings, follows, frame, grade, key_table, members, start,
    waiting,
};
use crate::console::bench::{Audit, Audited, Order, Refusal};
use crate::console::integrations;
use crate::console::page;
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::tenant::Level;
use bitting_autotask::users::{ApiUser, Tracking};
use bitting_catalog::security::{Permission, Permissions, SecurityLevel};
use maud::{Markup, html};
use std::sync::Arc;

/// Keys on a page.
const SIZE: usize = 50;
/// Columns of the screen: cell and words.
const CELLS: [(&str, &str); 5] = [
    ("value", "Value"),
    ("view", "View"),
    ("add", "Add"),
    ("edit", "Edit"),
    ("delete", "Delete"),
];

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] => Ok(Outcome::Page(frame(visit, "", &waiting(visit)))),
        ["members"] => Ok(Outcome::Part(members(visit, taken(desk).await))),
        ["members", id] => Ok(Outcome::Page(follows(visit, id))),
        ["members", id, "part"] => match taken(desk).await {
            Ok(audit) => match audit.members.iter().find(|one| one.id.to_string() == **id) {
                Some(found) => Ok(Outcome::Part(one(visit, desk, found).await)),
                None => Ok(failed(
                    "There is no such API user; the Audit page lists them all.",
                )),
            },
            Err(refusal) => Ok(failed(&refusal.text)),
        },
        ["keys"] => keys(visit, desk).await,
        ["page"] => match taken(desk).await {
            Ok(audit) => Ok(file(visit, audit)),
            Err(refusal) => Ok(refused(visit, &refusal)),
        },
        _ => Ok(Outcome::Nowhere),
    }
}

async fn taken(desk: &Desk<'_>) -> std::result::Result<Audit, Refusal> {
    let instance = desk.tenant.name.clone();
    desk.server
        .console
        .over_api(move |bench| bench.audit_autotask(&instance))
        .await
}

fn refused(visit: &Visit<'_>, refusal: &Refusal) -> Outcome {
    let body = page::wrong(&refusal.text);
    Outcome::Page(frame(visit, "", &body).with_status(503))
}

/// How a user says which product calls.
fn tracking(user: &ApiUser) -> String {
    match &user.tracking {
        Tracking::Vendor(name) => name.clone(),
        Tracking::Custom(_) => "Custom (Internal Integration)".to_owned(),
    }
}

/// Every key, those that were used longest ago first.
async fn keys(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    let mut users = desk.tenant.api_users();
    if by_age(visit) {
        users.sort_by_key(|(_, user)| user.created);
    } else {
        users.sort_by_key(|(id, user)| (desk.tenant.last_used(*id), user.created));
    }
    let total = users.len() as u64;
    let mut rows = Vec::new();
    for (id, user) in users.iter().skip(start(visit)).take(SIZE) {
        let path = format!(
            "{}/{}",
            bitting_autotask::operator::RESOURCES,
            user.resource
        );
        let found = desk.call(http::Method::GET, &path, "", None).await;
        let found = found.map_err(|trouble| super::desk::problem(&trouble))?;
        let word = |field: &str| found["item"][field].as_str().unwrap_or_default().to_owned();
        rows.push(KeyRow {
            description: tracking(user),
            of: (
                format!("resources/{}", user.resource),
                format!("{} {}", word("firstName"), word("lastName")),
            ),
            public: user.user.clone(),
            created: user.created,
            used: desk.tenant.last_used(*id),
            expires: None,
            off: match (user.inactive, user.locked) {
                (true, _) => Some("inactive"),
                (_, true) => Some("locked"),
                _ => None,
            },
        });
    }
    let empty = "No key yet. Keys are generated on an API user's page, or by Connect.";
    let body = key_table(visit, &rows, total, desk.tenant.now(), empty);
    Ok(Outcome::Page(frame(visit, "keys", &body)))
}

/// One user: what was found, and its needs against what it holds.
async fn one(visit: &Visit<'_>, desk: &Desk<'_>, found: &Audited) -> Markup {
    let users = desk.tenant.users_of(found.id);
    let level = users
        .first()
        .and_then(|(_, user)| Some((user.level, desk.tenant.level(user.level)?)));
    let slug = match visit.query.given("profile") {
        Some(chosen) => Some(chosen.to_owned()),
        None => found.slug.clone(),
    };
    let profile = integrations::of(&visit.place).find(|one| Some(&one.slug) == slug.as_ref());
    let profiles: Vec<(String, String)> = integrations::of(&visit.place)
        .map(|one| (one.slug.clone(), one.title()))
        .collect();
    let needed = match profile {
        Some(profile) => {
            let order = Order {
                profile: format!("autotask/{}", profile.slug),
                features: vec!["all".to_owned()],
                cleared: true,
                ..Order::default()
            };
            Some(
                desk.server
                    .console
                    .over_api(move |bench| bench.level(&order))
                    .await,
            )
        }
        None => None,
    };
    html! {
        header.head { h1 { (found.member) " " span.score.(grade(found.score)) { (found.score) } }
            a.button.quiet href=(visit.at(&format!("resources/{}", found.id))) { "Open the API user" } }
        dl.facts {
            dt { "Email Address" } dd { (found.name) }
            @if let Some((id, level)) = &level { dt { "Security Level" } dd { a href=(visit.at(&format!("levels/{id}"))) { (level.document.name) } } }
            dt { "Measured by" } dd { (found.profile.as_deref().unwrap_or(&found.measured_by)) }
            @for (id, user) in &users { (key_facts(desk, *id, user)) }
        }
        (findings(found))
        section { h2 { "Needs against holds" }
            form.filter method="get" action=(visit.at(&format!("audit/members/{}", found.id))) {
                (page::choice("profile", "Needs of", &profiles, slug.as_deref().unwrap_or_default(), Some("nobody: what it holds alone"), "", None))
                button.quiet type="submit" { "Compare" }
            }
            @match (&level, &needed) {
                (None, _) => (page::empty("The user has no security level.")),
                (_, Some(Err(refusal))) => (page::wrong(&refusal.text)),
                (Some((_, level)), Some(Ok(needed))) => {
                    (against(&desk.tenant.permissions, level, Some(&needed.level)))
                    (diff(&lines(&desk.tenant.permissions, Some(&level.document), &needed.level)))
                }
                (Some((_, level)), None) => (against(&desk.tenant.permissions, level, None)),
            }
        }
    }
}

fn key_facts(desk: &Desk<'_>, id: i64, user: &Arc<ApiUser>) -> Markup {
    let now = desk.tenant.now();
    html! {
        dt { "Key " code { (user.user) } }
        dd { (tracking(user)) ", made "
            @match user.created { Some(at) => (days(now, at)), None => "at a day not known" }
            @match desk.tenant.last_used(id) { Some(at) => { ", last used " (days(now, at)) }, None => ", never used" } }
    }
}

/// What a cell of a level stands at, and how much that is.
fn held(level: &SecurityLevel, entry: &Permission, cell: &str) -> (String, usize) {
    let values = level.settings.get(&entry.full_name());
    let cells = values.map(bitting_catalog::security::Values::cells);
    let found = cells
        .into_iter()
        .flatten()
        .find(|(name, _)| *name == cell)
        .and_then(|(_, value)| value.clone());
    let all = entry.values(cell);
    let least = || all.first().cloned().unwrap_or_else(|| "0".to_owned());
    let value = found.unwrap_or_else(least);
    let rank = match all {
        [] => value.parse().unwrap_or_default(),
        all => all.iter().position(|known| *known == value).unwrap_or(0),
    };
    (value, rank)
}

/// Setting by setting: what is needed, what is held, and which of the two is more.
fn against(permissions: &Permissions, level: &Level, needed: Option<&SecurityLevel>) -> Markup {
    let grants = |level: &SecurityLevel, entry: &Permission| {
        CELLS.iter().any(|(cell, _)| held(level, entry, cell).1 > 0)
    };
    let rows = permissions.entries.iter().filter(|entry| {
        grants(&level.document, entry) || needed.is_some_and(|needed| grants(needed, entry))
    });
    let rows: Vec<_> = rows.collect();
    html! {
        @if rows.is_empty() { (page::empty("It holds nothing, and nothing is needed.")) }
        @else {
            div.wide tabindex="0" role="region" aria-label="Needs against holds" { table.against {
                thead { tr { th scope="col" { "Section / Setting" } @for (_, words) in CELLS { th scope="col" { (words) } } } }
                tbody { @for entry in rows { tr {
                    th scope="row" { (entry.full_name()) }
                    @for (cell, _) in CELLS { (compared(entry, cell, &level.document, needed)) }
                } } }
            } }
            @if needed.is_some() { p.hint { "Red is more than is needed, green is missing." } }
        }
    }
}

fn compared(
    entry: &Permission,
    cell: &str,
    level: &SecurityLevel,
    needed: Option<&SecurityLevel>,
) -> Markup {
    let exists = !entry.values(cell).is_empty() || cell == "value" && entry.number.is_some();
    if !exists {
        return html! { td {} };
    }
    let (holds, rank) = held(level, entry, cell);
    let need = needed.map(|needed| held(needed, entry, cell));
    let quiet = if rank == 0 { "None" } else { "" };
    html! { @match need {
        Some((need, of)) if rank > of => td.minus { (holds) p.hint { "needs " (need) } },
        Some((need, of)) if rank < of => td.plus { (holds) p.hint { "needs " (need) } },
        Some(_) if rank > 0 => td { (holds) " " span.sr { "as needed" } },
        _ => td class=(quiet) { (holds) },
    } }
}
