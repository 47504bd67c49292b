//! One run of a job at a time, also among several servers, and jobs at their own rhythm whatever the clock does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Verb;
use bitting_store::{DatabaseUrl, Location};
use bitting_sync::api::{Api, Need};
use bitting_sync::connection::Key;
use bitting_sync::lease::Lease;
use bitting_sync::run::due;
use bitting_sync::scheduler::{Tell, turn};
use bitting_sync::state::{Record, Shelf, State};
use bitting_sync::{
    Failure, Home, Scheduler, Shared, connection, mspcfo, office_protect, umbrella,
};
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::Server;

const SLUG: &str = "office_protect";

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn ran(state: &State, job: &str, at: Timestamp) {
    let mut run = Record::new(SLUG, job, at.to_string());
    run.updated = bitting_sync::text::moment(at);
    "done".clone_into(&mut run.state);
    state.put(Shelf::Run, &mut run).expect("put");
}

/// What a clock shows from look to look, and how often each job runs by it.
fn runs_by(clock: &[&str]) -> usize {
    let state = State::open(&Location::Memory).expect("a state");
    ran(&state, "tickets", moment("2026-11-21T12:00:05Z"));
    let mut runs = 0;
    for shown in clock {
        let now = moment(shown);
        let due = due(&state, &office_protect::INTEGRATION, now, None).expect("due");
        if due.iter().any(|job| job.name == "tickets") {
            ran(&state, "tickets", now);
            runs += 1;
        }
    }
    runs
}

#[test]
fn a_clock_that_jumps_neither_floods_nor_starves() {
    for (clock, runs) in [
        (&["2026-11-21T12:30:00Z", "2026-11-21T12:59:59Z"][..], 0),
        (&["2026-11-21T13:00:00Z", "2026-11-21T13:00:20Z"], 1),
        // A year ahead: one run, not one for each hour that never was.
        (&["2027-11-21T12:30:00Z", "2027-11-21T12:30:20Z"], 1),
        // Ahead and back again: one each, and then at the usual rhythm.
        (
            &[
                "2027-11-21T12:30:00Z",
                "2026-11-21T12:31:00Z",
                "2026-11-21T12:31:20Z",
                "2026-11-21T13:00:20Z",
            ],
            3,
        ),
        // Back by a year: it goes on from there.
        (
            &[
                "2025-11-21T12:30:00Z",
                "2025-11-21T12:30:20Z",
                "2025-11-21T13:00:20Z",
            ],
            2,
        ),
        // To and fro by seconds around a full hour.
        (
            &[
                "2026-11-21T13:00:01Z",
                "2026-11-21T12:59:59Z",
                "2026-11-21T13:00:00Z",
                "2026-11-21T13:00:02Z",
            ],
            3,
        ),
    ] {
        assert!(runs_by(clock) <= runs, "{clock:?}: {}", runs_by(clock));
        assert_eq!(runs_by(clock) == 0, runs == 0, "{clock:?}");
    }
}

#[test]
fn a_new_connection_has_time_for_its_settings_and_what_passes_is_tried_again() {
    let state = State::open(&Location::Memory).expect("a state");
    let names = |now: &str| -> Vec<&str> {
        let connected = Some(moment("2026-11-21T12:10:00Z"));
        due(&state, &office_protect::INTEGRATION, moment(now), connected)
            .expect("due")
            .iter()
            .map(|job| job.name)
            .collect()
    };
    assert!(names("2026-11-21T12:11:00Z").is_empty());
    assert_eq!(names("2026-11-21T13:00:00Z"), ["tickets", "updates"]);
    let mut failed = Record::new(SLUG, "companies", "1");
    failed.updated = "2026-11-21T12:20:00Z".to_owned();
    failed.data = json!({ "passes": true });
    state.put(Shelf::Run, &mut failed).expect("put");
    assert!(!names("2026-11-21T13:19:59Z").contains(&"companies"));
    assert!(names("2026-11-21T13:20:00Z").contains(&"companies"));
    failed.data = json!({ "passes": false });
    state.put(Shelf::Run, &mut failed).expect("put");
    assert!(!names("2026-11-21T13:20:00Z").contains(&"companies"));
}

