//! A call that panics is answered 500 in the words of the API that was called, leaves nothing half-written, and is a
//! line of the log with its place and without its words; the server goes on. What panics is the clock, at its first
//! reading, its second and so on, until a call is through before it does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;
mod support;

use serde_json::{Value, json};
use site::Site;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use support::{Answered, Company, SAID};
use tracing::field::{Field, Visit};
use tracing::span;

/// The log of a test's own thread, a line per event.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, of: &tracing::Metadata<'_>) -> bool {
        *of.level() == tracing::Level::ERROR
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The one line that a panic leaves: which call, and where; nothing of what it sent or said.
fn told(lines: &Lines, method: &str, path: &str) -> String {
    let all = lines.take();
    let [line] = &all[..] else {
        panic!("not one line: {all:?}");
    };
    for wanted in [
        format!("method=\"{method}\""),
        path.to_owned(),
        "support/".to_owned(),
        ".rs:".to_owned(),
    ] {
        assert!(line.contains(&wanted), "no {wanted} in {line}");
    }
    assert!(!line.contains("s3cr3t"), "{line}");
    line.clone()
}

/// The vendor's form of a failure, with the id that the log's line has.
fn is_failure(answer: &Answered, line: &str) {
    assert_eq!(answer.json["code"], "ConnectWiseApi", "{}", answer.json);
    assert!(answer.json["message"].is_string());
    assert!(!String::from_utf8_lossy(&answer.body).contains(SAID));
    let id = answer.headers["x-cw-request-id"].to_str().unwrap();
    assert!(line.contains(&format!("request=\"{id}\"")), "{id}: {line}");
}

#[tokio::test]
async fn a_panic_anywhere_in_a_write_is_a_500_and_leaves_all_of_it_or_nothing() {
    let company = Company::open().await;
    let lines = Lines::default();
    let _log = tracing::subscriber::set_default(lines.clone());
    let mut panicked = 0;
    for reading in 1.. {
        let name = format!("c{reading}");
        let body = json!({ "identifier": name, "name": "Acme s3cr3t" });
        company.panic_at(reading);
        let made = company
            .call(
                &company.admin,
                "POST",
                "/company/companies",
                Some(body.clone()),
            )
            .await;
        let left = company.panic_at(0);
        let path = format!("/company/companies?conditions=identifier=\"{name}\"");
        let there = company.get(&company.admin, &path).await.rows();
        if left > 0 {
            assert_eq!((made.status, there.len()), (201, 1));
            break;
        }
        assert_eq!(made.status, 500, "{}", made.json);
        is_failure(&made, &told(&lines, "POST", "/company/companies"));
        panicked += 1;
        match &there[..] {
            // The lock of whoever writes is free again.
            [] => drop(company.made("/company/companies", body).await),
            // The answer could not be written, after the record was.
            [whole] => {
                let sites = format!("/company/companies/{}/sites", whole["id"]);
                assert_eq!(company.get(&company.admin, &sites).await.rows().len(), 1);
            }
            twice => panic!("{twice:?}"),
        }
    }
    assert!(
        panicked >= 2,
        "{panicked}: at the key, and within the write"
    );
    let failed = company
        .server
        .log
        .some(usize::MAX, &|event| event.status == 500);
    assert_eq!(failed.len(), panicked, "the console shows each");
}

#[tokio::test]
async fn the_console_and_bittings_own_api_answer_too() {
    let company = Company::open().await;
    let lines = Lines::default();
    let _log = tracing::subscriber::set_default(lines.clone());
    let path = "/bitting/apis/3.0/system/keys";
    company.panic_at(1);
    let answer = company.at(Some(&company.admin), path).await;
    assert_eq!(answer.status, 500);
    is_failure(&answer, &told(&lines, "GET", path));
    assert_eq!(company.at(Some(&company.admin), path).await.status, 200);

    let link = company.server.console.one_time_path();
    let entered = company.at(None, &link).await;
    let cookie = entered.headers["set-cookie"].to_str().unwrap().to_owned();
    let headers = [("cookie", cookie.split(';').next().unwrap())];
    let page = async || {
        company
            .whole(None, "GET", "/console/acme/audit/keys", None, &headers)
            .await
    };
    company.panic_at(1);
    let answer = page().await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.starts_with(b"The page could not be made"));
    assert!(answer.headers.contains_key("content-security-policy"));
    told(&lines, "GET", "/console/acme/audit/keys");
    assert_eq!(page().await.status, 200);
}

#[tokio::test]
async fn on_autotask_it_is_a_500_in_autotasks_words() {
    let site = Site::with(bitting_store::Location::Memory, None).await;
    let lines = Lines::default();
    let _log = tracing::subscriber::set_default(lines.clone());
    let owner = site.rows(site.admin(), "Resources").await[0]["id"].clone();
    let count = async || {
        let found = site.send(
            Some(site.admin()),
            "POST",
            "/Companies/query/count",
            &[],
            Some(site::all()),
        );
        found.await.json["queryCount"].as_i64().unwrap()
    };
    let mut panicked = 0;
    for reading in 1.. {
        let before = count().await;
        let body = json!({ "companyName": format!("c{reading} s3cr3t"), "companyType": 1, "phone": "1", "ownerResourceID": owner });
        site.panic_at(reading);
        let made = site
            .send(Some(site.admin()), "POST", "/Companies", &[], Some(body))
            .await;
        let left = site.panic_at(0);
        let after = count().await;
        if left > 0 {
            assert_eq!((made.status, after), (200, before + 1), "{}", made.json);
            break;
        }
        assert_eq!(made.status, 500);
        assert!(
            made.json["errors"]
                .as_array()
                .is_some_and(|errors| errors.iter().all(Value::is_string))
        );
        assert!(!String::from_utf8_lossy(&made.body).contains(site::SAID));
        told(&lines, "POST", "/ATServicesRest/V1.0/Companies");
        assert!([before, before + 1].contains(&after));
        panicked += 1;
    }
    assert!(panicked >= 2, "{panicked}");
}
