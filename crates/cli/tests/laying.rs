//! The process that lays down a server's first records ends with the server, however that ends.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

/// An order for more than any machine lays down while a test waits.
fn endless(state: &std::path::Path) -> String {
    let count = 10_000_000_u32;
    serde_json::json!({
        "state": state, "keep": true, "overlay": [], "company": "acme", "name": "Acme", "autotask": false,
        "demo": { "seed": 1, "size": {
            "companies": count, "contacts": count, "configurations": count, "agreements": count,
            "tickets": count, "opportunities": count, "activities": count, "projects": count,
        } },
    })
    .to_string()
}

#[test]
fn it_ends_when_its_server_is_gone() {
    let state = tempfile::tempdir().expect("a directory");
    let mut child = Command::new(env!("CARGO_BIN_EXE_bitting"))
        .arg("lay-down")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the process");
    let mut tether = child.stdin.take().expect("its input");
    writeln!(tether, "{}", endless(state.path())).expect("the order is read");
    // A server that is killed lets go of it the same way.
    drop(tether);
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(1));
    let mut told = String::new();
    let mut output = child.stdout.take().expect("its output");
    output.read_to_string(&mut told).expect("text");
    assert_eq!(told, "", "nothing is called laid down");
}

#[test]
fn what_is_no_order_is_refused() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bitting"))
        .arg("lay-down")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process");
    let mut input = child.stdin.take().expect("its input");
    writeln!(input, "hello").expect("it reads");
    let ended = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(told.contains("this is no server's order"), "{told}");
    assert!(!ended.status.success());
}