/// A holder falls silent, another takes over, and the first one wakes up.
fn a_late_writer_changes_nothing(late: &State, other: &State) {
    let now = moment("2026-11-21T12:30:00Z");
    let lease = Lease::take(late, SLUG, "tickets", now).expect("a lease");
    let held = late.fenced(lease.id());
    let mut link = Record::new(SLUG, "ticket", "one");
    held.put(Shelf::Link, &mut link).expect("put");
    assert!(matches!(
        Lease::take(other, SLUG, "tickets", now + 1.minute()),
        Err(Failure::Running { .. })
    ));
    // Renewed in time, it goes on holding.
    late.renew(lease.id(), "2026-11-21T12:37:00Z")
        .expect("renewed");
    assert!(Lease::take(other, SLUG, "tickets", now + 6.minutes()).is_err());
    held.holds().expect("it holds");

    let taken = Lease::take(other, SLUG, "tickets", now + 8.minutes()).expect("taken over");
    assert!(taken.id() > lease.id());
    "late".clone_into(&mut link.state);
    for wrong in [
        held.put(Shelf::Link, &mut link),
        held.put(Shelf::Link, &mut Record::new(SLUG, "ticket", "two")),
        held.set_watermark(SLUG, "read", "late"),
        held.remove(Shelf::Link, link.id),
        late.renew(lease.id(), "2026-11-21T13:00:00Z"),
        held.holds(),
    ] {
        assert!(matches!(wrong, Err(Failure::Overtaken)), "{wrong:?}");
    }
    let links = other.all(Shelf::Link, SLUG, "ticket").expect("links");
    assert_eq!(links.len(), 1, "{links:?}");
    assert_eq!(links[0].state, "");
    assert_eq!(other.watermark(SLUG, "read").expect("a watermark"), None);
    // Letting go late takes nothing from the new holder either.
    late.release(lease.id()).expect("nothing to release");
    other.fenced(taken.id()).holds().expect("it holds");
    other.release(taken.id()).expect("released");
}

#[test]
fn a_lease_fences_what_is_written_under_it() {
    let state = State::open(&Location::Memory).expect("a state");
    a_late_writer_changes_nothing(&state, &state);
}

/// The database that `./test` starts.
fn postgres() -> Option<Location> {
    let url = std::env::var("BITTING_TEST_POSTGRES").ok()?;
    Some(Location::Postgres {
        url: DatabaseUrl::new(url),
        schema: format!("sync_{}_{}", std::process::id(), rand_word()),
    })
}

fn rand_word() -> u32 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .subsec_nanos()
}

#[test]
fn two_servers_share_a_state_in_postgresql() {
    let Some(location) = postgres() else {
        eprintln!("no PostgreSQL: BITTING_TEST_POSTGRES names none");
        return;
    };
    let (one, two) = (
        State::open(&location).expect("a state"),
        State::open(&location).expect("a state"),
    );
    a_late_writer_changes_nothing(&one, &two);
    // Many at once: exactly one gets it.
    let now = moment("2026-11-22T12:30:00Z");
    let got: Vec<bool> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|at| {
                let state = if at % 2 == 0 { &one } else { &two };
                scope.spawn(move || Lease::take(state, SLUG, "companies", now).is_ok())
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(got.iter().filter(|got| **got).count(), 1, "{got:?}");
}

#[test]
fn nothing_is_sent_to_the_psa_under_a_lease_that_was_lost() {
    let server = Server::start(SLUG, &[]);
    let state = State::open(&Location::Memory).expect("a state");
    let lease = Lease::take(&state, SLUG, "tickets", Timestamp::now()).expect("a lease");
    let held = state.fenced(lease.id());
    let api = Api::under(server.key(), &held);
    let need = Need::row("Service Desk", "Service Tickets", Verb::Add);
    state.release(lease.id()).expect("taken away");
    let before = server.key().calls().len();
    let body = json!({});
    for refused in [
        api.post(need, "service/tickets", &body),
        api.patch(need, "service/tickets/1", &[("summary", json!("x"))]),
        api.upload(need, "system/documents", &[], ("x", b"x")),
    ] {
        assert!(matches!(refused, Err(Failure::Overtaken)), "{refused:?}");
    }
    assert_eq!(server.key().calls().len(), before);
}

#[test]
fn a_lease_whose_end_nobody_can_have_set_holds_up_nothing() {
    let state = State::open(&Location::Memory).expect("a state");
    // Taken by a clock a year ahead, whose process is gone.
    let ahead = moment("2027-11-21T12:30:00Z");
    let gone = Lease::take(&state, SLUG, "tickets", ahead).expect("a lease");
    let now = moment("2026-11-21T12:30:00Z");
    let lease = Lease::take(&state, SLUG, "tickets", now).expect("taken over");
    assert!(lease.id() > gone.id());
}

fn connected(
    server: &Server,
    integration: &'static bitting_sync::Integration,
) -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::new(folder.path());
    home.connect(integration, &Key::ConnectWise(server.key_file()))
        .expect("connected");
    (folder, home)
}

