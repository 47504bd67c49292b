//! A new company: made while its page shows how far it is; the keys of its first members are shown once.

use crate::console::desk::{Desk, field_error, message};
use crate::console::page::{self, Field, Page, copied};
use crate::console::{
    outcome::Outcome,
    visit::{Place, Visit},
};
use crate::operator::making;
use crate::operator::{Made, check, make};
use bitting_calls::cutting::Shown;
use bitting_calls::http::form::encode;
use bitting_calls::seed::Demo;
use bitting_calls::shelf::Company;
use bitting_demo::Size;
use bitting_psa::problem::Problem;
use maud::{Markup, html};

pub fn answer(visit: &Visit<'_>, desk: &Desk<'_>, autotask: bool) -> Outcome {
    let mut problem = None;
    let bad_seed = wrong_seed(visit);
    if visit.post && bad_seed.is_none() {
        match begin(visit, desk) {
            Ok(address) => return Outcome::See(address),
            Err(found) => problem = Some(found),
        }
    }
    let field = Field {
        required: true,
        max: Some(30),
        ..Field::default()
    };
    let problem = problem.as_ref();
    let own = field_error(problem, "company").or(field_error(problem, "name"));
    let kinds = [("connectwise", "ConnectWise"), ("autotask", "Autotask")]
        .map(|(key, words)| (key.to_owned(), words.to_owned()));
    let usual = if autotask { "autotask" } else { "connectwise" };
    let kind = visit.form.given("kind").unwrap_or(usual);
    let body = html! {
        (page::crumbs(&[("Instances", Some(visit.at("instances"))), ("New Item", None)]))
        h1 { "New Instance" }
        @if let (Some(problem), None) = (problem, own) { (page::wrong(&message(problem))) }
        form.card method="post" {
            (page::csrf(visit))
            @if visit.server.tenants.rack().is_some() { (page::choice("kind", "Kind", &kinds, kind, None, "Which PSA it is.", None)) }
            (page::text_field("company", "Company ID", visit.form.text("company"), "Letters, digits, - and _. On ConnectWise it stands before the plus of every key; on Autotask it is the instance's one name.", own, field))
            (page::text_field("name", "Name", visit.form.text("name"), "ConnectWise: the company's name, where it is another than its id.", None, Field::default()))
            (page::tick("demo", "Fill it with the demo company", !visit.post || visit.form.ticked("demo"), "Without, it gets its structure and two API members or users. With, it takes some seconds."))
            (seed_field(visit, bad_seed))
            button type="submit" { "Save" } " "
            a.button.quiet href=(visit.at("instances")) { "Cancel" }
        }
    };
    let page = Page::new("instances", "New Instance", body);
    let wrong = problem.is_some() || bad_seed.is_some();
    Outcome::Page(page.with_status(if wrong { 422 } else { 200 }))
}

/// What is wrong with the seed of a form that was sent.
pub fn wrong_seed(visit: &Visit<'_>) -> Option<&'static str> {
    let seed = visit.form.trimmed("seed");
    let wrong = !seed.is_empty() && seed.parse::<u64>().is_err();
    wrong.then_some("A whole number from 0 on.")
}

pub fn seed_field(visit: &Visit<'_>, error: Option<&str>) -> Markup {
    let seed = match visit.form.trimmed("seed") {
        "" => "1",
        text => text,
    };
    let field = Field {
        kind: "number",
        ..Field::default()
    };
    page::text_field(
        "seed",
        "Seed",
        seed,
        "The same seed makes the same records.",
        error,
        field,
    )
}

/// What the form says of demo records.
pub fn demo(visit: &Visit<'_>) -> Option<Demo> {
    visit.form.ticked("demo").then(|| Demo {
        size: Size::default(),
        seed: visit.form.trimmed("seed").parse().unwrap_or(1),
    })
}

/// What is to be made.
enum Wanted {
    Company(Company),
    Autotask(String),
}

fn wanted(visit: &Visit<'_>) -> Result<Wanted, Problem> {
    let id = visit.form.trimmed("company").to_owned();
    if visit.form.text("kind") == "autotask" {
        making::check(visit.server, &id)?;
        return Ok(Wanted::Autotask(id));
    }
    let name = visit.form.trimmed("name");
    let company = Company {
        name: if name.is_empty() { &id } else { name }.to_owned(),
        company: id,
    };
    check(visit.server, &company)?;
    Ok(Wanted::Company(company))
}

fn begin(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<String, Problem> {
    let wanted = wanted(visit)?;
    let demo = demo(visit);
    let console = &visit.server.console;
    let (title, path) = match &wanted {
        Wanted::Company(company) => (&company.company, "instances"),
        Wanted::Autotask(name) => (name, "autotask"),
    };
    let title = format!("Making {title}");
    let (work, watched) = console
        .work
        .begin(title, &visit.session.csrf, demo.is_some());
    let home = visit.server.home();
    let begun = desk.begun(http::Method::POST, path);
    tokio::spawn(async move {
        let Some(server) = home else {
            watched.fail("This server makes no companies.");
            return;
        };
        let mut step = |count| watched.step(count);
        let demo = demo.as_ref();
        let done = match &wanted {
            Wanted::Company(company) => make(&server, company, demo, &mut step)
                .await
                .map(|made| shown(&made)),
            Wanted::Autotask(name) => making::make(&server, name, demo, &mut step)
                .await
                .map(|made| users(&made)),
        };
        if let Some(begun) = begun {
            server.log.record(begun.ended(&done));
        }
        match done {
            Ok(part) => watched.finish(part),
            Err(problem) => watched.fail(message(&problem)),
        }
    });
    Ok(visit.at(&format!("instances/task/{work}")))
}

/// The API users of an Autotask database that was just made.
fn users(made: &making::Made) -> Markup {
    let name = &made.tenant.name;
    let first = [
        ("admin", "API user with every right", &made.first.admin),
        ("least", "API user with the least", &made.first.least),
    ];
    let open = Place::Autotask(name.clone()).address();
    html! {
        p.said role="status" { (name) " is made." }
        section.pair {
            p.caution role="alert" { b { "Copy key and secret now." } " The secrets are not shown again." }
            @for (who, words, user) in first { @if let Some(user) = user {
                h2 { (words) }
                (copied(&format!("{who}-key"), "Username (Key)", &user.user))
                (copied(&format!("{who}-secret"), "Password (Secret)", user.secret.reveal()))
                (copied(&format!("{who}-code"), "Tracking Identifier", user.code.reveal()))
            } }
        }
        p { a.button href=(open) { "Open " (name) } }
    }
}

fn shown(made: &Made) -> Markup {
    let company = &made.instance.company;
    let pairs: [(&str, &str, &Option<Shown>); 2] = [
        ("admin", "Member with every right", &made.admin),
        ("least", "Member with the least", &made.least),
    ];
    html! {
        p.said role="status" { (company) " is made." }
        section.pair {
            p.caution role="alert" { b { "Copy the keys now." } " The private keys are not shown again." }
            @for (who, words, pair) in pairs { @if let Some(pair) = pair {
                h2 { (words) }
                (copied(&format!("{who}-public"), "Public Key", &pair.public_key))
                (copied(&format!("{who}-private"), "Private Key", &pair.private_key))
            } }
        }
        p { a.button href=(format!("/console/{}/", encode(company))) { "Open " (company) } }
    }
}
