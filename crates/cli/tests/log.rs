//! `bitting log` beside a running server: what it shows goes on with `--follow`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use reqwest::blocking::Client;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use support::{LONG, Running, bitting, text_of};

/// A call of the least-privilege member.
fn call(server: &Running, path: &str) -> u16 {
    let key = &server.ready["connectwise"]["least"];
    let company = server.ready["connectwise"]["company"].as_str().unwrap();
    let name = format!("{company}+{}", key["public_key"].as_str().unwrap());
    Client::new()
        .get(format!("{}/v4_6_release/apis/3.0{path}", server.http()))
        .basic_auth(name, key["private_key"].as_str())
        .header("clientId", "test")
        .send()
        .unwrap()
        .status()
        .as_u16()
}

#[test]
fn new_calls_follow_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let mut serve = bitting(directory.path());
    serve.args(["serve", "--empty", "--no-sync", "--no-autotask"]);
    let server = Running::start(directory.path(), &mut serve);
    assert_eq!(call(&server, "/service/boards?pageSize=7"), 403);
    assert_eq!(call(&server, "/company/companies"), 200);

    let mut log = bitting(directory.path())
        .args(["log", "--follow", "--denied", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(log.stdout.take().unwrap()).lines();
    let (say, heard) = channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = say.send(serde_json::from_str::<Value>(&line).expect("JSON"));
        }
    });
    let next = || {
        let event = heard.recv_timeout(LONG).expect("a line");
        let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        (word("path"), word("query"), word("decision"))
    };
    let denied = |path: &str, query: &str| {
        let path = format!("/v4_6_release/apis/3.0{path}");
        (path, query.to_owned(), "denied".to_owned())
    };
    assert_eq!(next(), denied("/service/boards", "pageSize=7"));
    // What comes later is shown once, and only what was asked for.
    for (path, status) in [("/company/companies", 200), ("/system/members", 403)] {
        assert_eq!(call(&server, path), status);
    }
    assert_eq!(next(), denied("/system/members", ""));
    assert_eq!(call(&server, "/finance/agreements"), 403);
    assert_eq!(next(), denied("/finance/agreements", ""));
    log.kill().unwrap();
    log.wait().unwrap();

    drop(server);
    let output = bitting(directory.path()).args(["log"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text_of(&output).contains("does not answer"),
        "{}",
        text_of(&output)
    );
}