#[test]
fn what_is_due_runs_once_among_programs_that_share_a_home() {
    let server = Server::start("mspcfo", &[]);
    let (_folder, home) = connected(&server, &mspcfo::INTEGRATION);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = heard.clone();
    let tell = move |_: &'static bitting_sync::Integration, ran: &Result<_, Failure>| {
        let ran: &Result<bitting_sync::run::Outcome, Failure> = ran;
        let line = match ran {
            Ok(outcome) => format!("{} {}", outcome.job, outcome.result.is_ok()),
            Err(failure) => failure.to_string(),
        };
        hearing.lock().unwrap().push(line);
    };
    let (one, two) = (Shared::new(home.clone(), None), Shared::new(home, None));
    let now = Timestamp::now() + 13.hours();
    let held = two.state(Duration::ZERO).expect("a state");
    assert!(!turn(&one, &mspcfo::INTEGRATION, &tell, now).expect("a turn"));
    assert!(heard.lock().unwrap().is_empty());
    // Looking is possible all the same.
    assert!(
        one.look()
            .expect("a look")
            .state
            .every(Shelf::Run, None)
            .expect("runs")
            .is_empty()
    );
    drop(held);
    assert!(turn(&one, &mspcfo::INTEGRATION, &tell, now).expect("a turn"));
    let ran = ["columns true", "pull true", "metrics true", "health true"];
    assert_eq!(*heard.lock().unwrap(), ran);
    assert!(turn(&two, &mspcfo::INTEGRATION, &tell, now).expect("a turn"));
    assert_eq!(*heard.lock().unwrap(), ran, "nothing is due any more");
}

#[test]
fn a_scheduler_stops_and_what_it_cut_off_is_no_failure() {
    let server = Server::start("umbrella", &[]);
    let (_folder, home) = connected(&server, &umbrella::INTEGRATION);
    // Connected long ago, so that everything is due at once.
    let file = std::fs::File::options()
        .write(true)
        .open(home.connection("umbrella"))
        .expect("the connection");
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1))
        .expect("an old file");
    let shared = Arc::new(Shared::new(home, None));
    let heard = Arc::new(Mutex::new(0));
    let hearing = heard.clone();
    let tell: Arc<Tell> = Arc::new(move |_, _| *hearing.lock().unwrap() += 1);
    let scheduler = Scheduler::start(&shared, &tell);
    let began = std::time::Instant::now();
    while *heard.lock().unwrap() == 0 && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    scheduler.stop(Duration::from_secs(10));
    let state = shared.state(Duration::from_secs(10)).expect("a state");
    let runs = state.every(Shelf::Run, None).expect("runs");
    assert!(!runs.is_empty());
    assert!(state.every(Shelf::Lease, None).expect("leases").is_empty());
    assert!(
        runs.iter().all(|run| !run.data["error"]
            .as_str()
            .is_some_and(|error| error.contains("stopped"))),
        "{runs:?}"
    );
    assert!(connection::shown(&shared.home.connection("umbrella")).is_ok());
}
