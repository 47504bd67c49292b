//! `bitting plan`: what a PSA lacks for a profile, and has too much. Changes nothing.

use crate::autotask;
use crate::chosen::Chosen;
use crate::place::Place;
use crate::results::{keep_plan, print_plan};
use anyhow::Result;
use bitting_connect::plan::plan;
use bitting_connect::plan::saved::Saved;
use clap::Args;
use std::path::PathBuf;
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
        print_plan(&plan, self.place.target.json)?;
        if let Some(file) = &self.out {
            keep_plan(file, &Saved::of(&opened.psa, &plan), self.place.target.json)?;
        }
        Ok(if plan.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(DIFFERS)
        })
    }
}
