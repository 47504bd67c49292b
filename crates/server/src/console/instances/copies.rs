//! Copies of a company: taking one, bringing one back, deleting one, and starting the company anew. Each step
//! that takes something away names it and asks first.

use super::new::{demo, seed_field};
use super::refused;
use super::subject::{Of, Subject};
use crate::console::desk::message;
use crate::console::page::{self, Field, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::problem::Problem;
use jiff::Timestamp;
use maud::{Markup, html};

pub async fn answer(visit: &Visit<'_>, subject: &Subject<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        ["snapshot"] if visit.post => take(visit, subject).await,
        ["restore", name] => restore(visit, subject, name).await,
        ["forget", name] => forget(visit, subject, name).await,
        ["reset"] => Ok(reset(visit, subject)),
        _ => Ok(Outcome::Nowhere),
    }
}

/// The copies that there are, and what can be done.
pub fn shown(visit: &Visit<'_>, subject: &Subject<'_>, error: Option<&str>) -> Markup {
    let taken = subject.taken();
    html! {
        @if taken.is_empty() { (page::empty("No snapshot yet. Take one before a test, and bring it back after.")) }
        @else { div.wide tabindex="0" role="region" aria-label="Snapshots" { table {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Taken" } th scope="col" { "Size" } th scope="col" { span.sr { "What to do" } } } }
            tbody { @for (name, at, bytes) in &taken { tr {
                th scope="row" { (name) }
                td { (Timestamp::try_from(*at).map(page::moment).unwrap_or_default()) }
                td.number { (bytes.div_ceil(1024)) " kB" }
                td.act {
                    a href=(visit.at(&format!("instances/restore/{name}"))) aria-label=(format!("Restore {name}")) { "Restore" } " "
                    a href=(visit.at(&format!("instances/forget/{name}"))) aria-label=(format!("Delete {name}")) { "Delete" }
                }
            } } }
        } } }
        form.card.inline method="post" action=(visit.at("instances/snapshot")) {
            (page::csrf(visit))
            (page::text_field("snapshot", "Take a snapshot", visit.form.trimmed("snapshot"), "Its name: letters, digits, - and _. One of the same name is replaced.", error, Field { required: true, max: Some(60), ..Field::default() }))
            button type="submit" { "Take it" }
        }
        p { a.button.danger href=(visit.at("instances/reset")) { "Reset " (subject.name()) } }
    }
}

