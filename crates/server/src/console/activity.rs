//! The latest calls with decision and reason, and the exact right that a refused one lacked, granted after
//! a look at what changes. The table asks again every two seconds: bodies here are whole, not streams.

use super::desk::{Desk, ROLES};
use super::form::encode;
use super::page::{self, Page};
use super::{Outcome, Result, Visit};
use crate::event::Event;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::{Denial, Level, ListDocument, Registry, Role, Verb};
use maud::{Markup, html};
use std::sync::Arc;

/// Rows on the page.
const SHOWN: usize = 100;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] => Ok(Outcome::Page(list(visit, desk))),
        ["rows"] => Ok(Outcome::Part(rows(visit, desk))),
        [id] => match find(desk, id) {
            Some(event) => detail(visit, desk, &event).await,
            None => Ok(Outcome::Nowhere),
        },
        [id, "grant"] => match find(desk, id) {
            Some(event) => grant(visit, desk, &event).await,
            None => Ok(Outcome::Nowhere),
        },
        _ => Ok(Outcome::Nowhere),
    }
}

fn find(desk: &Desk<'_>, id: &str) -> Option<Arc<Event>> {
    let events = desk.server.log.latest(usize::MAX);
    events
        .into_iter()
        .find(|event| event.id == id && event.company == desk.instance.company)
}

fn chosen(visit: &Visit<'_>, desk: &Desk<'_>) -> Vec<Arc<Event>> {
    let (member, decision, search) = (
        visit.query.trimmed("member"),
        visit.query.text("decision"),
        visit.query.trimmed("search").to_lowercase(),
    );
    let events = desk.server.log.latest(1_000).into_iter().rev();
    events
        .filter(|event| event.company == desk.instance.company)
        .filter(|event| member.is_empty() || event.member.eq_ignore_ascii_case(member))
        .filter(|event| match decision {
            "denied" => event.denial.is_some(),
            "failed" => event.status >= 400,
            "answered" => event.status < 400,
            _ => true,
        })
        .filter(|event| search.is_empty() || event.path.to_lowercase().contains(&search))
        .take(SHOWN)
        .collect()
}

fn list(visit: &Visit<'_>, desk: &Desk<'_>) -> Page {
    let (member, decision, search) = (
        visit.query.trimmed("member"),
        visit.query.text("decision"),
        visit.query.trimmed("search"),
    );
    let mut members: Vec<String> = desk
        .server
        .log
        .latest(1_000)
        .iter()
        .filter(|event| event.company == desk.instance.company && !event.member.is_empty())
        .map(|event| event.member.clone())
        .collect();
    members.sort();
    members.dedup();
    let members: Vec<_> = members
        .into_iter()
        .map(|name| (name.clone(), name))
        .collect();
    let decisions = [
        ("denied", "Denied"),
        ("failed", "Denied or failed"),
        ("answered", "Answered"),
    ]
    .map(|(key, words)| (key.to_owned(), words.to_owned()));
    let address = format!(
        "{}?member={}&decision={}&search={}",
        visit.at("activity/rows"),
        encode(member),
        encode(decision),
        encode(search)
    );
    let body = html! {
        header.head { h1 { "Activity" } p.hint { "The latest calls since the server started; new ones come by themselves." } }
        form.filter method="get" {
            (page::choice("member", "Member", &members, member, Some("everyone"), "", None))
            (page::choice("decision", "Decision", &decisions, decision, Some("all"), "", None))
            div.field { label for="search" { "Path contains" } input #search name="search" type="search" value=(search); }
            button.quiet type="submit" { "Filter" }
        }
        div #rows hx-get=(address) hx-trigger="every 2s" { (rows(visit, desk)) }
    };
    Page::new("activity", "Activity", body)
}

fn rows(visit: &Visit<'_>, desk: &Desk<'_>) -> Markup {
    let events = chosen(visit, desk);
    html! {
        @if events.is_empty() { (page::empty("No call fits. Calls on the API appear here with who made them and what was decided.")) }
        @else { div.wide tabindex="0" role="region" aria-label="Calls" { table {
            thead { tr { th scope="col" { "Call" } th scope="col" { "Member" } th scope="col" { "Answer" } th scope="col" { "Time" } th scope="col" { "Decision and reason" } } }
            tbody { @for event in &events { tr.denied[event.denial.is_some()] {
                th scope="row" { a href=(visit.at(&format!("activity/{}", event.id))) { code { b { (event.method) } " " (short(&event.path)) } } }
                td { (event.member) }
                td { span.status.(class(event.status)) { (event.status) } }
                td.number { (format!("{:.1} ms", event.microseconds as f64 / 1_000.0)) }
                td { @match &event.denial {
                    Some(denial) => { "Denied: " (denial) " " a href=(visit.at(&format!("activity/{}/grant", event.id))) { "Grant it" span.sr { " to " (event.member) } } },
                    None if event.status < 400 => { "allowed" },
                    None => { "not a question of rights" },
                } }
            } } }
        } } }
    }
}

fn short(path: &str) -> &str {
    path.strip_prefix("/v4_6_release/apis/3.0").unwrap_or(path)
}

fn class(status: u16) -> &'static str {
    match status {
        0..=399 => "good",
        401 | 403 => "refused",
        _ => "failed",
    }
}

async fn detail(visit: &Visit<'_>, desk: &Desk<'_>, event: &Event) -> Result<Outcome> {
    let facts = [
        ("Request", event.id.clone()),
        ("Member", event.member.clone()),
        ("Route", event.route.clone()),
        ("Entity", event.entity.clone()),
        ("Answer", event.status.to_string()),
        (
            "Time",
            format!("{:.1} ms", event.microseconds as f64 / 1_000.0),
        ),
    ];
    let held = member_role(desk, event).await?;
    let body = html! {
        (page::crumbs(&[("Activity", Some(visit.at("activity"))), ("Call", None)]))
        h1 { code { (event.method) " " (short(&event.path)) } }
        dl.facts { @for (name, value) in facts { dt { (name) } dd { (value) } }
            @if let Some((id, role)) = &held { dt { "Role now" } dd { a href=(visit.at(&format!("roles/{id}"))) { (role) } } } }
        @if let Some(denial) = &event.denial {
            section.pair { h2 { "Denied" }
                p { (denial) "." }
                dl.facts {
                    dt { "Row" } dd { (denial.module) " / " (denial.action) }
                    dt { "Verb" } dd { (denial.verb) }
                    dt { "Needed" } dd { (denial.needed) }
                    dt { "Held" } dd { (denial.held) }
                    @if let Some(table) = &denial.table { dt { "Setup table" } dd { (table) } }
                    @if let Some(list) = &denial.list { dt { "Customize list" } dd { (list) } }
                    @if let Some(scope) = &denial.scope { dt { "Scope" } dd { (scope) } }
                    dt { "What to do" } dd { (denial.remedy) }
                }
                a.button href=(visit.at(&format!("activity/{}/grant", event.id))) { "Grant it" }
            }
        } @else { p.hint { "Bodies and keys are not kept." } }
    };
    Ok(Outcome::Page(Page::new("activity", "Call", body)))
}

/// The role that the event's member has now: id and name.
async fn member_role(desk: &Desk<'_>, event: &Event) -> Result<Option<(i64, String)>> {
    let Some(member) = crate::rules::members::member_with(&desk.instance, &event.member).await?
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

async fn grant(visit: &Visit<'_>, desk: &Desk<'_>, event: &Event) -> Result<Outcome> {
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
        p { (event.member) " asked " code { (event.method) " " (short(&event.path)) } ": " (denial) "." }
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
