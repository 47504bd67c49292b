//! `connect`, then `sync`, on the demo company's Autotask instance, as people type them: each product is named as on
//! ConnectWise, its whole job is done, and a second run changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::Value;
use std::path::Path;
use support::{Running, bitting, text_of};

/// Profile, and the word that `sync` is given.
const PRODUCTS: [(&str, &str); 4] = [
    ("autotask/office_protect", "office-protect"),
    ("autotask/propel", "propel"),
    ("autotask/mspcfo", "mspcfo"),
    ("autotask/umbrella", "umbrella"),
];

#[track_caller]
fn says(directory: &Path, code: i32, arguments: &[&str]) -> String {
    let mut command = bitting(directory);
    let output = command
        .args(arguments)
        .env("BITTING_SERVER", directory.join("data"))
        .env("BITTING_SYNC_HOME", directory.join("sync"))
        .output()
        .unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
    if arguments.contains(&"--json") {
        return String::from_utf8(output.stdout).unwrap();
    }
    text
}

#[test]
fn a_product_is_connected_and_does_its_whole_job_twice() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let mut serve = bitting(here);
    serve.args(["serve", "--no-sync", "--demo", "--tickets", "20"]);
    let _running = Running::start(here, &mut serve);
    for (profile, word) in PRODUCTS {
        says(here, 0, &["connect", profile, "--key-file", "key.json"]);
        let said = says(
            here,
            0,
            &["sync", "connect", word, "--key-file", "key.json"],
        );
        assert!(said.contains("on Autotask is connected to"), "{said}");
        says(here, 0, &["sync", "run", word, "check"]);
        says(here, 0, &["sync", "sample", word]);
        let run = || -> Vec<Value> {
            let said = says(here, 0, &["sync", "run", word, "--json"]);
            serde_json::from_str(&said).expect(&said)
        };
        let written = |jobs: &[Value]| -> u64 {
            let each = jobs
                .iter()
                .flat_map(|job| [&job["created"], &job["changed"]]);
            each.map(|count| count.as_u64().expect("a count")).sum()
        };
        assert!(written(&run()) > 0, "{word} does nothing");
        let again = run();
        assert_eq!(written(&again), 0, "{word}: {again:?}");
        let history = says(here, 0, &["sync", "history", word, "--json"]);
        let runs: Vec<Value> = serde_json::from_str(&history).unwrap();
        assert_eq!(runs.len(), 2 * again.len() + 1);
        std::fs::remove_file(here.join("key.json")).unwrap();
    }
    // Umbrella works with one PSA at a time: the other is refused, and the first stays connected.
    let key = ["--location", "Corporate", "--key-file", "key.json"];
    says(here, 0, &[&["connect", "umbrella"], &key[..]].concat());
    let connect = ["sync", "connect", "umbrella", "--key-file", "key.json"];
    let said = says(here, 1, &connect);
    assert!(said.contains("one PSA at a time"), "{said}");
    assert!(said.contains("umbrella_autotask"), "{said}");
    says(here, 0, &["sync", "run", "umbrella", "check"]);
}
