//! Which integrations there are, and which of them are one product on two PSAs. Only what is above the integrations
//! may look here.

use crate::Failure;
use crate::integration::Integration;

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
