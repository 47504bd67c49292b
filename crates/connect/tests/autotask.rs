//! Every Autotask profile all the way: copy, permissions, API user, key, proof; and the proof itself, right by
//! right.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::{Profile, Psa, Start};
use bitting_catalog::security::{SecurityLevel, Values};
use bitting_client::{ApiUser, Autotask};
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::apply::{Applied, apply, cut, revoke};
use bitting_connect::autotask::held::Instance;
use bitting_connect::autotask::plan::{Plan, plan};
use bitting_connect::autotask::verify::{Asked, verify};
use bitting_connect::autotask::wanted::{Choices, Wanted, wanted};
use bitting_connect::verify::{Report, State};
use bitting_connect::{ConnectError, checklist, profiles};
use serde_json::json;
use std::fmt::Write as _;
use std::sync::OnceLock;
use support::Server;

fn screen() -> &'static Screen {
    static SCREEN: OnceLock<Screen> = OnceLock::new();
    SCREEN.get_or_init(|| Screen::embedded().expect("the shipped data reads"))
}

fn all() -> Vec<Profile> {
    let all = profiles::all(None).expect("the shipped profiles read");
    all.into_iter()
        .filter(|profile| profile.product.psa == Psa::Autotask)
        .collect()
}

fn propel() -> Profile {
    profiles::find("autotask/propel", None).expect("the seed")
}

fn choices(number: usize, features: &[&str], profile: &Profile, cleared: bool) -> Choices {
    Choices {
        selection: profile.select(features).expect("known features"),
        level: Some(format!("Level {number}")),
        user: Some(format!("Test User{number}")),
        cleared,
        ..Choices::default()
    }
}

fn planned(instance: &Instance<'_>, wanted: &Wanted) -> Plan {
    plan(Some(instance), wanted.clone(), screen()).expect("a plan")
}

fn applied(instance: &Instance<'_>, wanted: &Wanted) -> Applied {
    let plan = planned(instance, wanted);
    apply(Some(instance), &plan, screen()).expect("an applied plan")
}

fn proof(key: &Autotask, wanted: &Wanted, admin: Option<&Autotask>) -> Report {
    verify(&Asked {
        key,
        wanted,
        screen: screen(),
        admin,
        probes_only: false,
    })
    .expect("a report")
}

fn key(applied: &Applied) -> ApiUser {
    applied.key.as_ref().expect("a key").user.clone()
}

