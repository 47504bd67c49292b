//! The steps of `connect` on Autotask: levels and API users instead of roles and members, clicks where the
//! vendor's API has no way in.

pub mod connect;
pub mod manage;
pub mod opened;

use crate::chosen::Chosen;
use crate::handover::{self, Handover};
use crate::place::Place;
use crate::private_file;
use crate::prompt::{hidden, line};
use crate::results::keep_plan;
use anyhow::{Context as _, Result, bail};
use bitting_catalog::profile::{Profile, Psa as Kind};
use bitting_client::{ApiUser, Autotask, AutotaskKey};
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::apply::{Applied, apply};
use bitting_connect::autotask::plan::{Plan, plan};
use bitting_connect::autotask::saved::Saved;
use bitting_connect::autotask::wanted::{Wanted, wanted};
use bitting_connect::checklist;
pub use opened::Opened;
use serde_json::json;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

/// A profile with the choices made and the knowledge to work from it.
pub struct Work {
    pub profile: Profile,
    pub screen: Screen,
    pub wanted: Wanted,
}

/// The work, where the profile is for Autotask.
pub fn work(chosen: &Chosen, data: Option<&Path>) -> Result<Option<Work>> {
    let profile = chosen.profile(data)?;
    if profile.product.psa != Kind::Autotask {
        return Ok(None);
    }
    let screen = Screen::embedded()?;
    let wanted = wanted(&profile, &chosen.for_autotask(&profile)?, &screen)?;
    Ok(Some(Work {
        profile,
        screen,
        wanted,
    }))
}

/// `bitting plan`
pub fn show_plan(work: &Work, place: &Place, out: Option<&Path>) -> Result<ExitCode> {
    place.without_admin_key()?;
    let opened = place.autotask()?;
    let planned = plan(opened.own().as_ref(), work.wanted.clone(), &work.screen)?;
    print(&planned, place.target.json)?;
    match (out, opened.own()) {
        (Some(file), Some(instance)) => {
            let saved = Saved::of(&instance, &planned)?;
            keep_plan(file, &saved, place.target.json)?;
        }
        (Some(_), None) => bail!(
            "a live Autotask cannot be read, so there is no plan to keep; apply prints the clicks"
        ),
        (None, _) => {}
    }
    Ok(if planned.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

pub fn print(planned: &Plan, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(&planned.json())?);
    } else {
        print!("{}", planned.text(std::io::stdout().is_terminal()));
    }
    Ok(())
}

/// Plans and applies. A user that is made comes with its key, for which this file has to be free.
pub fn carry_out(opened: &Opened, work: &Work, free: Option<&Path>) -> Result<(Plan, Applied)> {
    let own = opened.own();
    let planned = plan(own.as_ref(), work.wanted.clone(), &work.screen)?;
    is_free(&planned, free)?;
    let applied = apply(own.as_ref(), &planned, &work.screen)?;
    Ok((planned, applied))
}

/// The file that has to be free; with `--new-key` it is replaced.
fn must_be_free(handover: &Handover, new_key: bool) -> Option<&Path> {
    handover.key_file.as_deref().filter(|_| !new_key)
}

fn is_free(planned: &Plan, free: Option<&Path>) -> Result<()> {
    match free {
        Some(file) if planned.own && planned.user.is_none() => handover::new_file(file),
        _ => Ok(()),
    }
}

/// `bitting apply` of a profile.
pub fn run_apply(
    work: &Work,
    place: &Place,
    handover: &Handover,
    new_key: bool,
) -> Result<ExitCode> {
    place.without_admin_key()?;
    let opened = place.autotask()?;
    let (planned, applied) = carry_out(&opened, work, must_be_free(handover, new_key))?;
    finish(
        &opened,
        &planned,
        applied,
        place,
        handover,
        new_key,
        &work.profile.word(),
    )
}

