//! A disk without room: clear words, nothing lost, nothing doubled, and the next run heals. The room is taken away by
//! a limit on the size of files, in a process of its own, so that no test needs a disk of its own to fill.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::{Credentials, Options, Psa, Secret};
use bitting_store::Location;
use bitting_sync::progress::Progress;
use bitting_sync::run::Runner;
use bitting_sync::state::{Shelf, State};
use bitting_sync::{Failure, Home, Integration, find};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::Server;

const NOW: &str = "2026-11-21T12:30:00Z";
/// What the child is told: what to run, where, and with which key.
const TOLD: &str = "BITTING_TEST_UNDER_A_LIMIT";

/// Runs every job and answers what they said, and whether all went well.
fn run(home: &Home, integration: &'static Integration, psa: &Psa) -> (String, bool) {
    let run = || -> Result<(String, bool), Failure> {
        let state = State::open(&Location::File(home.folder.join("state.db")))?;
        let runner = Runner {
            home,
            state: &state,
            psa: psa.into(),
            progress: &Progress::Silent,
            now: NOW.parse().expect("a moment"),
            tries: 1,
            wait: Duration::from_millis(1),
        };
        let outcomes = runner.run(integration, None)?;
        let well = outcomes.iter().all(|outcome| outcome.result.is_ok())
            && outcomes.len() == integration.jobs.len();
        Ok((support::Desk::said(&outcomes), well))
    };
    run().unwrap_or_else(|failure| (failure.to_string(), false))
}

fn way(url: &str, public: &str, private: &str, client: String) -> Psa {
    let credentials = Credentials {
        company: "bitting".to_owned(),
        public_key: public.to_owned(),
        private_key: Secret::new(private),
        client_id: Some(client),
    };
    let options = Options {
        usual_path: true,
        ..Options::default()
    };
    Psa::open(url, credentials, &options).expect("a way")
}

/// Not a test but the process that meets the limit, see `limited`; run by itself it does nothing.
#[test]
fn under_a_limit() {
    let Ok(told) = std::env::var(TOLD) else {
        return;
    };
    let told: Value = serde_json::from_str(&told).expect("what to do");
    let text = |name: &str| told[name].as_str().expect("told").to_owned();
    let psa = way(
        &text("url"),
        &text("public"),
        &text("private"),
        text("client"),
    );
    let integration = find(&text("integration")).expect("an integration");
    let (said, well) = run(&Home::new(text("folder")), integration, &psa);
    // Far less than the limit, and not to a file that grows.
    println!("<said>{}</said>", json!({ "said": said, "well": well }));
}

/// Runs every job in a process whose files may grow to so many KiB and no further.
fn limited(folder: &Path, integration: &str, server: &Server, most: u32) -> (String, bool) {
    let (key, _) = server.key_file_and_id();
    let told = json!({
        "folder": folder, "integration": integration, "url": key.url, "public": key.credentials.public_key,
        "private": key.credentials.private_key.reveal(), "client": key.credentials.client_id,
    });
    // A write beyond the limit is to fail, as on a full disk, not to end the process. Blocks are of 512 bytes.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", most * 2);
    let done = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "under_a_limit", "--nocapture"])
        .env(TOLD, told.to_string())
        .output()
        .expect("a child");
    let out = String::from_utf8_lossy(&done.stdout);
    let answer = out
        .split_once("<said>")
        .and_then(|(_, rest)| rest.split_once("</said>"));
    let answer =
        answer.unwrap_or_else(|| panic!("{out}\n{}", String::from_utf8_lossy(&done.stderr)));
    let answer: Value = serde_json::from_str(answer.0).expect("an answer");
    let said = answer["said"].as_str().expect("words").to_owned();
    (said, answer["well"] == true)
}

fn prepared(folder: &Path, integration: &'static Integration, settings: &str) -> Home {
    let home = Home::new(folder);
    std::fs::create_dir_all(home.input(integration.slug, "")).expect("made");
    std::fs::write(home.settings_file(integration.slug), settings).expect("settings");
    home
}

fn lines(home: &Home, integration: &str, name: &str) -> usize {
    let text = std::fs::read_to_string(home.output(integration, name)).unwrap_or_default();
    text.lines().count()
}

