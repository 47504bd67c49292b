//! A private key rests encrypted and shows nowhere: not in the state, not in files that jobs write, not in what they
//! say, whether they get through or not.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_connect::keys;
use bitting_sync::connection::Key;
use bitting_sync::progress::Progress;
use bitting_sync::run::Runner;
use bitting_sync::state::State;
use bitting_sync::{Home, mspcfo, sample, umbrella};
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;
use support::{Desk, Server};

/// Every file below a folder with what it holds.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            found.push((path.display().to_string(), bytes));
        }
    }
}

#[test]
fn the_private_key_shows_nowhere() {
    for integration in [&umbrella::INTEGRATION, &mspcfo::INTEGRATION] {
        let server = Server::start(integration.slug, &[]);
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::new(folder.path());
        let (key, id) = server.key_file_and_id();
        let secret = key.credentials.private_key.reveal().to_owned();
        home.connect(integration, &Key::ConnectWise(key.clone()))
            .expect("connected");
        let psa = server.with(&key.credentials.public_key, &secret);
        sample::lay(&home, integration, (&psa).into(), Timestamp::now()).expect("a sample");
        let mut said = String::new();
        {
            let state = State::open(&home.state().expect("a place")).expect("a state");
            for revoked in [false, true] {
                if revoked {
                    keys::revoke(&server.operator(), id).expect("revoked");
                }
                let runner = Runner {
                    home: &home,
                    state: &state,
                    psa: (&psa).into(),
                    progress: &Progress::Silent,
                    now: Timestamp::now(),
                    tries: 1,
                    wait: Duration::from_millis(1),
                };
                let outcomes = runner.run(integration, None).expect("a run");
                assert_eq!(outcomes[0].result.is_err(), revoked, "{outcomes:?}");
                said = format!("{said}{}{outcomes:?}", Desk::said(&outcomes));
            }
        }
        assert!(!said.contains(&secret));
        let mut found = Vec::new();
        files(folder.path(), &mut found);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        for expected in ["state.db", "connection.json", "sync.key", "check.jsonl"] {
            assert!(
                names.iter().any(|name| name.ends_with(expected)),
                "{names:?}"
            );
        }
        let base64 = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(&secret)
        };
        for (name, bytes) in &found {
            for hidden in [secret.as_bytes(), base64.as_bytes()] {
                let shows = bytes.windows(hidden.len()).any(|part| part == hidden);
                assert!(!shows, "{name} holds the private key");
            }
        }
    }
}
