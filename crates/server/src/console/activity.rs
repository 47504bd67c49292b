//! The latest calls with decision and reason. New ones come by themselves, as a stream; older ones by pages.
//! A refused one opens to the exact right that it lacked.

mod call;
mod grant;
mod level;
pub mod live;

use super::desk::Desk;
use super::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::{Place, Visit},
};
use bitting_calls::http::form::{Form, encode};
use bitting_psa::event::search::{DECISIONS, Search};
use bitting_psa::event::{Event, LOOKED_AT};
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows of one page.
const SHOWN: usize = 100;
/// Calls in which the names of the drop-down are looked for.
const NAMED: usize = 2_000;

/// Whose calls a page is about, and which of them.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Address of the place's first page.
    base: String,
    search: Search,
}

impl Watched {
    pub fn new(place: &Place, query: &Form) -> Self {
        Self {
            base: place.address(),
            search: Search {
                company: place.name().to_owned(),
                autotask: matches!(place, Place::Autotask(_)),
                member: query.trimmed("member").to_owned(),
                decision: query.text("decision").to_owned(),
                path: query.trimmed("search").to_lowercase(),
            },
        }
    }

    fn query(&self) -> String {
        format!(
            "member={}&decision={}&search={}",
            encode(&self.search.member),
            encode(&self.search.decision),
            encode(&self.search.path)
        )
    }
}

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [id] => match find(visit, id) {
            Some(event) => {
                let held = grant::member_role(desk, &event).await?;
                let held =
                    held.map(|(id, role)| ("Role now", visit.at(&format!("roles/{id}")), role));
                Ok(call::page(visit, &event, held))
            }
            None => Ok(Outcome::Nowhere),
        },
        [id, "grant"] => match find(visit, id) {
            Some(event) => grant::answer(visit, desk, &event).await,
            None => Ok(Outcome::Nowhere),
        },
        _ => Ok(watched(visit, rest)),
    }
}

/// What is the same for every kind of place.
pub fn watched(visit: &Visit<'_>, rest: &[&str]) -> Outcome {
    match rest {
        [] => Outcome::Page(list(visit)),
        _ => Outcome::Nowhere,
    }
}

/// The pages of one call on an Autotask database.
pub async fn of_autotask(
    visit: &Visit<'_>,
    desk: &super::autotask::desk::Desk<'_>,
    rest: &[&str],
) -> Result<Outcome> {
    match rest {
        [id] => match find(visit, id) {
            Some(event) => {
                let held = level::held(desk, &event).map(|(id, level)| {
                    let address = visit.at(&format!("levels/{id}"));
                    ("Level now", address, level.document.name.clone())
                });
                Ok(call::page(visit, &event, held))
            }
            None => Ok(Outcome::Nowhere),
        },
        [id, "grant"] => match find(visit, id) {
            Some(event) => level::answer(visit, desk, &event).await,
            None => Ok(Outcome::Nowhere),
        },
        _ => Ok(watched(visit, rest)),
    }
}

fn find(visit: &Visit<'_>, id: &str) -> Option<Arc<Event>> {
    let watched = Watched::new(&visit.place, &Form::default());
    let found = visit.server.log.find(id);
    found.filter(|event| watched.search.is_here(event))
}

