//! Flags: what has no form is refused with an example before a server is asked, and what one of the two PSAs does not
//! have is refused by its name there, never passed over.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use support::{Running, bitting, text_of};

/// What a command that has to fail says.
fn refusal(at: &Path, words: &[&str]) -> String {
    let output = bitting(at).args(words).output().unwrap();
    let said = text_of(&output);
    assert!(!output.status.success(), "{words:?}: {said}");
    said
}

fn holds(at: &Path, words: &[&str], parts: &[&str]) {
    let said = refusal(at, words);
    for part in parts {
        assert!(
            said.contains(part),
            "{words:?} does not say `{part}`: {said}"
        );
    }
}

/// No server runs: the flag is looked at first.
#[test]
fn a_text_without_the_form_is_refused_with_its_flag_and_an_example() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let key = [
        "key",
        "new",
        "Desk",
        "--description",
        "x",
        "--show",
        "--expires",
    ];
    holds(
        at,
        &[&key[..], &["01.01.2030"]].concat(),
        &["'01.01.2030'", "--expires", "2030-01-01T08:00:00Z"],
    );
    for (words, parts) in [
        (
            &["serve", "--port", "http"][..],
            &["'http'", "--port", "such as 8080"][..],
        ),
        (
            &["demo", "--data", "d", "--size", "10k"],
            &["'10k'", "--size", "such as 10000"],
        ),
        (&["audit", "--days", "0"], &["'0'", "--days", "such as 90"]),
        (&["fault", "error", "404"], &["'404'", "500 to 599"]),
        (&["fault", "latency", "2s"], &["'2s'", "such as 1500"]),
        (
            &["fault", "truncate", "--method", "FETCH"],
            &["'FETCH'", "--method", "GET, POST"],
        ),
        (
            &["log", "--limit", "all"],
            &["'all'", "--limit", "such as 50"],
        ),
        (
            &["listen", "--forward-to", "localhost:3000"],
            &["'localhost:3000'", "--forward-to", "http://localhost:3000"],
        ),
        (
            &["plan", "umbrella", "--set", "boards"],
            &["'boards'", "--set", "such as boards="],
        ),
        (
            &["guide", "umbrella", "--psa-url", "na.myconnectwise.net"],
            &["--psa-url", "such as https://"],
        ),
        (
            &["gate", "--data", "d", "--as", "Desk"],
            &["'Desk'", "--as", "such as Desk=jsmith"],
        ),
        (
            &["sync", "show", "mspcfo", "clients", "--where", "month"],
            &["'month'", "--where", "such as month="],
        ),
    ] {
        holds(at, words, parts);
    }
}

/// A file stands where the directory would be, and the log's level is no level.
#[test]
fn a_server_that_cannot_begin_says_why_and_what_else_to_name() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    std::fs::write(at.join("file"), "x").unwrap();
    let mut serve = bitting(at);
    serve.env("BITTING_LOG", "bitting=loudly");
    let output = serve
        .args(["serve", "--port", "0", "--data", "file/data"])
        .output()
        .unwrap();
    let said = text_of(&output);
    assert!(!output.status.success());
    for part in ["file/data", "--data", "BITTING_LOG", "such as debug"] {
        assert!(said.contains(part), "`{part}`: {said}");
    }
}

