//! `bitting plan`: what a PSA lacks for a profile, and has too much. Changes nothing.

use crate::autotask;
use crate::chosen::Chosen;
use crate::place::Place;
use anyhow::Result;
use bitting_connect::plan::{Plan as Planned, plan};
use clap::Args;
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// Show what a PSA lacks for a profile. Exit code 0 when nothing, 2 when something differs, 1 on an error.
#[derive(Args)]
pub struct Plan {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    place: Place,
}

/// Exit code of a difference.
const DIFFERS: u8 = 2;

impl Plan {
    pub fn run(&self) -> Result<ExitCode> {
        if let Some(work) = autotask::work(&self.chosen, self.place.data.as_deref())? {
            return autotask::show_plan(&work, &self.place);
        }
        let work = self.chosen.work(self.place.data.as_deref())?;
        let opened = self.place.open()?;
        let plan = plan(&opened.psa, work.wanted()?, &work.registry)?;
        print(&plan, self.place.target.json)?;
        Ok(if plan.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(DIFFERS)
        })
    }
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