#[test]
fn every_profile_ends_in_a_proved_key_and_an_empty_plan() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let admin = server.autotask_admin();
    let mut number = 0;
    let mut wrong = Vec::new();
    for profile in all() {
        for (features, cleared) in [(&["all"][..], false), (&["all"][..], true)] {
            number += 1;
            let choices = choices(number, features, &profile, cleared);
            let wanted = wanted(&profile, &choices, screen()).expect(&profile.slug);
            let before = planned(&instance, &wanted);
            assert!(!before.is_empty(), "{}", profile.slug);
            let done = applied(&instance, &wanted);
            let after = planned(&instance, &wanted);
            assert!(after.is_empty(), "{}: {}", profile.slug, after.text(false));
            assert!(
                applied(&instance, &wanted).done.is_empty(),
                "{}",
                profile.slug
            );
            let report = proof(&server.autotask(key(&done)), &wanted, Some(&admin));
            // The demo company keeps some records apart by line of business, which the proof has to tell.
            let others = report.diagnoses.iter();
            let others = others.filter(|found| !found.cause.contains("line of business"));
            if report.exit_code() != 0 || others.count() > 0 {
                wrong.push(report.text());
            }
            // A tenant has fifty levels of its own at most, and half the guides need one each.
            if wanted.start != Start::AsIs {
                let user = done.user.expect("a user");
                instance
                    .call("DELETE", &format!("users/{user}"), None)
                    .unwrap();
                let level = instance
                    .level(&wanted.level.name)
                    .unwrap()
                    .expect("a level");
                instance
                    .call("DELETE", &format!("levels/{}", level.id), None)
                    .unwrap();
            }
        }
    }
    assert!(number > 40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The level of a wanted role, with one cell at its least or its most.
fn with(level: &SecurityLevel, permission: &str, cell: &str, value: &str) -> SecurityLevel {
    let mut level = level.clone();
    let values: &mut Values = level.settings.entry(permission.to_owned()).or_default();
    *values.cell(cell).expect("a cell") = Some(value.to_owned());
    level
}

#[test]
fn proof_finds_each_single_right_removed_and_each_single_right_added() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let admin = server.autotask_admin();
    let profile = propel();
    let wanted = wanted(&profile, &choices(1, &[], &profile, true), screen()).unwrap();
    let done = applied(&instance, &wanted);
    let user = server.autotask(key(&done));
    let level = instance.level("Level 1").unwrap().expect("the level").id;
    let set = |document: &SecurityLevel| {
        let body = json!({ "settings": document.settings });
        instance
            .call("PUT", &format!("levels/{level}"), Some(&body))
            .unwrap();
    };
    // What opens nothing over the API cannot be proved, and is said to be so.
    let unproved: Vec<String> = proof(&user, &wanted, Some(&admin))
        .with(State::Unproved)
        .map(|right| right.action.clone())
        .collect();
    assert_eq!(
        unproved,
        ["Not required to change password (does not expire)"]
    );
    let (mut removed, mut added) = (0, 0);
    let mut wrong = Vec::new();
    for (entry, cell) in screen().cells() {
        let name = entry.full_name();
        let now = screen().value(&wanted.level, entry, cell);
        let values = entry.values(cell);
        let (Some(least), Some(most)) = (values.first(), values.last()) else {
            continue;
        };
        let changed = if now == *least { most } else { least };
        set(&with(&wanted.level, &name, cell, changed));
        let report = proof(&user, &wanted, Some(&admin));
        let state = if now == *least {
            State::Excess
        } else {
            State::Missing
        };
        let found = report
            .with(state)
            .any(|right| format!("{} / {}", right.module, right.action) == name);
        // A right that no entity of the API asks for cannot show, and adding to a row that can't be viewed adds nothing.
        let shows = screen()
            .role(&with(&wanted.level, &name, cell, changed))
            .unwrap()
            != screen().role(&wanted.level).unwrap();
        let asked = screen().catalog.entities.iter().any(|entity| {
            bitting_catalog::served::Act::EVERY.into_iter().any(|act| {
                let role = |level: &SecurityLevel| screen().role(level).unwrap();
                screen().access(&role(&wanted.level), entity, act)
                    != screen().access(
                        &role(&with(&wanted.level, &name, cell, changed)),
                        entity,
                        act,
                    )
            })
        });
        match (found, shows && asked, now == *least) {
            (true, _, true) => added += 1,
            (true, _, false) => removed += 1,
            (false, true, _) => wrong.push(format!("{name} {cell}: {now} -> {changed}")),
            (false, false, _) => {}
        }
    }
    assert!(wrong.is_empty(), "not found:\n{}", wrong.join("\n"));
    assert!(
        removed >= 12 && added >= 15,
        "{removed} removed, {added} added"
    );
}

#[test]
fn counts_in_pairs_tell_hidden_from_empty() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let admin = server.autotask_admin();
    let profile = propel();
    let wanted = wanted(&profile, &choices(1, &[], &profile, true), screen()).unwrap();
    let done = applied(&instance, &wanted);
    let user = server.autotask(key(&done));
    // Customers are closed and vendors open: the answer is empty or shorter, and no error.
    let level = instance.level("Level 1").unwrap().expect("the level");
    let closed = with(
        &with(
            &wanted.level,
            "CRM / Customer & Cancelation",
            "value",
            "None",
        ),
        "CRM / Vendor & Partners",
        "value",
        "All",
    );
    let body = json!({ "settings": closed.settings });
    instance
        .call("PUT", &format!("levels/{}", level.id), Some(&body))
        .unwrap();
    let report = proof(&user, &wanted, Some(&admin));
    let missing: Vec<String> = report
        .with(State::Missing)
        .map(|right| right.action.clone())
        .collect();
    assert_eq!(missing, ["Customer & Cancelation"], "{}", report.text());
    assert!(
        report.text().contains("without an error"),
        "{}",
        report.text()
    );
}

