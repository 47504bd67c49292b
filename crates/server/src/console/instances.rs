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
        ["new"] => Ok(Outcome::Page(new(visit, desk).await)),
        _ => Ok(Outcome::Nowhere),
    }
}

fn show(visit: &Visit<'_>, desk: &Desk<'_>) -> Page {
    let instance = &desk.instance;
    let body = html! {
        header.head { h1 { "Instances" } a.button href=(visit.at("instances/new")) { "New Item" } }
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

/// Makes a company, and shows the keys of its first members once.
async fn new(visit: &Visit<'_>, desk: &Desk<'_>) -> Page {
    let mut error = None;
    if visit.post {
        let (company, name) = (visit.form.trimmed("company"), visit.form.trimmed("name"));
        let name = if name.is_empty() { company } else { name };
        let body = serde_json::json!({ "company": company, "name": name, "demo": visit.form.ticked("demo") });
        match desk.operate(http::Method::POST, "instances", &body).await {
            Ok(made) => return made_page(&made),
            Err(text) => error = Some(text),
        }
    }
    let field = page::Field {
        required: true,
        max: Some(30),
        ..page::Field::default()
    };
    let body = html! {
        (page::crumbs(&[("Instances", Some(visit.at("instances"))), ("New Item", None)]))
        h1 { "New Instance" }
        form.card method="post" {
            (page::csrf(visit))
            (page::text_field("company", "Company ID", visit.form.text("company"), "Letters, digits, - and _: it stands before the plus of every key.", error.as_deref(), field))
            (page::text_field("name", "Name", visit.form.text("name"), "", None, page::Field::default()))
            (page::tick("demo", "Fill it with the demo company", !visit.post || visit.form.ticked("demo"), "Without, it gets its structure and two API members. With, it takes some seconds."))
            button type="submit" { "Save" } " "
            a.button.quiet href=(visit.at("instances")) { "Cancel" }
        }
    };
    Page::new("instances", "New Instance", body).with_status(if error.is_some() {
        422
    } else {
        200
    })
}

fn made_page(made: &serde_json::Value) -> Page {
    let company = made["company"].as_str().unwrap_or_default();
    let text = |who: &str, half: &str| made[who][half].as_str().unwrap_or_default().to_owned();
    let body = html! {
        h1 { (company) " is made" }
        section.pair {
            p.caution role="alert" { b { "Copy the keys now." } " The private keys are not shown again." }
            @for (who, words) in [("admin", "Member with every right"), ("least", "Member with the least")] {
                @if made[who].is_object() {
                    h2 { (words) }
                    (super::members::copied(&format!("{who}-public"), "Public Key", &text(who, "public_key")))
                    (super::members::copied(&format!("{who}-private"), "Private Key", &text(who, "private_key")))
                }
            }
        }
        p { a.button href=(format!("/console/{}/", encode(company))) { "Open " (company) } }
    };
    Page::new("instances", format!("{company} is made"), body)
}
