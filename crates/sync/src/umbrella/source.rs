//! What the Umbrella console knows: organisations with their figures, and blocked botnet events. Knows no PSA.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many of a kind of deployment.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
pub struct Deployed {
    #[serde(default)]
    pub active: u64,
    #[serde(default)]
    pub inactive: u64,
}

/// An organisation of the console.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Organisation {
    pub org: String,
    pub name: String,
    /// Company id of the PSA, as an administrator typed it; empty where the organisation is not mapped.
    #[serde(default)]
    pub company: String,
    #[serde(default)]
    pub package: String,
    #[serde(default)]
    pub seats: u64,
    #[serde(default)]
    pub service_status: String,
    #[serde(default)]
    pub networks: Deployed,
    #[serde(default)]
    pub roaming_clients: Deployed,
    #[serde(default)]
    pub virtual_appliances: Deployed,
    #[serde(default)]
    pub requests_24h: u64,
    #[serde(default)]
    pub requests_30d: u64,
    #[serde(default)]
    pub blocked_24h: u64,
    #[serde(default)]
    pub blocked_30d: u64,
    #[serde(default)]
    pub threats_30d: u64,
    #[serde(default)]
    pub infections_30d: u64,
    #[serde(default)]
    pub top_allowed: Vec<String>,
    #[serde(default)]
    pub top_blocked: Vec<String>,
    #[serde(default)]
    pub dashboard: String,
}

impl Organisation {
    /// What its configuration is known by.
    pub fn device(&self) -> String {
        format!("umbrella:{}", self.org)
    }
}

/// Blocked requests of one identity to one domain.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Event {
    pub org: String,
    /// An agent's computer, or a network.
    pub identity: String,
    pub time: Timestamp,
    pub domain: String,
    /// Only `botnet` makes tickets; malware and drive-by blocks do not.
    pub category: String,
    #[serde(default = "one")]
    pub count: u64,
}

fn one() -> u64 {
    1
}
