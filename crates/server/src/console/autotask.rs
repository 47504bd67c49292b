//! The console of an Autotask database, in that product's words: Admin > Features & Settings > Resources/Users
//! (HR) > Security Levels, and Admin > Resources (Users).

mod audit;
pub mod chosen;
mod connect;
mod data;
pub mod desk;
pub mod difference;
mod instance;
mod integrations;
pub mod kept;
mod key;
mod level;
mod levels;
mod lines;
mod overview;
mod people;
mod protected;
mod resources;
mod user;

use super::activity;
use super::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::tenant::{Caller, Tenant};
use desk::Desk;
use maud::html;
use std::sync::Arc;

pub async fn answer(visit: &Visit<'_>, tenant: &Arc<Tenant>, words: &[&str]) -> Result<Outcome> {
    let desk = Desk {
        server: visit.server,
        tenant,
        caller: Caller::operator(tenant),
    };
    match words {
        [] => overview::answer(visit, &desk).await,
        ["features"] => Ok(Outcome::Page(features(visit))),
        ["levels", rest @ ..] => levels::answer(visit, &desk, rest).await,
        ["resources", rest @ ..] => resources::answer(visit, &desk, rest).await,
        ["integrations", rest @ ..] => integrations::answer(visit, &desk, rest).await,
        ["audit", rest @ ..] => audit::answer(visit, &desk, rest).await,
        ["activity", rest @ ..] => activity::of_autotask(visit, &desk, rest).await,
        ["data"] => data::answer(visit, &desk).await,
        ["instances", rest @ ..] => instance::answer(visit, &desk, rest).await,
        _ => Ok(Outcome::Nowhere),
    }
}

fn features(visit: &Visit<'_>) -> Page {
    let body = html! {
        (page::crumbs(&[("Admin", None), ("Features & Settings", None)]))
        h1 { "Features & Settings" }
        section.card { h2 { "Resources/Users (HR)" }
            ul.plain {
                li { a href=(visit.at("levels")) { "Security Levels" } p.hint { "What API users and people may see and do. Copy a system level, then change the copy." } }
                li { a href=(visit.at("resources")) { "Resources/Users" } p.hint { "People and API users, with their security level, key and lines of business." } }
            }
        }
    };
    Page::new("features", "Features & Settings", body)
}
