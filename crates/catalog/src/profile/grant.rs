//! One row of a guide: a module, an action, four levels, a reason and a customize list.
//! Knows only how the row is written in the file; which names exist is the registry's business.

use super::entries::{Entries, Pattern};
use bitting_policy::{Level, Verb};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One row a guide asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Module as the security role screen spells it: `Service Desk`.
    pub module: String,
    /// Action as the screen spells it, or `*` for every action of the module.
    pub action: String,
    /// Levels; an absent verb is None. `None` may be written where the guide says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquire: Option<Level>,
    /// What the row serves, in our words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Reasons for single verbs, where they differ: keys `add`, `edit`, `delete`, `inquire`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub why_verb: BTreeMap<VerbKey, String>,
    /// The list behind the row. Absent: not customized, which allows every entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customize: Option<Customize>,
    /// What the guide printed, where it differs from the levels above (`granted`, `Setup Tables`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed: Option<String>,
    /// What could not be read with certainty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<String>,
    /// Line of the row in its file, from 1.
    #[serde(skip)]
    pub line: usize,
}

impl Grant {
    /// The level asked for a verb; None where nothing is said.
    pub fn level(&self, verb: Verb) -> Level {
        self.said(verb).unwrap_or(Level::None)
    }

    /// The level as written, or nothing where the row is silent.
    pub fn said(&self, verb: Verb) -> Option<Level> {
        match verb {
            Verb::Add => self.add,
            Verb::Edit => self.edit,
            Verb::Delete => self.delete,
            Verb::Inquire => self.inquire,
        }
    }

    /// Why a verb is needed: its own reason, or the row's.
    pub fn reason(&self, verb: Verb) -> &str {
        self.why_verb
            .get(&VerbKey::from(verb))
            .map_or(self.why.as_str(), String::as_str)
    }

    /// Which entries of the row's customize list are needed.
    pub fn entries(&self) -> Entries {
        self.customize
            .as_ref()
            .map_or(Entries::All, Customize::entries)
    }

    /// Every action of its module.
    pub fn is_wildcard(&self) -> bool {
        self.action == "*"
    }

    /// `System / Table Setup`
    pub fn title(&self) -> String {
        format!("{} / {}", self.module, self.action)
    }
}

/// A verb as a key of `why_verb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerbKey {
    Add,
    Edit,
    Delete,
    Inquire,
}

impl From<Verb> for VerbKey {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Add => VerbKey::Add,
            Verb::Edit => VerbKey::Edit,
            Verb::Delete => VerbKey::Delete,
            Verb::Inquire => VerbKey::Inquire,
        }
    }
}

/// What a guide says about the customize list of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customize {
    pub mode: Mode,
    /// Entries by name: `Service / Service Board`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// Every entry whose name starts so: `Opportunities`. Only with mode `allow`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// Entries that only the tenant knows (its configuration types, its locations).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placeholders: Vec<Placeholder>,
    /// The guide calls narrowing optional.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The list could not be read to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// How the list of a row is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Only what is named.
    Allow,
    /// Everything but what is named; a table of a later release is silently allowed.
    Deny,
    /// Everything, said so by the guide.
    All,
    /// Nothing: the row's list stays empty, or a feature adds no entry to it.
    None,
}

/// A gap that the tenant fills in, because the entries are its own data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placeholder {
    /// Name by which an answer is given: `computer-types`.
    pub name: String,
    /// What to choose.
    pub hint: String,
    /// What the guide shows as an example.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

impl Customize {
    /// The list as a set.
    pub fn entries(&self) -> Entries {
        let patterns: BTreeSet<Pattern> = self
            .entries
            .iter()
            .cloned()
            .map(Pattern::Name)
            .chain(self.prefixes.iter().cloned().map(Pattern::Prefix))
            .chain(
                self.placeholders
                    .iter()
                    .map(|gap| Pattern::Placeholder(gap.name.clone())),
            )
            .collect();
        match self.mode {
            Mode::Allow => Entries::Only(patterns),
            Mode::Deny => Entries::Except(patterns),
            Mode::All => Entries::All,
            Mode::None => Entries::Only(BTreeSet::new()),
        }
    }
}
