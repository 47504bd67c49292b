//! A resource that is a person: its security level, which says whether API users may act in its name. What the
//! pages of people and of API users share is here too.

use super::desk::Desk;
use crate::console::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::operator::RESOURCES;
use maud::{Markup, html};
use serde_json::{Value, json};

/// The licence of a resource that is an API user.
pub const API_USER: i64 = 7;

/// The two kinds of resources.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Person,
    ApiUser,
}

impl Who {
    pub fn of(record: &Value) -> Self {
        match record["licenseType"].as_i64() {
            Some(API_USER) => Self::ApiUser,
            _ => Self::Person,
        }
    }

    /// Where Bitting's own API has them.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::ApiUser => "users",
        }
    }
}

pub fn name(record: &Value) -> String {
    let text = |field: &str| record[field].as_str().unwrap_or_default();
    format!("{} {}", text("firstName"), text("lastName"))
}

pub fn crumbs(visit: &Visit<'_>, name: &str) -> Markup {
    page::crumbs(&[
        ("Admin", None),
        ("Resources (Users)", Some(visit.at("resources"))),
        (name, None),
    ])
}

pub fn tabs(visit: &Visit<'_>, id: i64, who: Who, lines: bool) -> Markup {
    let first = match who {
        Who::Person => "Security",
        Who::ApiUser => "General",
    };
    html! {
        nav.tabs aria-label="Resource" {
            a href=(visit.at(&format!("resources/{id}"))) aria-current=[(!lines).then_some("page")] { (first) }
            a href=(visit.at(&format!("resources/{id}/lines"))) aria-current=[lines.then_some("page")] { "Line of Business" }
        }
    }
}

/// The page of a person.
pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, id: i64) -> Result<Outcome> {
    let Some(operator) = desk.operator() else {
        return Ok(Outcome::Nowhere);
    };
    let record = desk.record(RESOURCES, id).await?;
    let path = format!("autotask/{}/people/{id}", desk.tenant.name);
    let mut error = None;
    if visit.post {
        let done = match visit.form.text("level").parse::<i64>() {
            Ok(level) => {
                let change = json!({ "securityLevel": level });
                operator.operate(http::Method::PATCH, &path, &change).await
            }
            Err(_) => Err("Choose a security level.".to_owned()),
        };
        match done {
            Ok(_) => {
                visit.session.say("Saved. It holds from the next call on.");
                return Ok(Outcome::See(visit.at(&format!("resources/{id}"))));
            }
            Err(text) => error = Some(text),
        }
    }
    let page = sheet(visit, desk, id, &record, error.as_deref());
    let status = if error.is_some() { 422 } else { 200 };
    Ok(Outcome::Page(page.with_status(status)))
}

fn sheet(visit: &Visit<'_>, desk: &Desk<'_>, id: i64, record: &Value, error: Option<&str>) -> Page {
    let held = desk.tenant.level_of(id);
    let levels = desk.tenant.levels();
    // API users' levels let nobody sign in.
    let levels: Vec<_> = levels
        .iter()
        .filter(|(_, level)| level.document.interactive)
        .collect();
    let is_held = |name: &str| {
        let held = held.as_ref();
        held.is_some_and(|held| held.document.name == name)
    };
    let options: Vec<(String, String)> = levels
        .iter()
        .filter(|(_, level)| !level.document.inactive || is_held(&level.document.name))
        .map(|(id, level)| (id.to_string(), level.document.name.clone()))
        .collect();
    let holds = levels
        .iter()
        .find(|(_, level)| is_held(&level.document.name))
        .map(|(id, _)| *id);
    let chosen = match visit.form.given("level") {
        Some(sent) => sent.to_owned(),
        None => holds.map(|id| id.to_string()).unwrap_or_default(),
    };
    let allows = held.is_some_and(|level| level.document.allows_impersonation);
    let name = name(record);
    let text = |field: &str| record[field].as_str().unwrap_or_default();
    let body = html! {
        (crumbs(visit, &name))
        form method="post" {
            (page::csrf(visit))
            header.head.sticky { h1 { (name) } div.buttons { button type="submit" { "Save" } " " a.button.quiet href=(visit.at("resources")) { "Cancel" } } }
            (tabs(visit, id, Who::Person, false))
            fieldset.card { legend { "Security" }
                (page::choice("level", "Security Level", &options, &chosen, Some("choose a level"), "What the person may see and do after signing in. Levels of API users are not among these.", error))
            }
        }
        section.card { h2 { "Impersonation" }
            @if allows {
                p { "API users may act as " (name) ": the security level allows impersonation of its resources." }
            } @else {
                p { "No API user may act as " (name) ": the security level does not allow impersonation of its resources." }
            }
            p.hint { @match holds {
                Some(level) => { "It is the tick " b { "Allow impersonation of resources with this security level" } " on " a href=(visit.at(&format!("levels/{level}"))) { "the person's level" } ". A system level cannot be changed: copy it first." }
                None => { "Choose a level first; then its own page has the tick " b { "Allow impersonation of resources with this security level" } "." }
            } }
        }
        dl.facts {
            @for (words, field) in [("Email", "email"), ("User name", "userName"), ("Title", "title")] {
                @if !text(field).is_empty() { dt { (words) } dd { (text(field)) } }
            }
            dt { "State" } dd { @if record["isActive"] == false { "inactive" } @else { "active" } }
        }
    };
    Page::new("resources", name.clone(), body)
}
