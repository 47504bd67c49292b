//! What a newcomer reads once the server answers: where it is, keys that open it, and a line to paste.

use bitting_server::host::{Ready, Running, Shown};
use std::fmt::Write as _;
use std::io::Write as _;

/// What stands where there is nothing to show: a key is shown once.
const CUT_BEFORE: &str = "the keys cut at the first start";

/// Tells a newcomer all that is needed for a first call.
pub fn greet(running: &Running) {
    let ready = &running.ready;
    let mut out = std::io::stdout().lock();
    // A closed pipe is no reason not to serve.
    let _ = writeln!(out, "{}", facts(ready));
    if let Some(pair) = &ready.connectwise.least {
        let _ = writeln!(out, "Try:\n\n{}\n", curl(ready, pair));
    }
    let _ = writeln!(out, "Stop with Ctrl-C.");
    let _ = out.flush();
}

fn facts(ready: &Ready) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    line("http", &ready.http);
    line("https", &ready.https);
    line("CA file", &ready.ca_file.display().to_string());
    line("console", &ready.console);
    line("company", &ready.connectwise.company);
    line("clientId", &ready.connectwise.client_id);
    for (name, pair) in [
        ("admin", &ready.connectwise.admin),
        ("least", &ready.connectwise.least),
    ] {
        match pair {
            Some(pair) => line(name, &format!("{} : {}", pair.public_key, pair.private_key)),
            None => line(name, CUT_BEFORE),
        }
    }
    let Some(autotask) = &ready.autotask else {
        return format!("Bitting serves a PSA that speaks ConnectWise.\n\n{text}");
    };
    line("Autotask", &autotask.base_url);
    line("", "UserName : Secret : ApiIntegrationCode");
    for (name, user) in [("admin", &autotask.admin), ("least", &autotask.least)] {
        match user {
            Some(user) => line(
                name,
                &format!(
                    "{} : {} : {}",
                    user.username, user.secret, user.integration_code
                ),
            ),
            None => line(name, CUT_BEFORE),
        }
    }
    format!("Bitting serves a PSA that speaks ConnectWise and Autotask.\n\n{text}")
}

fn curl(ready: &Ready, pair: &Shown) -> String {
    format!(
        "  curl -u '{}+{}:{}' -H 'clientId: {}' \\\n    '{}/v4_6_release/apis/3.0/service/tickets?pageSize=2&fields=id,summary,status/name'",
        ready.connectwise.company,
        pair.public_key,
        pair.private_key,
        ready.connectwise.client_id,
        ready.http
    )
}
