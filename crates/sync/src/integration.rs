//! What an integration is: its profile, its jobs, the rhythm of each. One file per integration says so.

use crate::Failure;
use crate::api::Need;
use crate::queries::Queries;
use crate::schedule::Rhythm;
use crate::work::Work;
use bitting_client::{Autotask, Psa};

/// Every integration.
pub const ALL: [&Integration; 8] = [
    &crate::office_protect::INTEGRATION,
    &crate::office_protect::ON_AUTOTASK,
    &crate::umbrella::INTEGRATION,
    &crate::umbrella_autotask::INTEGRATION,
    &crate::mspcfo::INTEGRATION,
    &crate::mspcfo_autotask::INTEGRATION,
    &crate::propel::INTEGRATION,
    &crate::propel_autotask::INTEGRATION,
];

/// Products whose vendor connects them with one PSA at a time.
const ONE_AT_A_TIME: [&str; 1] = ["umbrella"];

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

/// Which PSA an integration works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ConnectWise,
    Autotask,
}

impl Kind {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectWise => "ConnectWise",
            Self::Autotask => "Autotask",
        }
    }
}

/// What a job does, on one PSA or the other.
#[derive(Clone, Copy)]
pub enum Run {
    ConnectWise(fn(&mut Work<'_>) -> Result<(), Failure>),
    Autotask(for<'a> fn(&mut Work<'a, Queries<'a>>) -> Result<(), Failure>),
}

/// A way to a PSA.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    ConnectWise(&'a Psa),
    Autotask(&'a Autotask),
}

impl Way<'_> {
    /// Calls made so far.
    pub fn calls(self) -> usize {
        match self {
            Self::ConnectWise(psa) => psa.calls().len(),
            Self::Autotask(psa) => psa.calls().len(),
        }
    }
}

impl<'a> From<&'a Psa> for Way<'a> {
    fn from(psa: &'a Psa) -> Self {
        Self::ConnectWise(psa)
    }
}

impl<'a> From<&'a Autotask> for Way<'a> {
    fn from(psa: &'a Autotask) -> Self {
        Self::Autotask(psa)
    }
}

/// Whether a text is settings of this shape.
pub fn reads<T: serde::de::DeserializeOwned>(text: &str) -> Result<(), Failure> {
    toml::from_str::<T>(text)
        .map(drop)
        .map_err(|error| Failure::Settings(error.to_string().trim().to_owned()))
}

impl Integration {
    /// The same product on Autotask, where this is the one on ConnectWise.
    pub fn on_autotask(&self) -> Option<&'static Self> {
        let slug = format!("{}_autotask", self.slug);
        ALL.into_iter().find(|known| known.slug == slug)
    }

    /// The same product on the other PSA, where it works with one at a time.
    pub fn rival(&self) -> Option<&'static Self> {
        let product = |slug: &'static str| slug.trim_end_matches("_autotask");
        let own = product(self.slug);
        ALL.into_iter()
            .find(|known| known.slug != self.slug && product(known.slug) == own)
            .filter(|_| ONE_AT_A_TIME.contains(&own))
    }

    pub fn job(&self, name: &str) -> Option<&Job> {
        self.jobs
            .iter()
            .find(|job| job.name.eq_ignore_ascii_case(name))
    }
}

/// The integration that a word names.
pub fn find(word: &str) -> Result<&'static Integration, Failure> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', ' '], "_");
    ALL.into_iter()
        .find(|known| plain(known.slug) == plain(word) || plain(known.title) == plain(word))
        .ok_or_else(|| {
            let known: Vec<&str> = ALL.iter().map(|known| known.slug).collect();
            Failure::Settings(format!(
                "there is no integration `{word}`; there are {}",
                known.join(", ")
            ))
        })
}
