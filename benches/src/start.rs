//! From starting the process to its first answer with the default demo company, and memory at rest.

use crate::Places;
use crate::load::{Connection, request};
use crate::process::{SERVER_CORE, Server, free_port};
use crate::report::{Goal, Table, figure};
use anyhow::Result;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const STARTS: usize = 11;

pub fn measure(places: &Places) -> Result<Vec<Table>> {
    let mut table = Table::new(
        "start: `bitting serve` with the default demo company, 11 starts",
        &["what", "least", "median", "most", "goal", ""],
    );
    for (core, label) in [
        (None, "first answer, both cores, ms"),
        (Some(SERVER_CORE), "first answer, one core, ms"),
    ] {
        let (mut first, mut memory) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let (answer, resident) = once(places, core, memory.is_empty())?;
            first.push(answer);
            memory.extend(resident);
        }
        add(&mut table, label, first, Goal::AtMost(100.0), " ms");
        add(
            &mut table,
            "resident after 3 s idle, MB",
            memory,
            Goal::AtMost(25.0),
            " MB",
        );
    }
    table.note("The median is what the goal is held against.");
    Ok(vec![table])
}

fn add(table: &mut Table, label: &str, mut figures: Vec<f64>, goal: Goal, unit: &str) {
    figures.sort_by(f64::total_cmp);
    let median = figures[figures.len() / 2];
    let [goal, verdict] = goal.judge(median, unit);
    let cells = [figures[0], median, figures[figures.len() - 1]].map(figure);
    table.row(
        [label.to_owned()]
            .into_iter()
            .chain(cells)
            .chain([goal, verdict]),
    );
}

/// Milliseconds to the first answer, and the memory after a while if asked for.
fn once(places: &Places, core: Option<&str>, idle: bool) -> Result<(f64, Option<f64>)> {
    let (port, secure) = (free_port()?, free_port()?);
    let log = places.data.join("start.txt");
    let home = places.data.to_string_lossy().into_owned();
    let home = [("HOME", home.as_str()), ("XDG_STATE_HOME", home.as_str())];
    let (port_text, secure) = (port.to_string(), secure.to_string());
    let ask = request("GET", "/login/companyinfo/bitting", &[], None);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let started = Instant::now();
    let arguments = ["serve", "--port", &port_text, "--https-port", &secure];
    let mut server = Server::start_on(core, &places.bitting, &arguments, &home, &log)?;
    server.until(Duration::from_secs(30), &log, || {
        let answer = Connection::open(address).ok()?.ask(&ask).ok()?;
        (answer.status == 200).then_some(())
    })?;
    let first = started.elapsed().as_secs_f64() * 1e3;
    let memory = idle.then(|| {
        std::thread::sleep(Duration::from_secs(3));
        server.memory()
    });
    Ok((first, memory))
}
