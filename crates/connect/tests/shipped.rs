//! Every shipped ConnectWise profile, and one that nobody ships, all the way to a proved key.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::{Profile, Psa};
use bitting_connect::profiles;
use bitting_connect::verify::State;
use support::{Server, applied, choices, planned, verified};

/// What a key of a profile's role is proved to be, or why not.
fn proved(
    server: &Server,
    profile: &Profile,
    features: &[String],
    number: usize,
) -> Result<(), String> {
    let operator = server.operator();
    let mut choices = choices(profile, features);
    choices.role = Some(format!("Role {number}"));
    choices.member = Some(format!("member{number}"));
    let done = applied(&operator, profile, &choices);
    if !planned(&operator, profile, &choices).is_empty() {
        return Err("something is left to plan".to_owned());
    }
    let key = server.key(done.member);
    let report = verified(&key, Some(&operator), profile, &choices, true);
    match report.exit_code() {
        0 if report.count(State::Granted) > 0 => Ok(()),
        _ => Err(report.text()),
    }
}

#[test]
fn every_shipped_profile_ends_in_a_proved_key() {
    let server = Server::start(false);
    let all = profiles::all(None).expect("the shipped profiles read");
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (number, profile) in all
        .iter()
        .filter(|profile| profile.product.psa == Psa::ConnectWise)
        .enumerate()
    {
        tried += 1;
        if let Err(why) = proved(&server, profile, &["all".to_owned()], number) {
            wrong.push(format!("{}:\n{why}", profile.slug));
        }
    }
    assert!(tried > 40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every form of list, a whole module, a feature: none of it is known to the program by name.
const UNSHIPPED: &str = r#"
[profile]
vendor = "Nobody"
product = "Held Back"
psa = "connectwise"
summary = "A guide that no file of the program knows."
completeness = "complete"
version = 1

[[source]]
title = "Made up"
url = "https://example.com/"
taken = "2026-11-21"

[[grant]]
module = "Marketing"
action = "*"
inquire = "All"
why = "a whole module"

[[grant]]
module = "Companies"
action = "Configurations"
edit = "All"
inquire = "All"
why = "only some types"
customize = { mode = "allow", placeholders = [{ name = "types", hint = "the types that matter" }] }

[[grant]]
module = "System"
action = "Table Setup"
inquire = "All"
why = "lookups"
customize = { mode = "allow", prefixes = ["Opportunities"], entries = ["Service / Source"] }

[[feature]]
id = "tickets"
title = "Tickets"

[[feature.grant]]
module = "Service Desk"
action = "Service Tickets"
add = "My"
inquire = "My"
why = "its own tickets"

[[feature.grant]]
module = "System"
action = "Table Setup"
add = "All"
inquire = "All"
why = "its own source"
customize = { mode = "allow", entries = ["Service / Service Board"] }
"#;

#[test]
fn a_guide_held_back_goes_all_the_way() {
    let server = Server::start(false);
    let profile = Profile::parse("connectwise/held_back.toml", UNSHIPPED).expect("a profile");
    for (number, features) in [vec![], vec!["tickets".to_owned()]].iter().enumerate() {
        proved(&server, &profile, features, number).unwrap_or_else(|why| panic!("{why}"));
    }
}
