//! A report for people: one line per right, then what to change, then what is behind it.

use super::{Report, Right, State};
use crate::probe::Shown;
use std::fmt::Write as _;

impl Report {
    /// The report as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{}: key of `{}` {} `{}`, company {}\n",
            self.profile, self.member, self.kept_in, self.role, self.company
        );
        let names: Vec<String> = self.rights.iter().map(name).collect();
        let width = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        for (right, name) in self.rights.iter().zip(&names) {
            let verb = right.verb.unwrap_or_default();
            let state = word(right.state);
            let _ = writeln!(
                out,
                "  {state:<9} {name:<width$}  {verb:<8}{}",
                levels(right)
            );
        }
        let facts = if self.facts.is_empty() {
            "not told".to_owned()
        } else {
            self.facts.join(", ")
        };
        let _ = writeln!(out, "\n  member  {facts}");
        let source = match self.sources.split_last() {
            None => String::new(),
            Some((last, [])) => format!("{last}, and by "),
            Some((last, others)) => format!("{} and {last}, and by ", others.join(", ")),
        };
        let (reads, writes): (Vec<_>, Vec<_>) = self.probes.iter().partition(|probe| probe.reads());
        let refused = self
            .probes
            .iter()
            .filter(|probe| probe.shown == Shown::Refused)
            .count();
        let _ = writeln!(
            out,
            "  told by {source}{} read and {} write probes, {refused} of them refused",
            reads.len(),
            writes.len()
        );
        for feature in &self.features {
            let can = if feature.possible {
                "possible with this key"
            } else {
                "not possible with this key"
            };
            let _ = writeln!(
                out,
                "  feature {} ({}): {can}",
                feature.feature, feature.title
            );
        }
        for (heading, state) in [("To add", State::Missing), ("To take away", State::Excess)] {
            let mut rights = self.with(state).peekable();
            if rights.peek().is_some() {
                let _ = writeln!(out, "\n{heading}:");
            }
            for right in rights {
                let why = if right.why.is_empty() {
                    String::new()
                } else {
                    format!("  # {}", right.why)
                };
                let _ = writeln!(out, "  {}{why}", right.remedy);
            }
        }
        for diagnosis in &self.diagnoses {
            let _ = writeln!(
                out,
                "\n  symptom  {}\n  cause    {}\n  cure     {}",
                diagnosis.symptom, diagnosis.cause, diagnosis.cure
            );
        }
        if !self.notes.is_empty() {
            let _ = writeln!(out);
        }
        for note in &self.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        let unproved = match self.count(State::Unproved) {
            0 => String::new(),
            count => format!(", {count} not proved"),
        };
        let _ = writeln!(
            out,
            "\n{} granted, {} missing, {} in excess{unproved}",
            self.count(State::Granted),
            self.count(State::Missing),
            self.count(State::Excess)
        );
        out
    }
}

pub(super) fn name(right: &Right) -> String {
    match &right.entry {
        Some(entry) => format!("{} / {}: {entry}", right.module, right.action),
        None => format!("{} / {}", right.module, right.action),
    }
}

fn levels(right: &Right) -> String {
    match (right.state, right.held == right.needed) {
        (State::Granted, true) => right.held.clone(),
        (State::Granted, false) if right.entry.is_some() => right.held.clone(),
        (State::Excess, _) if right.entry.is_some() => format!("{} ({})", right.held, right.needed),
        _ => format!("{} (needs {})", right.held, right.needed),
    }
}

pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Granted => "granted",
        State::Missing => "MISSING",
        State::Excess => "EXCESS",
        State::Unproved => "unproved",
    }
}
