//! Audit: API members by what they hold beyond their need, keys by age and last use, and one page per member
//! with its needs against what it holds.

use super::bench::{Audit, Audited, Refusal};
use super::desk::Desk;
use super::page::{self, Page, inline};
use super::{chosen, integrations};
use crate::console::{
    outcome::{Outcome, Result},
    visit::{Place, Visit},
};
use bitting_calls::http::form::encode;
use bitting_catalog::profile::Profile;
use bitting_policy::{Level, Registry, Role, Verb};
use bitting_psa::keys::Key;
use jiff::Timestamp;
use maud::{Markup, html};
use std::sync::Arc;

const SIZE: usize = 50;
/// Days without use after which a key is called unused.
const UNUSED: i64 = 90;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] => Ok(Outcome::Page(frame(visit, "", &waiting(visit)))),
        ["members"] => {
            let audit = desk.bench(|bench, company| bench.audit(company)).await;
            Ok(Outcome::Part(members(visit, audit)))
        }
        ["members", id] => Ok(Outcome::Page(follows(visit, id))),
        ["members", id, "part"] => one(visit, desk, id).await,
        ["keys"] => Ok(Outcome::Page(keys(visit, desk).await?)),
        ["page"] => match desk.bench(|bench, company| bench.audit(company)).await {
            Ok(audit) => Ok(file(visit, audit)),
            Err(refusal) => {
                let body = page::wrong(&refusal.text);
                Ok(Outcome::Page(frame(visit, "", &body).with_status(503)))
            }
        },
        _ => Ok(Outcome::Nowhere),
    }
}

/// The page to hand over, as a file.
pub fn file(visit: &Visit<'_>, audit: Audit) -> Outcome {
    let name = format!("audit-{}-{}.html", visit.place.name(), audit.taken);
    Outcome::File(name, audit.page)
}

/// What each PSA calls whoever holds a key, and what holds its rights.
fn words(visit: &Visit<'_>) -> (&'static str, &'static str) {
    match visit.place {
        Place::ConnectWise(_) => ("Member", "Role"),
        Place::Autotask(_) => ("API User", "Security Level"),
    }
}

pub fn frame(visit: &Visit<'_>, on: &str, body: &Markup) -> Page {
    let body = html! {
        header.head { h1 { "Audit" } a.button.quiet href=(visit.at("audit/page")) download { "Export to HTML" } }
        nav.tabs aria-label="Audit" {
            a href=(visit.at("audit")) aria-current=[on.is_empty().then_some("page")] { (words(visit).0) "s by excess" }
            a href=(visit.at("audit/keys")) aria-current=[(on == "keys").then_some("page")] { "Keys by age and last use" }
        }
        (body)
    };
    Page::new("audit", "Audit", body)
}

/// An audit asks for every role: the page is there at once, and its table follows.
pub fn waiting(visit: &Visit<'_>) -> Markup {
    let (who, held) = words(visit);
    let address = format!("{}?page={}", visit.at("audit/members"), visit.query.page());
    html! {
        p { @match visit.place {
            Place::ConnectWise(_) => "Each API member against the profile it was made for, or against the calls it made.",
            Place::Autotask(_) => "Each API user against the profile it was made for: by its tracking identifier, or by its name.",
        } }
        div hx-get=(address) hx-trigger="load" { p.hint role="status" { "Looking at every " (who.to_lowercase()) " and " (held.to_lowercase()) " …" } }
        noscript { p { a href=(address) { "Show the table" } } }
    }
}

/// The page of one of them: there at once, and what is found follows.
pub fn follows(visit: &Visit<'_>, word: &str) -> Page {
    let address = visit.at(&format!("audit/members/{}/part", encode(word)));
    let address = match visit.query.given("profile") {
        Some(profile) => format!("{address}?profile={}", encode(profile)),
        None => address,
    };
    let name = match visit.place {
        Place::ConnectWise(_) => word,
        Place::Autotask(_) => words(visit).0,
    };
    let body = html! {
        (page::crumbs(&[("Audit", Some(visit.at("audit"))), (name, None)]))
        div hx-get=(address) hx-trigger="load" hx-swap="outerHTML" {
            h1 { (name) }
            p.hint role="status" { "Looking at what it holds …" }
        }
        noscript { p { a href=(address) { "Show it" } } }
    };
    Page::new("audit", name.to_owned(), body)
}