#[test]
fn what_a_psa_does_not_have_is_refused_by_its_name_there() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let mut serve = bitting(at);
    serve.args(["serve", "--no-sync", "--tickets", "5"]);
    let _server = Running::start(at, &mut serve);
    let user = [
        "member",
        "create",
        "Key API",
        "--autotask",
        "--role",
        "API User (system) (API-only)",
        "--email",
        "k@example.com",
    ];
    let show = ["--show"];
    for (flag, value) in [
        ("--location", Some("East")),
        ("--default-location", Some("East")),
        ("--default-department", Some("Service")),
        ("--sales-location", Some("East")),
        ("--default-board", Some("Help Desk")),
        ("--exclude-board", Some("Help Desk")),
        ("--no-excluded-boards", None),
        ("--time-zone", Some("UTC")),
        ("--block-price", Some("true")),
        ("--block-cost", Some("true")),
        ("--notes", Some("of a vendor")),
    ] {
        let said: Vec<&str> = [flag].into_iter().chain(value).collect();
        holds(
            at,
            &[&user[..], &show, &said].concat(),
            &[flag, "ConnectWise"],
        );
        let set = ["member", "set", "Key API", "--autotask"];
        holds(at, &[&set[..], &said].concat(), &[flag, "ConnectWise"]);
    }
    let made = bitting(at).args(user).args(show).output().unwrap();
    assert!(made.status.success(), "{}", text_of(&made));
    for (words, parts) in [
        (
            &[
                "key",
                "new",
                "Key API",
                "--autotask",
                "--show",
                "--description",
                "x",
            ][..],
            &["--description"][..],
        ),
        (
            &[
                "key",
                "rotate",
                "Key API",
                "--autotask",
                "--show",
                "--description",
                "x",
            ],
            &["--description"],
        ),
        (
            &[
                "key",
                "new",
                "Key API",
                "--autotask",
                "--show",
                "--expires",
                "2030-01-01",
            ],
            &["--expires"],
        ),
        (
            &["member", "set", "Key API", "--autotask", "--name", "Backup"],
            &["--name Backup", "first and last"],
        ),
        (
            &[
                "listen",
                "--autotask",
                "--forward-to",
                "http://localhost:1/",
            ],
            &["--autotask", "webhooks"],
        ),
        (
            &["verify", "umbrella", "--key-file", "k.json", "--autotask"],
            &["--autotask"],
        ),
        (
            &[
                "verify",
                "autotask/umbrella",
                "--key-file",
                "k.json",
                "--write-probes",
            ],
            &["--write-probes"],
        ),
        (
            &["connect", "autotask/umbrella", "--write-probes"],
            &["--write-probes"],
        ),
        (
            &["plan", "autotask/umbrella", "--admin-key", "k.json"],
            &["--admin-key"],
        ),
        (
            &["apply", "autotask/umbrella", "--admin-key", "k.json"],
            &["--admin-key"],
        ),
        (
            &["audit", "--autotask", "--admin-key", "k.json"],
            &["--admin-key"],
        ),
        (
            &[
                "plan",
                "autotask/umbrella",
                "--psa",
                "https://psa.test",
                "--company",
                "x",
            ],
            &["--company"],
        ),
        (&["plan", "umbrella", "--ca-file", "ca.pem"], &["--psa"]),
        (
            &["guide", "autotask/umbrella", "--board", "Help Desk"],
            &["--board"],
        ),
        (
            &[
                "role",
                "set",
                "x",
                "CRM / To-Dos",
                "--view",
                "All",
                "--inquire",
                "All",
                "--autotask",
            ],
            &["--view", "--inquire"],
        ),
        (
            &["member", "create", "Desk", "--vendor", "x"],
            &["--autotask"],
        ),
    ] {
        holds(at, words, parts);
    }
    // What is not there is named, with the command that shows or makes it.
    for (words, parts) in [
        (
            &["key", "list", "--instance", "nope"][..],
            &["`nope`", "bitting instance list"][..],
        ),
        (
            &["instance", "restore", "bitting", "--name", "nope"],
            &["nope was not found", "bitting instance snapshot"],
        ),
    ] {
        holds(at, words, parts);
    }
    // A kept plan holds its choices.
    let kept = bitting(at)
        .args(["plan", "umbrella", "--out", "plan.json"])
        .output()
        .unwrap();
    assert!(at.join("plan.json").exists(), "{}", text_of(&kept));
    holds(
        at,
        &["apply", "plan.json", "--role", "Other"],
        &["--role", "plan.json"],
    );
}
