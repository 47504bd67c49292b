//! What a person decides about Umbrella on Autotask.

use crate::umbrella::settings::{Console, decided};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default = "opendns")]
    pub product: String,
    #[serde(default)]
    pub billing_code: String,
    /// Names of user-defined fields that are not looked for.
    #[serde(default)]
    pub without: Vec<String>,
    #[serde(default)]
    pub tickets: Tickets,
    pub source: Option<Console>,
}

decided!(Settings);

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Tickets {
    pub on: bool,
    pub queue: String,
    pub priority: String,
    pub status: String,
    pub threshold: u64,
    /// Ids of tickets that somebody knows to be deleted.
    pub gone: Vec<i64>,
}

fn opendns() -> String {
    "OpenDNS_Umbrella".to_owned()
}