/// What becomes of a part that could not be made.
pub fn failed(text: &str) -> Outcome {
    Outcome::Part(page::wrong(text))
}

/// The table of an audit, the worst first.
pub fn members(visit: &Visit<'_>, audit: std::result::Result<Audit, Refusal>) -> Markup {
    let (who, holds) = words(visit);
    let word = |one: &Audited| match visit.place {
        Place::ConnectWise(_) => encode(&one.member),
        Place::Autotask(_) => one.id.to_string(),
    };
    let audit = match audit {
        Ok(audit) => audit,
        Err(refusal) => return page::wrong(&refusal.text),
    };
    let page = visit.query.page();
    let start = start(visit);
    html! {
        p { "Taken " (audit.taken) ". The worst score is " b { (audit.score) } " of 100." }
        @for note in &audit.notes { p.hint { (note) } }
        @if audit.members.is_empty() { (page::empty("Nobody holds a key yet. Connect an integration, and it is looked at here.")) }
        @else {
            div.wide tabindex="0" role="region" aria-label=(format!("{who}s by excess")) { table {
                thead { tr { th scope="col" { (who) } th scope="col" { "Score" } th scope="col" { "Excess" } th scope="col" { "Findings" } th scope="col" { (holds) } th scope="col" { "Measured by" } th scope="col" { "Keys" } th scope="col" { "Last used" } } }
                tbody { @for one in audit.members.iter().skip(start).take(SIZE) { tr {
                    th scope="row" { a href=(visit.at(&format!("audit/members/{}", word(one)))) { (one.member) } @if one.inactive { " " span.flag.off { "inactive" } } }
                    td.number { span.score.(grade(one.score)) { (one.score) } }
                    td.number { (one.excess.len()) }
                    td.findings { @for (risk, what, _) in one.findings.iter().take(3) { p.finding { span.risk.(risk) { (risk) } " " (inline(what)) } } @if one.findings.len() > 3 { p.hint { "and " (one.findings.len() - 3) " more" } } }
                    td { (one.role) }
                    td { (one.profile.as_deref().unwrap_or(&one.measured_by)) }
                    td.number { (one.keys.unwrap_or_default()) }
                    td.day { (one.last_used.as_deref().map_or("never", |at| at.get(..10).unwrap_or(at))) }
                } } }
            } }
            (page::pages(&format!("{}?page=", visit.at("audit")), page, SIZE as u64, audit.members.len() as u64))
        }
    }
}

/// What was found about one of them, and what to do.
pub fn findings(found: &Audited) -> Markup {
    html! {
        section { h2 { "Findings" }
            @if found.findings.is_empty() { p.said { "Nothing to remark." } }
            ul.remarks { @for (risk, what, remedy) in &found.findings { li.(if *risk == "high" { "error" } else if *risk == "medium" { "warning" } else { "note" }) { b { (risk) } " " (inline(what)) p.hint { (inline(remedy)) } } } }
        }
    }
}

pub fn grade(score: u32) -> &'static str {
    match score {
        0..=49 => "low",
        50..=89 => "medium",
        _ => "high",
    }
}

/// One member: what was found, and its needs against what it holds.
async fn one(visit: &Visit<'_>, desk: &Desk<'_>, name: &str) -> Result<Outcome> {
    let audit: Audit = match desk.bench(|bench, company| bench.audit(company)).await {
        Ok(audit) => audit,
        Err(refusal) => return Ok(failed(&refusal.text)),
    };
    let mut members = audit.members.iter();
    let Some(found) = members.find(|one| one.member.eq_ignore_ascii_case(name)) else {
        return Ok(failed(
            "There is no API member of this name; the Audit page lists them all.",
        ));
    };
    let conditions = format!("identifier=\"{}\"", found.member.replace('"', "\\\""));
    let query = format!("conditions={}", encode(&conditions));
    let records = desk.list("system/apiMembers", &query).await?;
    let record = records.first();
    let id = record.and_then(|record| record["id"].as_i64());
    let role = match record.and_then(|record| record["securityRole"]["id"].as_i64()) {
        Some(role) => Some(desk.role(role, Verb::Inquire).await?),
        None => None,
    };
    let slug = match visit.query.given("profile") {
        Some(chosen) => Some(chosen.to_owned()),
        None => found.slug.clone(),
    };
    let profile = integrations::of(&visit.place).find(|one| Some(&one.slug) == slug.as_ref());
    let profiles: Vec<(String, String)> = integrations::of(&visit.place)
        .map(|one| (one.slug.clone(), one.title()))
        .collect();
    let registry = desk.instance.registry();
    let body = html! {
        header.head { h1 { (found.member) " " span.score.(grade(found.score)) { (found.score) } }
            @if let Some(id) = id { a.button.quiet href=(visit.at(&format!("members/{id}"))) { "Open the member" } } }
        (facts(visit, found, role.as_ref(), id, desk))
        (findings(found))
        section { h2 { "Needs against holds" }
            form.filter method="get" action=(visit.at(&format!("audit/members/{}", encode(&found.member)))) {
                (page::choice("profile", "Needs of", &profiles, slug.as_deref().unwrap_or_default(), Some("nobody: what it holds alone"), "", None))
                button.quiet type="submit" { "Compare" }
            }
            @if let Some(role) = &role { (against(registry, role, profile, visit)) } @else { (page::empty("The member has no role.")) }
        }
    };
    Ok(Outcome::Part(body))
}

