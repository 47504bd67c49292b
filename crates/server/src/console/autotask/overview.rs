//! The first page of an Autotask database.

use super::desk::Desk;
use crate::console::page::Page;
use crate::console::{integrations, overview};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use maud::html;

#[allow(clippy::unused_async)] // Like every page's.
pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    let name = &desk.tenant.name;
    let denied = desk.server.log.some(5, &|event| {
        event.company == *name && event.autotask && event.denial.is_some()
    });
    let body = html! {
        h1 { (name) " " span.psa { "Autotask" } }
        div.tiles {
            a.tile href=(visit.at("levels")) { b { (desk.tenant.levels().len()) } " security levels" }
            a.tile href=(visit.at("resources")) { b { (desk.tenant.api_users().len()) } " API users" }
            a.tile href=(visit.at("integrations")) { b { (integrations::of(&visit.place).count()) } " integrations known" }
        }
        section { h2 { "Connect an integration" }
            p { a href=(visit.at("integrations")) { "Choose it from the list" } ": level, API user, key and proof are made in a few steps." }
        }
        section { h2 { "Connect an integration by hand" }
            ol.steps {
                li { a href=(visit.at("levels")) { "Admin > Features & Settings > Resources/Users (HR) > Security Levels" } ": right click the API-only system level, Copy Security Level, change the copy." }
                li { a href=(visit.at("resources")) { "Admin > Resources (Users)" } ": the arrow beside New, New API User; Generate Key and Generate Secret; choose the tracking identifier." }
                li { "Save: key and secret are shown once." }
            }
        }
        (overview::refused(visit, &denied, "permission"))
    };
    Ok(Outcome::Page(Page::new("", name.clone(), body)))
}
