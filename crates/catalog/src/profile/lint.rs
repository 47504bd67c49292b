//! What is wrong, risky or doubtful in a profile, found by reading it against the registry.
//! One file per family of rules. Changes nothing and refuses nothing: callers decide what an error
//! among the findings means.

mod autotask;
mod contradiction;
mod excess;
mod form;
mod levels;
mod lists;
mod names;

use super::document::{Profile, Psa};
use bitting_policy::Registry;
use serde::Serialize;

/// Every rule there is, in alphabetical order. A finding of another one is a slip of this module.
pub const RULES: [&str; 42] = [
    "acts-as-more",
    "admin-alternative",
    "administers",
    "all-where-my",
    "contract-visibility",
    "contradiction",
    "delete-without-reason",
    "deny-list",
    "empty-row",
    "level-not-accepted",
    "list-incomplete",
    "list-without-level",
    "my-unsure",
    "narrowing-optional",
    "no-known-meaning",
    "no-list",
    "no-rights",
    "no-tracking",
    "other-spelling",
    "own-only",
    "partial",
    "placeholder",
    "prefix-on-tenant-list",
    "reaches-security",
    "reads-everything",
    "reads-passwords",
    "system-level",
    "table-setup-open",
    "template-text",
    "too-long",
    "uncertain",
    "unknown-action",
    "unknown-module",
    "unknown-section",
    "unknown-setting",
    "unknown-table",
    "unknown-value",
    "unused-granted",
    "unverified-table",
    "whole-section",
    "wildcard",
    "write-without-inquire",
];

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No role can be made from it, or it says something impossible.
    Error,
    /// More rights than the purpose shows a need for, or a trap.
    Warning,
    /// Worth knowing.
    Note,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// Name of the rule: `write-without-inquire`.
    pub rule: &'static str,
    /// `data/profiles/connectwise/umbrella.toml:12`
    #[serde(rename = "where")]
    pub place: String,
    /// Line in the file, from 1.
    #[serde(skip)]
    pub line: usize,
    pub message: String,
    /// What to write or do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// Collects the findings of one profile.
struct Report<'a> {
    profile: &'a Profile,
    found: Vec<Finding>,
}

impl Report<'_> {
    fn add(
        &mut self,
        severity: Severity,
        rule: &'static str,
        line: usize,
        message: impl Into<String>,
    ) {
        self.push(severity, rule, line, message.into(), None);
    }

    fn advise(
        &mut self,
        severity: Severity,
        rule: &'static str,
        line: usize,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        self.push(
            severity,
            rule,
            line,
            message.into(),
            Some(suggestion.into()),
        );
    }

    fn push(
        &mut self,
        severity: Severity,
        rule: &'static str,
        line: usize,
        message: String,
        suggestion: Option<String>,
    ) {
        debug_assert!(RULES.contains(&rule), "{rule} is not among the rules");
        let (line, column) = self.profile.spot(line.max(1), &message);
        self.found.push(Finding {
            severity,
            rule,
            place: format!("{}:{line}:{column}", self.profile.file),
            line,
            message,
            suggestion,
        });
    }
}

/// Every finding of one profile, in the order of its file. The registry is ConnectWise's; Autotask
/// profiles are read against the vocabulary of the security level screen.
pub fn lint(profile: &Profile, registry: &Registry) -> Vec<Finding> {
    let mut report = Report {
        profile,
        found: Vec::new(),
    };
    form::check(&mut report);
    match profile.product.psa {
        Psa::ConnectWise => {
            names::check(&mut report, registry);
            levels::check(&mut report, registry);
            lists::check(&mut report, registry);
            excess::check(&mut report, registry);
            contradiction::check_editions(&mut report, registry);
        }
        Psa::Autotask => autotask::check(&mut report),
    }
    let mut found = report.found;
    found.sort_by(|a, b| (a.line, a).cmp(&(b.line, b)));
    found.dedup();
    found
}

/// The findings of many profiles together: each one's own, then what guides of one product say
/// against each other.
pub fn lint_all(profiles: &[Profile], registry: &Registry) -> Vec<Finding> {
    let mut found: Vec<Finding> = profiles
        .iter()
        .flat_map(|profile| lint(profile, registry))
        .collect();
    found.extend(contradiction::check_profiles(profiles, registry));
    found
}
