//! The first page of an instance: what there is, and what was refused lately.

use super::desk::{Desk, ROLES};
use super::page::{self, Page};
use super::{Outcome, Result, Visit};
use maud::html;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    let company = &desk.instance.company;
    let roles = desk.count(ROLES, "").await?;
    let members = desk.count("system/apiMembers", "").await?;
    let keys = desk.instance.keys.list(None);
    let events = desk.server.log.latest(1_000);
    let denied: Vec<_> = events
        .iter()
        .rev()
        .filter(|event| event.company == *company && !event.autotask && event.denial.is_some())
        .take(5)
        .collect();
    let body = html! {
        h1 { (desk.instance.name) }
        div.tiles {
            a.tile href=(visit.at("roles")) { b { (roles) } " security roles" }
            a.tile href=(visit.at("members")) { b { (members) } " API members" }
            a.tile href=(visit.at("members")) { b { (keys.len()) } " keys" }
            a.tile href=(visit.at("integrations")) { b { (super::integrations::of(&visit.place).count()) } " integrations known" }
        }
        section { h2 { "Connect an integration by hand" }
            ol.steps {
                li { a href=(visit.at("roles/new")) { "System > Security Roles > New Item" } ": a role of its own, only with the levels that its guide names." }
                li { a href=(visit.at("members/new")) { "System > Members > API Members > New Item" } ": a member with that role." }
                li { "API Keys tab > New Item > Save: copy both keys, the private one is shown once." }
            }
        }
        section { h2 { "Refused lately" }
            @if denied.is_empty() { (page::empty("Nothing was refused since the server started. Denials appear here with the right that was missing.")) }
            ul.plain { @for event in denied { li {
                code { (event.method) " " (event.path) } " by " (event.member) ": "
                @if let Some(denial) = &event.denial { (denial) " " a href=(visit.at(&format!("activity/{}", event.id))) { "What to do" } }
            } } }
        }
    };
    Ok(Outcome::Page(Page::new(
        "",
        desk.instance.name.clone(),
        body,
    )))
}
