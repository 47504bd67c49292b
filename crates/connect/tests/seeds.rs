//! The ConnectWise guides the product starts from, all the way: plan, apply, key, verify, on a fresh server.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_connect::plan::Sign;
use bitting_connect::verify::State;
use support::{Server, applied, choices, planned, profile, verified};

const SEEDS: [(&str, &[&str]); 5] = [
    ("umbrella", &[]),
    ("mspcfo", &[]),
    ("propel", &[]),
    ("office_protect", &[]),
    ("office_protect", &["ticket-settings"]),
];

#[test]
fn every_seed_goes_from_nothing_to_a_proved_key() {
    let server = Server::start(true);
    let operator = server.operator();
    for (slug, features) in SEEDS {
        let profile = profile(slug);
        let features: Vec<String> = features.iter().map(|f| (*f).to_owned()).collect();
        let mut choices = choices(&profile, &features);
        // The demo company holds some of these already.
        choices.role = Some(format!("{slug} {}", features.join(" ")).trim().to_owned());
        choices.member = Some(format!("t{}{}", &slug[..5], features.len()));
        let before = planned(&operator, &profile, &choices);
        assert!(!before.is_empty(), "{slug}");
        let done = applied(&operator, &profile, &choices);
        assert!(!done.done.is_empty() && done.remaining.is_empty(), "{slug}");
        let after = planned(&operator, &profile, &choices);
        assert!(after.is_empty(), "{slug}: {}", after.text(false));
        assert!(
            applied(&operator, &profile, &choices).done.is_empty(),
            "{slug}: a second apply does nothing"
        );
        let key = server.key(done.member);
        for write_probes in [false, true] {
            let report = verified(&key, Some(&operator), &profile, &choices, write_probes);
            assert_eq!(report.exit_code(), 0, "{slug}: {}", report.text());
            assert_eq!(
                report.count(State::Unproved),
                0,
                "{slug}: {}",
                report.text()
            );
            assert!(
                report.told && report.diagnoses.is_empty(),
                "{slug}: {}",
                report.text()
            );
        }
    }
}

#[test]
fn a_fresh_plan_only_adds() {
    let server = Server::start(false);
    let profile = profile("umbrella");
    let plan = planned(&server.operator(), &profile, &choices(&profile, &[]));
    assert_eq!((plan.count(Sign::Change), plan.count(Sign::Remove)), (0, 0));
    insta::assert_snapshot!("plan_umbrella", plan.text(false));
}
