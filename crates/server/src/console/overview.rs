//! The first page of an instance: what there is, and what was refused lately.

use super::desk::{Desk, ROLES};
use super::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_psa::event::Event;
use maud::{Markup, html};
use std::sync::Arc;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    let company = &desk.instance.company;
    let roles = desk.count(ROLES, "").await?;
    let members = desk.count("system/apiMembers", "").await?;
    let keys = desk.instance.keys.list(None);
    let denied = desk.server.log.some(5, &|event| {
        event.company == *company && !event.autotask && event.denial.is_some()
    });
    let body = html! {
        h1 { (desk.instance.name) }
        div.tiles {
            a.tile href=(visit.at("roles")) { b { (roles) } " security roles" }
            a.tile href=(visit.at("members")) { b { (members) } " API members" }
            a.tile href=(visit.at("members")) { b { (keys.len()) } " keys" }
            a.tile href=(visit.at("integrations")) { b { (super::integrations::of(&visit.place).count()) } " integrations known" }
        }
        section { h2 { "Connect an integration" }
            p { a href=(visit.at("integrations")) { "Choose it from the list" } ": role, API member, key and proof are made in a few steps." }
        }
        section { h2 { "Connect an integration by hand" }
            ol.steps {
                li { a href=(visit.at("roles/new")) { "System > Security Roles > New Item" } ": a role of its own, only with the levels that its guide names." }
                li { a href=(visit.at("members/new")) { "System > Members > API Members > New Item" } ": a member with that role." }
                li { "API Keys tab > New Item > Save: copy both keys, the private one is shown once." }
            }
        }
        (refused(visit, &denied, "right"))
    };
    Ok(Outcome::Page(Page::new(
        "",
        desk.instance.name.clone(),
        body,
    )))
}

/// The latest refusals, each with its way to what to do. `missing`: what such a call lacked, in the PSA's word.
pub fn refused(visit: &Visit<'_>, denied: &[Arc<Event>], missing: &str) -> Markup {
    let none = format!(
        "Nothing was refused since the server started. Denials appear here with the {missing} that was missing."
    );
    html! {
        section { h2 { "Refused lately" }
            @if denied.is_empty() { (page::empty(&none)) }
            ul.plain { @for event in denied { li {
                code { (event.method) " " (event.path) } " by " (event.member) ": "
                @if let Some(denial) = &event.denial { (denial) " " a href=(visit.at(&format!("activity/{}", event.id))) { "What to do" } }
            } } }
        }
    }
}
