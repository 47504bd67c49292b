//! Why a step could not be made: the profile, the PSA's refusal, or something in the way that a person
//! must decide on.

use crate::halfway::said;
use bitting_catalog::CatalogError;
use bitting_catalog::profile::ProfileError;
use bitting_client::ClientError;
use bitting_policy::RoleError;

/// A step that was not made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    Client(Box<ClientError>),
    #[error(transparent)]
    Profile(Box<ProfileError>),
    #[error(transparent)]
    Catalog(Box<CatalogError>),
    #[error("no role can be made of {profile}: {fault}; `bitting profile check` tells of more")]
    Role {
        profile: String,
        /// Not called `source`: its words are part of this message already.
        fault: Box<RoleError>,
    },
    #[error(
        "there is no profile `{word}`{nearest}; `bitting profile list` shows all, and a path ends in .toml"
    )]
    NoProfile { word: String, nearest: String },
    #[error("{file} cannot be read: {reason}")]
    File { file: String, reason: String },
    /// A value of the member form is too long or not there.
    #[error("{field} `{value}`: {reason}")]
    Form {
        field: &'static str,
        value: String,
        reason: String,
    },
    /// A person has to decide first.
    #[error("{what}; {remedy}")]
    InTheWay { what: String, remedy: String },
    /// Somebody else changed the role after the plan was made.
    #[error(
        "`{role}` or its member changed since the plan was made, so nothing was written; look at the new plan and apply again"
    )]
    Changed { role: String },
    /// Some writes are done and one failed, or may be done although its answer was lost.
    #[error(
        "{}: {fault}; run the same command again, it looks what is there and goes on from that",
        said(done, doing, *open)
    )]
    Halfway {
        done: Vec<String>,
        doing: String,
        open: bool,
        /// Not called `source`: its words are part of this message already.
        fault: Box<ConnectError>,
    },
    #[error("the PSA answered {path} without `{member}`; nothing was assumed")]
    Answer { path: String, member: &'static str },
}

impl ConnectError {
    /// The fault of the network or the PSA's refusal behind it, if it was one.
    pub fn client(&self) -> Option<&ClientError> {
        match self {
            Self::Client(error) => Some(error),
            Self::Halfway { fault, .. } => fault.client(),
            _ => None,
        }
    }
}

impl From<ClientError> for ConnectError {
    fn from(error: ClientError) -> Self {
        Self::Client(Box::new(error))
    }
}

impl From<ProfileError> for ConnectError {
    fn from(error: ProfileError) -> Self {
        Self::Profile(Box::new(error))
    }
}

impl From<CatalogError> for ConnectError {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(Box::new(error))
    }
}
