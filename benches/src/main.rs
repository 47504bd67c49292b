//! Runs the parts of the benchmark named on the command line, prints their tables and keeps them as JSON.
//! Started by `benches/run`, which builds everything and pins this program to the second core.

mod autotask;
mod canned;
mod case;
mod cedar;
mod company;
mod connect;
mod decision;
mod gate;
mod load;
mod pocketbase;
mod process;
mod report;
mod serve;
mod start;
mod versus;

use anyhow::{Context as _, Result, bail};
use report::Table;
use std::fs;
use std::path::PathBuf;

/// Where things are, as `benches/run` says.
pub struct Places {
    /// The release build of `bitting`.
    pub bitting: PathBuf,
    /// Data that may stay for the next run.
    pub data: PathBuf,
    /// JSON of the tables goes here.
    pub results: PathBuf,
    /// The repository.
    pub root: PathBuf,
}

const PARTS: [&str; 7] = [
    "decision", "serve", "autotask", "versus", "connect", "gate", "start",
];

fn main() -> Result<()> {
    let mut parts: Vec<String> = std::env::args().skip(1).collect();
    if parts.is_empty() {
        parts = PARTS.map(str::to_owned).to_vec();
    }
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!(
            "there is no part `{unknown}`; there are {}",
            PARTS.join(", ")
        );
    }
    let place = |name: &str| -> Result<PathBuf> {
        let value =
            std::env::var(name).with_context(|| format!("{name} is not set; start benches/run"))?;
        Ok(PathBuf::from(value))
    };
    let places = Places {
        bitting: place("BITTING_BENCH_BINARY")?,
        data: place("BITTING_BENCH_DATA")?,
        results: place("BITTING_BENCH_RESULTS")?,
        root: place("BITTING_BENCH_ROOT")?,
    };
    fs::create_dir_all(&places.data)?;
    fs::create_dir_all(&places.results)?;
    println!("{}\n", report::machine());
    for part in &parts {
        let tables: Vec<Table> = match part.as_str() {
            "decision" => decision::measure(&places)?,
            "serve" => serve::measure(&places)?,
            "autotask" => autotask::measure(&places)?,
            "versus" => versus::measure(&places)?,
            "connect" => connect::measure(&places)?,
            "gate" => gate::measure(&places)?,
            _ => start::measure(&places)?,
        };
        for table in &tables {
            println!("{table}");
        }
        let file = places.results.join(format!("{part}.json"));
        fs::write(&file, serde_json::to_vec_pretty(&report::json(&tables))?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
