//! What was read of a guide as a profile's file, to be looked through. Knows the format only as text.

use super::{Pasted, Row};
use crate::profile::template::{SOURCE, SUMMARY, quoted};
use bitting_policy::{Level, Verb};
use std::fmt::Write as _;

/// What the guide does not say of itself.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub vendor: &'a str,
    pub product: &'a str,
    /// Name of the guide's file, for the comments.
    pub guide: &'a str,
    /// Where the guide is published.
    pub url: &'a str,
    /// The day it was taken over, `2026-11-21`.
    pub today: &'a str,
}

/// The profile's file. It loads as it is; what was not read stands in it as comments.
pub fn profile(pasted: &Pasted, head: &Head) -> String {
    let complete = pasted.unread.is_empty() && !pasted.rows.is_empty();
    let mut out = format!(
        "# What {} needs of the PSA, read from {}. Format: docs/profiles.md\n[profile]\nvendor = {}\nproduct = {}\n\
         psa = \"connectwise\"\nsummary = \"{SUMMARY}\"\ncompleteness = \"{}\"\nversion = 1\n",
        one_line(head.product),
        one_line(head.guide),
        quoted(head.vendor),
        quoted(head.product),
        if complete { "complete" } else { "partial" },
    );
    if !complete {
        let lines: Vec<String> = pasted
            .unread
            .iter()
            .map(|remark| format!("line {}: {}", remark.line, remark.text))
            .collect();
        let gaps = if lines.is_empty() {
            "no row was found".to_owned()
        } else {
            lines.join("; ")
        };
        let _ = writeln!(out, "gaps = {}", quoted(&gaps));
    }
    if pasted.administrator {
        let _ = writeln!(out, "admin_alternative = \"allowed\"");
    }
    let _ = write!(
        out,
        "\n[[source]]\ntitle = \"{SOURCE}\"\nurl = {}\ntaken = \"{}\"\n",
        quoted(head.url),
        head.today
    );
    if let Some(role) = &pasted.role {
        let _ = write!(out, "\n[role]\nname = {}\n", quoted(role));
    }
    for row in &pasted.rows {
        out.push_str(&grant(row));
    }
    for remark in &pasted.unread {
        let _ = write!(
            out,
            "\n# Not read, line {} of the guide: {}\n# {}\n",
            remark.line,
            one_line(&remark.text),
            one_line(&remark.advice)
        );
    }
    if !pasted.member.is_empty() {
        out.push_str("\n[member]\n");
        for (key, value) in &pasted.member {
            // `choose the board for alerts` is no board's name.
            let first = value.split(' ').next().unwrap_or_default().to_lowercase();
            let chosen = [
                "choose",
                "select",
                "pick",
                "your",
                "any",
                "the",
                "as",
                "set",
                "whichever",
            ];
            let kind = if chosen.contains(&first.as_str()) {
                "choose"
            } else {
                "value"
            };
            let _ = writeln!(out, "{key} = {{ {kind} = {} }}", quoted(value));
        }
    }
    out
}

fn grant(row: &Row) -> String {
    let mut out = format!(
        "\n[[grant]] # line {} of the guide\nmodule = {}\naction = {}\n",
        row.line,
        quoted(&row.module),
        quoted(&row.action)
    );
    for (verb, level) in Verb::EVERY.into_iter().zip(row.levels) {
        if let Some(level) = level.filter(|level| *level > Level::None) {
            let _ = writeln!(
                out,
                "{} = \"{}\"",
                verb.as_str().to_lowercase(),
                level.as_str()
            );
        }
    }
    for (key, text) in [
        ("why", Some(row.why.as_str())),
        ("printed", row.printed.as_deref()),
        ("uncertain", row.uncertain.as_deref()),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let _ = writeln!(out, "{key} = {}", quoted(text));
        }
    }
    if !row.tables.is_empty() {
        let entries: Vec<String> = row.tables.iter().map(|table| quoted(table)).collect();
        let mode = if row.deny { "deny" } else { "allow" };
        let _ = writeln!(
            out,
            "customize = {{ mode = \"{mode}\", entries = [{}] }}",
            entries.join(", ")
        );
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
