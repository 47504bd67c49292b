//! `bitting connect` and `bitting verify` on Autotask.

use super::{Opened, Work, ask, carry_out};
use crate::place::Place;
use crate::private_file;
use crate::prompt::step;
use crate::results::{outcome, print_calls, print_report};
use anyhow::{Context as _, Result, anyhow, bail};
use bitting_client::{Autotask, AutotaskKey};
use bitting_connect::autotask::apply::{Applied, cut, holds};
use bitting_connect::autotask::plan::Plan;
use bitting_connect::autotask::verify::{Asked, verify};
use bitting_connect::checklist;
use bitting_connect::verify::Report;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

/// How often a live Autotask is asked again.
const PAUSE: Duration = Duration::from_secs(10);

/// What `connect` was told beside the profile.
pub struct Told<'a> {
    pub place: &'a Place,
    pub file: &'a Path,
    pub new_key: bool,
    pub once: bool,
}

/// Level, user, key and proof, in one go.
pub fn run(work: &Work, told: &Told<'_>) -> Result<ExitCode> {
    let opened = told.place.autotask()?;
    let json = told.place.target.json;
    let (planned, applied) = carry_out(&opened, work, (!told.new_key).then_some(told.file))?;
    step(
        1,
        "plan",
        &format!(
            "{}: {} settings; {}",
            work.wanted.title,
            work.wanted.listed.len(),
            planned.summary()
        ),
    );
    let done = match (applied.done.is_empty(), applied.remaining.is_empty()) {
        (false, _) => applied.done.join(", "),
        (true, true) => "as wanted".to_owned(),
        (true, false) => "left to the clicks below".to_owned(),
    };
    step(2, "apply", &done);
    let clicks = !applied.remaining.is_empty();
    if clicks {
        eprintln!(
            "\nWhat remains is done on Autotask's screens:\n\n{}",
            checklist::text(&applied.remaining)
        );
    }
    let live = opened.own().is_none();
    if live && told.once && !told.file.exists() {
        return Ok(ExitCode::from(2));
    }
    let said = key(&opened, &planned, &applied, told)?;
    step(3, "key", &said);
    let mut report = proof(&opened, work, told, told.file)?;
    while live && !told.once && report.exit_code() == 2 {
        eprintln!(
            "{}\nNot there yet; asking again (Ctrl-C stops).",
            report.text()
        );
        sleep(PAUSE);
        report = proof(&opened, work, told, told.file)?;
    }
    step(4, "proof", outcome(&report));
    if !json {
        println!();
    }
    print_report(&report, json, None)?;
    Ok(ExitCode::from(report.exit_code()))
}

/// The key in the file if it is this user's and works, else a new one.
fn key(opened: &Opened, planned: &Plan, applied: &Applied, told: &Told<'_>) -> Result<String> {
    let file = told.file;
    if file.exists() && !told.new_key && applied.key.is_none() {
        let held = AutotaskKey::read(file)?;
        let key = Autotask::of_key(&held)?;
        let works = key.ask("GET", "Version", None)?.is_success();
        let its = planned
            .user
            .as_ref()
            .is_none_or(|user| holds(user, key.user()));
        return if works && its {
            Ok(format!("the one in {} works", file.display()))
        } else {
            let fault = if works {
                "belongs to another API user"
            } else {
                "does not work"
            };
            Err(anyhow!(
                "{} holds a key that {fault}; --new-key cuts another and replaces it, --key-file names another file",
                file.display()
            ))
        };
    }
    let (Some(instance), Some(user)) = (opened.own(), applied.user) else {
        ask(opened, file)?;
        return Ok(format!("written to {}", file.display()));
    };
    let cut = match &applied.key {
        Some(key) => key.clone(),
        None => cut(&instance, user)?,
    };
    private_file::write(file, &opened.key(cut.user).text()).with_context(|| {
        format!(
            "the key is cut, but {} cannot be written; take it away with `bitting key revoke {} --autotask`",
            file.display(),
            cut.id
        )
    })?;
    Ok(format!("written to {}", file.display()))
}

/// Autotask's proof reads: what may be written, its API says of every entity.
pub fn without_writes(write_probes: bool) -> Result<()> {
    if write_probes {
        bail!(
            "--write-probes is for ConnectWise; Autotask's API says of every entity what the key may write. Leave it out"
        );
    }
    Ok(())
}

fn proof(opened: &Opened, work: &Work, told: &Told<'_>, file: &Path) -> Result<Report> {
    let key = Autotask::of_key(&AutotaskKey::read(file)?)?;
    let admin = admin(told.place)?;
    let report = verify(&Asked {
        key: &key,
        wanted: &work.wanted,
        screen: &work.screen,
        admin: admin.as_ref(),
        probes_only: false,
    });
    opened.list(&key);
    Ok(report?)
}

/// `bitting verify`: needs the key alone.
pub fn prove(
    work: &Work,
    place: &Place,
    file: &Path,
    probes_only: bool,
    junit: Option<&Path>,
) -> Result<ExitCode> {
    let key = Autotask::of_key(&AutotaskKey::read(file)?)?;
    let admin = admin(place)?;
    let report = verify(&Asked {
        key: &key,
        wanted: &work.wanted,
        screen: &work.screen,
        admin: admin.as_ref(),
        probes_only,
    });
    if place.calls {
        print_calls(&key.calls());
    }
    let report = report?;
    print_report(&report, place.target.json, junit)?;
    Ok(ExitCode::from(report.exit_code()))
}

/// Somebody who sees everything, where his key file is named.
fn admin(place: &Place) -> Result<Option<Autotask>> {
    let Some(file) = &place.admin_key else {
        return Ok(None);
    };
    Ok(Some(Autotask::of_key(&AutotaskKey::read(file)?)?))
}