#[test]
fn a_level_that_somebody_changed_is_not_written_over() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let profile = propel();
    let wanted = wanted(&profile, &choices(1, &[], &profile, true), screen()).unwrap();
    let early = planned(&instance, &wanted);
    applied(&instance, &wanted);
    let refused = apply(Some(&instance), &early, screen()).expect_err("the level is there now");
    assert!(matches!(refused, ConnectError::Changed { .. }), "{refused}");
    // Of a copy, what the guide does not name stays as the tenant has set it.
    let copied = bitting_connect::autotask::wanted::wanted(
        &profile,
        &choices(1, &[], &profile, false),
        screen(),
    )
    .unwrap();
    let plan = planned(&instance, &copied);
    assert!(plan.level_lines.is_empty(), "{}", plan.text(false));
}

#[test]
fn keys_take_over_without_a_gap_and_a_lock_closes_at_once() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let profile = propel();
    let wanted = wanted(&profile, &choices(1, &[], &profile, false), screen()).unwrap();
    let done = applied(&instance, &wanted);
    let id = done.user.expect("a user");
    let old = done.key.clone().expect("a key");
    let new = cut(&instance, id).expect("another");
    let status = |user: &ApiUser| {
        let answer = server.autotask(user.clone()).ask("GET", "Tickets/query/count?search=%7B%22filter%22%3A%5B%7B%22op%22%3A%22exist%22%2C%22field%22%3A%22id%22%7D%5D%7D", None);
        answer.expect("an answer").status
    };
    assert_eq!((status(&old.user), status(&new.user)), (200, 200));
    revoke(&instance, old.id).expect("taken away");
    assert_eq!((status(&old.user), status(&new.user)), (401, 200));
    let last = revoke(&instance, new.id).expect_err("the last one stays");
    assert!(last.to_string().contains("cut another first"), "{last}");
    instance
        .call(
            "PATCH",
            &format!("users/{id}"),
            Some(&json!({ "locked": true })),
        )
        .unwrap();
    assert_eq!(status(&new.user), 401);
    let asked = server.autotask(new.user.clone());
    let fault = verify(&Asked {
        key: &asked,
        wanted: &wanted,
        screen: screen(),
        admin: None,
        probes_only: false,
    })
    .expect_err("it opens nothing");
    assert!(fault.to_string().contains("locked"), "{fault}");
    // A plan unlocks it again.
    assert!(planned(&instance, &wanted).text(false).contains("locked"));
    applied(&instance, &wanted);
    assert_eq!(status(&new.user), 200);
}

#[test]
fn levels_are_held_to_the_product_s_own_limits() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let say = |method: &str, path: &str, body: serde_json::Value| match instance.call(
        method,
        path,
        Some(&body),
    ) {
        Ok(value) => Ok(value),
        Err(error) => Err(error.to_string()),
    };
    let system = "API User (system) (API-only)";
    let id = instance.level(system).unwrap().expect("it comes along").id;
    let refused = say(
        "PATCH",
        &format!("levels/{id}"),
        json!({ "inactive": true }),
    )
    .unwrap_err();
    assert!(refused.contains("system level"), "{refused}");
    let refused = say("DELETE", &format!("levels/{id}"), json!({})).unwrap_err();
    assert!(refused.contains("system level"), "{refused}");
    let taken = say("POST", "levels", json!({ "name": system, "copyOf": id })).unwrap_err();
    assert!(taken.contains("already"), "{taken}");
    for name in [
        "Contractor (system)",
        "Time & Attendance (system)",
        "Dashboard User (system)",
    ] {
        let copied = json!({ "name": "Mine", "copyOf": name });
        let refused = say("POST", "levels", copied).unwrap_err();
        assert!(refused.contains("cannot be copied"), "{refused}");
    }
    let wrong = json!({ "settings": { "CRM / To Dos": { "view": "All" } } });
    let own = instance
        .level("API User (Propel Your MSP)")
        .unwrap()
        .expect("the demo's")
        .id;
    let unknown = say("PATCH", &format!("levels/{own}"), wrong).unwrap_err();
    assert!(
        unknown.contains("CRM / To-Dos") || unknown.contains("To-Dos"),
        "{unknown}"
    );
    let used = say("DELETE", &format!("levels/{own}"), json!({})).unwrap_err();
    assert!(used.contains("hold"), "{used}");
    let mut made = 0;
    let full = loop {
        match say(
            "POST",
            "levels",
            json!({ "name": format!("Copy {made}"), "copyOf": system }),
        ) {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
        assert!(made <= 50, "there is a limit");
    };
    assert!(full.contains("50") && made == 49, "{made}: {full}");
}

