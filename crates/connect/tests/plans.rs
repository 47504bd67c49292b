//! After apply nothing is left to plan: for every shipped profile and any of its features, on one server.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::{Profile, Psa};
use bitting_connect::ConnectError;
use bitting_connect::apply::apply;
use bitting_connect::profiles;
use bitting_connect::wanted::wanted;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Server, applied, choices, planned, profile, registry};

fn connectwise() -> Vec<Profile> {
    let all = profiles::all(None).expect("the shipped profiles read");
    all.into_iter()
        .filter(|profile| profile.product.psa == Psa::ConnectWise)
        .collect()
}

#[test]
fn nothing_is_left_to_plan_after_apply() {
    let server = Server::start(false);
    let operator = server.operator();
    let all = connectwise();
    assert!(all.len() > 40);
    let subset = (0..all.len(), any::<u16>());
    // The same role goes from one profile to the next, so that changes and removals come too.
    let mut runner = TestRunner::new(Config {
        cases: 120,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&subset, |(at, mask)| {
            let profile = &all[at];
            let features = profile.feature.iter().enumerate();
            let features: Vec<String> = features
                .filter(|(bit, _)| mask >> bit & 1 == 1)
                .map(|(_, feature)| feature.id.clone())
                .collect();
            let mut choices = choices(profile, &features);
            choices.role = Some("Wandering".to_owned());
            choices.member = Some("wandering".to_owned());
            if wanted(profile, &choices, registry()).is_err() {
                // Some guides ask for what the product refuses; profile check says so.
                return Ok(());
            }
            applied(&operator, profile, &choices);
            let after = planned(&operator, profile, &choices);
            prop_assert!(
                after.is_empty(),
                "{} {features:?}: {}",
                profile.slug,
                after.text(false)
            );
            Ok(())
        })
        .expect("after apply nothing is left");
}

#[test]
fn most_profiles_make_a_role() {
    let failing: Vec<String> = connectwise()
        .iter()
        .filter_map(|profile| {
            let error = wanted(profile, &choices(profile, &[]), registry()).err()?;
            Some(format!("{}: {error}", profile.slug))
        })
        .collect();
    insta::assert_snapshot!("profiles_without_a_role", failing.join("\n"));
}

#[test]
fn a_role_changed_by_somebody_else_is_not_written_over() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&operator, &profile, &choices);
    let mut more = wanted(&profile, &choices, registry())
        .expect("a role")
        .document;
    more.rows.pop();
    server.set(done.role, &more);
    let plan = planned(&operator, &profile, &choices);
    more.rows.pop();
    server.set(done.role, &more);
    let error = apply(&operator, &plan, registry()).expect_err("refused");
    assert!(matches!(error, ConnectError::Changed { .. }), "{error}");
    // What the other person wrote is still there.
    let now = planned(&operator, &profile, &choices);
    assert_eq!(
        now.role.expect("the role").document.rows.len(),
        more.rows.len()
    );
}

#[test]
fn wrong_names_are_errors_before_anything_is_written() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("umbrella");
    let mut choices = choices(&profile, &[]);
    for (member, role, location) in [
        (Some("a member id of more"), None, None),
        (
            None,
            Some("a role name that has more than thirty characters"),
            None,
        ),
        (None, None, Some("Atlantis")),
    ] {
        choices.member = member.map(str::to_owned);
        choices.role = role.map(str::to_owned);
        choices.location = location.map(str::to_owned);
        let made = wanted(&profile, &choices, registry())
            .and_then(|wanted| bitting_connect::plan::plan(&operator, wanted, registry()));
        assert!(
            matches!(made, Err(ConnectError::Form { .. })),
            "{member:?} {role:?} {location:?}"
        );
    }
    choices.location = None;
    choices.role = Some("Admin".to_owned());
    let made = wanted(&profile, &choices, registry())
        .and_then(|wanted| bitting_connect::plan::plan(&operator, wanted, registry()));
    assert!(matches!(made, Err(ConnectError::InTheWay { .. })));
    let roles = operator.list("system/securityroles").expect("roles");
    assert!(!roles.iter().any(|role| role["name"] == "Umbrella"));
}

#[test]
fn a_live_psa_gets_its_shell_and_a_checklist() {
    let server = Server::start(false);
    let live = server.as_live();
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&live, &profile, &choices);
    insta::assert_snapshot!(
        "checklist_umbrella",
        bitting_connect::checklist::text(&done.remaining)
    );
    // Somebody clicks; the next plan sees that the levels are right, and that the list restricts.
    let document = wanted(&profile, &choices, registry())
        .expect("a role")
        .document;
    server.set(done.role, &document);
    let after = planned(&live, &profile, &choices);
    assert!(after.is_empty(), "{}", after.text(false));
    let calls = live.calls();
    assert!(
        calls.iter().any(|call| call.method == "POST")
            && calls.iter().all(|call| !call.path.contains("document"))
    );
}

#[test]
fn a_member_moves_where_it_is_wanted_and_stays_where_nobody_says() {
    let server = Server::start(true);
    let operator = server.operator();
    let profile = profile("office_protect");
    let mut choices = choices(&profile, &[]);
    choices.member = Some("mover".to_owned());
    choices.role = Some("Mover".to_owned());
    for (location, board) in [
        (Some("West"), None),
        (Some("Corporate"), Some("Monitoring")),
        (Some("West"), None),
    ] {
        choices.location = location.map(str::to_owned);
        choices.board = board.map(str::to_owned);
        applied(&operator, &profile, &choices);
        let after = planned(&operator, &profile, &choices);
        assert!(
            after.is_empty(),
            "{location:?} {board:?}: {}",
            after.text(false)
        );
    }
    choices.location = None;
    let after = planned(&operator, &profile, &choices);
    assert!(after.is_empty(), "{}", after.text(false));
    let record = after.member.expect("the member").record;
    assert_eq!(
        (
            support::text(&record["securityLocation"]["name"]),
            support::text(&record["serviceDefaultBoard"]["name"])
        ),
        ("West", "Monitoring")
    );
}

#[test]
fn plans_of_all_shipped_profiles_stay_as_they_are() {
    let server = Server::start(false);
    let operator = server.operator();
    let mut plans = String::new();
    for profile in connectwise() {
        let choices = choices(&profile, &["all".to_owned()]);
        plans.push_str(&planned(&operator, &profile, &choices).text(false));
        plans.push('\n');
    }
    insta::assert_snapshot!("plans_of_all", plans);
}

#[test]
fn on_a_live_psa_nothing_but_apply_writes() {
    let server = Server::start(true);
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&server.operator(), &profile, &choices);
    let live = server.as_live();
    planned(&live, &profile, &choices);
    let key = server.key(done.member);
    support::verified(&key, Some(&live), &profile, &choices, false);
    bitting_connect::audit::audit(&bitting_connect::audit::Asked {
        psa: &live,
        profiles: &connectwise(),
        registry: registry(),
        catalog: &support::data().1,
        days: 90,
        now: bitting_connect::now(),
    })
    .expect("an audit");
    let calls: Vec<_> = live.calls().into_iter().chain(key.calls()).collect();
    assert!(calls.len() > 15);
    for call in calls {
        assert_eq!(call.method, "GET", "{}", call.path);
    }
}