fn facts(
    visit: &Visit<'_>,
    found: &Audited,
    role: Option<&Role>,
    id: Option<i64>,
    desk: &Desk<'_>,
) -> Markup {
    let keys = id
        .map(|id| desk.instance.keys.list(Some(id)))
        .unwrap_or_default();
    let now = desk.instance.now();
    html! {
        dl.facts {
            dt { "Name" } dd { (found.name) }
            @if let Some(role) = role { dt { "Role" } dd { a href=(visit.at(&format!("roles/{}", role.id))) { (role.name) } } }
            dt { "Measured by" } dd { (found.profile.as_deref().unwrap_or(&found.measured_by)) }
            @for key in &keys { dt { "Key " code { (key.public) } } dd { (key.description) ", made " (days(now, key.created)) ", " @match key.last_used() { Some(at) => { "last used " (days(now, at)) }, None => "never used" } } }
        }
    }
}

/// Row by row: what is needed, what is held, and which of the two is more.
fn against(
    registry: &Registry,
    role: &Role,
    profile: Option<&'static Profile>,
    visit: &Visit<'_>,
) -> Markup {
    let selection =
        profile.map(|profile| chosen::selection(profile, &chosen::order(profile, &visit.query)));
    let needed = profile
        .zip(selection.as_ref())
        .map(|(profile, selection)| integrations::needed(registry, profile, selection));
    let needed = match &needed {
        Some(Err(text)) => return page::wrong(text),
        Some(Ok(needed)) => Some(needed),
        None => None,
    };
    let none = [Level::None; 4];
    let rows = registry.actions().iter().filter(|action| {
        role.levels(action.id) != none
            || needed.is_some_and(|needed| needed.levels(action.id) != none)
    });
    let rows: Vec<_> = rows.collect();
    html! {
        @if role.admin { p.caution { "The role is an administrator's: it holds every right, whatever its rows say." } }
        @if rows.is_empty() { (page::empty("It holds nothing, and nothing is needed.")) }
        @else { div.wide tabindex="0" role="region" aria-label="Needs against holds" { table.against {
            thead { tr { th scope="col" { "Module / Action" } @for verb in Verb::EVERY { th scope="col" { (verb) } } } }
            tbody { @for action in rows { tr {
                th scope="row" { (action.full_name()) }
                @for verb in Verb::EVERY {
                    @let held = role.level(action.id, verb);
                    @match needed.map(|needed| needed.level(action.id, verb)) {
                        None => td class=(held.as_str()) { (held) },
                        Some(need) if held == need => td class=(held.as_str()) { (held) @if held > Level::None { " " span.sr { "as needed" } } },
                        Some(need) if held > need => td.minus { (held) p.hint { "needs " (need) } },
                        Some(need) => td.plus { (held) p.hint { "needs " (need) } },
                    }
                }
            } } }
        } }
        p.hint { "Red is more than is needed, green is missing." } }
        @if let Some(needed) = needed { (integrations::plan(registry, Some(role), needed)) }
    }
}

