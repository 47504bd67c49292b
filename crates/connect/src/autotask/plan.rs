//! What is there on Autotask against what is wanted, cell by cell. Changes nothing.

use super::consent::{self, Consent};
use super::derived;
use super::held::{HeldLevel, HeldUser, Instance};
use super::known::{Screen, head, least, path};
use super::wanted::Wanted;
use crate::ConnectError;
use crate::checklist::Click;
use crate::plan::Sign;
use bitting_catalog::profile::Start;
use bitting_catalog::security::SecurityLevel;
use serde::Serialize;
use std::fmt::Write as _;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub sign: Sign,
    /// `level` or `user` for the thing itself, else where it is on the screen.
    pub at: String,
    /// Column of the cell, or field of the form.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cell: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// The differences between what is there and what is wanted.
#[derive(Debug)]
pub struct Plan {
    pub wanted: Wanted,
    /// Whether levels and users can be read here; a live Autotask tells neither.
    pub own: bool,
    pub level: Option<HeldLevel>,
    pub user: Option<HeldUser>,
    /// The level as it shall be.
    pub target: SecurityLevel,
    pub level_lines: Vec<Line>,
    pub user_lines: Vec<Line>,
    /// Levels of people that shall allow impersonation, and do not yet.
    pub consent: Vec<Consent>,
    pub consent_lines: Vec<Line>,
    pub notes: Vec<String>,
}

/// Reads the instance and compares. Without one, everything is still to do.
pub fn plan(
    instance: Option<&Instance<'_>>,
    mut wanted: Wanted,
    screen: &Screen,
) -> Result<Plan, ConnectError> {
    let mut notes = wanted.notes.clone();
    let mut lacking = Vec::new();
    let (level, user) = match instance {
        None => {
            notes.push(
                "levels and users cannot be read over Autotask's API: the plan is for a new level, and verify tells \
                 with the integration's key what is there already"
                    .to_owned(),
            );
            (None, None)
        }
        Some(instance) => {
            consent::lines(instance, &mut wanted)?;
            lacking = consent::lacking(instance, &wanted, &mut notes)?;
            let level = instance.level(&wanted.level.name)?;
            (level, user(instance, &wanted, &mut notes)?)
        }
    };
    if level.is_none() {
        notes.extend(wanted.level_notes.iter().cloned());
    }
    if user.is_none() {
        notes.extend(wanted.user_notes.iter().cloned());
    }
    let held = level.as_ref().map(HeldLevel::document);
    let target = wanted.target(held.as_ref());
    if wanted.start != Start::AsIs {
        let acting = derived::acting(&target, screen)?;
        notes.extend(acting.iter().map(derived::Acting::note));
    }
    let level_lines = level_lines(level.as_ref(), &target, &wanted, screen);
    if let Some(held) = &level {
        in_the_way(held, &wanted)?;
        let others = held.users
            - usize::from(
                user.as_ref()
                    .is_some_and(|user| user.security_level.id == held.id),
            )
            .min(held.users);
        if others > 0 && !level_lines.is_empty() {
            notes.push(format!(
                "{others} other API users hold `{}`; these changes reach them too, or choose another name with --role",
                held.name
            ));
        }
    }
    let user_lines = user_lines(user.as_ref(), &wanted);
    Ok(Plan {
        own: instance.is_some(),
        wanted,
        level,
        user,
        target,
        level_lines,
        user_lines,
        consent_lines: lacking.iter().map(consent_line).collect(),
        consent: lacking,
        notes,
    })
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.lines().next().is_none()
    }

    pub fn count(&self, sign: Sign) -> usize {
        self.lines().filter(|line| line.sign == sign).count()
    }

    /// Every difference, in the order in which they are made.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let levels = self.level_lines.iter().chain(&self.consent_lines);
        levels.chain(&self.user_lines)
    }

    /// What a person does on the screens: on an instance that can be written, less.
    pub fn by_hand(&self) -> Vec<Click> {
        let mut clicks = self.wanted.by_hand.clone();
        if !self.own {
            clicks.extend(consent::click(&self.wanted));
        }
        clicks
    }

    pub fn summary(&self) -> String {
        format!(
            "{} to add, {} to change, {} to remove",
            self.count(Sign::Add),
            self.count(Sign::Change),
            self.count(Sign::Remove)
        )
    }

    /// The plan for programs.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "profile": self.wanted.title,
            "security_level": self.wanted.level.name,
            "copy_of": self.wanted.level.copy_of,
            "api_user": self.wanted.user.name(),
            "changes": self.lines().collect::<Vec<_>>(),
            "by_hand": self.by_hand(),
            "add": self.count(Sign::Add),
            "change": self.count(Sign::Change),
            "remove": self.count(Sign::Remove),
            "notes": self.notes,
        })
    }

    /// The plan as text; `colour` for a terminal.
    pub fn text(&self, colour: bool) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let name = &self.wanted.level.name;
        let _ = writeln!(
            out,
            "Plan for {} on security level `{name}`",
            self.wanted.title
        );
        let level = (format!("security level `{name}`"), &self.level_lines);
        let consent = (
            "levels whose people allow impersonation".to_owned(),
            &self.consent_lines,
        );
        let user = (
            format!("API user `{}`", self.wanted.user.name()),
            &self.user_lines,
        );
        let consent = (!self.consent_lines.is_empty()).then_some(consent);
        for (heading, lines) in [Some(level), consent, Some(user)].into_iter().flatten() {
            let state = if lines.is_empty() { ": as wanted" } else { "" };
            let _ = writeln!(out, "\n  {heading}{state}");
            let mut at = "";
            for line in lines {
                if line.at.contains(" > ") && line.at != at {
                    let why = if line.why.is_empty() {
                        String::new()
                    } else {
                        format!("  # {}", line.why)
                    };
                    let _ = writeln!(out, "      {}{why}", line.at);
                }
                at = &line.at;
                let _ = writeln!(out, "{}", painted(line, colour));
            }
        }
        let by_hand = self.by_hand();
        if !by_hand.is_empty() {
            let _ = writeln!(out, "\n  by hand, on Autotask's screens");
            for click in &by_hand {
                let _ = writeln!(out, "      {}: {}", click.at, click.set);
            }
        }
        if let Some(user) = &self.user {
            let _ = writeln!(out, "\n  keys: {}", user.keys.len());
        }
        if !self.notes.is_empty() {
            let _ = writeln!(out);
        }
        for note in &self.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        let _ = writeln!(out, "\n{}", self.summary());
        out
    }
}

