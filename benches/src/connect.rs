//! `bitting connect` as people type it, on a fresh company: from a profile's name to a proved key, process and all.

use crate::Places;
use crate::process::{SERVER_CORE, Server, free_port};
use crate::report::{Goal, Table, figure};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The smallest guide, one that writes set-up data, the one with the longest list, and one with optional rights.
const PROFILES: [&str; 4] = ["mspcfo", "umbrella", "propel", "office_protect"];
const TIMES: usize = 11;
/// Milliseconds; the promise of `bitting connect` on the embedded PSA.
const GOAL: f64 = 1000.0;

pub fn measure(places: &Places) -> Result<Vec<Table>> {
    let mut table = Table::new(
        "connect: plan, apply, key and proof in one command, 11 times with a role and a member of their own",
        &[
            "company",
            "profile",
            "least ms",
            "median ms",
            "most ms",
            "goal",
            "",
        ],
    );
    for (label, demo) in [("demo records", true), ("no records", false)] {
        let folder = places.data.join("connect");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let _server = serve(places, &folder, demo)?;
        for profile in PROFILES {
            let mut figures = Vec::new();
            for number in 0..TIMES {
                figures.push(once(places, &folder, profile, number)?);
            }
            figures.sort_by(f64::total_cmp);
            let median = figures[TIMES / 2];
            let [goal, verdict] = Goal::AtMost(GOAL).judge(median, " ms");
            let cells = [figures[0], median, figures[TIMES - 1]].map(figure);
            let names = [label.to_owned(), profile.to_owned()];
            table.row(names.into_iter().chain(cells).chain([goal, verdict]));
        }
    }
    table.note("The command starts, speaks https with a local authority to prove the key, and ends; the server is on one core.");
    Ok(vec![table])
}

fn serve(places: &Places, folder: &Path, demo: bool) -> Result<Server> {
    let (port, secure) = (free_port()?.to_string(), free_port()?.to_string());
    let log = folder.join("serve.txt");
    let ready = folder.join("ready.json");
    let data = folder.join("data");
    let (data, ready_text) = (data.to_string_lossy(), ready.to_string_lossy());
    let home = folder.to_string_lossy();
    let mut arguments = vec![
        "serve",
        "--port",
        &port,
        "--https-port",
        &secure,
        "--data",
        &data,
        "--ready-file",
        &ready_text,
    ];
    if !demo {
        arguments.push("--empty");
    }
    let home = [("HOME", &*home), ("XDG_STATE_HOME", &*home)];
    let mut server = Server::start_on(Some(SERVER_CORE), &places.bitting, &arguments, &home, &log)?;
    server.until(Duration::from_secs(60), &log, || {
        ready.exists().then_some(())
    })?;
    Ok(server)
}

/// Milliseconds from starting the command to its end.
fn once(places: &Places, folder: &Path, profile: &str, number: usize) -> Result<f64> {
    let member: String = profile.chars().take(10).collect();
    let started = Instant::now();
    let output = Command::new(&places.bitting)
        .args(["connect", profile])
        .args(["--role", &format!("{profile} {number}")])
        .args(["--member", &format!("{member}{number}")])
        .args(["--key-file", &format!("{profile}{number}.json")])
        .current_dir(folder)
        .env("BITTING_SERVER", folder.join("data"))
        .output()
        .context("cannot start bitting")?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !said.contains(" 0 missing, 0 in excess") {
        bail!(
            "{profile} was not connected: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(took)
}
