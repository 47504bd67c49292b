//! Each needed right is taken away on its own: verify names exactly that one. Each excess is added on its own:
//! verify names exactly that one too. For all seed profiles, over a server's API.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_connect::verify::{Asked, State, verify};
use bitting_connect::wanted::wanted;
use bitting_policy::{Level, ListDocument, RoleDocument, Verb};
use std::collections::BTreeSet;
use support::{Server, applied, choices, named, profile, registry, verified};

const SEEDS: [(&str, &[&str]); 4] = [
    ("umbrella", &[]),
    ("mspcfo", &[]),
    ("propel", &[]),
    ("office_protect", &["ticket-settings"]),
];

fn set(row: &mut bitting_policy::RowDocument, verb: Verb, level: Level) {
    match verb {
        Verb::Add => row.add = level,
        Verb::Edit => row.edit = level,
        Verb::Delete => row.delete = level,
        Verb::Inquire => row.inquire = level,
    }
}

#[test]
fn each_right_taken_away_is_named_and_nothing_else() {
    let server = Server::start(false);
    let operator = server.operator();
    for (slug, features) in SEEDS {
        let profile = profile(slug);
        let features: Vec<String> = features.iter().map(|f| (*f).to_owned()).collect();
        let choices = choices(&profile, &features);
        let done = applied(&operator, &profile, &choices);
        let key = server.key(done.member);
        let whole = wanted(&profile, &choices, registry())
            .expect("a role")
            .document;
        let mut tried = 0;
        for (at, row) in whole.rows.iter().enumerate() {
            for verb in Verb::EVERY
                .into_iter()
                .filter(|verb| row.levels()[verb.index()] > Level::None)
            {
                let mut less: RoleDocument = whole.clone();
                let mut expected =
                    BTreeSet::from([format!("{} / {}: {verb}", row.module, row.action)]);
                if verb == Verb::Inquire {
                    // Without Inquire the product keeps no other level of the row.
                    for other in Verb::EVERY
                        .into_iter()
                        .filter(|v| row.levels()[v.index()] > Level::None)
                    {
                        set(&mut less.rows[at], other, Level::None);
                        expected.insert(format!("{} / {}: {other}", row.module, row.action));
                    }
                } else {
                    set(&mut less.rows[at], verb, Level::None);
                }
                server.set(done.role, &less);
                let report = verified(&key, None, &profile, &choices, true);
                assert_eq!(
                    named(&report, State::Missing),
                    expected,
                    "{slug}\n{}",
                    report.text()
                );
                assert_eq!(named(&report, State::Excess), BTreeSet::new(), "{slug}");
                assert_eq!(report.exit_code(), 2);
                tried += 1;
            }
        }
        for (list, entries) in &whole.lists {
            let ListDocument::Allow(names) = entries else {
                continue;
            };
            for name in names {
                let mut less = whole.clone();
                let rest = names
                    .iter()
                    .filter(|other| *other != name)
                    .cloned()
                    .collect();
                less.lists.insert(list.clone(), ListDocument::Allow(rest));
                server.set(done.role, &less);
                let report = verified(&key, None, &profile, &choices, false);
                let expected = BTreeSet::from([format!("System / Table Setup: {name}")]);
                assert_eq!(
                    named(&report, State::Missing),
                    expected,
                    "{slug}\n{}",
                    report.text()
                );
                tried += 1;
            }
        }
        assert!(tried >= 1, "{slug}");
    }
}

