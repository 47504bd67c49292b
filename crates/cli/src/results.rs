//! What commands of `connect` print: plans, reports and calls, for people or for programs.

use crate::whole_file;
use anyhow::{Context as _, Result};
use bitting_client::Call;
use bitting_connect::plan::Plan;
use bitting_connect::verify::Report;
use serde::Serialize;
use std::io::IsTerminal as _;
use std::path::Path;

/// Every request that was made, a line each, apart from the command's own output.
pub fn print_calls(calls: &[Call]) {
    for call in calls {
        eprintln!("{:<6} {} {}", call.method, call.status, call.path);
    }
}

/// What a proof came to, in a few words.
pub fn outcome(report: &bitting_connect::verify::Report) -> &'static str {
    match report.exit_code() {
        0 => "exactly what is needed",
        3 => "nothing is missing, and something is in excess",
        _ => "something is missing",
    }
}

/// Writes a plan to a file that is not there yet.
pub fn keep_plan(file: &Path, saved: &impl Serialize, json: bool) -> Result<()> {
    let mut text = serde_json::to_string_pretty(saved)?;
    text.push('\n');
    whole_file::write_new(file, text)
        .with_context(|| format!("the plan cannot be kept in {}", file.display()))?;
    if !json {
        println!("\nkept in {0}; bitting apply {0}", file.display());
    }
    Ok(())
}

/// Prints a plan for people, or for programs.
pub fn print_plan(plan: &Plan, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(&plan.json())?);
    } else {
        print!("{}", plan.text(std::io::stdout().is_terminal()));
    }
    Ok(())
}

/// Prints a report, and writes it for build servers.
pub fn print_report(report: &Report, json: bool, junit: Option<&Path>) -> Result<()> {
    if json {
        let mut value = serde_json::to_value(report)?;
        value["exit_code"] = report.exit_code().into();
        println!("{}", serde_json::to_string_pretty(&value)?);
    } else {
        print!("{}", report.text());
    }
    if let Some(file) = junit {
        whole_file::write(file, report.junit())
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
