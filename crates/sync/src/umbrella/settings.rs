//! What a person decides about Umbrella.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(rename = "type", default = "umbrella")]
    pub kind: String,
    #[serde(default)]
    pub tickets: Tickets,
    pub source: Option<Console>,
}

/// What is decided the same way for either PSA.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Whether tickets are made.
    pub on: bool,
    /// More botnet events than this, of one identity in one window, make a ticket.
    pub threshold: u64,
    /// Ids of tickets that somebody knows to be deleted.
    pub gone: Vec<i64>,
    /// Umbrella's own API, where it is read in place of files.
    pub source: Option<Console>,
}

/// What is decided the same way, out of the settings of a PSA: each has the same members for it.
macro_rules! decided {
    ($settings:ty) => {
        impl From<$settings> for $crate::umbrella::settings::Decided {
            fn from(settings: $settings) -> Self {
                Self {
                    on: settings.tickets.on,
                    threshold: settings.tickets.threshold,
                    gone: settings.tickets.gone,
                    source: settings.source,
                }
            }
        }
    };
}
pub(crate) use decided;

decided!(Settings);

/// Umbrella's own API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    pub url: String,
    pub key: String,
    /// Environment variable that holds the key's secret.
    pub secret_variable: String,
    /// Company id of the PSA by id of the organisation.
    #[serde(default)]
    pub companies: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Tickets {
    #[serde(default)]
    pub on: bool,
    #[serde(default)]
    pub board: String,
    #[serde(default)]
    pub priority: String,
    #[serde(default)]
    pub threshold: u64,
    /// Ids of tickets that somebody knows to be deleted.
    #[serde(default)]
    pub gone: Vec<i64>,
}

fn umbrella() -> String {
    "Umbrella".to_owned()
}
