//! Every API user of an Autotask instance: what its level grants beyond its guide, and what else is risky. In the
//! form of the ConnectWise audit, so that one page serves both.

use super::derived::acting;
use super::held::{HeldLevel, HeldUser, Instance};
use super::known::{Screen, head, least, rank};
use super::wanted::{Choices, Wanted, wanted};
use crate::ConnectError;
use crate::audit::age::{Stale, stale};
use crate::audit::{Audit, Audited, Risk, folded};
use bitting_catalog::profile::{Profile, Psa, Start};
use bitting_catalog::security::SecurityLevel;
use std::collections::BTreeMap;

/// Audits every API user; a key that was not used for so many `days` is unused.
pub fn audit(
    instance: &Instance<'_>,
    profiles: &[Profile],
    screen: &Screen,
    days: i64,
    now: jiff::Timestamp,
) -> Result<Audit, ConnectError> {
    let mut levels = BTreeMap::new();
    for level in instance.levels()? {
        if let Some(level) = instance.level(&level.name)? {
            levels.insert(level.id, level);
        }
    }
    let mut members: Vec<Audited> = instance
        .users()?
        .iter()
        .map(|user| {
            let mut audited = judge(user, levels.get(&user.security_level.id), profiles, screen);
            ages(user, days, now, &mut audited);
            audited.score = score(&audited);
            audited
        })
        .collect();
    members.sort_by(|a, b| (a.score, &a.member).cmp(&(b.score, &b.member)));
    let company = instance.name()?;
    Ok(Audit {
        company,
        address: instance.psa.address().to_owned(),
        taken: now.strftime("%Y-%m-%d").to_string(),
        score: members.iter().map(|user| user.score).min().unwrap_or(100),
        members,
        notes: Vec::new(),
    })
}

fn judge(
    user: &HeldUser,
    level: Option<&HeldLevel>,
    profiles: &[Profile],
    screen: &Screen,
) -> Audited {
    let recognised = profiles
        .iter()
        .filter(|profile| profile.product.psa == Psa::Autotask)
        .find(|profile| made_for(user, profile))
        .and_then(|profile| Some((profile, needed(profile, screen)?)));
    let last = user.keys.iter().filter_map(|key| key.last_used.clone());
    let mut audited = Audited {
        id: user.id,
        member: user.name(),
        name: user.email.clone(),
        role: user.security_level.name.clone(),
        location: String::new(),
        inactive: user.inactive,
        keys: Some(user.keys.len()),
        last_used: last.max(),
        profile: recognised.as_ref().map(|(profile, _)| profile.title()),
        measured_by: if recognised.is_some() {
            "profile"
        } else {
            "nothing"
        },
        excess: Vec::new(),
        findings: Vec::new(),
        score: 100,
    };
    match level {
        Some(level) => {
            let of = recognised
                .as_ref()
                .map(|(profile, wanted)| (*profile, wanted));
            grants(level, of, screen, &mut audited);
        }
        None => audited.note(
            Risk::Medium,
            "no-level",
            "holds a level that the instance does not have",
            "give it one, or remove it",
        ),
    }
    form(
        user,
        recognised.as_ref().map(|(profile, _)| *profile),
        &mut audited,
    );
    audited
}

/// 100 without what the findings take off.
fn score(audited: &Audited) -> u32 {
    let off = audited.findings.iter().map(|finding| match finding.risk {
        Risk::High => 25,
        Risk::Medium => 10,
        Risk::Low => 3,
    });
    100_u32.saturating_sub(off.sum())
}

/// Keys by age and last use.
fn ages(user: &HeldUser, days: i64, now: jiff::Timestamp, audited: &mut Audited) {
    if user.inactive {
        return;
    }
    for key in &user.keys {
        let (created, used) = (key.created.as_deref(), key.last_used.as_deref());
        let Some(found) = stale(created, used, days, now) else {
            continue;
        };
        let name = &key.user_name;
        let (risk, remedy) = match found {
            Stale::Unused(_) | Stale::NeverUsed(_) => (
                Risk::Medium,
                format!("bitting key revoke {name} --autotask"),
            ),
            Stale::Old(_) => (
                Risk::Low,
                format!(
                    "bitting key rotate \"{}\" --autotask --key-file FILE",
                    user.name()
                ),
            ),
        };
        audited.note(risk, found.rule(), found.said(name), remedy);
    }
}

/// By its tracking identifier's vendor, else by the names of level and user.
fn made_for(user: &HeldUser, profile: &Profile) -> bool {
    let form = profile.user.as_ref();
    if let (Some(vendor), Some(form)) = (&user.vendor, form)
        && form
            .tracking_vendor
            .iter()
            .any(|known| known.eq_ignore_ascii_case(vendor))
    {
        return true;
    }
    let own = [
        folded(&profile.role_name()),
        folded(&profile.product.product),
    ];
    let names = [
        folded(&user.security_level.name),
        folded(&user.first_name),
        folded(&user.name()),
    ];
    own.iter().any(|own| !own.is_empty() && names.contains(own))
}

