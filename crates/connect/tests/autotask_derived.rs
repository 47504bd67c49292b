//! Contracts View None where every organization can be seen: it acts as All, and plan, proof, audit and the
//! server's own answers agree on it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::Profile;
use bitting_client::Autotask;
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::apply::apply;
use bitting_connect::autotask::audit::audit;
use bitting_connect::autotask::held::Instance;
use bitting_connect::autotask::plan::plan;
use bitting_connect::autotask::verify::{Asked, verify};
use bitting_connect::autotask::wanted::{Choices, Wanted, wanted};
use bitting_connect::verify::{Report, State};
use serde_json::json;
use std::fmt::Write as _;
use support::Server;

const ROWS: [&str; 3] = [
    "Customer & Cancelation",
    "Vendor & Partners",
    "Prospects, Leads, & Dead",
];
const ACTS: &str = "Contracts / Contracts: View None acts as All, because every row of CRM > Account & Contact Access is All";

/// A guide that names the organization rows and Contract Visibility, and not Contracts View.
fn guide(prospects: &str, visibility: &str) -> Profile {
    let mut text = "[profile]\nvendor = \"V\"\nproduct = \"Sight\"\npsa = \"autotask\"\nsummary = \"S.\"\nversion = 1\n\
         completeness = \"complete\"\n\n[[source]]\ntitle = \"T\"\nurl = \"https://example.com\"\ntaken = \"2026-11-22\"\n\n\
         [level]\ncopy_of = \"API User (system) (API-only)\"\nstart = \"cleared\"\n\n[user]\ntracking_custom = true\n"
        .to_owned();
    let mut setting = |section: &str, subsection: &str, name: &str, value: &str| {
        let _ = write!(
            text,
            "\n[[setting]]\nsection = \"{section}\"\nsubsection = \"{subsection}\"\nsetting = \"{name}\"\nvalue = \"{value}\"\n"
        );
    };
    for row in ROWS {
        let value = if row.starts_with("Prospects") {
            prospects
        } else {
            "All"
        };
        setting("CRM", "Account & Contact Access", row, value);
    }
    setting("Contracts", "Dropdowns", "Contract Visibility", visibility);
    Profile::parse("sight.toml", &text).expect("a profile")
}

fn proof(key: &Autotask, wanted: &Wanted, screen: &Screen) -> Report {
    let asked = Asked {
        key,
        wanted,
        screen,
        admin: None,
        probes_only: false,
    };
    verify(&asked).expect("a report")
}

#[test]
fn plan_proof_and_audit_expect_what_the_server_does() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let admin = server.autotask_admin();
    let screen = Screen::embedded().expect("the shipped data reads");
    let contracts = |key: &Autotask| {
        // Lines of business hide the others, whatever the level says.
        let body = json!({ "filter": [{ "op": "notExist", "field": "organizationalLevelAssociationID" }] });
        let answer = key.ask("POST", "Contracts/query/count", Some(&body));
        let answer = answer.expect("an answer");
        (answer.status, answer.body["queryCount"].as_u64())
    };
    let (_, every) = contracts(&admin);
    for (number, (prospects, visibility)) in
        [("All", "Full"), ("My Territories", "Full"), ("All", "None")]
            .into_iter()
            .enumerate()
    {
        let said = format!("{prospects} {visibility}");
        let choices = Choices {
            level: Some(format!("Sight {number}")),
            user: Some(format!("Sight User{number}")),
            ..Choices::default()
        };
        let wanted = wanted(&guide(prospects, visibility), &choices, &screen).expect("a guide");
        let plan = plan(Some(&instance), wanted.clone(), &screen).expect("a plan");
        let told: Vec<&String> = plan
            .notes
            .iter()
            .filter(|note| note.contains("acts as"))
            .collect();
        let opens = visibility == "Full" && prospects == "All";
        match told.as_slice() {
            [] => assert_eq!(prospects, "My Territories"),
            [note] => {
                assert!(note.starts_with(ACTS), "{note}");
                assert_eq!(
                    note.contains("; that opens Contracts and "),
                    opens,
                    "{note}"
                );
                assert_eq!(note.contains("still keeps it"), !opens, "{note}");
            }
            more => panic!("{said}: {more:?}"),
        }
        let done = apply(Some(&instance), &plan, &screen).expect("an applied plan");
        let key = server.autotask(done.key.expect("a key").user);
        let expected = if opens { (200, every) } else { (500, None) };
        assert_eq!(contracts(&key), expected, "{said}");
        let report = proof(&key, &wanted, &screen);
        assert_eq!(report.count(State::Missing), 0, "{said}: {}", report.text());
        assert_eq!(report.count(State::Excess), 0, "{said}: {}", report.text());
        assert_eq!(
            report.notes.iter().any(|note| note.starts_with(ACTS)),
            prospects == "All"
        );
        let found = audit(&instance, &[], &screen, 90, bitting_connect::now()).expect("an audit");
        let user = found
            .members
            .iter()
            .find(|user| user.member == format!("Sight User{number}"))
            .expect("the user");
        let rules = user.findings.iter().map(|finding| finding.rule);
        assert_eq!(
            rules.filter(|rule| *rule == "acts-as-more").count(),
            usize::from(opens)
        );
        if number != 1 {
            continue;
        }
        // Somebody raises the third row: the proof says what became of Contracts, though its cell is untouched.
        let level = instance.level("Sight 1").unwrap().expect("the level").id;
        let body = json!({ "settings": { "CRM / Prospects, Leads, & Dead": { "value": "All" } } });
        instance
            .call("PATCH", &format!("levels/{level}"), Some(&body))
            .unwrap();
        assert_eq!(contracts(&key), (200, every));
        let report = proof(&key, &wanted, &screen);
        let view = report
            .with(State::Excess)
            .find(|right| right.action == "Contracts" && right.verb == Some("View"))
            .expect("the view of contracts");
        assert!(
            view.remedy.contains("acts as All because every row"),
            "{}",
            view.remedy
        );
    }
}
