//! What a person decides about Umbrella.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(rename = "type", default = "umbrella")]
    pub kind: String,
    #[serde(default)]
    pub tickets: Tickets,
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
}

fn umbrella() -> String {
    "Umbrella".to_owned()
}
