//! `bitting profile diff`: two versions of a guide against each other, and connected members against the newer.

use crate::place::Place;
use anyhow::{Result, bail};
use bitting_catalog::profile::{Profile, Psa};
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::wanted::{Choices, wanted};
use bitting_connect::short::{self, Short};
use bitting_policy::{Registry, compare};
use serde_json::json;
use std::process::ExitCode;

/// More entries than a person reads one by one: a list that is open on one side.
const MANY: usize = 25;

/// The cells and entries in which two profiles differ, every feature in use included.
pub fn connectwise(
    old: &Profile,
    new: &Profile,
    registry: &Registry,
    place: &Place,
    json: bool,
) -> Result<ExitCode> {
    of_one_psa(old, new)?;
    let comparison = compare(
        &short::whole(old, registry)?,
        &short::whole(new, registry)?,
        registry,
    );
    let (members, unseen) = match place.open() {
        Ok(opened) => (short::connected(&opened.psa, old, new, registry)?, None),
        // Guides can be compared where no PSA is; one that was named has to answer.
        Err(error) if place.is_named() => return Err(error),
        Err(_) => (
            Vec::new(),
            Some(
                "no server is running here, so no connected member was looked at; --psa or --server names one",
            ),
        ),
    };
    if json {
        let text = json!({ "difference": comparison, "members": members, "note": unseen });
        println!("{}", serde_json::to_string_pretty(&text)?);
    } else {
        for (sign, cells) in [("+", &comparison.missing), ("-", &comparison.excess)] {
            for cell in cells {
                println!(
                    "  {sign} {} / {}: {} {} -> {}",
                    cell.module, cell.action, cell.verb, cell.held, cell.needed
                );
            }
        }
        for gap in &comparison.lists {
            for (sign, entries) in [("+", &gap.missing), ("-", &gap.excess)] {
                if entries.len() > MANY {
                    println!("  {sign} {}: {} entries", gap.list, entries.len());
                    continue;
                }
                for entry in entries {
                    println!("  {sign} {}: {entry}", gap.list);
                }
            }
        }
        let entries = |more: bool| -> usize {
            let of = |gap: &bitting_policy::ListGap| {
                if more {
                    gap.missing.len()
                } else {
                    gap.excess.len()
                }
            };
            comparison.lists.iter().map(of).sum()
        };
        println!(
            "{} cells and {} entries more, {} cells and {} entries less",
            comparison.missing.len(),
            entries(true),
            comparison.excess.len(),
            entries(false)
        );
        print(&members, unseen, new);
    }
    let same = comparison.missing.is_empty()
        && comparison.excess.is_empty()
        && comparison.lists.is_empty();
    let met = members.iter().all(|member| member.lacks.is_empty());
    Ok(if same && met {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn print(members: &[Short], unseen: Option<&str>, new: &Profile) {
    if let Some(unseen) = unseen {
        println!("\n{unseen}");
        return;
    }
    if members.is_empty() {
        println!("\nno connected member goes by the names of these guides");
        return;
    }
    println!("\nconnected members:");
    for member in members {
        if member.lacks.is_empty() {
            println!(
                "  {} with role `{}` holds all of it",
                member.member, member.role
            );
            continue;
        }
        println!(
            "  {} with role `{}` falls short; bitting apply {} --role \"{}\" --member {}",
            member.member,
            member.role,
            new.word(),
            member.role,
            member.member
        );
        for lack in &member.lacks {
            println!("    + {lack}");
        }
    }
}

/// The settings in which two Autotask profiles differ. Which level a connected user holds is not in a guide.
pub fn autotask(old: &Profile, new: &Profile, json: bool) -> Result<ExitCode> {
    of_one_psa(old, new)?;
    let screen = Screen::embedded()?;
    let level = |profile: &Profile| -> Result<_> {
        let choices = Choices {
            selection: profile.select(&["all"])?,
            ..Choices::default()
        };
        Ok(wanted(profile, &choices, &screen)?.least)
    };
    let (from, to) = (level(old)?, level(new)?);
    let mut lines = Vec::new();
    for (entry, cell) in screen.cells() {
        let (now, next) = (
            screen.value(&from, entry, cell),
            screen.value(&to, entry, cell),
        );
        if now != next {
            let column = if cell == "value" {
                String::new()
            } else {
                format!(" {cell}")
            };
            lines.push(format!("{}{column}: {now} -> {next}", entry.full_name()));
        }
    }
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({ "difference": lines }))?
        );
    } else {
        for line in &lines {
            println!("  ~ {line}");
        }
        println!("{} settings differ", lines.len());
    }
    Ok(if lines.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn of_one_psa(old: &Profile, new: &Profile) -> Result<()> {
    if old.product.psa == new.product.psa {
        return Ok(());
    }
    let name = |profile: &Profile| match profile.product.psa {
        Psa::ConnectWise => "ConnectWise",
        Psa::Autotask => "Autotask",
    };
    bail!(
        "{} is for {} and {} for {}; guides are compared within one PSA",
        old.slug,
        name(old),
        new.slug,
        name(new)
    )
}
