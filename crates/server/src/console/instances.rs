//! The companies of this server and the switches of each.

use super::desk::Desk;
use super::form::encode;
use super::page::{self, Page};
use super::{Outcome, Result, Visit};
use crate::operator::SWITCHES;
use maud::html;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] if visit.post => save(visit, desk).await,
        [] => Ok(Outcome::Page(show(visit, desk))),
        _ => Ok(Outcome::Nowhere),
    }
}

fn show(visit: &Visit<'_>, desk: &Desk<'_>) -> Page {
    let instance = &desk.instance;
    let body = html! {
        h1 { "Instances" }
        div.wide tabindex="0" role="region" aria-label="Instances" { table {
            thead { tr { th scope="col" { "Company" } th scope="col" { "Name" } th scope="col" { "Kind" } th scope="col" { "Data" } th scope="col" { "Keys" } } }
            tbody { @for one in desk.server.instances() { tr {
                th scope="row" { a href=(format!("/console/{}/instances", encode(&one.company))) { (one.company) } }
                td { (one.name) } td { "ConnectWise" } td { code { (one.backend.place()) } } td.number { (one.keys.list(None).len()) }
            } } }
        } }
        section { h2 { "Settings of " (instance.company) }
            form.card method="post" {
                (page::csrf(visit))
                @for switch in SWITCHES {
                    (page::text_field(switch.name, switch.name, &instance.setting(switch.name).unwrap_or_default(), &format!("{}. Takes: {}.", sentence(switch.meaning), switch.takes), None, page::Field::default()))
                }
                button type="submit" { "Save" }
            }
        }
        section { h2 { "Administrator" } p { a href="/console/password" { "Set another password" } } }
    };
    Page::new("instances", "Instances", body)
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

async fn save(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    for switch in SWITCHES {
        let value = visit.form.trimmed(switch.name);
        let value = (!value.is_empty()).then_some(value);
        if desk.instance.setting(switch.name).as_deref() != value {
            desk.instance.set_setting(switch.name, value).await?;
        }
    }
    visit.session.say("Saved.");
    Ok(Outcome::See(visit.at("instances")))
}
