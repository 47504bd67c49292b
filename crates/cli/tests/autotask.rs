//! `instance` and `fault` on Autotask instances, as people and scripts run them: what a switch is set to holds at
//! once and after a new start, and a fault strikes the instance it is set on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Output;
use support::{Running, bitting, text_of};

/// A server in a directory; it ends with the value.
struct Server {
    running: Running,
    data: String,
}

impl Server {
    fn start(directory: &Path, further: &[&str]) -> Self {
        let data = directory.join("data").to_str().unwrap().to_owned();
        let mut serve = bitting(directory);
        serve.args(["serve", "--no-sync"]).args(further);
        if !Path::new(&data).exists() {
            serve.arg("--empty");
        }
        let running = Running::start(directory, &mut serve);
        Self { running, data }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = bitting(Path::new(&self.data))
            .args(arguments)
            .args(["--autotask", "--server", &self.data])
            .output();
        output.unwrap()
    }

    #[track_caller]
    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
        text
    }

    /// A call of the first API user, or of another one.
    fn call(&self, user: &Value, method: &str, path: &str, body: &Value) -> Response {
        let url = format!("{}/ATServicesRest/V1.0/{path}", self.running.http());
        let text = |name: &str| user[name].as_str().unwrap().to_owned();
        Client::new()
            .request(method.parse().unwrap(), url)
            .header("UserName", text("username"))
            .header("Secret", text("secret"))
            .header("ApiIntegrationCode", text("integration_code"))
            .json(body)
            .send()
            .unwrap()
    }

    fn admin(&self) -> Value {
        self.running.ready["autotask"]["admin"].clone()
    }

    /// How the instance answers a change at a record's own path.
    fn own_path(&self, user: &Value) -> u16 {
        let body = json!({ "department": "x" });
        let answer = self.call(user, "PATCH", "Companies/0", &body);
        answer.status().as_u16()
    }
}

#[test]
fn switches_hold_at_once_and_after_a_new_start() {
    let directory = tempfile::tempdir().unwrap();
    {
        let server = Server::start(directory.path(), &[]);
        let admin = server.admin();
        assert_eq!(server.own_path(&admin), 405, "strict as it starts");
        let said = server.expect(0, &["instance", "settings"]);
        for name in ["lenient", "limits", "hourly-limit", "thread-limit"] {
            assert!(said.contains(name), "{said}");
        }
        server.expect(0, &["instance", "set", "lenient", "on"]);
        assert_eq!(server.own_path(&admin), 200);

        let threshold = || {
            let answer = server.call(&admin, "GET", "ThresholdInformation", &json!(null));
            let status = answer.status().as_u16();
            (status, answer.json::<Value>().unwrap())
        };
        assert_eq!(threshold().1["externalRequestThreshold"], 10_000);
        server.expect(0, &["instance", "set", "hourly-limit", "4"]);
        // Not before limits are on.
        for _ in 0..3 {
            assert_eq!(threshold().0, 200);
        }
        server.expect(0, &["instance", "set", "limits", "on"]);
        assert_eq!(threshold().0, 429);
        server.expect(0, &["instance", "set", "limits", "off"]);
        server.expect(0, &["instance", "set", "hourly-limit"]);
        assert_eq!(threshold().0, 200);

        for (name, value, expected) in [
            ("lenient", "perhaps", "not 'perhaps'"),
            ("hourly-limit", "0", "1 to 1000000"),
            ("strictness", "on", "there are lenient, limits"),
        ] {
            let said = server.expect(1, &["instance", "set", name, value]);
            assert!(said.contains(expected), "{said}");
        }
    }
    // A new start cuts new keys for the first two users.
    let server = Server::start(directory.path(), &[]);
    assert_eq!(
        server.own_path(&server.admin()),
        200,
        "kept with the instance"
    );
    drop(server);
    // A switch that is set wins over the option; one that is not follows it.
    let server = Server::start(directory.path(), &["--autotask-lenient"]);
    let admin = server.admin();
    server.expect(0, &["instance", "set", "lenient", "off"]);
    assert_eq!(server.own_path(&admin), 405);
    server.expect(0, &["instance", "set", "lenient"]);
    assert_eq!(server.own_path(&admin), 200);
}

