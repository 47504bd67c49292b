//! The setting that a refused call on Autotask lacked, granted to its security level after a look at what
//! changes.

use super::shown;
use crate::console::autotask::desk::Desk;
use crate::console::autotask::difference::{diff, lines};
use crate::console::autotask::kept::{is_system, save};
use crate::console::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::tenant::Level as HeldLevel;
use bitting_catalog::security::{Cell, Permission, Permissions, SecurityLevel};
use bitting_policy::{Denial, Level, Verb};
use bitting_psa::event::Event;
use maud::html;
use std::sync::Arc;

/// The level that the call's user has now.
pub fn held(desk: &Desk<'_>, event: &Event) -> Option<(i64, Arc<HeldLevel>)> {
    let (_, user) = desk.tenant.user(&event.member)?;
    Some((user.level, desk.tenant.level(user.level)?))
}

/// The cell that decides a verb of a permission, where the screen has one.
fn cell(entry: &Permission, verb: Verb) -> Option<&str> {
    if entry.value.is_some() {
        return Some("value");
    }
    let (name, cell) = match verb {
        Verb::Add => ("add", &entry.add),
        Verb::Edit => ("edit", &entry.edit),
        Verb::Delete => ("delete", &entry.delete),
        Verb::Inquire => ("view", &entry.view),
    };
    match cell {
        Some(Cell::Values(_)) => Some(name),
        Some(Cell::Follows(other)) if other == "any" => Some("view"),
        Some(Cell::Follows(other)) if other != "none" => Some(other),
        _ => None,
    }
}

/// The level with the least value that answers the denial; nothing where no setting can.
fn granted(
    permissions: &Permissions,
    level: &SecurityLevel,
    denial: &Denial,
) -> Option<SecurityLevel> {
    let entry = permissions.deciding(&denial.module, &denial.action)?;
    let mut next = level.clone();
    let values = next.settings.entry(entry.full_name()).or_default();
    let mut opens = entry.opens.iter();
    if let Some((value, _)) = opens.find(|(_, row)| **row == *denial.action) {
        values.value = Some(value.clone());
        return (next != *level).then_some(next);
    }
    let own = denial
        .needed
        .split(" or ")
        .any(|word| word == Level::My.as_str());
    // What cannot be viewed can be neither added nor changed.
    for verb in [Verb::Inquire, denial.verb] {
        let Some(name) = cell(entry, verb) else {
            continue;
        };
        let held = values.cell(name)?;
        let least = entry.values(name).iter().find(|value| {
            let level = permissions.level(value);
            level == Level::All || (level == Level::My && (own || verb != denial.verb))
        });
        let rank = |value: &Option<String>| {
            value
                .as_ref()
                .map_or(Level::None, |value| permissions.level(value))
        };
        let least = least.cloned();
        if rank(held) < rank(&least) {
            *held = least;
        }
    }
    (next != *level).then_some(next)
}

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, event: &Event) -> Result<Outcome> {
    let (Some(denial), Some((id, held))) = (&event.denial, held(desk, event)) else {
        return Ok(Outcome::Nowhere);
    };
    let permissions = &desk.tenant.permissions;
    let level = &held.document;
    let system = is_system(desk, level);
    let next = granted(permissions, level, denial).filter(|_| !system);
    let mut error = None;
    if visit.post
        && let Some(next) = &next
    {
        match save(desk, Some(id), next.clone()).await {
            Ok(_) => {
                let text = format!("{} holds it from the next call on.", level.name);
                visit.session.say(text);
                return Ok(Outcome::See(visit.at(&format!("levels/{id}"))));
            }
            Err(text) => error = Some(text),
        }
    }
    let body = html! {
        (page::crumbs(&[("Activity", Some(visit.at("activity"))), ("Call", Some(visit.at(&format!("activity/{}", event.id)))), ("Grant", None)]))
        h1 { "Grant the missing right" }
        @if let Some(error) = error { (page::wrong(&error)) }
        p { (event.member) " asked " code { (event.method) " " (shown(event)) } ": " (denial) "." }
        @match &next {
            Some(next) => {
                form.card method="post" {
                    (page::csrf(visit))
                    h2 { "Change the level " (level.name) }
                    (diff(&lines(permissions, Some(level), next)))
                    p.hint { "Every API user that has the level gets the right." }
                    button type="submit" { "Grant it to " (level.name) }
                }
            }
            None => {
                @if system { (page::empty("The user has a system level, which cannot be changed: copy it, change the copy, and give the user the copy.")) }
                @else { (page::empty("The level already holds this, or no setting of it can help.")) }
                p { "What would: " (denial.remedy) "." }
            }
        }
        p { a href=(visit.at("activity")) { "Leave it refused" } }
    };
    Ok(Outcome::Page(Page::new("activity", "Grant", body)))
}

#[cfg(test)]
mod tests {
    use super::granted;
    use bitting_catalog::Catalog;
    use bitting_catalog::security::SecurityLevel;
    use bitting_policy::{Decision, Verb, decide};

    /// Whatever an empty level is refused for want of a setting, the way offered answers it.
    #[test]
    fn granting_what_was_missing_lets_the_call_through() {
        let (permissions, registry, catalog) = Catalog::autotask().expect("data");
        let mut seen = 0;
        for entity in &catalog.entities {
            for verb in Verb::EVERY {
                let mut level = SecurityLevel::default();
                for _ in 0..8 {
                    let role = permissions.role(&registry, 1, &level).expect("fits");
                    let Decision::Denied(refusal) = decide(&role, &entity.right.needs, verb) else {
                        seen += 1;
                        break;
                    };
                    let denial = registry.explain(&refusal, &entity.path);
                    let Some(next) = granted(&permissions, &level, &denial) else {
                        break;
                    };
                    assert_ne!(next, level, "{}: {verb}", entity.path);
                    level = next;
                }
            }
        }
        assert!(seen > 300, "{seen}");
    }
}
