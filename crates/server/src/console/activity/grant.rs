//! The exact right that a refused call lacked, granted to its role after a look at what changes.

use super::shown;
use crate::console::desk::Desk;
use crate::console::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::{Denial, Level, ListDocument, Registry, Role, Verb};
use bitting_psa::event::Event;
use maud::html;

/// The role that the event's member has now: id and name.
pub async fn member_role(desk: &Desk<'_>, event: &Event) -> Result<Option<(i64, String)>> {
    let Some(member) = bitting_rules::members::member_with(&desk.instance, &event.member).await?
    else {
        return Ok(None);
    };
    let caller = desk.instance.caller(member).await?;
    Ok(caller
        .filter(|caller| caller.role.id != 0)
        .map(|caller| (caller.role.id, caller.role.name.clone())))
}

/// One way to grant what was missing: what it is called, and the role with it.
struct Way {
    words: String,
    lines: Vec<String>,
    role: Role,
}

/// The least changes of the role that answer the denial; none where a role cannot help.
fn ways(registry: &Registry, role: &Role, denial: &Denial) -> Vec<Way> {
    let Some(action) = registry.action(&denial.module, &denial.action) else {
        return Vec::new();
    };
    let blocked = matches!(denial.scope.as_deref(), Some(scope) if scope != "ownership");
    if role.inactive || blocked {
        return Vec::new();
    }
    let wanted: Vec<Level> = Level::EVERY
        .into_iter()
        .filter(|level| {
            *level > Level::None
                && denial
                    .needed
                    .split(" or ")
                    .any(|word| word == level.as_str())
        })
        .collect();
    let wanted = if wanted.is_empty() {
        vec![role.level(action, denial.verb)]
    } else {
        wanted
    };
    let mut ways = Vec::new();
    for level in wanted {
        let mut next = role.clone();
        let mut levels = role.levels(action);
        let slot = denial.verb.index();
        levels[slot] = levels[slot].max(level);
        let inquire = Verb::Inquire.index();
        let accepts = |level| {
            registry
                .get(action)
                .is_some_and(|row| row.accepts(Verb::Inquire, level))
        };
        if levels[inquire] == Level::None {
            levels[inquire] = if accepts(level) { level } else { Level::All };
        }
        if next.set(registry, action, levels).is_err() {
            continue;
        }
        let mut lines: Vec<String> = Verb::EVERY
            .into_iter()
            .filter(|verb| role.level(action, *verb) != next.level(action, *verb))
            .map(|verb| {
                format!(
                    "{} / {}: {verb} from {} to {}",
                    denial.module,
                    denial.action,
                    role.level(action, verb),
                    next.level(action, verb)
                )
            })
            .collect();
        if let Some(table) = denial.table.as_deref()
            && let (Some(entry), Some(list)) = (registry.table(table), registry.table_list())
            && !next.lists_table(entry)
        {
            let document = match next.list_document(registry, list) {
                ListDocument::Everything => ListDocument::Everything,
                ListDocument::Allow(mut names) => {
                    names.push(table.to_owned());
                    ListDocument::Allow(names)
                }
                ListDocument::Deny(mut names) => {
                    names.retain(|name| registry.table(name) != Some(entry));
                    ListDocument::Deny(names)
                }
            };
            if next.set_list(registry, list, &document).is_ok() {
                lines.push(format!(
                    "customize list of {} / {}: allow {table}",
                    denial.module, denial.action
                ));
            }
        }
        if !lines.is_empty() {
            let words = format!("Grant {level}");
            ways.push(Way {
                words,
                lines,
                role: next,
            });
        }
    }
    // A list that only lacks an entry changes no level, so that the two ways are one.
    ways.dedup_by(|one, other| one.lines == other.lines);
    ways
}

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, event: &Event) -> Result<Outcome> {
    let (Some(denial), Some((id, _))) = (&event.denial, member_role(desk, event).await?) else {
        return Ok(Outcome::Nowhere);
    };
    let verb = if visit.post {
        Verb::Edit
    } else {
        Verb::Inquire
    };
    let role = desk.role(id, verb).await?;
    let registry = desk.instance.registry();
    let ways = ways(registry, &role, denial);
    if visit.post {
        let way = ways
            .into_iter()
            .find(|way| way.words == visit.form.text("way"))
            .ok_or_else(|| {
                let text = "The role has changed since; look at the call again.";
                ApiError::invalid_object(
                    "securityRole",
                    vec![FieldError::invalid("securityRole", "levels", text)],
                )
            })?;
        desk.save_role(way.role).await?;
        visit
            .session
            .say(format!("{} holds it from the next call on.", role.name));
        return Ok(Outcome::See(visit.at(&format!("roles/{id}"))));
    }
    let body = html! {
        (page::crumbs(&[("Activity", Some(visit.at("activity"))), ("Call", Some(visit.at(&format!("activity/{}", event.id)))), ("Grant", None)]))
        h1 { "Grant the missing right" }
        p { (event.member) " asked " code { (event.method) " " (shown(event)) } ": " (denial) "." }
        @if ways.is_empty() {
            (page::empty("The role already holds this, or no level of it can help."))
            p { "What would: " (denial.remedy) "." }
        }
        @for way in &ways {
            form.card method="post" {
                (page::csrf(visit))
                h2 { (way.words) }
                ul.diff { @for line in &way.lines { li.plus { "+ " (line) } } }
                p.hint { "Role " (role.name) ": every member that has it gets the right." }
                button type="submit" name="way" value=(way.words) { (way.words) " to " (role.name) }
            }
        }
        p { a href=(visit.at("activity")) { "Leave it refused" } }
    };
    Ok(Outcome::Page(Page::new("activity", "Grant", body)))
}

#[cfg(test)]
mod tests {
    use super::ways;
    use bitting_policy::{Decision, Needs, Role, Verb, decide};

    /// Whatever a role is refused for want of a level or a table, each way offered answers it.
    #[test]
    fn granting_what_was_missing_lets_the_call_through() {
        let (registry, catalog) = bitting_catalog::Catalog::embedded().expect("data");
        let mut seen = 0;
        for entity in &catalog.entities {
            let needs: &Needs = &entity.right.needs;
            for verb in Verb::EVERY {
                // What needs several rights is granted one denial at a time.
                let mut role = Role::new(&registry, 1, "role");
                for _ in 0..8 {
                    let Decision::Denied(refusal) = decide(&role, needs, verb) else {
                        break;
                    };
                    let denial = registry.explain(&refusal, &entity.path);
                    let Some(way) = ways(&registry, &role, &denial).pop() else {
                        break;
                    };
                    assert_ne!(way.role, role, "{}: {verb}", entity.path);
                    seen += 1;
                    role = way.role;
                }
                if let Decision::Denied(refusal) = decide(&role, needs, verb) {
                    let denial = registry.explain(&refusal, &entity.path);
                    // A cell that is shut for everyone, or no way in at all, is nobody's to grant.
                    assert!(
                        denial.needed.is_empty(),
                        "{}: {verb}: {denial}",
                        entity.path
                    );
                }
            }
        }
        assert!(seen > 500, "{seen}");
    }
}
