//! `bitting connect`: from a profile to a proved key, all steps in order. Each step looks first what is there,
//! so a run that stopped goes on where it was.

use super::apply;
use crate::autotask;
use crate::chosen::{Chosen, Work};
use crate::handover::Delivery;
use crate::place::{Opened, Place};
use crate::private_file;
use crate::prompt::{hidden, line, step};
use crate::results::{outcome, print_calls, print_report};
use anyhow::{Context as _, Result, anyhow, bail};
use bitting_client::{KeyFile, Psa};
use bitting_connect::plan::Plan;
use bitting_connect::verify::{Asked, verify as prove};
use bitting_connect::{checklist, keys};
use clap::Args;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Connect an integration: role, API member, key and proof, in one go. Ends with the proof's exit code.
#[derive(Args)]
pub struct Connect {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    place: Place,
    /// Where the key is written, mode 0600; by default PROFILE.key.json here.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Cut a key also when the file holds one.
    #[arg(long)]
    new_key: bool,
    /// Prove writes too, with bodies that no PSA takes.
    #[arg(long)]
    write_probes: bool,
    /// On a live PSA: print the clicks that remain and stop, instead of waiting for them.
    #[arg(long)]
    once: bool,
}

impl Connect {
    pub fn run(&self) -> Result<ExitCode> {
        if let Some(work) = autotask::work(&self.chosen, self.place.data.as_deref())? {
            autotask::connect::without_writes(self.write_probes)?;
            let file = self
                .key_file
                .clone()
                .unwrap_or_else(|| format!("{}.autotask.key.json", work.profile.slug).into());
            let told = autotask::connect::Told {
                place: &self.place,
                file: &file,
                new_key: self.new_key,
                once: self.once,
            };
            return autotask::connect::run(&work, &told);
        }
        let work = self.chosen.work(self.place.data.as_deref())?;
        let opened = self.place.open()?;
        let file = self
            .key_file
            .clone()
            .unwrap_or_else(|| format!("{}.key.json", work.profile.slug).into());
        let json = self.place.target.json;
        let (planned, applied) = apply::carry_out(&opened, &work)?;
        let rights = planned.wanted.cells().count();
        step(
            1,
            "plan",
            &format!(
                "{}: {rights} levels; {}",
                planned.wanted.title,
                planned.summary()
            ),
        );
        let done = if applied.done.is_empty() {
            "as wanted".to_owned()
        } else {
            applied.done.join(", ")
        };
        step(2, "apply", &done);
        if applied
            .remaining
            .iter()
            .any(|click| click.at.contains("Security Roles"))
        {
            eprintln!(
                "\nWhat remains is done on the PSA's screens:\n\n{}",
                checklist::text(&applied.remaining)
            );
            if self.once {
                return Ok(ExitCode::from(2));
            }
            apply::wait(&opened, &work.registry, &|| work.wanted())?;
        }
        let said = self.key(&opened, &planned, applied.member, &file)?;
        step(3, "key", &said);
        let report = self.proof(&opened, &work, &file)?;
        step(4, "proof", outcome(&report));
        if !json {
            println!();
        }
        print_report(&report, json, None)?;
        Ok(ExitCode::from(report.exit_code()))
    }

    /// The key in the file if it is this member's and works, else a new one.
    fn key(&self, opened: &Opened, planned: &Plan, member: i64, file: &Path) -> Result<String> {
        let identifier = &planned.wanted.member.identifier;
        if file.exists() && !self.new_key {
            let held = KeyFile::read(file)?;
            let works = Psa::of_key_file(&held, false)
                .map_err(Into::into)
                .and_then(|key| keys::prove(&key, identifier));
            return match works {
                Ok(()) => Ok(format!("the one in {} works", file.display())),
                Err(error) => Err(anyhow!(error).context(format!(
                    "{} holds a key that does not serve; --new-key cuts another and replaces it, --key-file names another file",
                    file.display()
                ))),
            };
        }
        if planned.own {
            let cut = keys::cut(&opened.psa, member, &planned.wanted.title, None)?;
            let written = opened
                .delivery
                .file(&cut.public_key, cut.private_key.reveal())
                .and_then(|bytes| Ok(private_file::write(file, &bytes)?));
            if let Err(error) = written {
                // A key whose private half nobody holds must not lie around.
                let left = match keys::revoke(&opened.psa, cut.id) {
                    Ok(()) => "the key just cut was revoked".to_owned(),
                    Err(_) => format!(
                        "the key just cut is still there; `bitting key revoke {}`",
                        cut.id
                    ),
                };
                return Err(error.context(format!("{} cannot be written; {left}", file.display())));
            }
            let others = planned
                .keys
                .as_deref()
                .map_or(0, |held| keys::live(held).count());
            if others > 0 {
                return Ok(format!(
                    "written to {}, beside {others} that the member has already",
                    file.display()
                ));
            }
        } else {
            ask(&opened.delivery, planned, file)?;
        }
        Ok(format!("written to {}", file.display()))
    }

    fn proof(
        &self,
        opened: &Opened,
        work: &Work,
        file: &Path,
    ) -> Result<bitting_connect::verify::Report> {
        let key = Psa::of_key_file(&KeyFile::read(file)?, false)?;
        let report = prove(&Asked {
            key: &key,
            profile: &work.profile,
            choices: &work.choices,
            registry: &work.registry,
            catalog: &work.catalog,
            admin: Some(&opened.psa),
            write_probes: self.write_probes,
            probes_only: false,
        });
        if self.place.calls {
            print_calls(&key.calls());
        }
        Ok(report?)
    }
}

/// On a live PSA a person cuts the key, and types both halves in here.
fn ask(delivery: &Delivery, planned: &Plan, file: &Path) -> Result<()> {
    eprintln!(
        "\nCut the key on the PSA's screens:\n\n{}",
        checklist::text(&[checklist::key(planned)])
    );
    if !std::io::stdin().is_terminal() {
        bail!(
            "there is no terminal to ask for the key; write it to {} as JSON (url, company, client_id, public_key, \
             private_key) and run this again",
            file.display()
        );
    }
    let public = line("Public key: ")?;
    let private = hidden("Private key")?;
    let bytes = delivery.file(&public, &private)?;
    private_file::write(file, &bytes).with_context(|| format!("cannot write {}", file.display()))
}
