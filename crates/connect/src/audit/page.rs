//! An audit as a page to hand over, and as text for the terminal.

use super::{Audit, Audited, Risk};
use crate::page::Block;
use std::fmt::Write as _;

impl Audit {
    /// The audit as a page.
    pub fn page(&self) -> Vec<Block> {
        let findings = |risk: Risk| {
            self.members
                .iter()
                .flat_map(|member| &member.findings)
                .filter(|finding| finding.risk == risk)
                .count()
        };
        let mut page = vec![
            Block::heading(1, format!("API members of {}", self.company)),
            Block::paragraph(format!(
                "{} on {}. {} API members; {} findings of high, {} of medium and {} of low risk. The weakest member \
                 scores {} of 100.",
                self.address,
                self.taken,
                self.members.len(),
                findings(Risk::High),
                findings(Risk::Medium),
                findings(Risk::Low),
                self.score
            )),
            Block::table(
                &[
                    "Member",
                    "Role",
                    "Integration",
                    "Location",
                    "Keys",
                    "Last used",
                    "Score",
                    "Findings",
                ],
                self.members.iter().map(row).collect(),
            ),
        ];
        for member in &self.members {
            if member.findings.is_empty() {
                continue;
            }
            page.push(Block::heading(
                2,
                format!("{} (score {})", member.member, member.score),
            ));
            let rows = member.findings.iter().map(|finding| {
                vec![
                    word(finding.risk).to_owned(),
                    finding.what.clone(),
                    finding.remedy.clone(),
                ]
            });
            page.push(Block::table(
                &["Risk", "Finding", "What to do"],
                rows.collect(),
            ));
            if !member.excess.is_empty() {
                page.push(Block::paragraph(match member.measured_by {
                    "profile" => "More than the integration's guide asks for:",
                    _ => "Held, and not used in the log:",
                }));
                page.push(Block::Bullets(member.excess.clone()));
            }
        }
        if !self.notes.is_empty() {
            page.push(Block::heading(2, "Notes"));
            page.push(Block::Bullets(self.notes.clone()));
        }
        page
    }

    /// The audit for the terminal: a line per member, its findings below.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        for member in &self.members {
            let profile = member.profile.as_deref().unwrap_or("no profile recognised");
            let keys = member.keys.map_or_else(
                || "keys not told".to_owned(),
                |count| match count {
                    1 => "1 key".to_owned(),
                    count => format!("{count} keys"),
                },
            );
            let last = member.last_used.as_deref().unwrap_or("never");
            let inactive = if member.inactive { ", inactive" } else { "" };
            let _ = writeln!(
                out,
                "{:>3}  {:<15} role {}, {profile}, {}, {keys}, last used {last}{inactive}",
                member.score,
                member.member,
                if member.role.is_empty() {
                    "none"
                } else {
                    &member.role
                },
                match (member.location.is_empty(), member.name.contains('@')) {
                    // An API user of Autotask has an address and no location.
                    (true, true) => &member.name,
                    (true, false) => "no location",
                    (false, _) => &member.location,
                },
            );
            for finding in &member.findings {
                let _ = writeln!(
                    out,
                    "     {:<7} {} ({})\n             {}",
                    word(finding.risk),
                    finding.what,
                    finding.rule,
                    finding.remedy
                );
            }
            for excess in &member.excess {
                let _ = writeln!(out, "             - {excess}");
            }
        }
        for note in &self.notes {
            let _ = writeln!(out, "note: {note}");
        }
        let _ = writeln!(
            out,
            "\n{} members, the weakest scores {} of 100",
            self.members.len(),
            self.score
        );
        out
    }
}

fn row(member: &Audited) -> Vec<String> {
    vec![
        member.member.clone(),
        member.role.clone(),
        member.profile.clone().unwrap_or_default(),
        member.location.clone(),
        member
            .keys
            .map(|count| count.to_string())
            .unwrap_or_default(),
        member
            .last_used
            .clone()
            .unwrap_or_else(|| "never".to_owned()),
        member.score.to_string(),
        member
            .findings
            .iter()
            .map(|finding| finding.rule)
            .collect::<Vec<_>>()
            .join(", "),
    ]
}

fn word(risk: Risk) -> &'static str {
    match risk {
        Risk::High => "high",
        Risk::Medium => "medium",
        Risk::Low => "low",
    }
}