/// How long ago, in days.
pub fn days(now: Timestamp, at: Timestamp) -> String {
    let days = now.duration_since(at).as_hours() / 24;
    match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// Every key, those that were used longest ago first.
async fn keys(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Page> {
    let mut keys: Vec<Arc<Key>> = desk.instance.keys.list(None);
    if by_age(visit) {
        keys.sort_by_key(|key| key.created);
    } else {
        keys.sort_by_key(|key| (key.last_used(), key.created));
    }
    let total = keys.len();
    let shown: Vec<_> = keys.into_iter().skip(start(visit)).take(SIZE).collect();
    let mut names = Vec::new();
    for key in &shown {
        // A member that is gone leaves no key behind; one that is in the way of the sight does.
        names.push(
            super::members::named(desk, key.member, Verb::Inquire)
                .await
                .unwrap_or_default(),
        );
    }
    let rows: Vec<KeyRow> = shown
        .iter()
        .zip(names)
        .map(|(key, name)| KeyRow {
            description: key.description.clone(),
            of: (format!("members/{}/keys", key.member), name),
            public: key.public.to_string(),
            created: Some(key.created),
            used: key.last_used(),
            expires: key.expires,
            off: key.inactive.then_some("inactive"),
        })
        .collect();
    let empty = "No key yet. Keys are cut at a member's API Keys tab, or by Connect.";
    let body = key_table(visit, &rows, total as u64, desk.instance.now(), empty);
    Ok(frame(visit, "keys", &body))
}

/// A key on its page, of either PSA.
pub struct KeyRow {
    pub description: String,
    /// Path and name of whoever holds it.
    pub of: (String, String),
    pub public: String,
    /// Nothing where it was made before that was kept.
    pub created: Option<Timestamp>,
    pub used: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    /// Why it opens nothing.
    pub off: Option<&'static str>,
}

/// Whether keys are wanted oldest first, rather than by last use.
pub fn by_age(visit: &Visit<'_>) -> bool {
    visit.query.text("by") == "age"
}

/// How many keys come before this page.
pub fn start(visit: &Visit<'_>) -> usize {
    let page = usize::try_from(visit.query.page() - 1).unwrap_or_default();
    page.saturating_mul(SIZE)
}

/// One page of keys, of so many in all.
pub fn key_table(
    visit: &Visit<'_>,
    rows: &[KeyRow],
    total: u64,
    now: Timestamp,
    empty: &str,
) -> Markup {
    let by_age = by_age(visit);
    let autotask = matches!(visit.place, Place::Autotask(_));
    let said = |at: Option<Timestamp>, none: &'static str| {
        at.map_or_else(|| none.to_owned(), |at| days(now, at))
    };
    html! {
        nav.inline.sorts aria-label="Order" {
            "Order: " a href=(visit.at("audit/keys")) aria-current=[(!by_age).then_some("true")] { "unused longest" } " "
            a href=(visit.at("audit/keys?by=age")) aria-current=[by_age.then_some("true")] { "oldest" }
        }
        @if rows.is_empty() { (page::empty(empty)) }
        @else {
            div.wide tabindex="0" role="region" aria-label="Keys" { table {
                thead { tr {
                    @if autotask { th scope="col" { "Username (Key)" } th scope="col" { "API User" } th scope="col" { "Tracking Identifier" } }
                    @else { th scope="col" { "Description" } th scope="col" { "Member" } th scope="col" { "Public Key" } }
                    th scope="col" { "Age" } th scope="col" { "Last used" } @if !autotask { th scope="col" { "Expires" } } th scope="col" { "Remark" } } }
                tbody { @for key in rows {
                    @let idle = key.used.or(key.created).map(|since| now.duration_since(since).as_hours() / 24);
                    tr {
                        @if autotask { th scope="row" { code { (key.public) } } } @else { th scope="row" { (key.description) } }
                        td { a href=(visit.at(&key.of.0)) { (key.of.1) } }
                        @if autotask { td { (key.description) } } @else { td { code { (key.public) } } }
                        td { (said(key.created, "not known")) }
                        td { (said(key.used, "never")) }
                        @if !autotask { td { (key.expires.map_or_else(|| "never".to_owned(), page::moment)) } }
                        td { @if let Some(off) = key.off { span.flag.off { (off) } }
                            @else if key.expires.is_some_and(|at| at <= now) { span.flag.off { "expired" } }
                            @else if let Some(idle) = idle.filter(|idle| *idle >= UNUSED) { span.flag { "unused for " (idle) " days" } } }
                    }
                } }
            } }
            (page::pages(&format!("{}?by={}&page=", visit.at("audit/keys"), if by_age { "age" } else { "use" }), visit.query.page(), SIZE as u64, total))
        }
    }
}