#[test]
fn another_instance_has_switches_copies_and_faults_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let first = server.admin();
    let keys = directory.path().join("second.json");
    let file = keys.to_str().unwrap();
    let made = server.expect(0, &["instance", "create", "Second", "--key-file", file]);
    assert!(made.contains("autotask"), "{made}");
    let said = server.expect(1, &["instance", "create", "second", "--key-file", file]);
    assert!(said.contains("already"), "{said}");
    let listed = server.expect(0, &["instance", "list"]);
    assert!(
        listed.contains("Second") && listed.contains("connectwise"),
        "{listed}"
    );
    let keys: Value = serde_json::from_str(&fs::read_to_string(&keys).unwrap()).unwrap();
    let second = keys["autotask"]["admin"].clone();

    let on_second = |words: &[&'static str]| [words, &["--instance", "Second"]].concat();
    server.expect(0, &on_second(&["instance", "set", "lenient", "on"]));
    assert_eq!(
        (server.own_path(&first), server.own_path(&second)),
        (405, 200)
    );

    let name = |user: &Value| {
        let answer = server.call(user, "GET", "Companies/0", &json!(null));
        let status = answer.status().as_u16();
        let body: Value = answer.json().unwrap();
        (
            status,
            body["item"]["companyName"]
                .as_str()
                .unwrap_or("")
                .to_owned(),
        )
    };
    let (_, before) = name(&second);
    server.expect(0, &["instance", "snapshot", "Second", "--name", "early"]);
    let renamed = json!({ "id": 0, "companyName": "Renamed" });
    assert_eq!(
        server
            .call(&second, "PATCH", "Companies", &renamed)
            .status(),
        200
    );
    assert_eq!(name(&second), (200, "Renamed".to_owned()));
    server.expect(0, &["instance", "restore", "Second", "--name", "early"]);
    assert_eq!(name(&second), (200, before.clone()));
    server.expect(0, &["instance", "reset", "Second"]);
    assert_eq!(name(&second), (200, before));
    // A new start wipes what was set, too: the instance is as the server was started.
    assert_eq!(server.own_path(&second), 405);

    // Each kind of fault, on one instance and not on the other.
    let kind = |words: &[&'static str]| on_second(&[&["fault"], words].concat());
    server.expect(
        0,
        &kind(&["throttle", "7", "--path", "Companies", "--times", "1"]),
    );
    let struck = server.call(&second, "GET", "Companies/0", &json!(null));
    assert_eq!(struck.status(), 429);
    assert_eq!(struck.headers()["retry-after"], "7");
    assert_eq!(name(&second).0, 200, "once only");
    server.expect(0, &kind(&["error", "503"]));
    let listed = server.expect(0, &kind(&["list"]));
    assert!(
        listed.contains("error") && listed.contains("throttle"),
        "{listed}"
    );
    assert_eq!((name(&first).0, name(&second).0), (200, 503));
    server.expect(0, &kind(&["clear"]));
    assert_eq!(name(&second).0, 200);
    server.expect(0, &kind(&["withdraw", "CRM / Customer & Cancelation"]));
    server.expect(0, &kind(&["withdraw", "CRM / Vendor & Partners"]));
    server.expect(0, &kind(&["withdraw", "CRM / Prospects, Leads, & Dead"]));
    assert_eq!((name(&first).0, name(&second).0), (200, 500));
    let said = server.expect(1, &kind(&["withdraw", "CRM / Nothing"]));
    assert!(said.contains("Nothing"), "{said}");
    server.expect(0, &kind(&["clear"]));
    server.expect(0, &kind(&["truncate", "--method", "GET"]));
    let all = r#"Companies/query?search={"filter":[{"op":"exist","field":"id"}]}"#;
    let cut = server.call(&second, "GET", all, &json!(null));
    assert!(cut.json::<Value>().is_err(), "broken off");
    server.expect(0, &kind(&["clear"]));
    // What the form of an API user would not take.
    for (level, email, fault) in [
        (
            "Team Member (system)",
            "wall@example.com",
            "level of people",
        ),
        (
            "API User (system) (API-only)",
            "nonsense",
            "no e-mail address",
        ),
    ] {
        let words = ["member", "create", "Wall API", "--role", level];
        let words = [&words[..], &["--email", email, "--show"]].concat();
        let said = server.expect(1, &words);
        assert!(said.contains(fault), "{said}");
    }
    let said = server.expect(1, &["plan", "umbrella"]);
    assert!(said.contains("profiles of Autotask"), "{said}");
    let said = server.expect(1, &["instance", "show", "Third"]);
    assert!(said.contains("third") && said.contains("Second"), "{said}");
}
