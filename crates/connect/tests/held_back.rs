//! Guides that no profile is shipped for, of the forms that fit worst: written as the format page says, and taken
//! through plan, apply, verify and guide by a program that knows nothing of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::Profile;
use bitting_catalog::profile::lint::{Severity, lint};
use bitting_connect::autotask::{self as at, Screen, held::Instance};
use bitting_connect::guide::{Tenant, guide};
use bitting_connect::page::markdown;
use bitting_connect::verify::{Report, State};
use support::{Server, applied, choices, planned, registry, verified};

fn read(name: &str, text: &str) -> Profile {
    let profile = Profile::parse(&format!("{name}.toml"), text).expect(name);
    for finding in lint(&profile, registry()) {
        assert_ne!(finding.severity, Severity::Error, "{finding:?}");
    }
    profile
}

/// Connects, and answers the plan's text, the report and the guide.
fn connected(profile: &Profile) -> (String, Report, String) {
    let server = Server::start(true);
    let operator = server.operator();
    let choices = choices(profile, &[]);
    let plan = planned(&operator, profile, &choices).text(false);
    let done = applied(&operator, profile, &choices);
    let left = planned(&operator, profile, &choices);
    assert!(left.is_empty(), "{}", left.text(false));
    let key = server.key(done.member);
    let report = verified(&key, Some(&operator), profile, &choices, true);
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    let page = guide(profile, &choices, &Tenant::default(), registry()).expect("a guide");
    (plan, report, markdown(&page))
}

#[test]
fn ticks_become_levels_and_what_could_not_be_read_is_said_at_every_step() {
    let text = include_str!("held_back/ticks_without_levels.toml");
    let (plan, report, page) = connected(&read("ticks", text));
    // The role can be proved, and yet be too small: nobody shall learn that only from the integration.
    for said in [&plan, &report.text(), &page] {
        assert!(said.contains("The setup tables are a picture"), "{said}");
    }
    assert!(
        plan.contains("could not be read and nothing of it is allowed"),
        "{plan}"
    );
    assert!(
        plan.contains("Time & Expense / Time Entry"),
        "the screen's own name: {plan}"
    );
    assert_eq!(report.count(State::Granted), 17);
}

#[test]
fn a_form_without_rows_says_that_its_key_reads_nothing() {
    let text = include_str!("held_back/form_without_rows.toml");
    let (plan, report, page) = connected(&read("form", text));
    assert!(
        plan.contains("names no row") && plan.contains("--admin"),
        "{plan}"
    );
    assert!(
        plan.contains("e-mail: set by hand: an address that receives mail"),
        "{plan}"
    );
    assert!(plan.contains("level: set by hand: Corporate"), "{plan}");
    assert_eq!(report.count(State::Granted), 0);
    assert!(page.contains("The vendor's page names no row."), "{page}");
}

#[test]
fn boards_that_a_guide_keeps_out_are_no_fault_of_the_key() {
    let text = include_str!("held_back/boards_as_scope.toml");
    let (plan, report, page) = connected(&read("boards", text));
    assert!(
        plan.contains("+ Restrict Board Access Monitoring"),
        "{plan}"
    );
    assert!(
        plan.contains("excluded project boards: set by hand"),
        "{plan}"
    );
    assert!(report.diagnoses.is_empty(), "{}", report.text());
    assert!(
        report
            .text()
            .contains("the profile keeps it from Monitoring"),
        "{}",
        report.text()
    );
    assert!(page.contains("Edit: move a card; Inquire: cards"), "{page}");
}

#[test]
fn a_whole_section_of_autotask_goes_all_the_way() {
    let text = include_str!("held_back/whole_section.toml");
    let profile = read("section", text);
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let screen = Screen::embedded().unwrap();
    let choices = at::wanted::Choices {
        selection: profile.default_selection(),
        ..Default::default()
    };
    let wanted = at::wanted::wanted(&profile, &choices, &screen).unwrap();
    let plan = |wanted: &at::wanted::Wanted| {
        at::plan::plan(Some(&instance), wanted.clone(), &screen).unwrap()
    };
    let first = plan(&wanted);
    assert!(
        first.text(false).contains("Admin and Other are pictures"),
        "{}",
        first.text(false)
    );
    let done = at::apply::apply(Some(&instance), &first, &screen).unwrap();
    assert!(plan(&wanted).is_empty());
    let key = server.autotask(done.key.unwrap().user);
    let report = at::verify::verify(&at::verify::Asked {
        key: &key,
        wanted: &wanted,
        screen: &screen,
        admin: Some(&server.autotask_admin()),
        probes_only: false,
    })
    .unwrap();
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    let page = guide(
        &profile,
        &support::choices(&profile, &[]),
        &Tenant::default(),
        registry(),
    );
    let page = markdown(&page.unwrap());
    assert!(page.contains("| CRM | * | * | Full |"), "{page}");
}