fn painted(line: &Line, colour: bool) -> String {
    let Line {
        from, to, cell, at, ..
    } = line;
    let (sign, code) = match line.sign {
        Sign::Add => ('+', "32"),
        Sign::Change => ('~', "33"),
        Sign::Remove => ('-', "31"),
    };
    let text = match at.as_str() {
        "level" if from.is_empty() => format!("    {sign} {to}"),
        "user" if cell.is_empty() => format!("    {sign} make the user"),
        "user" if from.is_empty() => format!("    {sign} {cell:<22}{to}"),
        "level" | "user" | "consent" => format!("    {sign} {cell:<22}{from} -> {to}"),
        _ => format!(
            "        {sign} {:<8}{from} -> {to}",
            if cell.is_empty() { "set" } else { cell }
        ),
    };
    if colour {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text
    }
}

/// What cannot be turned into the level that is wanted.
fn in_the_way(held: &HeldLevel, wanted: &Wanted) -> Result<(), ConnectError> {
    let what = match (held.system, wanted.start) {
        (true, Start::AsIs) if held.inactive => format!("the level `{}` is inactive", held.name),
        (true, Start::Copy | Start::Cleared) => format!(
            "`{}` is a system level, which can be copied and not changed",
            held.name
        ),
        _ => return Ok(()),
    };
    Err(ConnectError::InTheWay {
        what,
        remedy: "choose another name with --role".to_owned(),
    })
}

/// The user by its name; two of one name are for a person to tell apart.
fn user(
    instance: &Instance<'_>,
    wanted: &Wanted,
    notes: &mut Vec<String>,
) -> Result<Option<HeldUser>, ConnectError> {
    let name = wanted.user.name();
    let mut found: Vec<HeldUser> = instance
        .users()?
        .into_iter()
        .filter(|user| user.name().eq_ignore_ascii_case(&name))
        .collect();
    if found.len() > 1 {
        notes.push(format!(
            "{} API users are called `{name}`; this is about the first, id {}",
            found.len(),
            found[0].id
        ));
    }
    Ok((!found.is_empty()).then(|| found.remove(0)))
}

