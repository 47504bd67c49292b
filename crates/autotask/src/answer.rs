//! What goes back to an Autotask client, and why a call was refused. Must not know routes.

use bitting_dialects::autotask::error::Refusal;
use bitting_policy::Denial;
use bitting_store::StoreError;

/// Why a call was not answered.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The security level does not allow it; the sentence is the vendor's, the denial ours.
    #[error("{1}")]
    Denied(Refusal, Box<Denial>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Trouble {
    /// What the client is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) | Self::Denied(refusal, _) => refusal.clone(),
            Self::Store(error) => match error {
                StoreError::InUse { name } => Refusal::new(format!("{name} is still in use.")),
                StoreError::Conflict { name } => {
                    Refusal::new(format!("Another record has the same {name}."))
                }
                _ => Refusal::new("An error occurred on the server; its log says which."),
            },
        }
    }
}
