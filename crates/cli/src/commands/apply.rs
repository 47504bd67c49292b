//! `bitting apply`: makes a plan true, and cuts the key. On a live PSA, whose API writes neither levels nor
//! lists nor keys, it does what it can and waits for the clicks that remain.

use crate::autotask;
use crate::chosen::{Chosen, Kept, Work};
use crate::handover::{Handover, KEY_COLUMNS};
use crate::place::{Opened, Place};
use crate::results::print_plan;
use crate::table;
use anyhow::{Context as _, Result};
use bitting_catalog::Catalog;
use bitting_connect::apply::{Applied, apply};
use bitting_connect::plan::{Plan, plan as make};
use bitting_connect::wanted::Wanted;
use bitting_connect::{checklist, keys};
use bitting_policy::Registry;
use clap::Args;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

/// How often a live PSA is read again.
const PAUSE: Duration = Duration::from_secs(5);

/// Give a PSA what a profile needs: role, levels, lists, API member and, if asked, a key.
#[derive(Args)]
pub struct Apply {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    handover: Handover,
    /// Cut a key also when the member has one that works.
    #[arg(long)]
    new_key: bool,
    /// On a live PSA: print the clicks that remain and stop, instead of waiting for them.
    #[arg(long)]
    once: bool,
}

impl Apply {
    pub fn run(&self) -> Result<ExitCode> {
        if let Some(kept) = self.chosen.kept()? {
            return self.kept(kept);
        }
        if let Some(work) = autotask::work(&self.chosen, self.place.data.as_deref())? {
            return autotask::run_apply(&work, &self.place, &self.handover, self.new_key);
        }
        let work = self.chosen.work(self.place.data.as_deref())?;
        let opened = self.place.open()?;
        let (planned, applied) = carry_out(&opened, &work)?;
        self.finish(&opened, &planned, &applied, &work.registry, || {
            work.wanted()
        })
    }

    /// A plan that was kept in a file.
    fn kept(&self, kept: Kept) -> Result<ExitCode> {
        let saved = match kept {
            Kept::Autotask(saved) => {
                return autotask::apply_saved(&saved, &self.place, &self.handover, self.new_key);
            }
            Kept::ConnectWise(saved) => saved,
        };
        let opened = self.place.open()?;
        let (registry, _) = Catalog::embedded()?;
        let planned = saved.open(&opened.psa, &registry)?;
        let applied = apply(&opened.psa, &planned, &registry)?;
        let wanted = planned.wanted.clone();
        self.finish(&opened, &planned, &applied, &registry, move || {
            Ok(wanted.clone())
        })
    }

    /// Says what was done, waits for the clicks that remain, cuts the key.
    fn finish(
        &self,
        opened: &Opened,
        planned: &Plan,
        applied: &Applied,
        registry: &Registry,
        wanted: impl Fn() -> Result<Wanted>,
    ) -> Result<ExitCode> {
        let json = self.place.target.json;
        if !json {
            print_plan(planned, false)?;
            println!();
            for done in &applied.done {
                println!("{done}");
            }
            if applied.done.is_empty() && applied.remaining.is_empty() {
                println!("nothing to do");
            }
        }
        if !applied.remaining.is_empty() {
            if json {
                println!(
                    "{}",
                    serde_json::to_string_pretty(
                        &json!({ "done": applied.done, "remaining": applied.remaining })
                    )?
                );
            } else {
                println!(
                    "What remains is done on the PSA's screens:\n\n{}",
                    checklist::text(&applied.remaining)
                );
            }
            if self.once || json {
                return Ok(ExitCode::from(2));
            }
            wait(opened, registry, &wanted)?;
            return Ok(ExitCode::SUCCESS);
        }
        let key = self.key(opened, planned, applied)?;
        if json {
            let (key, no_key) = match key {
                Ok(key) => (Some(key), None),
                Err(why) => (None, Some(why)),
            };
            println!(
                "{}",
                serde_json::to_string_pretty(&json!({
                    "done": applied.done, "role": applied.role, "member": applied.member, "key": key, "no_key": no_key,
                }))?
            );
            return Ok(ExitCode::SUCCESS);
        }
        match key {
            Ok(key) => {
                if let Some(private) = key["privateKey"].as_str() {
                    println!(
                        "The private key is shown this once.\n{:<18}{private}",
                        "PRIVATE KEY"
                    );
                }
                table::print_one(&key, &KEY_COLUMNS, false)?;
            }
            Err(why) => println!("no key was cut: {why}"),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The key that was cut, as it may be printed; or why none was.
    fn key(
        &self,
        opened: &Opened,
        planned: &Plan,
        applied: &Applied,
    ) -> Result<Result<Value, String>> {
        let live = planned
            .keys
            .as_deref()
            .map_or(0, |held| keys::live(held).count());
        if !planned.own {
            return Ok(Err("this PSA cuts keys on its screens only".to_owned()));
        }
        if live > 0 && !self.new_key {
            return Ok(Err(format!(
                "the member has {live} that work; --new-key asks for another"
            )));
        }
        if !self.handover.is_given() {
            return Ok(Err(
                "say where it shall go with --key-file, --pipe or --show".to_owned(),
            ));
        }
        if !self.new_key {
            self.handover
                .new_file()
                .context("no key was cut; role and member are as wanted")?;
        }
        let cut = keys::cut(&opened.psa, applied.member, &planned.wanted.title, None)?;
        let mut made = cut.record.clone();
        made["privateKey"] = json!(cut.private_key.reveal());
        match self.handover.deliver(&opened.delivery, &made) {
            Ok(shown) => Ok(Ok(shown)),
            Err(error) => {
                // A key whose private half nobody holds must not lie around.
                let left = match keys::revoke(&opened.psa, cut.id) {
                    Ok(()) => {
                        "the key just cut was revoked; role and member are as wanted".to_owned()
                    }
                    Err(_) => format!(
                        "the key just cut is still there; `bitting key revoke {}`",
                        cut.id
                    ),
                };
                Err(error.context(left))
            }
        }
    }
}

/// Plans and applies.
pub fn carry_out(opened: &Opened, work: &Work) -> Result<(Plan, Applied)> {
    let planned = make(&opened.psa, work.wanted()?, &work.registry)?;
    let applied = apply(&opened.psa, &planned, &work.registry)?;
    Ok((planned, applied))
}

/// Reads the role again and again until its levels are right.
pub fn wait(
    opened: &Opened,
    registry: &Registry,
    wanted: &impl Fn() -> Result<Wanted>,
) -> Result<()> {
    println!(
        "Waiting for the levels to be right (Ctrl-C stops; the next apply goes on from there)."
    );
    let mut left = usize::MAX;
    loop {
        let now = make(&opened.psa, wanted()?, registry)?;
        if now.role_lines.is_empty() {
            println!("The role is as wanted.");
            for note in &now.notes {
                println!("note: {note}");
            }
            println!(
                "\nThen the key:\n\n{}",
                checklist::text(&[checklist::key(&now)])
            );
            return Ok(());
        }
        if now.role_lines.len() != left {
            left = now.role_lines.len();
            println!(
                "{left} cells or entries to go:\n\n{}",
                checklist::text(&checklist::of(&now))
            );
        }
        sleep(PAUSE);
    }
}
