//! An Autotask plan kept in a file: what is wanted, and the level and user that were there when it was made.

use super::held::{HeldLevel, HeldUser, Instance};
use super::known::Screen;
use super::plan::{Plan, plan};
use super::wanted::Wanted;
use crate::ConnectError;
use serde::{Deserialize, Serialize};

/// First member of the file, which tells it from others.
pub const FORMAT: &str = "bitting autotask plan 1";

/// A plan at rest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    pub format: String,
    instance: String,
    wanted: Wanted,
    seen_level: Option<HeldLevel>,
    seen_user: Option<HeldUser>,
}

impl Saved {
    /// A plan made for this instance, to be kept.
    pub fn of(instance: &Instance<'_>, plan: &Plan) -> Result<Self, ConnectError> {
        Ok(Self {
            format: FORMAT.to_owned(),
            instance: instance.name()?,
            wanted: plan.wanted.clone(),
            seen_level: plan.level.clone(),
            seen_user: plan.user.clone(),
        })
    }

    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The plan again, if the instance is as it was.
    ///
    /// # Errors
    /// [`ConnectError::Changed`] where level or user are not as they were; a plan made for another instance.
    pub fn open(&self, instance: &Instance<'_>, screen: &Screen) -> Result<Plan, ConnectError> {
        let here = instance.name()?;
        if here != self.instance {
            return Err(ConnectError::InTheWay {
                what: format!(
                    "the plan was made for the Autotask instance {}, and this is {here}",
                    self.instance
                ),
                remedy: "name that one with --instance, or plan again".to_owned(),
            });
        }
        let now = plan(Some(instance), self.wanted.clone(), screen)?;
        // How many hold a level is no part of it.
        let level = |held: &Option<HeldLevel>| {
            let mut held = held.clone();
            if let Some(held) = &mut held {
                held.users = 0;
            }
            held
        };
        if level(&now.level) != level(&self.seen_level) || now.user != self.seen_user {
            return Err(ConnectError::Changed {
                role: self.wanted.level.name.clone(),
            });
        }
        Ok(now)
    }
}
