//! `bitting key` beside a running server: whose key a list shows, and files that hold another key.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use support::{Running, bitting, text_of};

/// What a command says, and whether it went well.
fn says(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = bitting(directory).args(arguments).output().unwrap();
    (output.status.success(), text_of(&output))
}

/// The keys there are.
fn keys(directory: &Path) -> Vec<Value> {
    let output = bitting(directory)
        .args(["key", "list", "--json"])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_list_names_the_member_and_no_file_is_replaced_unasked() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let mut serve = bitting(at);
    serve.args(["serve", "--no-sync", "--tickets", "5"]);
    let _server = Running::start(at, &mut serve);
    let made = says(at, &["member", "create", "KeyAPI", "--role", "No Access"]);
    assert!(made.0, "{}", made.1);
    let new = ["key", "new", "KeyAPI", "--description", "backup"];
    let to = ["--key-file", "held.json"];

    let file = at.join("held.json");
    fs::write(&file, "another key").unwrap();
    let before = keys(at).len();
    let (fine, refused) = says(at, &[&new[..], &to].concat());
    assert!(
        !fine && refused.contains("held.json is there already"),
        "{refused}"
    );
    assert!(refused.contains("--key-file"), "what to do: {refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "another key");
    assert_eq!(keys(at).len(), before, "no key was cut");
    let (fine, refused) = says(
        at,
        &[
            "member",
            "create",
            "Key API",
            "--autotask",
            "--role",
            "API User (system) (API-only)",
            "--email",
            "k@example.com",
            "--key-file",
            "held.json",
        ],
    );
    assert!(
        !fine && refused.contains("held.json is there already"),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "another key");

    fs::remove_file(&file).unwrap();
    let (fine, said) = says(at, &[&new[..], &to].concat());
    assert!(fine, "{said}");
    let cut = fs::read_to_string(&file).unwrap();
    assert!(cut.contains("private_key"));
    let (_, table) = says(at, &["key", "list"]);
    let row = table.lines().find(|line| line.contains("backup")).unwrap();
    assert!(row.contains("KeyAPI"), "{table}");
    let all = keys(at);
    let key = all
        .iter()
        .find(|key| key["description"] == "backup")
        .unwrap();
    assert!(
        key["memberId"].is_i64() && key["memberIdentifier"] == "KeyAPI",
        "{key}"
    );

    // What replaces a key says so by its name.
    // An address that no machine has: the server ends at once, whatever becomes of the file.
    let serve = [
        "serve",
        "--host",
        "192.0.2.1",
        "--port",
        "0",
        "--ready-file",
        "held.json",
    ];
    let (fine, refused) = says(at, &serve);
    assert!(
        !fine && refused.contains("held.json") && refused.contains("no ready file"),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), cut);
    fs::write(at.join("other.json"), cut.replace("public_key", "else")).unwrap();
    let other = ["key", "rotate", "KeyAPI", "--key-file", "other.json"];
    let (fine, refused) = says(at, &other);
    assert!(
        !fine && refused.contains("other.json") && refused.contains("no key of KeyAPI"),
        "{refused}"
    );
    let (fine, said) = says(at, &[&["key", "rotate", "KeyAPI"][..], &to].concat());
    assert!(fine, "{said}");
    assert_ne!(fs::read_to_string(&file).unwrap(), cut);
    let past = ["--expires", "2020-01-01T00:00:00Z", "--show"];
    let (fine, refused) = says(at, &[&new[..], &past].concat());
    assert!(!fine && refused.contains("is in the past"), "{refused}");
}

/// A server's company or Autotask instance is not made where its keys have no place to go.
#[test]
fn an_instance_replaces_no_file_and_is_not_made_without_a_place_for_its_keys() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let mut serve = bitting(at);
    serve.args(["serve", "--no-sync", "--tickets", "5"]);
    let _server = Running::start(at, &mut serve);
    let file = at.join("held.json");
    let instances = || says(at, &["instance", "list"]).1;
    for psa in [&[][..], &["--autotask"]] {
        let before = instances();
        fs::write(&file, "another key").unwrap();
        let create = [&["instance", "create", "other", "--key-file"][..], psa].concat();
        let to = |file: &str| {
            let mut create = create.clone();
            create.insert(4, file);
            says(at, &create)
        };
        let (fine, refused) = to("held.json");
        assert!(
            !fine && refused.contains("held.json is there already"),
            "{refused}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "another key");
        let (fine, refused) = to("nowhere/held.json");
        assert!(!fine && refused.contains("nowhere/held.json"), "{refused}");
        assert_eq!(instances(), before, "no instance was made");
        fs::remove_file(&file).unwrap();
        let (fine, said) = to("held.json");
        assert!(fine, "{said}");
        let keys: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let psa = if psa.is_empty() {
            "connectwise"
        } else {
            "autotask"
        };
        assert!(keys[psa]["admin"].is_object(), "{keys}");
        assert_ne!(instances(), before);
    }
    let stray: Vec<_> = fs::read_dir(at)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().contains("partial"))
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}
