//! What a person decides about Office Protect.

use crate::Failure;
use crate::integration::reads;
use crate::mail::{self, Mail};
use crate::psa::Kind;
use crate::source::Source;
use crate::work::Work;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    pub emergency_contact: String,
    /// ConnectWise: whose default board takes the tickets.
    api_member: Option<String>,
    /// Name or id.
    pub status: Option<String>,
    /// Autotask: name or id.
    pub priority: Option<String>,
    /// Autotask: name or id.
    pub category: Option<String>,
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

fn three() -> u64 {
    3
}

fn on() -> bool {
    true
}

/// Whether a text is settings for this PSA.
pub fn read(text: &str, psa: Kind) -> Result<(), Failure> {
    reads::<Settings>(text)?;
    // It was read a moment ago.
    toml::from_str::<Settings>(text).map_or(Ok(()), |settings| settings.fits(psa))
}

impl Settings {
    /// The settings of a run.
    pub fn of<A>(work: &Work<'_, A>) -> Result<Self, Failure> {
        let settings: Self = work.settings()?;
        settings.fits(work.psa)?;
        Ok(settings)
    }

    /// Refuses what the PSA has not.
    fn fits(&self, psa: Kind) -> Result<(), Failure> {
        let strange = match psa {
            Kind::ConnectWise => [("priority", &self.priority), ("category", &self.category)],
            Kind::Autotask => [("api_member", &self.api_member), ("api_member", &None)],
        };
        match strange.iter().find(|(_, given)| given.is_some()) {
            None => Ok(()),
            Some((name, _)) => Err(Failure::Settings(format!(
                "{name} says nothing to {}; take the line out",
                psa.name()
            ))),
        }
    }

    /// The API member, on ConnectWise.
    pub fn api_member(&self) -> &str {
        self.api_member.as_deref().unwrap_or("OfficeProtect")
    }

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
