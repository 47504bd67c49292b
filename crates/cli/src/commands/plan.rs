//! `bitting plan`: what a PSA lacks for a profile, and has too much. Changes nothing.

use crate::autotask;
use crate::chosen::Chosen;
use crate::place::Place;
use anyhow::{Context as _, Result};
use bitting_connect::plan::saved::Saved;
use bitting_connect::plan::{Plan as Planned, plan};
use clap::Args;
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Show what a PSA lacks for a profile. Exit code 0 when nothing, 2 when something differs, 1 on an error.
#[derive(Args)]
pub struct Plan {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    place: Place,
    /// Also keep the plan in this file, for `bitting apply FILE`: applied on anything else than what is there
    /// now, it is refused.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Exit code of a difference.
const DIFFERS: u8 = 2;

impl Plan {
    pub fn run(&self) -> Result<ExitCode> {
        if let Some(work) = autotask::work(&self.chosen, self.place.data.as_deref())? {
            return autotask::show_plan(&work, &self.place, self.out.as_deref());
        }
        let work = self.chosen.work(self.place.data.as_deref())?;
        let opened = self.place.open()?;
        let plan = plan(&opened.psa, work.wanted()?, &work.registry)?;
        print(&plan, self.place.target.json)?;
        if let Some(file) = &self.out {
            keep(file, &Saved::of(&opened.psa, &plan), self.place.target.json)?;
        }
        Ok(if plan.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(DIFFERS)
        })
    }
}

/// Writes a plan to a file that is not there yet.
pub fn keep(file: &Path, saved: &impl Serialize, json: bool) -> Result<()> {
    let mut text = serde_json::to_string_pretty(saved)?;
    text.push('\n');
    std::fs::File::create_new(file)
        .and_then(|mut made| made.write_all(text.as_bytes()))
        .with_context(|| format!("the plan cannot be kept in {}", file.display()))?;
    if !json {
        println!("\nkept in {0}; bitting apply {0}", file.display());
    }
    Ok(())
}

/// Prints a plan for people, or for programs.
pub fn print(plan: &Planned, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(&plan.json())?);
    } else {
        print!("{}", plan.text(std::io::stdout().is_terminal()));
    }
    Ok(())
}
