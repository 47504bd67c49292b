//! A PSA that is down when a run begins: the run is kept as one that failed, and the emergency contact hears of it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bitting_client::{ApiUser, AutotaskKey, Credentials, KeyFile, Secret};
use bitting_sync::connection::Key;
use bitting_sync::integration::Integration;
use bitting_sync::office_protect::{INTEGRATION, ON_AUTOTASK};
use bitting_sync::progress::Progress;
use bitting_sync::psa::Kind;
use bitting_sync::state::Shelf;
use bitting_sync::{Home, Shared};
use jiff::Timestamp;
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn a_connectwise_that_is_down_from_the_start_is_a_broken_connection() {
    down_from_the_start(&INTEGRATION);
}

#[test]
fn an_autotask_that_is_down_from_the_start_is_a_broken_connection() {
    down_from_the_start(&ON_AUTOTASK);
}

fn key(psa: Kind, url: String) -> Key {
    let secret = || Secret::new("hidden-half");
    match psa {
        Kind::ConnectWise => Key::ConnectWise(KeyFile {
            url,
            credentials: Credentials {
                company: "acme".into(),
                public_key: "public".into(),
                private_key: secret(),
                client_id: None,
            },
            ca_file: None,
        }),
        Kind::Autotask => Key::Autotask(AutotaskKey {
            url,
            user: ApiUser {
                user: "key@example.com".into(),
                secret: secret(),
                code: secret(),
            },
            ca_file: None,
        }),
    }
}

fn down_from_the_start(integration: &'static Integration) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::new(folder.path());
    // A port where nobody listens any more.
    let port = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let key = key(integration.psa, format!("http://127.0.0.1:{port}"));
    home.connect(integration, &key).expect("connected");
    let settings = "emergency_contact = \"ops@example.com\"\nbroken_after = 1\n[[tenant]]\ntenant = \"t\"\ncompany = 1\n";
    std::fs::write(home.settings_file(integration.slug), settings).expect("settings");
    let now = Timestamp::now();
    let event = serde_json::json!({ "id": "1", "tenant": "t", "type": "x", "user": "u", "occurred": now.to_string(), "description": "d" });
    std::fs::write(
        home.input(integration.slug, "events.jsonl"),
        event.to_string(),
    )
    .expect("an event");
    let shared = Shared::new(home, None);
    let state = shared.state(Duration::ZERO).expect("a state");
    let outcomes = shared
        .run(
            &state,
            integration,
            integration.job("tickets"),
            &Progress::Silent,
            now,
        )
        .expect("a run");
    let failure = outcomes[0]
        .result
        .as_ref()
        .expect_err("it is down")
        .to_string();
    assert!(failure.contains("cannot be reached"), "{failure}");
    let runs = state
        .all(Shelf::Run, integration.slug, "tickets")
        .expect("runs");
    assert_eq!(runs.len(), 1);
    assert_eq!(
        (runs[0].state.as_str(), &runs[0].data["passes"]),
        ("failed", &true.into())
    );
    let out = shared.home.output(integration.slug, "");
    let mails: Vec<String> = std::fs::read_dir(out)
        .expect("a folder")
        .flatten()
        .filter(|file| file.file_name().to_string_lossy().starts_with("mail-"))
        .map(|file| std::fs::read_to_string(file.path()).expect("a mail"))
        .collect();
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains("To: ops@example.com") && mails[0].contains("cannot make tickets since"),
        "{}",
        mails[0]
    );
    let waiting = state
        .all(Shelf::Outbox, integration.slug, "event")
        .expect("a queue");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].state, "queued");
}
