//! `bitting verify`: proves what a key holds against a profile. Needs the key alone.

use crate::autotask::{self, connect::prove};
use crate::chosen::Chosen;
use crate::place::Place;
use crate::results::{print_calls, print_report};
use anyhow::Result;
use bitting_client::{KeyFile, Psa};
use bitting_connect::verify::{Asked, verify};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Prove what a key holds against a profile. Exit code 0: exactly what is needed; 2: something is missing;
/// 3: nothing is missing, but something is in excess; 1: it could not be told.
#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    place: Place,
    /// The integration's key, as `bitting key new --key-file` writes it.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Also try writes, with bodies that no PSA takes: the right shows, and nothing is made.
    #[arg(long)]
    write_probes: bool,
    /// Believe calls alone, not what the PSA says of the key's rights.
    #[arg(long)]
    probes_only: bool,
    /// Write the result for build servers to this file, JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl Verify {
    pub fn run(&self) -> Result<ExitCode> {
        if let Some(work) = autotask::work(&self.chosen, self.place.data.as_deref())? {
            autotask::connect::without_writes(self.write_probes)?;
            let junit = self.junit.as_deref();
            return prove(&work, &self.place, &self.key_file, self.probes_only, junit);
        }
        self.place.is_connectwise()?;
        let work = self.chosen.work(self.place.data.as_deref())?;
        let file = KeyFile::read(&self.key_file)?;
        let key = Psa::of_key_file(&file, false)?;
        // Counts are compared with somebody's who sees all, where such a one is at hand.
        let admin = self.place.open().ok().filter(|opened| {
            opened.delivery.url.trim_end_matches('/') == file.url.trim_end_matches('/')
                && opened
                    .delivery
                    .company
                    .eq_ignore_ascii_case(&file.credentials.company)
        });
        let report = verify(&Asked {
            key: &key,
            profile: &work.profile,
            choices: &work.choices,
            registry: &work.registry,
            catalog: &work.catalog,
            admin: admin.as_ref().map(|opened| &opened.psa),
            write_probes: self.write_probes,
            probes_only: self.probes_only,
        });
        if self.place.calls {
            print_calls(&key.calls());
        }
        let report = report?;
        print_report(&report, self.place.target.json, self.junit.as_deref())?;
        Ok(ExitCode::from(report.exit_code()))
    }
}
