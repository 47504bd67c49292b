//! `bitting demo` from outside: a company of the size asked for, spread over a year, whole or not at all.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn demo(data: &Path, size: u32) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bitting"));
    command
        .args(["demo", "--quiet", "--size", &size.to_string(), "--data"])
        .arg(data)
        .env_remove("BITTING_DATABASE")
        .stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_company_is_filled_once_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let filled = demo(folder.path(), 40).output().unwrap();
    assert!(filled.status.success(), "{}", text(&filled));
    let said = text(&filled);
    assert!(said.contains("of which 40 tickets"), "{said}");
    assert!(said.contains("admin") && said.contains("least"), "{said}");
    let again = demo(folder.path(), 50).output().unwrap();
    assert!(!again.status.success());
    assert!(
        text(&again).contains("has records already"),
        "{}",
        text(&again)
    );
}

#[test]
fn the_bar_ends_where_the_rows_do() {
    for autotask in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = demo(folder.path(), 2_000);
        if autotask {
            command.arg("--autotask");
        }
        let said = text(&command.output().unwrap());
        let rows = said.lines().find_map(|line| line.strip_prefix("rows"));
        let rows = rows.and_then(|rest| rest.trim().split_once(','));
        let rows: f64 = rows.expect(&said).0.parse().unwrap();
        let told = bitting_demo::Size::scaled(2_000).rows(autotask);
        let told = f64::from(u32::try_from(told).unwrap());
        assert!((told / rows - 1.0).abs() < 0.1, "{told} told, {rows} made");
    }
}

#[test]
fn the_autotask_database_is_filled_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let fill = || {
        let mut command = demo(folder.path(), 40);
        command.arg("--autotask").output().unwrap()
    };
    let filled = fill();
    let said = text(&filled);
    assert!(filled.status.success(), "{said}");
    assert!(said.contains("autotask.psa.sqlite"), "{said}");
    assert!(said.contains("admin") && said.contains("least"), "{said}");
    let again = fill();
    assert!(!again.status.success());
    assert!(
        text(&again).contains("has records already"),
        "{}",
        text(&again)
    );
    let other = demo(folder.path(), 40).output().unwrap();
    assert!(other.status.success(), "{}", text(&other));
}

#[test]
fn a_log_gets_lines_and_quiet_gets_none() {
    let told = |quiet: bool| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bitting"));
        command.args(["demo", "--size", "1500", "--data"]);
        command.arg(folder.path()).env_remove("BITTING_DATABASE");
        if quiet {
            command.arg("--quiet");
        }
        let filled = command.stdin(Stdio::null()).output().unwrap();
        assert!(filled.status.success(), "{}", text(&filled));
        String::from_utf8_lossy(&filled.stderr).into_owned()
    };
    let lines = told(false);
    let steps: Vec<&str> = lines
        .lines()
        .filter(|line| line.contains(" rows, "))
        .collect();
    assert!((2..=10).contains(&steps.len()), "{lines}");
    assert!(!lines.contains('\u{1b}'), "no bar in a log: {lines}");
    assert!(!told(true).contains(" rows, "));
}

#[test]
fn a_size_out_of_reach_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for size in [0, 10_000_001] {
        let refused = demo(folder.path(), size).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    }
}

#[test]
fn one_that_is_killed_half_way_leaves_an_empty_company() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = demo(folder.path(), 400_000)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Long enough that rows are on their way, far too short for all of them.
    let file = folder.path().join("bitting.sqlite");
    while !file.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(2));
    child.kill().unwrap();
    let ended = child.wait().unwrap();
    assert!(!ended.success(), "it was not done yet");
    let filled = demo(folder.path(), 30).output().unwrap();
    assert!(filled.status.success(), "{}", text(&filled));
    assert!(
        text(&filled).contains("of which 30 tickets"),
        "{}",
        text(&filled)
    );
}

#[test]
fn a_server_that_has_the_directory_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let mut server = Command::new(env!("CARGO_BIN_EXE_bitting"))
        .args(["serve", "--empty", "--no-sync", "--port", "0", "--data"])
        .arg(folder.path())
        .arg("--ready-file")
        .arg(&ready)
        .env_remove("BITTING_DATABASE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !ready.exists() {
        assert!(server.try_wait().unwrap().is_none(), "the server ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = demo(folder.path(), 30).output().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(!refused.status.success(), "{}", text(&refused));
}
