//! The companies of this server: the list, a new one, the switches of each, its copies and its faults.

mod copies;
mod faults;
mod new;
mod settings;
pub mod subject;

use super::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::{Place, Visit, tenant},
};
use maud::{Markup, html};
use subject::Subject;

pub async fn answer(visit: &Visit<'_>, subject: &Subject<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] if visit.post => settings::save(visit, subject).await,
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
        section { h2 { "Settings of " (name) } (settings::form(visit, subject, &error)) }
        section { h2 { "Administrator" } p { a href="/console/password" { "Set another password" } } }
    };
    Page::new("instances", "Instances", body)
}
