//! `serve --now`: the records' clock stands still, so that two starts make the same records to the letter.

#![allow(clippy::unwrap_used)]

mod support;

use reqwest::blocking::Client;
use serde_json::Value;
use support::{Running, bitting};

fn records(now: &str) -> (Value, Value) {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = bitting(folder.path());
    serve.args(["serve", "--tickets", "5", "--no-autotask", "--now", now]);
    let server = Running::start(folder.path(), &mut serve);
    let facts = &server.ready["connectwise"];
    let pair = &facts["admin"];
    let name = format!("bitting+{}", pair["public_key"].as_str().unwrap());
    let client = Client::new();
    let api = format!("{}/v4_6_release/apis/3.0/service/tickets", server.http());
    let ask = |request: reqwest::blocking::RequestBuilder| -> Value {
        let request = request
            .basic_auth(&name, pair["private_key"].as_str())
            .header("clientId", facts["client_id"].as_str().unwrap());
        request.send().unwrap().json().unwrap()
    };
    let tickets = ask(client.get(format!(
        "{api}?fields=id,summary,_info/dateEntered,_info/lastUpdated,status/name,requiredDate&orderBy=id"
    )));
    let body = serde_json::json!({"summary": "It beeps", "company": {"identifier": "AmberAcorn"}});
    let made = ask(client.post(&api).json(&body));
    (tickets, made)
}

#[test]
fn what_is_made_is_dated_at_that_moment_and_the_demo_is_the_same_every_time() {
    let (first, made) = records("2026-01-31T09:00:00Z");
    let (second, again) = records("2026-01-31T09:00:00Z");
    assert_eq!(first.as_array().unwrap().len(), 5);
    assert_eq!(first, second);
    assert_eq!(
        made["_info"]["dateEntered"], "2026-01-31T09:00:00Z",
        "{made}"
    );
    assert_eq!(made["dateEntered"], again["dateEntered"]);
    let (later, _) = records("2027-01-31T09:00:00Z");
    assert_ne!(first, later);
}
