//! What a person decides about Office Protect.

use crate::Failure;
use crate::mail::{self, Mail};
use crate::source::Source;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    pub emergency_contact: String,
    #[serde(default = "member")]
    pub api_member: String,
    /// Name or id.
    pub status: Option<String>,
    #[serde(default = "three")]
    pub broken_after: u64,
    pub mail: Option<Mail>,
    pub source: Option<Source>,
    #[serde(default)]
    pub tenant: Vec<Mapped>,
}

/// A tenant and its company.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    pub tenant: String,
    pub company: i64,
    #[serde(default = "on")]
    pub tickets: bool,
}

fn member() -> String {
    "OfficeProtect".to_owned()
}

fn three() -> u64 {
    3
}

fn on() -> bool {
    true
}

impl Settings {
    /// The company of a tenant that is mapped, switched on or off.
    pub fn company_of(&self, tenant: &str) -> Option<&Mapped> {
        self.tenant.iter().find(|mapped| mapped.tenant == tenant)
    }

    /// The emergency contact, which must be there before the first ticket.
    pub fn contact(&self) -> Result<&str, Failure> {
        if self.emergency_contact.trim().is_empty() {
            return Err(Failure::Settings("emergency_contact is empty; enter the address of whoever has to know when the integration breaks".to_owned()));
        }
        mail::address(&self.emergency_contact)?;
        Ok(&self.emergency_contact)
    }
}
