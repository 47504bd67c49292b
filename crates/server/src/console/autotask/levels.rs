//! Security Levels: the list with its menu on each row, and Copy Security Level, which comes before any change.

use super::desk::Desk;
use super::kept::{crumbs, is_fixed, is_system, save, too_long};
use crate::console::page::{self, Field, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_catalog::security::SecurityLevel;
use maud::html;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    let (id, rest) = match rest {
        [] => return Ok(Outcome::Page(list(visit, desk))),
        [id, rest @ ..] => (id.parse::<i64>().ok(), rest),
    };
    let known = id.and_then(|id| Some((id, desk.tenant.level(id)?)));
    let Some((id, level)) = known else {
        return Ok(Outcome::Nowhere);
    };
    match rest {
        [] => super::level::answer(visit, desk, id, &level.document).await,
        ["copy"] => copy(visit, desk, id, &level.document).await,
        _ => Ok(Outcome::Nowhere),
    }
}

fn list(visit: &Visit<'_>, desk: &Desk<'_>) -> Page {
    let users = desk.tenant.api_users();
    let levels = desk.tenant.levels();
    let body = html! {
        (crumbs(visit, None))
        h1 { "Security Levels" }
        p.hint { "System levels cannot be changed: right click one, or open its menu, and choose Copy Security Level." }
        div.wide tabindex="0" role="region" aria-label="Security levels" { table {
            thead { tr { th scope="col" { span.sr { "Menu" } } th scope="col" { "Name" } th scope="col" { "Copied from" } th scope="col" { "API users" } th scope="col" { "Active" } } }
            tbody { @for (id, level) in &levels {
                @let document = &level.document;
                @let system = is_system(desk, document);
                tr data-menu {
                    td { details.popup { summary aria-label=(format!("Menu of {}", document.name)) { "☰" }
                        ul {
                            li { a href=(visit.at(&format!("levels/{id}"))) { @if system { "View Security Level" } @else { "Edit Security Level" } } }
                            @if !is_fixed(desk, document) { li { a href=(visit.at(&format!("levels/{id}/copy"))) { "Copy Security Level" } } }
                        } } }
                    th scope="row" { a href=(visit.at(&format!("levels/{id}"))) { (document.name) } }
                    td { @if !system { (document.copy_of) } }
                    td.number { (users.iter().filter(|(_, user)| user.level == *id).count()) }
                    td { @if document.inactive { span.flag.off { "inactive" } } @else { "yes" } }
                }
            } }
        } }
    };
    Page::new("features", "Security Levels", body)
}

async fn copy(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    id: i64,
    from: &SecurityLevel,
) -> Result<Outcome> {
    let name = match visit.form.given("name") {
        Some(name) => name.trim().to_owned(),
        None => format!("Copy of {}", from.name),
    };
    let mut error = None;
    if visit.post {
        match made(visit, desk, &name, from).await {
            Ok(made) => {
                let text = format!(
                    "Copied from {}. Change what the integration needs, then Save.",
                    from.name
                );
                visit.session.say(text);
                return Ok(Outcome::See(visit.at(&format!("levels/{made}"))));
            }
            Err(text) => error = Some(text),
        }
    }
    let body = html! {
        (crumbs(visit, Some("Copy Security Level")))
        h1 { "Copy Security Level" }
        p { "The copy starts with everything that " b { (from.name) } " grants. API users keep their level." }
        form.card method="post" {
            (page::csrf(visit))
            (page::text_field("name", "Name", &name, "", error.as_deref(), Field { required: true, max: Some(100), ..Field::default() }))
            (page::tick("cleared", "Start with No Permission on every section", visit.form.ticked("cleared"), "Then grant only what the integration's guide lists. Without, what the level grants beyond that stays."))
            button type="submit" { "Save" } " "
            a.button.quiet href=(visit.at(&format!("levels/{id}"))) { "Cancel" }
        }
    };
    let page = Page::new("features", "Copy Security Level", body);
    Ok(Outcome::Page(page.with_status(if error.is_some() {
        422
    } else {
        200
    })))
}

/// Keeps a level that is new under this name.
async fn made(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    name: &str,
    from: &SecurityLevel,
) -> std::result::Result<i64, String> {
    if name.is_empty() {
        return Err("Name the copy.".to_owned());
    }
    too_long(name)?;
    let mut level = SecurityLevel {
        name: name.to_owned(),
        inactive: false,
        ..from.clone()
    };
    if visit.form.ticked("cleared") {
        level.settings.clear();
    }
    let system = is_system(desk, from);
    if system {
        level.copy_of.clone_from(&from.name);
    }
    save(desk, None, level).await
}