fn needed(profile: &Profile, screen: &Screen) -> Option<Wanted> {
    let choices = Choices {
        selection: profile.select(&["all"]).ok()?,
        ..Choices::default()
    };
    wanted(profile, &choices, screen).ok()
}

/// What the level grants.
fn grants(
    level: &HeldLevel,
    of: Option<(&Profile, &Wanted)>,
    screen: &Screen,
    audited: &mut Audited,
) {
    let as_is = of.is_some_and(|(_, wanted)| wanted.start == Start::AsIs);
    if level.system {
        let (risk, said) = if as_is {
            (Risk::Medium, "; the vendor's guide asks for it")
        } else {
            (Risk::High, "")
        };
        let remedy = match of {
            Some((profile, _)) if !as_is => {
                format!("bitting connect {} --cleared --member \"{}\"", profile.word(), audited.member)
            }
            _ => "ask the vendor which permissions it needs; a copy of the level can be narrowed, this one cannot"
                .to_owned(),
        };
        audited.note(
            risk,
            "system-level",
            format!(
                "the level `{}` is a system level: every permission{said}",
                level.name
            ),
            remedy,
        );
        return;
    }
    let held = level.document();
    derived(&held, screen, audited);
    // Measured by what the values act as, on both sides.
    let held = screen.permissions.in_effect(&held);
    let least_of = of.map(|(_, wanted)| screen.permissions.in_effect(&wanted.least));
    let (mut deletes, mut admin) = (Vec::new(), Vec::new());
    for (entry, cell) in screen.cells() {
        let value = screen.value(&held, entry, cell);
        if value == least(entry, cell) {
            continue;
        }
        let allowed = least_of
            .as_ref()
            .map(|level| screen.value(level, entry, cell));
        let beyond = allowed
            .as_ref()
            .is_some_and(|allowed| rank(entry, cell, &value) > rank(entry, cell, allowed));
        let name = match head(cell) {
            "" => entry.full_name(),
            head => format!("{} {head}", entry.full_name()),
        };
        if beyond {
            let instead = allowed.unwrap_or_default();
            audited
                .excess
                .push(format!("{name}: {value} instead of {instead}"));
        }
        if cell == "delete" {
            deletes.push(entry.full_name());
        }
        if entry.section == "Admin" && (beyond || of.is_none()) {
            admin.push(entry.name.clone());
        }
    }
    if !audited.excess.is_empty() {
        let count = audited.excess.len();
        let remedy = match of {
            Some((profile, _)) => format!(
                "bitting apply {} --cleared --role \"{}\" --member \"{}\"",
                profile.word(),
                level.name,
                audited.member
            ),
            None => String::new(),
        };
        let what = format!(
            "{count} {} more than the guide names; most come with a copied system level",
            if count == 1 { "cell" } else { "cells" }
        );
        audited.note(Risk::Medium, "excess", what, remedy);
    }
    if !admin.is_empty() {
        audited.note(
            Risk::Medium,
            "administers",
            format!("changes set-up data: {}", admin.join(", ")),
            "untick what nobody asked for",
        );
    }
    if !deletes.is_empty() {
        audited.note(
            Risk::Low,
            "deletes",
            format!("may delete: {}", deletes.join(", ")),
            "set Delete to None unless the vendor says why",
        );
    }
}

/// Cells that act as more than the screen says, where a call shows more by it.
fn derived(held: &SecurityLevel, screen: &Screen, audited: &mut Audited) {
    for each in acting(held, screen).unwrap_or_default() {
        if !each.opens.is_empty() {
            audited.note(Risk::Medium, "acts-as-more", each.note(), each.remedy);
        }
    }
}

/// What the user's own form shows.
fn form(user: &HeldUser, profile: Option<&Profile>, audited: &mut Audited) {
    if user.inactive && !user.keys.is_empty() {
        audited.note(
            Risk::Low,
            "inactive-with-keys",
            "is inactive, and its key comes back to life with it",
            format!("bitting member delete \"{}\" --autotask", user.name()),
        );
    }
    if user.keys.len() > 1 {
        audited.note(
            Risk::Low,
            "several-keys",
            format!("{} keys open as this user", user.keys.len()),
            "take away the one that is not used any more: bitting key list --autotask",
        );
    }
    if user.vendor.is_none()
        && profile.is_some_and(|profile| {
            profile
                .user
                .as_ref()
                .is_some_and(|form| !form.tracking_vendor.is_empty())
        })
    {
        audited.note(
            Risk::Low,
            "custom-tracking",
            "its tracking identifier is custom, though the vendor has one of its own",
            "choose the integration vendor on the user's form",
        );
    }
    let asked = profile.is_some_and(|profile| {
        profile
            .user
            .as_ref()
            .is_some_and(|form| !form.protected_data.is_empty())
    });
    if user.protected_data && !asked {
        audited.note(
            Risk::Low,
            "protected-data",
            "sees protected user-defined fields, which no guide asks for",
            "untick View Protected Data",
        );
    }
}
