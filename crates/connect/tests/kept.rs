//! Plans kept in a file, members that fall short of a newer guide, the administrator's role, and lists that let
//! nothing or all but some through.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::Profile;
use bitting_connect::apply::apply;
use bitting_connect::plan::saved::Saved;
use bitting_connect::short;
use bitting_connect::verify::State;
use bitting_connect::wanted::{Choices, wanted};
use bitting_connect::{ConnectError, held};
use bitting_policy::Level;
use support::{Server, applied, choices, planned, profile, registry, verified};

#[test]
fn a_kept_plan_is_applied_on_what_it_saw_and_on_nothing_else() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let keep = |saved: &Saved| -> Saved {
        serde_json::from_str(&serde_json::to_string(saved).unwrap()).unwrap()
    };
    let first = keep(&Saved::of(
        &operator,
        &planned(&operator, &profile, &choices),
    ));
    let opened = first.open(&operator, registry()).expect("nothing changed");
    apply(&operator, &opened, registry()).expect("it is applied");
    assert!(planned(&operator, &profile, &choices).is_empty());
    // The same file again: the role is there now.
    let again = first.open(&operator, registry()).expect_err("refused");
    assert!(matches!(again, ConnectError::Changed { .. }), "{again}");
    // Somebody else sets one level, or one field of the member, in between.
    let second = keep(&Saved::of(
        &operator,
        &planned(&operator, &profile, &choices),
    ));
    let role = held::role(&operator, true, "Umbrella", registry())
        .unwrap()
        .expect("made");
    let mut document = role.document.clone();
    document.rows[0].inquire = Level::None;
    server.set(role.id, &document);
    assert!(matches!(
        second.open(&operator, registry()),
        Err(ConnectError::Changed { .. })
    ));
    server.set(role.id, &role.document);
    assert!(second.open(&operator, registry()).is_ok());
    let member = held::member(&operator, "Umbrella").unwrap().expect("made");
    operator
        .patch(
            &format!("{}/{}", held::MEMBERS, member.id),
            &[("notes".to_owned(), "hands off".into())],
        )
        .unwrap();
    assert!(matches!(
        second.open(&operator, registry()),
        Err(ConnectError::Changed { .. })
    ));
}

#[test]
fn a_kept_plan_is_for_one_company() {
    let (server, other) = (Server::start(false), Server::start(false));
    let profile = profile("mspcfo");
    let plan = planned(&server.operator(), &profile, &choices(&profile, &[]));
    let saved = Saved::of(&server.operator(), &plan);
    let error = saved
        .open(&other.operator(), registry())
        .expect_err("another server");
    assert!(
        error.to_string().contains("was made for company"),
        "{error}"
    );
}

const HEAD: &str = "[profile]\nvendor = \"V\"\nproduct = \"Kept Back\"\npsa = \"connectwise\"\nsummary = \"s\"\n\
    completeness = \"complete\"\nversion = 1\n";
const SOURCE: &str =
    "\n[[source]]\ntitle = \"t\"\nurl = \"https://example.com/\"\ntaken = \"2026-11-21\"\n\n";

fn made(head: &str, body: &str) -> Profile {
    Profile::parse("kept_back.toml", &format!("{HEAD}{head}{SOURCE}{body}")).expect(body)
}

fn row(module: &str, action: &str, rest: &str) -> String {
    format!("[[grant]]\nmodule = \"{module}\"\naction = \"{action}\"\n{rest}\n\n")
}

#[test]
fn members_that_fall_short_of_a_newer_guide_are_named() {
    let server = Server::start(false);
    let operator = server.operator();
    let old = made("", &row("Companies", "Contacts", "inquire = \"All\""));
    let more = row("Companies", "Contacts", "edit = \"All\"\ninquire = \"All\"")
        + &row(
            "System",
            "Table Setup",
            "inquire = \"All\"\ncustomize = { mode = \"allow\", entries = [\"Service / Source\"] }",
        );
    let new = made("", &more);
    assert!(
        short::connected(&operator, &old, &new, registry())
            .unwrap()
            .is_empty()
    );
    applied(&operator, &old, &choices(&old, &[]));
    let found = short::connected(&operator, &old, &new, registry()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].lacks,
        [
            "Companies / Contacts: Edit None -> All",
            "System / Table Setup: Inquire None -> All",
            "SystemTableSetup: Service / Source",
        ]
    );
    applied(&operator, &new, &choices(&new, &[]));
    let found = short::connected(&operator, &old, &new, registry()).unwrap();
    assert!(found[0].lacks.is_empty(), "{found:?}");
}

#[test]
fn an_administrator_s_role_is_made_where_the_guide_offers_one_and_shown_as_excess() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("office_protect");
    let admin = Choices {
        admin: true,
        role: Some("All of it".to_owned()),
        ..choices(&profile, &[])
    };
    let done = applied(&operator, &profile, &admin);
    assert!(planned(&operator, &profile, &admin).is_empty());
    let report = verified(&server.key(done.member), None, &profile, &admin, false);
    assert_eq!(report.exit_code(), 3, "{}", report.text());
    assert_eq!(report.count(State::Excess), 1);
    // The rows of the guide are granted all the same.
    assert_eq!(report.count(State::Granted), 4);
    let refused = wanted(
        &support::profile("umbrella"),
        &Choices {
            admin: true,
            ..Choices::default()
        },
        registry(),
    );
    assert!(refused.is_err(), "this guide does not offer it");
}

#[test]
fn lists_that_let_nothing_or_all_but_some_through_are_proved() {
    let server = Server::start(true);
    let operator = server.operator();
    for (number, customize) in [
        "{ mode = \"none\" }",
        "{ mode = \"deny\", entries = [\"Managed Server\"] }",
        "{ mode = \"allow\", entries = [\"Managed Server\"] }",
        "{ mode = \"all\" }",
    ]
    .iter()
    .enumerate()
    {
        let rest = format!("edit = \"All\"\ninquire = \"All\"\ncustomize = {customize}");
        let profile = made("", &row("Companies", "Configurations", &rest));
        let choices = Choices {
            role: Some(format!("List {number}")),
            member: Some(format!("list{number}")),
            ..choices(&profile, &[])
        };
        let plan = planned(&operator, &profile, &choices).text(false);
        let done = applied(&operator, &profile, &choices);
        assert!(
            planned(&operator, &profile, &choices).is_empty(),
            "{customize}"
        );
        let report = verified(&server.key(done.member), None, &profile, &choices, true);
        assert_eq!(
            report.exit_code(),
            0,
            "{customize}\n{plan}\n{}",
            report.text()
        );
        match number {
            0 => assert!(plan.contains("everything -> nothing"), "{plan}"),
            1 => assert!(plan.contains("+ Managed Server (disallowed)"), "{plan}"),
            2 => assert!(plan.contains("+ Managed Server\n"), "{plan}"),
            _ => assert!(!plan.contains("customize"), "{plan}"),
        }
    }
}

#[test]
fn my_is_taken_where_no_source_excludes_it() {
    let server = Server::start(true);
    let operator = server.operator();
    let profile = made(
        "",
        &row("Sales", "Opportunity", "add = \"My\"\ninquire = \"My\""),
    );
    let choices = choices(&profile, &[]);
    let done = applied(&operator, &profile, &choices);
    let key = server.key(done.member);
    let report = verified(&key, None, &profile, &choices, true);
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    // Nothing of it is its own yet.
    assert_eq!(key.count("sales/opportunities").unwrap(), 0);
    assert!(operator.count("sales/opportunities").unwrap() > 0);
}
