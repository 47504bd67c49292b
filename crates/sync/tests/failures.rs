//! What goes wrong outside a job: a PSA that is slow or down, a key revoked in mid-run, two runs at a time, rows
//! that are no rows. Each ends in a clear failure, and the next run heals.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_connect::keys;
use bitting_policy::Verb;
use bitting_store::Location;
use bitting_sync::api::{Api, Need};
use bitting_sync::progress::Progress;
use bitting_sync::run::{Runner, due};
use bitting_sync::state::{Record, Shelf, State};
use bitting_sync::steps::Steps;
use bitting_sync::{Failure, mspcfo, office_protect};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Desk, Server, psa};

const NEED: Need = Need::row("Companies", "Company Maintenance", Verb::Inquire);

#[test]
fn pages_that_take_too_long_get_smaller_and_lose_no_record() {
    // Seven hundred records; pages of a thousand and of five hundred are too much for this PSA.
    let (psa, asked) = psa(|path, _| {
        let number = |name: &str| -> usize {
            path.split(['?', '&'])
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
                .unwrap_or_default()
        };
        let (size, page) = (number("pageSize"), number("page"));
        if size > 250 {
            return (504, "Retry-After: 0\r\n", String::new());
        }
        let rows: Vec<_> = ((page - 1) * size..(page * size).min(700))
            .map(|id| json!({ "id": id }))
            .collect();
        (200, "", json!(rows).to_string())
    });
    let steps = Steps::default();
    let found = Api::new(&psa, &steps)
        .all(NEED, "company/companies")
        .expect("all of them");
    let ids: Vec<_> = found
        .iter()
        .map(|row| row["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (0..700).collect::<Vec<_>>());
    assert!(
        asked
            .lock()
            .unwrap()
            .iter()
            .any(|path| path.contains("pageSize=500"))
    );
}

/// Rows come and go while a report is paged; pages of five hundred are too much for this PSA.
#[test]
fn a_report_that_drifts_or_takes_too_long_loses_and_doubles_no_row() {
    let (psa, asked) = psa(|path, _| {
        let part = |name: &str| {
            path.split(['?', '&'])
                .find_map(|part| part.strip_prefix(name))
        };
        let size: usize = part("pageSize=").unwrap().parse().unwrap();
        if size > 250 {
            return (504, "Retry-After: 0\r\n", String::new());
        }
        let after = part("conditions=").map_or(-1, |conditions| {
            let (_, last) = conditions.rsplit_once("%20").expect("a key");
            last.parse::<i64>().expect("a number")
        });
        // Those at the front that were read have gone.
        let rows: Vec<_> = (0..700_i64)
            .filter(|id| *id > after && (after < 0 || *id > 100))
            .take(size)
            .map(|id| json!([id, "x"]))
            .collect();
        let columns = json!([{ "Key": {} }, { "Name": {} }]);
        (
            200,
            "",
            json!({ "column_definitions": columns, "row_values": rows }).to_string(),
        )
    });
    let steps = Steps::default();
    let rows = Api::new(&psa, &steps)
        .report(NEED, "Any", "Key")
        .expect("all of them");
    let keys: Vec<_> = rows
        .iter()
        .map(|row| row["Key"].as_i64().unwrap())
        .collect();
    assert_eq!(keys, (0..700).collect::<Vec<_>>());
    assert!(asked.lock().unwrap().len() > 4);
}

#[test]
fn each_answer_is_read_as_what_it_means() {
    let (psa, asked) = psa(|path, times| {
        let status = path
            .rsplit('/')
            .next()
            .and_then(|status| status.parse().ok())
            .unwrap_or(200);
        if status == 429 && times == 3 {
            return (200, "", "{}".to_owned());
        }
        (
            status,
            "Retry-After: 0\r\n",
            json!({ "code": "x", "message": "why" }).to_string(),
        )
    });
    let steps = Steps::default();
    let api = Api::new(&psa, &steps);
    let fails = |status: u16| {
        api.get(NEED, &format!("x/{status}"))
            .expect_err("a failure")
    };
    assert!(matches!(fails(401), Failure::Key { .. }));
    assert!(
        fails(403)
            .to_string()
            .contains("Companies / Company Maintenance: Inquire")
    );
    assert!(
        fails(404)
            .to_string()
            .contains("or the key's location hides it")
    );
    assert!(matches!(fails(400), Failure::Invalid { .. }));
    assert!(matches!(fails(409), Failure::InUse { .. }));
    assert!(matches!(fails(500), Failure::Down { slow: false, .. }));
    assert!(matches!(fails(503), Failure::Down { slow: false, .. }));
    assert!(
        api.get(NEED, "x/429").is_ok(),
        "the third time it lets the call through"
    );
    assert!(
        api.get_if_there(NEED, "x/404")
            .expect("an answer")
            .is_none()
    );
    let posted = api.post(NEED, "x/503", &json!({})).expect_err("a failure");
    assert!(posted.passes());
    let writes = asked
        .lock()
        .unwrap()
        .iter()
        .filter(|path| path.ends_with("x/503"))
        .count();
    assert_eq!(writes, 4 + 1, "a read is tried four times, a write once");
}

#[test]
fn a_run_that_fails_for_what_passes_goes_on_by_itself() {
    let down = Arc::new(Mutex::new(2));
    let left = down.clone();
    let (psa, _) = psa(move |path, _| {
        let mut left = left.lock().unwrap();
        if path.contains("columns") && *left > 0 {
            *left -= 1;
            return (500, "", String::new());
        }
        (200, "", "[]".to_owned())
    });
    let desk = Desk::new(&mspcfo::INTEGRATION, "");
    let runner = |tries| Runner {
        home: &desk.home,
        state: &desk.state,
        psa: (&psa).into(),
        progress: &Progress::Silent,
        now: desk.now,
        tries,
        wait: Duration::from_millis(1),
    };
    let job = mspcfo::INTEGRATION.job("columns");
    let outcomes = runner(1).run(&mspcfo::INTEGRATION, job).expect("a run");
    assert!(Desk::said(&outcomes).contains("cannot be reached or has a fault of its own"));
    let outcomes = runner(2).run(&mspcfo::INTEGRATION, job).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    let history = desk
        .state
        .all(Shelf::Run, "mspcfo", "columns")
        .expect("runs");
    let states: Vec<&str> = history.iter().map(|run| run.state.as_str()).collect();
    assert_eq!(
        states,
        ["done"],
        "both runs were of the same moment, and the last word counts"
    );
}

#[test]
fn a_key_revoked_in_mid_run_stops_it_and_a_new_one_goes_on() {
    let server = Server::start("mspcfo", &[]);
    let desk = Desk::new(&mspcfo::INTEGRATION, "");
    let operator = server.operator();
    let cut = keys::cut(&operator, server.member, "short-lived", None).expect("a key");
    let key = server.with(&cut.public_key, cut.private_key.reveal());
    let outcomes = desk
        .run(&key, mspcfo::INTEGRATION.job("columns"))
        .expect("a run");
    assert!(outcomes[0].result.is_ok());
    keys::revoke(&operator, cut.id).expect("revoked");
    let outcomes = desk.run(&key, None).expect("a run");
    assert_eq!(outcomes.len(), 1, "no other job fares better");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("the key is not accepted") && said.contains("bitting sync connect"),
        "{said}"
    );
    assert!(!said.contains(cut.private_key.reveal()));
    desk.whole(server.key());
}

#[test]
fn two_runs_of_a_job_at_a_time_are_refused() {
    let server = Server::start("mspcfo", &[]);
    let desk = Desk::new(&mspcfo::INTEGRATION, "");
    let mut other = Record::new("mspcfo", "lease", "columns");
    other.state = "process 1 elsewhere".to_owned();
    other.updated = "2026-11-21T12:34:00Z".to_owned();
    assert!(desk.state.lease(&mut other).expect("a lease"));
    assert!(
        !desk
            .state
            .lease(&mut Record::new("mspcfo", "lease", "columns"))
            .expect("an answer")
    );
    let job = mspcfo::INTEGRATION.job("columns");
    let refused = desk
        .run(server.key(), job)
        .expect_err("refused")
        .to_string();
    assert!(
        refused.contains("already running (process 1 elsewhere"),
        "{refused}"
    );
    // Its holder has gone: the lease ran out.
    other.updated = "2026-11-21T12:15:00Z".to_owned();
    desk.state.put(Shelf::Lease, &mut other).expect("put");
    assert!(
        desk.run(server.key(), job).expect("a run")[0]
            .result
            .is_ok()
    );
    assert!(
        desk.state
            .every(Shelf::Lease, None)
            .expect("leases")
            .is_empty()
    );
}

#[test]
fn a_bad_row_is_named_and_the_others_go_on() {
    let server = Server::start("office_protect", &[]);
    let company = server
        .operator()
        .get("company/companies?pageSize=1")
        .expect("companies")[0]["id"]
        .clone();
    let settings = format!(
        "emergency_contact = \"ops@example.com\"\n[[tenant]]\ntenant = \"t\"\ncompany = {company}\n"
    );
    let desk = Desk::new(&office_protect::INTEGRATION, &settings);
    let event = |id: &str| {
        json!({ "id": id, "tenant": "t", "type": "x", "user": "u", "occurred": "2026-11-21T12:00:00Z", "description": "d" }).to_string()
    };
    let text = format!(
        "{}\n{{\"id\": 5}}\nnonsense\n{}\n",
        event("row-1"),
        event("row-2")
    );
    std::fs::write(desk.home.input("office_protect", "events.jsonl"), text).expect("written");
    let outcomes = desk
        .run(server.key(), office_protect::INTEGRATION.job("tickets"))
        .expect("a run");
    assert_eq!(outcomes[0].counts.created, 2);
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("events.jsonl line 2:") && said.contains("events.jsonl line 3:"),
        "{said}"
    );
}

#[test]
fn jobs_are_due_once_per_moment_of_their_rhythm() {
    let state = State::open(&Location::Memory).expect("a state");
    let now = "2026-11-21T12:30:00Z".parse().expect("a moment");
    let names = |state: &State| -> Vec<&str> {
        due(state, &office_protect::INTEGRATION, now, None)
            .expect("due")
            .iter()
            .map(|job| job.name)
            .collect()
    };
    assert_eq!(
        names(&state),
        ["companies", "settings", "tickets", "updates"]
    );
    for job in ["tickets", "companies"] {
        let mut run = Record::new("office_protect", job, "1");
        run.updated = "2026-11-21T12:00:01Z".to_owned();
        state.put(Shelf::Run, &mut run).expect("put");
    }
    assert!(!names(&state).contains(&"tickets"));
}
