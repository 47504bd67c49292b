//! One call whole: what was asked, by whom, what was decided and why. It holds no secret, since none is kept.

use super::{class, milliseconds, shown};
use crate::console::page::{self, Page};
use crate::console::{outcome::Outcome, visit::Visit};
use bitting_psa::event::Event;
use maud::html;

/// `held` is what the caller holds now: words, address, name.
pub fn page(visit: &Visit<'_>, event: &Event, held: Option<(&str, String, String)>) -> Outcome {
    let facts = [
        ("Request", event.id.clone()),
        ("At", event.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ("Who", event.member.clone()),
        ("Route", event.route.clone()),
        ("Entity", event.entity.clone()),
        ("Took", milliseconds(event)),
        ("Fault", event.fault.unwrap_or_default().to_owned()),
    ];
    let decoded = percent_encoding::percent_decode_str(&event.query).decode_utf8_lossy();
    let parameters: Vec<(&str, &str)> = decoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let body = html! {
        (page::crumbs(&[("Activity", Some(visit.at("activity"))), ("Call", None)]))
        h1 { code { (event.method) " " (shown(event)) } }
        p { span.status.(class(event.status)) { (event.status) } " " (event.decision)
            @if let Some(reason) = &event.reason { ": " (reason) } }
        dl.facts {
            dt { "Whole path" } dd { code { (event.path) } }
            @for (name, value) in parameters { dt { (name) } dd { code { (value) } } }
            @for (name, value) in facts { @if !value.is_empty() { dt { (name) } dd { (value) } } }
            @if let Some((words, address, name)) = held { dt { (words) } dd { a href=(address) { (name) } } }
        }
        @if let Some(denial) = &event.denial {
            section.pair { h2 { "Denied" }
                p { (denial) "." }
                dl.facts {
                    dt { "Row" } dd { (denial.module) " / " (denial.action) }
                    dt { "Verb" } dd { (denial.verb) }
                    dt { "Needed" } dd { (denial.needed) }
                    dt { "Held" } dd { (denial.held) }
                    @if let Some(table) = &denial.table { dt { "Setup table" } dd { (table) } }
                    @if let Some(list) = &denial.list { dt { "Customize list" } dd { (list) } }
                    @if let Some(scope) = &denial.scope { dt { "Scope" } dd { (scope) } }
                    dt { "What to do" } dd { (denial.remedy) }
                }
                a.button href=(visit.at(&format!("activity/{}/grant", event.id))) { "Grant it" }
            }
        }
        p.hint { "Bodies, keys and secrets are not kept." }
        p { a href=(format!("{}?member={}", visit.at("activity"), bitting_calls::http::form::encode(&event.member))) { "Other calls of " (event.member) } }
    };
    Outcome::Page(Page::new("activity", "Call", body))
}
