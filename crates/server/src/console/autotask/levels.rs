//! Security Levels: the list with its menu on each row, and Copy Security Level, which comes before any change.

use super::{Desk, levels_crumbs};
use crate::autotask::tenant::LevelTrouble;
use crate::console::page::{self, Field, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_catalog::security::SecurityLevel;
use maud::html;

/// Most characters of a level's name.
const LONGEST: usize = 100;

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

/// Whether a level came with the product.
pub fn is_system(desk: &Desk<'_>, level: &SecurityLevel) -> bool {
    let mut system = desk.tenant.permissions.system.iter();
    system.any(|known| known.name.eq_ignore_ascii_case(&level.name))
}

/// Whether a level of the product can be copied by nobody.
pub fn is_fixed(desk: &Desk<'_>, level: &SecurityLevel) -> bool {
    let mut system = desk.tenant.permissions.system.iter();
    system.any(|known| known.fixed && known.name.eq_ignore_ascii_case(&level.name))
}

fn list(visit: &Visit<'_>, desk: &Desk<'_>) -> Page {
    let users = desk.tenant.api_users();
    let levels = desk.tenant.levels();
    let body = html! {
        (levels_crumbs(visit, None))
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
        (levels_crumbs(visit, Some("Copy Security Level")))
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

/// Refuses a name that the product's field would not hold.
pub fn too_long(name: &str) -> std::result::Result<(), String> {
    match name.chars().count() {
        0..=LONGEST => Ok(()),
        count => Err(format!(
            "Name the level with at most {LONGEST} characters; these are {count}."
        )),
    }
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

/// Keeps a level, as an event like any other write.
pub async fn save(
    desk: &Desk<'_>,
    id: Option<i64>,
    level: SecurityLevel,
) -> std::result::Result<i64, String> {
    let taken = desk.tenant.levels().into_iter().any(|(known, other)| {
        Some(known) != id && other.document.name.eq_ignore_ascii_case(&level.name)
    });
    if taken {
        return Err("Another level has this name.".to_owned());
    }
    let path = id.map_or_else(
        || "SecurityLevels".to_owned(),
        |id| format!("SecurityLevels/{id}"),
    );
    let method = if id.is_some() {
        http::Method::PUT
    } else {
        http::Method::POST
    };
    let mut said = None;
    let work = async {
        desk.tenant
            .save_level(id, level)
            .await
            .map_err(|trouble| match trouble {
                LevelTrouble::Store(error) => error.into(),
                other => {
                    said = Some(other.to_string());
                    bitting_dialects::autotask::error::Refusal::new(other.to_string()).into()
                }
            })
    };
    let done = desk.written(method, &path, work).await;
    done.map_err(|trouble| said.unwrap_or_else(|| super::message(&trouble)))
}