#[test]
fn a_live_autotask_gets_its_clicks() {
    for slug in ["propel", "guardz", "it_glue", "kaspersky_msp", "umbrella"] {
        let profile = profiles::find(&format!("autotask/{slug}"), None).unwrap();
        let choices = Choices {
            selection: profile.default_selection(),
            ..Choices::default()
        };
        let wanted = wanted(&profile, &choices, screen()).unwrap();
        let plan = plan(None, wanted, screen()).unwrap();
        let done = apply(None, &plan, screen()).unwrap();
        assert!(done.done.is_empty() && done.user.is_none());
        insta::assert_snapshot!(
            format!("autotask_clicks_{slug}"),
            checklist::text(&done.remaining)
        );
    }
}

#[test]
fn plans_of_all_autotask_profiles() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let mut text = String::new();
    for (number, profile) in all().iter().enumerate() {
        let choices = choices(number, &["all"], profile, false);
        let wanted = wanted(profile, &choices, screen()).unwrap();
        let plan = planned(&instance, &wanted).text(false);
        writeln!(text, "== {}\n{plan}", profile.slug).expect("a string takes it");
    }
    insta::assert_snapshot!("autotask_plans_of_all", text);
}

#[test]
fn an_audit_names_what_every_api_user_holds_too_much() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let known = profiles::all(None).unwrap();
    let found = || {
        bitting_connect::autotask::audit::audit(
            &instance,
            &known,
            screen(),
            90,
            bitting_connect::now(),
        )
        .unwrap()
    };
    let profile = propel();
    let exact = wanted(&profile, &choices(1, &[], &profile, true), screen()).unwrap();
    applied(&instance, &exact);
    let wide = wanted(&profile, &choices(2, &[], &profile, false), screen()).unwrap();
    applied(&instance, &wide);
    let audit = found();
    let of = |name: &str| {
        audit
            .members
            .iter()
            .find(|user| user.member == name)
            .expect(name)
    };
    let rules = |name: &str| {
        of(name)
            .findings
            .iter()
            .map(|finding| finding.rule)
            .collect::<Vec<_>>()
    };
    // The administrator's user holds the system level; the exact one is what its guide names.
    assert_eq!(rules("Bitting API"), ["system-level"]);
    assert!(
        rules("Test User1").is_empty(),
        "{:?}",
        of("Test User1").findings
    );
    assert_eq!(rules("Test User2"), ["excess", "administers", "deletes"]);
    assert!(of("Test User2").excess.len() > 60);
    assert_eq!(audit.members[0].score, audit.score);
    let page = bitting_connect::page::html("Audit", &audit.page());
    assert!(page.contains("Test User2") && !page.contains("<script"));
}

#[test]
fn audits_of_all_shipped_profiles_stay_as_they_are() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let known = profiles::all(None).unwrap();
    let mut text = String::new();
    for profile in all() {
        for cleared in [false, true] {
            // By its own names, so that the audit recognises it; one at a time, since a tenant has only so many levels.
            let choices = Choices {
                selection: profile.select(&["all"]).expect("known features"),
                level: Some("Of the guide".to_owned()),
                cleared,
                ..Choices::default()
            };
            let wanted = wanted(&profile, &choices, screen()).expect(&profile.slug);
            let user = applied(&instance, &wanted).user.expect("a user");
            let audit = bitting_connect::autotask::audit::audit(
                &instance,
                &known,
                screen(),
                90,
                bitting_connect::now(),
            )
            .unwrap();
            let name = wanted.user.name();
            let found = audit.members.iter().find(|found| found.member == name);
            let found = found.expect("the user");
            let rules: Vec<&str> = found.findings.iter().map(|finding| finding.rule).collect();
            let _ = writeln!(
                text,
                "{}{}: {} {}, by {}, {} in excess, {}",
                profile.slug,
                if cleared { " cleared" } else { "" },
                found.score,
                found.profile.as_deref().unwrap_or("no profile"),
                found.measured_by,
                found.excess.len(),
                rules.join(" ")
            );
            instance
                .call("DELETE", &format!("users/{user}"), None)
                .unwrap();
            if wanted.start != Start::AsIs {
                let level = instance.level("Of the guide").unwrap().expect("a level");
                instance
                    .call("DELETE", &format!("levels/{}", level.id), None)
                    .unwrap();
            }
        }
    }
    insta::assert_snapshot!("autotask_audits_of_all", text);
}
