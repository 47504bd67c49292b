//! What an integration is: its profile, its jobs, the rhythm of each. One file per integration says so; which there
//! are, the registry knows.

use crate::Failure;
use crate::api::Need;
use crate::psa::Kind;
use crate::queries::Queries;
use crate::schedule::Rhythm;
use crate::work::Work;

/// An integration.
pub struct Integration {
    pub slug: &'static str,
    pub title: &'static str,
    pub psa: Kind,
    /// Its jobs, in the order in which a run of all of them goes.
    pub jobs: &'static [Job],
    /// The settings file that `connect` lays down.
    pub settings: &'static str,
    /// Reads settings, to say what is wrong with them before they are kept.
    pub read_settings: fn(&str) -> Result<(), Failure>,
    /// Rights of its profile that no job uses, with the reason: findings about the vendor's guide.
    pub unused: &'static [(Need, &'static str)],
    /// What it does about a failed and about a successful run.
    pub after: Option<After>,
}

/// What an integration does about the outcome of one of its jobs, on either PSA: it asks neither.
pub type After = fn(&mut Work<'_, ()>, Result<(), &Failure>) -> Result<(), Failure>;

/// A job.
pub struct Job {
    pub name: &'static str,
    pub what: &'static str,
    pub rhythm: Rhythm,
    pub run: Run,
}

/// What a job does, on one PSA or the other.
#[derive(Clone, Copy)]
pub enum Run {
    ConnectWise(fn(&mut Work<'_>) -> Result<(), Failure>),
    Autotask(for<'a> fn(&mut Work<'a, Queries<'a>>) -> Result<(), Failure>),
}

/// Whether a text is settings of this shape.
pub fn reads<T: serde::de::DeserializeOwned>(text: &str) -> Result<(), Failure> {
    toml::from_str::<T>(text)
        .map(drop)
        .map_err(|error| Failure::Settings(error.to_string().trim().to_owned()))
}

impl Integration {
    pub fn job(&self, name: &str) -> Option<&Job> {
        self.jobs
            .iter()
            .find(|job| job.name.eq_ignore_ascii_case(name))
    }
}
