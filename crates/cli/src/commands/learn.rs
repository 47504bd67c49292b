//! `bitting learn`: the smallest role for what a member really does, as a profile.

use crate::place::Place;
use crate::whole_file;
use anyhow::{Context as _, Result, bail};
use bitting_catalog::Catalog;
use bitting_connect::learn::{learn, prove};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Learn the smallest role from a member's calls, and write it as a profile. With --prove, exit code 0 when
/// the role suffices and every right of it is needed, 2 when not.
#[derive(Args)]
pub struct Learn {
    /// Id of the API member.
    member: String,
    #[command(flatten)]
    place: Place,
    /// Play the calls again with exactly that role, and with each single right taken away. Makes a role and
    /// an API member of its own, which stay behind empty and inactive.
    #[arg(long)]
    prove: bool,
    /// Write the profile to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Learn {
    pub fn run(&self) -> Result<ExitCode> {
        if let Some(file) = self.out.as_ref().filter(|file| file.exists()) {
            bail!("{} is there already; nothing was learned", file.display());
        }
        let opened = self.place.open()?;
        let (registry, catalog) = Catalog::embedded()?;
        let learned = learn(&opened.psa, &self.member, &registry, &catalog)?;
        let proof = if self.prove {
            Some(prove(
                &opened.psa,
                &learned,
                &opened.delivery.url,
                opened.delivery.ca_file.as_deref(),
            )?)
        } else {
            None
        };
        let text = learned.profile(&bitting_connect::today());
        if let Some(file) = &self.out {
            whole_file::write_new(file, &text)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        if self.place.target.json {
            let rights = proof.as_ref().map(|proof| {
                proof
                    .rights
                    .iter()
                    .map(|(right, needed)| json!({ "right": right, "needed": needed }))
                    .collect::<Vec<_>>()
            });
            println!(
                "{}",
                serde_json::to_string_pretty(&json!({
                    "member": learned.member, "calls": learned.served, "role": learned.document,
                    "refused": learned.refused, "lacking": proof.as_ref().map(|proof| &proof.lacking), "rights": rights,
                }))?
            );
        } else if self.out.is_none() {
            print!("{text}");
        }
        for call in &learned.refused {
            eprintln!("refused, and not granted: {call}");
        }
        let Some(proof) = proof else {
            return Ok(ExitCode::SUCCESS);
        };
        for call in &proof.lacking {
            eprintln!("the learned role does not serve {call}");
        }
        for (right, needed) in &proof.rights {
            eprintln!(
                "{}  {right}",
                if *needed { "needed    " } else { "not proved" }
            );
        }
        Ok(if proof.holds() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    }
}