#[test]
fn each_right_too_much_is_named_and_nothing_else() {
    let server = Server::start(false);
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&server.operator(), &profile, &choices);
    let key = server.key(done.member);
    let whole = wanted(&profile, &choices, registry())
        .expect("a role")
        .document;
    for action in registry()
        .actions()
        .iter()
        .filter(|action| action.accepts(Verb::Inquire, Level::All))
    {
        let held = whole
            .rows
            .iter()
            .any(|row| row.module == action.module && row.action == action.name);
        if held {
            continue;
        }
        let mut more = whole.clone();
        more.rows.push(bitting_policy::RowDocument {
            module: action.module.clone(),
            action: action.name.clone(),
            inquire: Level::All,
            ..Default::default()
        });
        server.set(done.role, &more);
        let report = verified(&key, None, &profile, &choices, false);
        let expected = BTreeSet::from([format!("{}: Inquire", action.full_name())]);
        assert_eq!(named(&report, State::Excess), expected);
        assert_eq!((report.count(State::Missing), report.exit_code()), (0, 3));
    }
    let mut more = whole.clone();
    more.lists.insert(
        "SystemTableSetup".to_owned(),
        support::allow(&[
            "Company / Configuration",
            "Service / Priority",
            "Service / Service Board",
            "Service / Source",
        ]),
    );
    server.set(done.role, &more);
    let report = verified(&key, None, &profile, &choices, false);
    assert_eq!(
        named(&report, State::Excess),
        BTreeSet::from(["System / Table Setup: Service / Source".to_owned()])
    );
    more.lists.clear();
    server.set(done.role, &more);
    let report = verified(&key, None, &profile, &choices, false);
    assert_eq!(
        report.count(State::Excess),
        1,
        "an open list is one thing to change\n{}",
        report.text()
    );
}

#[test]
fn the_blank_row_of_table_setup_is_diagnosed() {
    let server = Server::start(false);
    let profile = profile("propel");
    let choices = choices(&profile, &[]);
    let done = applied(&server.operator(), &profile, &choices);
    let mut blank = wanted(&profile, &choices, registry())
        .expect("a role")
        .document;
    // The guide as it was printed: fifteen tables chosen, and no level on the row.
    blank.rows.retain(|row| row.action != "Table Setup");
    server.set(done.role, &blank);
    let key = server.key(done.member);
    let refused = key.get("company/companies/types").expect_err("refused");
    assert_eq!(refused.status(), Some(403));
    let report = verified(&key, None, &profile, &choices, false);
    assert_eq!(
        named(&report, State::Missing),
        BTreeSet::from(["System / Table Setup: Inquire".to_owned()])
    );
    insta::assert_snapshot!("propel_blank", report.text());
}

#[test]
fn a_proof_reads_like_this() {
    let server = Server::start(false);
    let profile = profile("office_protect");
    let choices = choices(&profile, &[]);
    let done = applied(&server.operator(), &profile, &choices);
    let key = server.key(done.member);
    let report = verified(&key, Some(&server.operator()), &profile, &choices, true);
    assert!(
        report
            .probes
            .iter()
            .all(|probe| probe.left_behind.is_none())
    );
    insta::assert_snapshot!("office_protect", report.text());
    insta::assert_snapshot!("office_protect_junit", report.junit());
}

#[test]
fn without_the_answers_of_the_psa_probes_find_missing_and_excess() {
    let server = Server::start(false);
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&server.operator(), &profile, &choices);
    let key = server.key(done.member);
    let proof = |write_probes| {
        verify(&Asked {
            key: &key,
            profile: &profile,
            choices: &choices,
            registry: registry(),
            catalog: &support::data().1,
            admin: None,
            write_probes,
            probes_only: true,
        })
        .expect("a report")
    };
    let report = proof(true);
    assert_eq!(
        (report.exit_code(), report.count(State::Unproved)),
        (0, 0),
        "{}",
        report.text()
    );
    assert_eq!(
        proof(false).count(State::Unproved),
        6,
        "writes are not proved without write probes"
    );
    let mut other = wanted(&profile, &choices, registry())
        .expect("a role")
        .document;
    other.rows.retain(|row| row.action != "Service Tickets");
    other.rows.push(bitting_policy::RowDocument {
        module: "Companies".to_owned(),
        action: "Contacts".to_owned(),
        inquire: Level::All,
        ..Default::default()
    });
    other.lists.insert(
        "SystemTableSetup".to_owned(),
        support::allow(&["Company / Configuration", "Service / Priority"]),
    );
    server.set(done.role, &other);
    let report = proof(true);
    let tickets =
        ["Add", "Edit", "Inquire"].map(|verb| format!("Service Desk / Service Tickets: {verb}"));
    let mut missing = BTreeSet::from(tickets);
    missing.insert("System / Table Setup: Service / Service Board".to_owned());
    assert_eq!(named(&report, State::Missing), missing, "{}", report.text());
    assert_eq!(
        named(&report, State::Excess),
        BTreeSet::from(["Companies / Contacts: Inquire".to_owned()])
    );
}
