//! The page of an Autotask database among the instances.

use super::Desk;
use crate::console::instances;
use crate::console::page::{self, Page};
use crate::console::{Outcome, Result, Visit};
use maud::html;
use std::sync::atomic::Ordering;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    if !rest.is_empty() {
        return Ok(Outcome::Nowhere);
    }
    if visit.post {
        let on = visit.form.ticked("lenient");
        let work = async {
            desk.tenant.lenient.store(on, Ordering::Relaxed);
            Ok(())
        };
        desk.written(http::Method::PUT, "Settings/lenient", work)
            .await
            .map_err(|trouble| super::problem(&trouble))?;
        visit.session.say("Saved; it holds until the server stops.");
        return Ok(Outcome::See(visit.at("instances")));
    }
    let body = html! {
        header.head { h1 { "Instances" } }
        (instances::table(visit))
        section { h2 { "Settings of " (desk.tenant.name) }
            form.card method="post" {
                (page::csrf(visit))
                (page::tick("lenient", "Lenient", desk.tenant.is_lenient(), "Take changes at a record's own path too, which the vendor refuses with 405."))
                button type="submit" { "Save" }
            }
        }
    };
    Ok(Outcome::Page(Page::new("instances", "Instances", body)))
}