fn level_lines(
    held: Option<&HeldLevel>,
    target: &SecurityLevel,
    wanted: &Wanted,
    screen: &Screen,
) -> Vec<Line> {
    let mut lines = Vec::new();
    if wanted.start == Start::AsIs {
        return lines;
    }
    let line = |sign, at: &str, cell: &str, from: &str, to: &str, why: &str| Line {
        sign,
        at: at.to_owned(),
        cell: cell.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        why: why.to_owned(),
    };
    let from: SecurityLevel = match held {
        Some(held) => {
            if held.inactive {
                lines.push(line(Sign::Change, "level", "inactive", "true", "false", ""));
            }
            held.document()
        }
        None => {
            let copied = wanted.level.copy_of.as_str();
            let made = format!("make it, a copy of `{copied}`");
            lines.push(line(Sign::Add, "level", "", "", &made, ""));
            if wanted.start == Start::Cleared {
                let pressed = "press No Permission on every section";
                lines.push(line(Sign::Add, "level", "", "", pressed, ""));
                SecurityLevel::default()
            } else {
                let of = screen.permissions.system.iter();
                let of = of.clone().find(|level| level.name == copied);
                of.map(|level| screen.permissions.start(level))
                    .unwrap_or_default()
            }
        }
    };
    for (entry, cell) in screen.cells() {
        let now = screen.value(&from, entry, cell);
        let to = screen.value(target, entry, cell);
        if now == to {
            continue;
        }
        let nothing = least(entry, cell);
        let sign = match (now == nothing, to == nothing) {
            (true, _) => Sign::Add,
            (_, true) => Sign::Remove,
            _ => Sign::Change,
        };
        let why = wanted.reason(&entry.full_name());
        lines.push(line(sign, &path(entry), head(cell), &now, &to, why));
    }
    lines
}

fn consent_line(consent: &Consent) -> Line {
    Line {
        sign: Sign::Change,
        at: "consent".to_owned(),
        cell: consent.level.clone(),
        from: "no".to_owned(),
        to: "yes".to_owned(),
        why: "the profile acts for people".to_owned(),
    }
}

fn user_lines(held: Option<&HeldUser>, wanted: &Wanted) -> Vec<Line> {
    let mut lines = Vec::new();
    let form = &wanted.user;
    let mut field = |sign, cell: &str, from: &str, to: &str| {
        lines.push(Line {
            sign,
            at: "user".to_owned(),
            cell: cell.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            why: String::new(),
        });
    };
    let tracking = |vendor: &Option<String>| match vendor {
        Some(vendor) => format!("integration vendor {vendor}"),
        None => "custom".to_owned(),
    };
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    let Some(held) = held else {
        field(Sign::Add, "", "", "");
        field(Sign::Add, "first name", "", &form.first_name);
        field(Sign::Add, "last name", "", &form.last_name);
        field(Sign::Add, "e-mail", "", &form.email);
        field(Sign::Add, "security level", "", &wanted.level.name);
        field(
            Sign::Add,
            "tracking identifier",
            "",
            &tracking(&form.vendor),
        );
        if form.protected {
            field(Sign::Add, "view protected data", "", "yes");
        }
        if let Some(lines) = &form.lines {
            field(Sign::Add, "lines of business", "", &lines.join(", "));
        }
        return lines;
    };
    if held.inactive {
        field(Sign::Change, "inactive", "yes", "no");
    }
    if held.locked {
        field(Sign::Change, "locked", "yes", "no");
    }
    if !held
        .security_level
        .name
        .eq_ignore_ascii_case(&wanted.level.name)
    {
        field(
            Sign::Change,
            "security level",
            &held.security_level.name,
            &wanted.level.name,
        );
    }
    if form.email_said && held.email != form.email {
        field(Sign::Change, "e-mail", &held.email, &form.email);
    }
    if held.vendor != form.vendor {
        field(
            Sign::Change,
            "tracking identifier",
            &tracking(&held.vendor),
            &tracking(&form.vendor),
        );
    }
    if held.protected_data != form.protected {
        field(
            Sign::Change,
            "view protected data",
            yes(held.protected_data),
            yes(form.protected),
        );
    }
    if let Some(wanted) = &form.lines {
        let mut now = held.lines_of_business.clone();
        now.sort_unstable();
        if now != *wanted {
            let from = match now.as_slice() {
                [] => "none".to_owned(),
                now => now.join(", "),
            };
            field(Sign::Change, "lines of business", &from, &wanted.join(", "));
        }
    }
    lines
}