/// What all is in a database, in its PSA's words, up to its last part.
fn everything(subject: &Subject<'_>) -> &'static str {
    match subject.of {
        Of::Company(_) => "Every record, role, member",
        Of::Tenant(_) => "Every record, security level, API user",
    }
}

async fn take(visit: &Visit<'_>, subject: &Subject<'_>) -> Result<Outcome> {
    let name = visit.form.trimmed("snapshot").to_owned();
    let path = format!("{}/snapshot", subject.path());
    let work = async { subject.of.take(&subject.file(&name)?).await };
    let done = subject.desk.written(http::Method::POST, &path, work).await;
    Ok(match done {
        Ok(()) => told(visit, format!("The snapshot {name} is taken.")),
        Err(problem) => refused(visit, subject, &[("snapshot", message(&problem))]),
    })
}

/// What came of it, on the page of the instances.
fn told(visit: &Visit<'_>, text: String) -> Outcome {
    visit.session.say(text);
    Outcome::See(visit.at("instances"))
}

/// A page that names what will happen and asks.
fn asked(
    visit: &Visit<'_>,
    title: &str,
    what: &Markup,
    button: &str,
    failed: Option<&Problem>,
) -> Outcome {
    let body = html! {
        (page::crumbs(&[("Instances", Some(visit.at("instances"))), (title, None)]))
        h1 { (title) "?" }
        @if let Some(problem) = failed { (page::wrong(&message(problem))) }
        (what)
        form method="post" {
            (page::csrf(visit))
            button.danger type="submit" { (button) } " "
            a.button.quiet href=(visit.at("instances")) { "Leave everything as it is" }
        }
    };
    let page = Page::new("instances", title, body);
    Outcome::Page(page.with_status(if failed.is_some() { 422 } else { 200 }))
}

async fn restore(visit: &Visit<'_>, subject: &Subject<'_>, name: &str) -> Result<Outcome> {
    let file = subject.file(name)?;
    if !file.is_file() {
        return Ok(Outcome::Nowhere);
    }
    let company = subject.name();
    let mut failed = None;
    if visit.post {
        let path = format!("{}/restore", subject.path());
        let work = subject.of.restore(&file);
        let done = subject.desk.written(http::Method::POST, &path, work).await;
        match done {
            Ok(()) => {
                let text = format!("{company} is as it was when {name} was taken.");
                return Ok(told(visit, text));
            }
            Err(problem) => failed = Some(problem),
        }
    }
    let what = html! { p { (everything(subject)) " and key of " b { (company) } " becomes what it was when " b { (name) } " was taken. What was made or changed since is gone for good; take a snapshot first if you may want it back." } };
    Ok(asked(
        visit,
        &format!("Restore {name}"),
        &what,
        "Restore it",
        failed.as_ref(),
    ))
}

async fn forget(visit: &Visit<'_>, subject: &Subject<'_>, name: &str) -> Result<Outcome> {
    let file = subject.file(name)?;
    if !file.is_file() {
        return Ok(Outcome::Nowhere);
    }
    let mut failed = None;
    if visit.post {
        let path = format!("{}/snapshots/{name}", subject.path());
        let work = async {
            std::fs::remove_file(&file).map_err(|error| -> Problem {
                ApiError::server(format!("The file cannot be deleted: {error}.")).into()
            })
        };
        let done = subject
            .desk
            .written(http::Method::DELETE, &path, work)
            .await;
        match done {
            Ok(()) => return Ok(told(visit, format!("The snapshot {name} is deleted."))),
            Err(problem) => failed = Some(problem),
        }
    }
    let what = html! { p { "The file of this snapshot is deleted. " b { (subject.name()) } " stays as it is; it can no longer be brought back to that moment." } };
    Ok(asked(
        visit,
        &format!("Delete the snapshot {name}"),
        &what,
        "Delete the snapshot",
        failed.as_ref(),
    ))
}

/// Starts anew, while a page shows how far it is.
fn reset(visit: &Visit<'_>, subject: &Subject<'_>) -> Outcome {
    let company = subject.name().to_owned();
    let who = match subject.of {
        Of::Company(_) => "members",
        Of::Tenant(_) => "users",
    };
    let bad_seed = super::new::wrong_seed(visit);
    if !visit.post || bad_seed.is_some() {
        let body = html! {
            (page::crumbs(&[("Instances", Some(visit.at("instances"))), ("Reset", None)]))
            h1 { "Reset " (company) "?" }
            p { (everything(subject)) " and setting of " b { (company) } " is deleted and made anew. Keys go too, all but those of its first two " (who) ", which open their successors." }
            form.card method="post" {
                (page::csrf(visit))
                (page::tick("demo", "Fill it with the demo company", true, &format!("Without, it gets its structure and two API {who}.")))
                (seed_field(visit, bad_seed))
                button.danger type="submit" { "Reset " (company) } " "
                a.button.quiet href=(visit.at("instances")) { "Leave everything as it is" }
            }
        };
        let page = Page::new("instances", "Reset", body);
        return Outcome::Page(page.with_status(if bad_seed.is_some() { 422 } else { 200 }));
    }
    let demo = demo(visit);
    let console = &visit.server.console;
    let title = format!("Resetting {company}");
    let (name, watched) = console
        .work
        .begin(title, &visit.session.csrf, demo.is_some());
    let of = subject.of.clone();
    let log = visit.server.log.clone();
    let path = format!("{}/reset", subject.path());
    let begun = subject.desk.begun(http::Method::POST, &path);
    let open = visit.at("");
    tokio::spawn(async move {
        let mut step = |count| watched.step(count);
        let done = of.reset(demo.as_ref(), &mut step).await;
        if let Some(begun) = begun {
            log.record(begun.ended(&done));
        }
        match done {
            Ok(()) => watched.finish(html! {
                p.said role="status" { (company) " starts anew." }
                p { a.button href=(open) { "Open " (company) } }
            }),
            Err(problem) => watched.fail(message(&problem)),
        }
    });
    Outcome::See(visit.at(&format!("instances/task/{name}")))
}
