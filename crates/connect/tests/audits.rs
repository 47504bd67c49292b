//! An audit finds what was done on purpose: an administrator, excess, Delete, several integrations on one
//! member, keys nobody uses.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::Psa;
use bitting_connect::audit::{Asked, Audit, audit};
use bitting_connect::page::html;
use bitting_connect::wanted::wanted;
use bitting_connect::{held, keys, profiles};
use bitting_policy::{Level, RowDocument};
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use support::{Server, applied, choices, data, profile, registry};

fn audited(server: &Server, days_later: i64) -> Audit {
    audit(&Asked {
        psa: &server.operator(),
        profiles: &profiles::all(None).expect("profiles"),
        registry: registry(),
        catalog: &data().1,
        days: 90,
        now: bitting_connect::now() + jiff::SignedDuration::from_hours(24 * days_later),
    })
    .expect("an audit")
}

fn rules(audit: &Audit, member: &str) -> BTreeSet<&'static str> {
    let found = audit
        .members
        .iter()
        .find(|found| found.member == member)
        .expect(member);
    found.findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn what_was_done_is_found() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("umbrella");
    let choices = choices(&profile, &[]);
    let done = applied(&operator, &profile, &choices);
    assert_eq!(
        rules(&audited(&server, 0), "Umbrella"),
        BTreeSet::new(),
        "an exact role is nothing to report"
    );
    let mut more = wanted(&profile, &choices, registry())
        .expect("a role")
        .document;
    for (module, action, inquire, delete) in [
        ("System", "API Reports", Level::All, Level::None),
        ("System", "Security", Level::All, Level::None),
        ("Companies", "Contacts", Level::All, Level::All),
    ] {
        more.rows.push(RowDocument {
            module: module.to_owned(),
            action: action.to_owned(),
            delete,
            inquire,
            ..Default::default()
        });
    }
    more.lists.clear();
    server.set(done.role, &more);
    for purpose in ["one product", "another product"] {
        keys::cut(&operator, done.member, purpose, None).expect("a key");
    }
    let found = audited(&server, 0);
    let expected = BTreeSet::from([
        "excess",
        "reads-everything",
        "reaches-security",
        "deletes",
        "table-setup-open",
        "shared-member",
    ]);
    assert_eq!(rules(&found, "Umbrella"), expected);
    let admins: Vec<&str> = found
        .members
        .iter()
        .filter(|member| {
            member
                .findings
                .iter()
                .any(|finding| finding.rule == "admin-role")
        })
        .map(|member| member.role.as_str())
        .collect();
    assert_eq!(admins, ["Admin"]);
    assert!(rules(&audited(&server, 100), "Umbrella").contains("never-used"));
    operator
        .patch(
            &format!("{}/{}", held::MEMBERS, done.member),
            &[("inactiveFlag".to_owned(), json!(true))],
        )
        .expect("an inactive member");
    let found = audited(&server, 0);
    assert!(rules(&found, "Umbrella").contains("inactive-with-keys"));
    let page = html("Audit", &found.page());
    assert!(page.contains("Umbrella") && !page.contains("http-equiv") && !page.contains("src="));
}

#[test]
fn without_a_profile_the_log_of_calls_tells_the_excess() {
    let server = Server::start(false);
    let operator = server.operator();
    let profile = profile("umbrella");
    let mut choices = choices(&profile, &[]);
    choices.role = Some("Somebody".to_owned());
    choices.member = Some("somebody".to_owned());
    let done = applied(&operator, &profile, &choices);
    operator
        .patch(
            &format!("{}/{}", held::MEMBERS, done.member),
            &[("name".to_owned(), json!("Some Product"))],
        )
        .expect("another name");
    let key = server.key(done.member);
    key.get("company/companies").expect("companies");
    key.get("service/boards").expect("boards");
    let found = audited(&server, 0);
    let member = found
        .members
        .iter()
        .find(|member| member.member == "somebody")
        .expect("the member");
    assert_eq!(member.measured_by, "calls");
    let unused: Vec<&str> = member
        .excess
        .iter()
        .map(|text| text.split(',').next().unwrap_or_default())
        .collect();
    assert!(
        unused.contains(&"Companies / Configurations: Edit All"),
        "{unused:?}"
    );
    assert!(
        !unused
            .iter()
            .any(|text| text.starts_with("Companies / Company Maintenance")),
        "{unused:?}"
    );
    assert!(
        !unused.contains(&"System / Table Setup: Inquire All"),
        "{unused:?}"
    );
}

#[test]
fn a_member_that_sees_every_location_is_pointed_out_where_there_are_several() {
    let server = Server::start(true);
    let operator = server.operator();
    let profile = profile("mspcfo");
    let mut choices = choices(&profile, &[]);
    applied(&operator, &profile, &choices);
    assert!(rules(&audited(&server, 0), "MSPCFO").contains("wide-location"));
    choices.location = Some("West".to_owned());
    applied(&operator, &profile, &choices);
    assert!(!rules(&audited(&server, 0), "MSPCFO").contains("wide-location"));
}

/// One line for a member, one for each finding.
fn listed(found: &Audit) -> String {
    let mut text = format!("{} in all\n", found.score);
    for member in &found.members {
        let _ = writeln!(
            text,
            "\n{} {}: role {}, {}, by {}, {} in excess",
            member.score,
            member.member,
            member.role,
            member.profile.as_deref().unwrap_or("no profile"),
            member.measured_by,
            member.excess.len(),
        );
        for finding in &member.findings {
            let _ = writeln!(
                text,
                "  {:?} {}: {}",
                finding.risk, finding.rule, finding.what
            );
        }
    }
    text
}

#[test]
fn audits_of_all_shipped_profiles_stay_as_they_are() {
    let server = Server::start(false);
    let operator = server.operator();
    let mut taken = BTreeSet::new();
    for profile in profiles::all(None).expect("profiles") {
        if profile.product.psa != Psa::ConnectWise {
            continue;
        }
        let mut choices = choices(&profile, &["all".to_owned()]);
        let form = wanted(&profile, &choices, registry())
            .expect("a role")
            .member;
        // Two pages of one product suggest the same member.
        if !taken.insert(form.identifier.to_lowercase()) {
            choices.member = Some(format!("Other{}", taken.len()));
            choices.role = Some(format!("Other {}", taken.len()));
        }
        let done = applied(&operator, &profile, &choices);
        keys::cut(&operator, done.member, &profile.title(), None).expect("a key");
    }
    let mut found = audited(&server, 0);
    found.members.sort_by(|a, b| a.member.cmp(&b.member));
    assert!(found.members.len() > 44);
    let measured = found
        .members
        .iter()
        .filter(|member| member.measured_by == "profile");
    assert!(measured.count() > 40, "{}", listed(&found));
    insta::assert_snapshot!("audits_of_all", listed(&found));
}
