//! The companies of this server: the list, a new one, the switches of each, its copies and its faults.

mod copies;
mod faults;
mod new;
pub mod subject;

use super::page::{self, Page};
use super::{Outcome, Place, Result, Visit, tenant};
use crate::autotask::tenant::switches;
use crate::operator::{SWITCHES, Switch, setting_fault};
use maud::{Markup, html};
use subject::{Of, Subject};

pub async fn answer(visit: &Visit<'_>, subject: &Subject<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] if visit.post => save(visit, subject).await,
        [] => Ok(Outcome::Page(show(visit, subject, &[]))),
        ["new"] => Ok(new::answer(visit, subject.desk, subject.is_autotask())),
        ["task", name] => {
            let address = visit.at(&format!("instances/task/{name}"));
            let work = &visit.server.console.work;
            let page = work.page(name, &visit.session.csrf, &address);
            Ok(page.map_or(Outcome::Nowhere, Outcome::Page))
        }
        ["task", name, "part"] => {
            let address = visit.at(&format!("instances/task/{name}"));
            let work = &visit.server.console.work;
            let part = work.part(
                name,
                &visit.session.csrf,
                visit.query.text("view"),
                &address,
            );
            Ok(part.map_or(Outcome::Nowhere, Outcome::Part))
        }
        ["faults", rest @ ..] => faults::answer(visit, subject, rest).await,
        rest => copies::answer(visit, subject, rest).await,
    }
}

/// Every place of the server.
pub fn table(visit: &Visit<'_>) -> Markup {
    let server = visit.server;
    html! {
        div.wide tabindex="0" role="region" aria-label="Instances" { table {
            thead { tr { th scope="col" { "Company" } th scope="col" { "Name" } th scope="col" { "Kind" } th scope="col" { "Data" } th scope="col" { "Keys" } } }
            tbody { @for place in Place::every(server) {
                @let address = format!("{}instances", place.address());
                @match &place {
                    Place::ConnectWise(company) => @if let Some(one) = server.instance(company) { tr {
                        th scope="row" { a href=(address) { (one.company) } }
                        td { (one.name) } td { (place.psa()) } td { code { (one.backend.place()) } } td.number { (one.keys.list(None).len()) }
                    } }
                    Place::Autotask(name) => @if let Some(one) = tenant(server, name) { tr {
                        th scope="row" { a href=(address) { (one.name) } }
                        td { (one.name) } td { (place.psa()) } td { code { (one.backend.place()) } } td.number { (one.api_users().len()) }
                    } }
                }
            } }
        } }
    }
}

/// What was wrong, with the field that it is about; no field for the page as a whole.
type Errors<'e> = &'e [(&'static str, String)];

/// The page with what was wrong on it.
pub fn refused(visit: &Visit<'_>, subject: &Subject<'_>, errors: Errors<'_>) -> Outcome {
    Outcome::Page(show(visit, subject, errors).with_status(422))
}

fn show(visit: &Visit<'_>, subject: &Subject<'_>, errors: Errors<'_>) -> Page {
    let name = subject.name();
    let error = |field: &str| {
        let found = errors.iter().find(|(known, _)| *known == field);
        found.map(|(_, text)| text.as_str())
    };
    let body = html! {
        header.head { h1 { "Instances" } a.button href=(visit.at("instances/new")) { span aria-hidden="true" { "+ " } "New Item" } }
        @if let Some(text) = error("") { (page::wrong(text)) }
        (table(visit))
        section { h2 { "Snapshots of " (name) } (copies::shown(visit, subject, error("snapshot"))) }
        section { h2 { "Faults on " (name) } (faults::shown(visit, subject)) }
        section { h2 { "Settings of " (name) }
            form.card method="post" {
                (page::csrf(visit))
                @match &subject.of {
                    Of::Company(instance) => @for switch in SWITCHES { (setting(visit, switch, instance.setting(switch.name), error(switch.name))) },
                    Of::Tenant(tenant) => (page::tick("lenient", "Lenient", tenant.is_lenient(), "Take changes at a record's own path too, which the vendor refuses with 405.")),
                }
                button type="submit" { "Save" }
            }
        }
        section { h2 { "Administrator" } p { a href="/console/password" { "Set another password" } } }
    };
    Page::new("instances", "Instances", body)
}

fn setting(
    visit: &Visit<'_>,
    switch: &Switch,
    held: Option<String>,
    error: Option<&str>,
) -> Markup {
    let name = switch.name;
    let hint = format!("{}. Takes: {}.", sentence(switch.meaning), switch.takes);
    let value = match visit.form.given(name) {
        Some(sent) => sent.to_owned(),
        None => held.unwrap_or_default(),
    };
    let Some(usual) = switch.values.first() else {
        return page::text_field(name, name, &value, &hint, error, page::Field::default());
    };
    let values = switch.values.iter();
    let values: Vec<_> = values
        .map(|one| ((*one).to_owned(), (*one).to_owned()))
        .collect();
    let none = format!("not set: {usual}");
    page::choice(name, name, &values, &value, Some(&none), &hint, error)
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

async fn save(visit: &Visit<'_>, subject: &Subject<'_>) -> Result<Outcome> {
    match &subject.of {
        Of::Company(instance) => {
            let mut errors = Vec::new();
            for switch in SWITCHES {
                let value = visit.form.trimmed(switch.name);
                let value = (!value.is_empty()).then_some(value);
                if let Some(text) = setting_fault(instance, switch, value).await? {
                    errors.push((switch.name, text));
                }
            }
            if !errors.is_empty() {
                return Ok(refused(visit, subject, &errors));
            }
            for switch in SWITCHES {
                let value = visit.form.trimmed(switch.name);
                let value = (!value.is_empty()).then_some(value);
                if instance.setting(switch.name).as_deref() != value {
                    let path = format!("settings/{}", switch.name);
                    let work = instance.set_setting(switch.name, value);
                    let desk = subject.desk;
                    desk.written(http::Method::PUT, &path, work).await?;
                }
            }
            visit.session.say("Saved.");
        }
        Of::Tenant(tenant) => {
            let on = visit.form.ticked("lenient");
            let path = format!("{}/lenient", subject.path());
            let work = async {
                let value = if on { "on" } else { "off" };
                Ok(tenant.set_switch(switches::lenient(), Some(value)).await?)
            };
            let desk = subject.desk;
            desk.written(http::Method::PUT, &path, work).await?;
            visit.session.say("Saved.");
        }
    }
    Ok(Outcome::See(visit.at("instances")))
}
