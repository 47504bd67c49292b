//! What Office Protect knows by itself: tenants and their security events. Knows no PSA.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the keys of events begin with.
pub const KEYS: &str = "officeprotect";

/// A Microsoft 365 tenant.
#[derive(Debug, Clone, Deserialize)]
pub struct Tenant {
    pub tenant: String,
    pub name: String,
    #[serde(default)]
    pub domain: String,
}

/// Where an event stands at its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    #[default]
    Open,
    Ignored,
    Remediated,
}

impl Standing {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ignored => "ignored",
            Self::Remediated => "remediated",
        }
    }
}

/// A security event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub tenant: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub user: String,
    pub occurred: Timestamp,
    pub description: String,
    #[serde(default)]
    pub entities: Vec<String>,
    #[serde(default)]
    pub view: String,
    #[serde(default)]
    pub ignore: String,
    #[serde(default)]
    pub standing: Standing,
}

impl Event {
    /// What its ticket is known by.
    pub fn key(&self) -> String {
        format!("{KEYS}:{}", self.id)
    }

    pub fn summary(&self) -> String {
        format!(
            "[Office Protect] {} – {} ({})",
            self.kind, self.user, self.tenant
        )
    }

    /// What is said of an event that its source is done with.
    pub fn update(&self) -> String {
        format!(
            "Office Protect: the event was {} at its source. [{}]",
            self.standing.word(),
            self.key()
        )
    }

    pub fn text(&self) -> String {
        let mut text = format!(
            "{}\n{}\n\nTime: {}\nUser: {}\nTenant: {}\n",
            self.kind,
            self.description,
            crate::text::moment(self.occurred),
            self.user,
            self.tenant
        );
        if !self.entities.is_empty() {
            text = format!("{text}Entities: {}\n", self.entities.join(", "));
        }
        for (what, link) in [
            ("View event in Office Protect", &self.view),
            ("Ignore event", &self.ignore),
        ] {
            if !link.is_empty() {
                text = format!("{text}{what}: {link}\n");
            }
        }
        text
    }
}