/// `bitting apply` of a plan that was kept.
pub fn apply_saved(
    saved: &Saved,
    place: &Place,
    handover: &Handover,
    new_key: bool,
) -> Result<ExitCode> {
    place.without_admin_key()?;
    let opened = place.autotask()?;
    let screen = Screen::embedded()?;
    let Some(instance) = opened.own() else {
        bail!("a kept plan is for an instance that can be read; this one cannot");
    };
    let planned = saved.open(&instance, &screen)?;
    is_free(&planned, must_be_free(handover, new_key))?;
    let applied = apply(Some(&instance), &planned, &screen)?;
    let name = planned.wanted.title.clone();
    finish(&opened, &planned, applied, place, handover, new_key, &name)
}

fn finish(
    opened: &Opened,
    planned: &Plan,
    applied: Applied,
    place: &Place,
    handover: &Handover,
    new_key: bool,
    name: &str,
) -> Result<ExitCode> {
    let json = place.target.json;
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(
                &json!({ "done": applied.done, "remaining": applied.remaining, "user": applied.user })
            )?
        );
    } else {
        print(planned, false)?;
        println!();
        for done in &applied.done {
            println!("{done}");
        }
        if applied.done.is_empty() && applied.remaining.is_empty() {
            println!("nothing to do");
        }
        if !applied.remaining.is_empty() {
            println!(
                "What remains is done on Autotask's screens:\n\n{}",
                checklist::text(&applied.remaining)
            );
        }
    }
    let (Some(instance), Some(user)) = (opened.own(), applied.user) else {
        if !json {
            println!(
                "Autotask's API makes neither levels nor users. When the clicks are done, `bitting verify {name} \
                 --key-file FILE` proves them."
            );
        }
        return Ok(ExitCode::from(2));
    };
    let made_now = applied.key.is_some();
    if !handover.is_given() {
        if !json {
            let how = "say where it shall go with --key-file, --pipe or --show";
            println!(
                "no key was handed over: {how}{}",
                if made_now { ", with --new-key" } else { "" }
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let cut = match applied.key {
        Some(cut) => cut,
        None if new_key => bitting_connect::autotask::apply::cut(&instance, user)?,
        None => {
            if !json {
                println!("no key was cut: the user has one; --new-key asks for another");
            }
            return Ok(ExitCode::SUCCESS);
        }
    };
    hand(handover, &opened.key(cut.user), json)?;
    Ok(ExitCode::SUCCESS)
}

/// Hands a key over, once. `json`: the command's output is JSON, to which no line is added.
pub fn hand(handover: &Handover, key: &AutotaskKey, json: bool) -> Result<()> {
    if handover.show {
        println!(
            "The secret is shown this once.\n{:<18}{}\n{:<18}{}\n{:<18}{}",
            "KEY (USER NAME)",
            key.user.user,
            "SECRET",
            key.user.secret.reveal(),
            "TRACKING ID",
            key.user.code.reveal()
        );
        return Ok(());
    }
    handover
        .bytes(&key.text())
        .with_context(|| left(&key.user.user))?;
    if !json {
        println!("{:<18}{}", "KEY (USER NAME)", key.user.user);
    }
    Ok(())
}

/// What is said of a key that was cut and did not reach anybody.
pub fn left(user: &str) -> String {
    format!(
        "the key {user} was cut and nobody holds its secret; take it away with `bitting key revoke {user} --autotask`"
    )
}

/// A key file that a person fills by typing, on a live Autotask.
pub fn ask(opened: &Opened, file: &Path) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "there is no terminal to ask for the key; write it to {} as JSON (url, user_name, secret, \
             integration_code) and run this again",
            file.display()
        );
    }
    let user = line("Username (Key): ")?;
    let secret = hidden("Password (Secret)")?;
    let code = hidden("API tracking identifier")?;
    let user = ApiUser {
        user,
        secret: bitting_client::Secret::new(secret),
        code: bitting_client::Secret::new(code),
    };
    let asked = Autotask::open(&opened.url, user.clone(), opened.ca_file.as_deref())?;
    let (_, zone) = asked
        .zone()
        .context("no zone knows this user name; compare it with the API user's Username (Key)")?;
    let key = AutotaskKey {
        url: zone,
        user,
        ca_file: opened.ca_file.clone(),
    };
    private_file::write(file, &key.text())
        .with_context(|| format!("cannot write {}", file.display()))
}
