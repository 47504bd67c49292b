//! What a proof found: right by right, with probes, diagnoses and notes. One form for both PSAs, as text, as JUnit
//! and as JSON. Knows no PSA.

mod junit;
mod text;

use crate::probe::Probed;
use crate::symptom::Diagnosis;
use serde::Serialize;

/// How a right stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Granted,
    Missing,
    Excess,
    /// The PSA does not tell, and no probe showed it.
    Unproved,
}

/// One right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Right {
    pub module: String,
    pub action: String,
    /// `Add`, `Inquire`; on Autotask the column: `View`, `Edit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<&'static str>,
    /// Entry of the row's customize list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    pub held: String,
    pub needed: String,
    pub state: State,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Screen and cell to change, where something is to change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// A feature that was not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Optional {
    pub feature: String,
    pub title: String,
    /// Whether the key could do it all the same.
    pub possible: bool,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub profile: String,
    pub address: String,
    pub company: String,
    /// Security role, or on Autotask the security level.
    pub role: String,
    pub member: String,
    /// Facts of the member: location, board, and what speaks against them.
    pub facts: Vec<String>,
    /// Whether the PSA told the caller's rights, or probes alone did.
    pub told: bool,
    /// What told them: `mySecurity`, `entityInformation`.
    pub sources: Vec<&'static str>,
    /// How the report's first line speaks of `role`: a key of Autotask does not tell its own level.
    #[serde(skip)]
    pub kept_in: &'static str,
    pub rights: Vec<Right>,
    pub probes: Vec<Probed>,
    pub features: Vec<Optional>,
    pub diagnoses: Vec<Diagnosis>,
    pub notes: Vec<String>,
}

/// Whose key is proved, where.
pub(crate) struct Keyed {
    pub profile: String,
    pub address: String,
    pub company: String,
    pub member: String,
}

impl Report {
    /// A report with nothing found yet: whose key it is, and where.
    pub(crate) fn of(key: Keyed, role: &str, kept_in: &'static str) -> Self {
        let Keyed {
            profile,
            address,
            company,
            member,
        } = key;
        Self {
            profile,
            address,
            company,
            role: role.to_owned(),
            member,
            facts: Vec::new(),
            told: false,
            sources: Vec::new(),
            kept_in,
            rights: Vec::new(),
            probes: Vec::new(),
            features: Vec::new(),
            diagnoses: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// How many rights stand so.
    pub fn count(&self, state: State) -> usize {
        self.rights
            .iter()
            .filter(|right| right.state == state)
            .count()
    }

    /// The rights that stand so, in the report's order.
    pub fn with(&self, state: State) -> impl Iterator<Item = &Right> {
        self.rights.iter().filter(move |right| right.state == state)
    }

    /// 0 exactly what is needed, 2 something is missing, 3 nothing is missing but something is in excess.
    pub fn exit_code(&self) -> u8 {
        match (self.count(State::Missing), self.count(State::Excess)) {
            (0, 0) => 0,
            (0, _) => 3,
            _ => 2,
        }
    }
}