/// Reading much: the state fills first, then files of figures.
#[test]
fn a_full_disk_loses_no_row_and_the_next_run_heals() {
    let server = Server::start("mspcfo", &[]);
    let integration = find("mspcfo").expect("an integration");
    let (tight, free) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let home = prepared(tight.path(), integration, "");
    let whole = prepared(free.path(), integration, "");
    let (said, well) = run(&whole, integration, server.key());
    assert!(well, "{said}");
    let (mut state_full, mut kept) = (0, 0);
    for most in [200, 400, 800] {
        let (said, well) = limited(tight.path(), "mspcfo", &server, most);
        assert!(!well, "{most} KiB were enough: {said}");
        let state = said.contains("there is no room left to write the database");
        state_full += usize::from(state);
        assert!(state && said.contains("free some space"), "{said}");
        // What was read stays: the next run goes on behind it.
        let state = State::open(&Location::File(tight.path().join("state.db"))).expect("a state");
        let facts = state.every(Shelf::Fact, None).expect("facts").len();
        assert!(facts >= kept, "{facts} {kept}");
        kept = facts;
        assert_eq!(lines(&home, "mspcfo", "clients.jsonl"), 0, "half a file");
    }
    assert!(state_full > 0 && kept > 0);
    let (said, well) = run(&home, integration, server.key());
    assert!(well, "{said}");
    for name in ["clients.csv", "agreements.csv", "members.csv", "wages.csv"] {
        let read = |home: &Home| std::fs::read(home.output("mspcfo", name)).expect(name);
        assert!(read(&home) == read(&whole), "{name}");
    }
}

/// A file that cannot be written whole leaves the one of before.
#[test]
fn an_output_without_room_leaves_the_one_of_before_and_names_the_file() {
    let server = Server::start("mspcfo", &[]);
    let integration = find("mspcfo").expect("an integration");
    let folder = tempfile::tempdir().unwrap();
    let home = prepared(folder.path(), integration, "");
    let (said, well) = run(&home, integration, server.key());
    assert!(well, "{said}");
    let file = home.output("mspcfo", "clients.csv");
    let before = std::fs::read(&file).expect("figures");
    // Where the new one grows there is no room.
    let grows = home.output("mspcfo", "clients.csv.partial");
    std::os::unix::fs::symlink("/dev/full", grows).expect("a link");
    let (said, well) = run(&home, integration, server.key());
    assert!(
        !well && said.contains("clients.csv: cannot be written: No space left"),
        "{said}"
    );
    assert!(std::fs::read(&file).expect("figures") == before);
    let (said, well) = run(&home, integration, server.key());
    assert!(well, "{said}");
    assert!(std::fs::read(&file).expect("figures") == before);
}

/// Writing to the PSA: what was made there while the state had no room is found again, not made twice.
#[test]
fn tickets_made_while_the_disk_was_full_are_made_once() {
    const EVENTS: usize = 24;
    let server = Server::start("office_protect", &["ticket-settings"]);
    let integration = find("office_protect").expect("an integration");
    let operator = server.operator();
    let company = operator
        .get("company/companies?conditions=deletedFlag=false&pageSize=1")
        .expect("companies")[0]["id"]
        .clone();
    let folder = tempfile::tempdir().unwrap();
    let settings = format!(
        "emergency_contact = \"ops@example.com\"\n[[tenant]]\ntenant = \"t\"\ncompany = {company}\n"
    );
    let home = prepared(folder.path(), integration, &settings);
    let events: Vec<String> = (0..EVENTS)
        .map(|at| json!({ "id": format!("disk-{at}"), "tenant": "t", "type": "x", "user": "u", "occurred": "2026-11-21T12:00:00Z", "description": "d" }).to_string())
        .collect();
    std::fs::write(
        home.input("office_protect", "events.jsonl"),
        events.join("\n"),
    )
    .expect("events");
    let made = || {
        operator
            .list("service/tickets?conditions=externalXRef%20like%20%22officeprotect:disk-%25%22")
            .expect("tickets")
            .len()
    };
    let (mut full, mut most) = (0, 96);
    while made() < EVENTS {
        let (said, well) = limited(folder.path(), "office_protect", &server, most);
        if !well {
            full += 1;
            assert!(said.contains("there is no room left"), "{said}");
        }
        most += 24;
        assert!(most < 4000, "no end: {said}");
    }
    assert!(full > 2, "{full}");
    let (said, well) = run(&home, integration, server.key());
    assert!(well, "{said}");
    assert_eq!(made(), EVENTS);
    let state = State::open(&Location::File(folder.path().join("state.db"))).expect("a state");
    let kept = state.every(Shelf::Outbox, None).expect("events");
    assert_eq!(
        kept.iter().filter(|event| event.psa_id.is_some()).count(),
        EVENTS
    );
}
