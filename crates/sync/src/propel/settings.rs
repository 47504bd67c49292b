//! What a person decides about Propel Your MSP.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub companies: Companies,
    pub team: Team,
    pub assets: Assets,
    pub opportunity: Opportunity,
    pub tickets: Tickets,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Companies {
    pub types: Vec<String>,
    pub statuses: Vec<String>,
    pub propelled: Vec<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Team {
    pub vcio: Option<String>,
    pub account_manager: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assets {
    pub write_back: bool,
    /// The account's mapping: category by type.
    pub types: BTreeMap<String, String>,
    /// What differs for single companies, by their id.
    pub company: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amounts {
    #[default]
    Revenue,
    Cost,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Opportunity {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub stage: Option<String>,
    pub status: Option<String>,
    pub probability: Option<String>,
    pub activity_type: Option<String>,
    pub sales_rep: Option<String>,
    pub start_field: Option<i64>,
    pub amounts: Amounts,
    pub import_types: Vec<String>,
    pub import_statuses: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tickets {
    pub board: Option<String>,
    pub severity: Option<String>,
    pub source: Option<String>,
}