fn list(visit: &Visit<'_>) -> Page {
    let watched = Watched::new(&visit.place, &visit.query);
    let before = visit.query.trimmed("before");
    let before = (!before.is_empty()).then_some(before);
    let log = &visit.server.log;
    // Taken before the rows are read: a call in between comes twice rather than never.
    let from = log.next();
    // One more than is shown tells whether there is another page.
    let found = log.before(before, SHOWN + 1, &|event| watched.search.fits(event));
    let mut events = found.events;
    let more = events.len() > SHOWN;
    events.truncate(SHOWN);
    let on = if more {
        events.last().cloned()
    } else {
        found.until
    };
    let latest = log.some(NAMED, &|event| {
        watched.search.is_here(event) && !event.member.is_empty()
    });
    let mut members: BTreeSet<&str> = latest.iter().map(|event| &*event.member).collect();
    if !watched.search.member.is_empty() {
        members.insert(&watched.search.member);
    }
    let members: Vec<_> = members
        .into_iter()
        .map(|name| (name.to_owned(), name.to_owned()))
        .collect();
    let decisions = DECISIONS.map(|(key, words)| (key.to_owned(), words.to_owned()));
    let who = if watched.search.autotask {
        "API user"
    } else {
        "Member"
    };
    let stream = before.is_none().then(|| {
        format!(
            "{}activity/stream?{}&from={from}",
            watched.base,
            watched.query()
        )
    });
    let body = html! {
        header.head { h1 { "Activity" }
            p.hint #live role="status" { @if before.is_some() { "Older calls. " a href=(format!("{}?{}", visit.at("activity"), watched.query())) { "Back to the latest" } } @else { "The latest calls since the server started; new ones come by themselves." } }
        }
        form.filter method="get" {
            (page::choice("member", who, &members, &watched.search.member, Some("everyone"), "", None))
            (page::choice("decision", "Decision", &decisions, &watched.search.decision, Some("all"), "", None))
            div.field { label for="search" { "Path contains" } input #search name="search" type="search" value=(visit.query.trimmed("search")); }
            button.quiet type="submit" { "Filter" }
            @if stream.is_some() { button.quiet type="button" data-pause hidden { "Pause" } }
        }
        @if !more && on.is_some() { p.hint role="status" { "Looked through " (LOOKED_AT) " calls; older ones are not looked at yet." } }
        @if events.is_empty() { div #none { (page::empty("No call fits. Calls on the API appear here with who made them and what was decided.")) } }
        div.wide tabindex="0" role="region" aria-label="Calls" { table.calls {
            thead { tr { th scope="col" { "Call" } th scope="col" { (who) } th scope="col" { "Answer" } th scope="col" { "Time (UTC)" } th scope="col" { "Decision and reason" } } }
            tbody #calls data-stream=[stream] data-most=(SHOWN) { @for event in &events { (row(&watched, event)) } }
        } }
        @if let Some(oldest) = on {
            nav.pages aria-label="Pages" { a href=(format!("{}?{}&before={}", visit.at("activity"), watched.query(), oldest.id)) rel="next" { "Older calls" } }
        }
    };
    Page::new("activity", "Activity", body)
}

/// One call as a row, for the page and for the stream.
fn row(watched: &Watched, event: &Event) -> Markup {
    let address = format!("{}activity/{}", watched.base, event.id);
    html! { tr.denied[event.denial.is_some()] {
        th scope="row" { a href=(address) { code { b { (event.method) } " " (shown(event)) } } }
        td { (event.member) }
        td { span.status.(class(event.status)) { (event.status) } }
        td.number { (clock(event)) " " span.hint { (milliseconds(event)) } }
        td { @match &event.denial {
            Some(denial) => { "Denied: " (denial) " " a href=(format!("{address}/grant")) { "Grant it" span.sr { " to " (event.member) } } },
            None => { (event.decision) @if let Some(reason) = &event.reason { ": " (reason) } @else if event.status >= 400 { ", but not done" } },
        } }
    } }
}

fn clock(event: &Event) -> String {
    // The day, where it is not this one.
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let whole = event.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let clock = whole
        .strip_prefix(&today)
        .map(|clock| clock.trim_start().to_owned());
    clock.unwrap_or(whole)
}

fn milliseconds(event: &Event) -> String {
    #[allow(clippy::cast_precision_loss)] // For people.
    let milliseconds = event.microseconds as f64 / 1_000.0;
    format!("{milliseconds:.1} ms")
}

/// The path without what stands before every path.
fn shown(event: &Event) -> &str {
    let path = &event.path;
    ["/v4_6_release/apis/3.0", "/ATServicesRest/V1.0"]
        .iter()
        .find_map(|root| path.strip_prefix(root))
        .unwrap_or(path)
}

fn class(status: u16) -> &'static str {
    match status {
        0..=399 => "good",
        401 | 403 => "refused",
        _ => "failed",
    }
}
