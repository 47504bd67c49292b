//! What a member does is learned as the role that serves just that, and each right of it is proved needed.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::Profile;
use bitting_catalog::profile::lint::{Severity, lint};
use bitting_connect::ConnectError;
use bitting_connect::learn::{learn, prove};
use bitting_connect::wanted::wanted;
use bitting_policy::Verb;
use std::collections::BTreeSet;
use support::{Server, applied, choices, data, planned, profile, verified};

#[test]
fn the_learned_role_is_what_was_done_and_nothing_more() {
    let server = Server::start(true);
    let operator = server.operator();
    // A guide that asks for much; the product does little of it.
    let wide = profile("propel");
    let mut with = choices(&wide, &[]);
    with.member = Some("busy".to_owned());
    let done = applied(&operator, &wide, &with);
    let key = server.key(done.member);
    let company = key.list("company/companies?fields=id").expect("companies")[0]["id"].clone();
    key.get(&format!("company/companies/{company}"))
        .expect("a company");
    key.get("service/boards").expect("boards");
    key.get("sales/stages").expect("stages");
    let device = key
        .list("company/configurations?fields=id")
        .expect("configurations")[0]["id"]
        .clone();
    let set = [("notes".to_owned(), "checked".into())];
    key.patch(&format!("company/configurations/{device}"), &set)
        .expect("a changed configuration");
    key.get("finance/agreements").expect_err("not in the role");
    let (registry, catalog) = data();
    let learned = learn(&operator, "BUSY", registry, catalog).expect("something learned");
    let profile =
        Profile::parse("learned/busy.toml", &learned.profile("2026-11-21")).expect("a profile");
    assert!(
        lint(&profile, registry)
            .iter()
            .all(|finding| finding.severity != Severity::Error)
    );
    let role = wanted(&profile, &choices(&profile, &[]), registry).expect("a role");
    let cells: BTreeSet<(String, Verb)> = role
        .cells()
        .map(|(module, action, verb, _)| (format!("{module} / {action}"), verb))
        .collect();
    let expected = [
        ("Companies / Company Maintenance", Verb::Inquire),
        ("Companies / Configurations", Verb::Edit),
        ("Companies / Configurations", Verb::Inquire),
        ("System / Table Setup", Verb::Inquire),
    ];
    assert_eq!(
        cells,
        expected.map(|(row, verb)| (row.to_owned(), verb)).into()
    );
    assert_eq!(
        role.document.lists["SystemTableSetup"],
        support::allow(&["Opportunities / Sales Stage", "Service / Service Board"])
    );
    assert_eq!(
        learned.refused,
        ["GET /finance/agreements: Finance / Agreements Inquire"]
    );
    let proof = prove(&operator, &learned, server.http(), None).expect("a proof");
    assert!(proof.holds(), "{proof:?}");
    assert_eq!(proof.rights.len(), 6);
    // The learned profile goes the usual way.
    let mut small = choices(&profile, &[]);
    small.role = Some("Learned".to_owned());
    small.member = Some("learned".to_owned());
    let made = applied(&operator, &profile, &small);
    assert!(planned(&operator, &profile, &small).is_empty());
    assert_eq!(
        verified(&server.key(made.member), None, &profile, &small, true).exit_code(),
        0
    );
}

#[test]
fn nothing_is_learned_of_nobody() {
    let server = Server::start(false);
    let (registry, catalog) = data();
    let error = learn(&server.operator(), "nobody", registry, catalog).expect_err("nothing");
    assert!(matches!(error, ConnectError::InTheWay { .. }), "{error}");
}

/// A right that opens no call but shows more in one is learned by whoever holds it, and proved by what is missing
/// in the answers without it.
#[test]
fn what_only_shows_more_is_learned_and_proved() {
    let server = Server::start(true);
    let operator = server.operator();
    let (registry, catalog) = data();
    let row = "Finance / Billing View Time";
    for (product, holds) in [("neo_agent", true), ("nable_nsight", false)] {
        let guide = profile(product);
        let mut with = choices(&guide, &[]);
        with.member = Some(format!("see{}", usize::from(holds)));
        let done = applied(&operator, &guide, &with);
        let key = server.key(done.member);
        let seen = key.list("time/entries?fields=id").expect("time").len();
        assert_eq!(seen > 0, holds);
        let learned = learn(
            &operator,
            with.member.as_deref().unwrap(),
            registry,
            catalog,
        );
        let learned = learned.expect("something learned");
        assert_eq!(
            learned.profile("2026-11-22").contains("Billing View Time"),
            holds
        );
        let proof = prove(&operator, &learned, server.http(), None).expect("a proof");
        assert!(proof.holds(), "{proof:?}");
        let named = proof.rights.iter().any(|(right, _)| right.starts_with(row));
        assert_eq!(named, holds, "{proof:?}");
    }
}
