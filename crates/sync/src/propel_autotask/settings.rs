//! What a person decides about Propel Your MSP on Autotask. Values of pick lists are named as the PSA names them.

use crate::propel::settings::Assets;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub companies: Companies,
    pub assets: Assets,
    pub opportunity: Opportunity,
    pub tickets: Tickets,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Companies {
    pub types: Vec<String>,
    pub propelled: Vec<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Opportunity {
    pub status: String,
    pub stage: Option<String>,
    pub probability: i64,
    pub action_type: String,
    pub owner: Option<i64>,
    pub won: Vec<String>,
    pub lost: Vec<String>,
    pub import_statuses: Vec<String>,
}

impl Default for Opportunity {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            status: "Active".to_owned(),
            stage: None,
            probability: 50,
            action_type: "General".to_owned(),
            owner: None,
            won: words(&["Closed", "Implemented", "Won"]),
            lost: words(&["Lost"]),
            import_statuses: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tickets {
    pub queue: Option<String>,
    pub priority: Option<String>,
    pub status: Option<String>,
}
