//! A plan kept in a file, to be read by somebody and applied later: what is wanted, and what was there when it
//! was made. Applied on anything else, it is refused.

use super::{Plan, plan};
use crate::ConnectError;
use crate::wanted::{Form, Wanted};
use bitting_client::Psa;
use bitting_policy::{Registry, Role, RoleDocument};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// First member of the file, which tells it from others.
pub const FORMAT: &str = "bitting plan 1";

/// A plan at rest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    pub format: String,
    address: String,
    company: String,
    title: String,
    role: RoleDocument,
    member: Form,
    /// Module, action and reason.
    why: Vec<(String, String, String)>,
    notes: Vec<String>,
    /// The role that was there.
    seen_role: Option<RoleDocument>,
    /// The API member that was there.
    seen_member: Option<Value>,
}

impl Saved {
    /// A plan made for this PSA, to be kept.
    pub fn of(psa: &Psa, plan: &Plan) -> Self {
        let wanted = &plan.wanted;
        let why = wanted.why.iter();
        Self {
            format: FORMAT.to_owned(),
            address: psa.address().to_owned(),
            company: psa.company().to_owned(),
            title: wanted.title.clone(),
            role: wanted.document.clone(),
            member: wanted.member.clone(),
            why: why
                .map(|((module, action), why)| (module.clone(), action.clone(), why.clone()))
                .collect(),
            notes: wanted.notes.clone(),
            seen_role: plan.role.as_ref().map(|held| held.document.clone()),
            seen_member: plan.member.as_ref().map(|held| bare(&held.record)),
        }
    }

    /// The plan again, if the PSA is as it was.
    ///
    /// # Errors
    /// [`ConnectError::Changed`] where role or member are not as they were; a plan made for another company.
    pub fn open(&self, psa: &Psa, registry: &Registry) -> Result<Plan, ConnectError> {
        let here = (psa.address(), psa.company());
        if here != (self.address.as_str(), self.company.as_str()) {
            return Err(ConnectError::InTheWay {
                what: format!(
                    "the plan was made for company {} at {}, and this is {} at {}",
                    self.company, self.address, here.1, here.0
                ),
                remedy: "name that PSA, or plan again".to_owned(),
            });
        }
        let role =
            Role::from_document(registry, &self.role).map_err(|source| ConnectError::Role {
                profile: "the plan".to_owned(),
                fault: Box::new(source),
            })?;
        let why = self.why.iter().cloned();
        let wanted = Wanted {
            title: self.title.clone(),
            document: self.role.clone(),
            role,
            member: self.member.clone(),
            why: why
                .map(|(module, action, why)| ((module, action), why))
                .collect(),
            notes: self.notes.clone(),
            doubts: Vec::new(),
        };
        let now = plan(psa, wanted, registry)?;
        let role = now.role.as_ref().map(|held| &held.document);
        let member = now.member.as_ref().map(|held| bare(&held.record));
        if role != self.seen_role.as_ref() || member != self.seen_member {
            return Err(ConnectError::Changed {
                role: self.role.name.clone(),
            });
        }
        Ok(now)
    }
}

/// A record without what changes by itself.
fn bare(record: &Value) -> Value {
    let mut record = record.clone();
    if let Some(members) = record.as_object_mut() {
        members.remove("_info");
    }
    record
}
