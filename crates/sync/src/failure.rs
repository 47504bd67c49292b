//! Why a job did not do what it was to do, by what has to be done about it. A 404 is no proof of a deletion:
//! a location may hide the record.

use bitting_client::ClientError;
use bitting_store::StoreError;
use std::path::{Path, PathBuf};

/// A job's failure.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 403: the role lacks a right.
    #[error("the key lacks {need}: {method} {path} was refused{}; {}", beside(denial.as_deref()), remedy(denial.as_deref(), holder))]
    Right {
        need: String,
        method: String,
        path: String,
        denial: Option<String>,
        /// What gives rights there: `security role`, `security level`.
        holder: &'static str,
    },
    /// 401: wrong, expired or revoked.
    #[error(
        "the key is not accepted ({message}); cut a new one and connect again with `bitting sync connect`"
    )]
    Key { message: String },
    /// 404.
    #[error("{path} was not found: it was deleted, or the key's location hides it")]
    NotFound { path: String },
    /// 400: a field is missing or wrong.
    #[error("{method} {path} was refused as invalid: {message}")]
    Invalid {
        method: String,
        path: String,
        message: String,
    },
    /// 409.
    #[error(
        "{method} {path}: the record is in use or was changed by someone else ({message}); the next run tries again"
    )]
    InUse {
        method: String,
        path: String,
        message: String,
    },
    /// 429 after all tries.
    #[error("the PSA asks to slow down and went on asking; the next run goes on from here")]
    Throttled,
    /// The PSA or the network is down.
    #[error("the PSA cannot be reached or has a fault of its own: {reason}")]
    Down { reason: String, slow: bool },
    #[error(transparent)]
    Client(ClientError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two runs of one job at a time would do things twice.
    #[error(
        "{integration} {job} is already running ({holder}, until {until} at the latest); wait for it to end"
    )]
    Running {
        integration: String,
        job: String,
        holder: String,
        until: String,
    },
    /// The lease ran out, and another server runs the job now.
    #[error(
        "another server took the job over, because this one was silent for too long; nothing more is written here"
    )]
    Overtaken,
    /// The program is being stopped.
    #[error("the run was stopped; the next one goes on from here")]
    Stopped,
    #[error("{file}: {reason}")]
    File { file: PathBuf, reason: String },
    #[error("settings: {0}")]
    Settings(String),
    /// Nothing can be decided without a person.
    #[error("{0}")]
    Held(String),
    /// Tests only: the run was cut off as by a kill.
    #[error("the run was cut off")]
    CutOff,
}

impl Failure {
    /// Reads a client's fault as what it means for a job.
    pub fn of(error: ClientError, need: &dyn std::fmt::Display, holder: &'static str) -> Self {
        let reason = error.to_string();
        match error {
            ClientError::Refused {
                method,
                path,
                status,
                message,
                denial,
                ..
            } => {
                let (method, path, message) =
                    (method.to_string(), path.to_string(), message.to_string());
                match meaning(status, &message) {
                    401 => Self::Key { message },
                    403 => Self::Right {
                        need: need.to_string(),
                        method,
                        path,
                        denial: denial.map(|denial| denial.to_string()),
                        holder,
                    },
                    404 => Self::NotFound { path },
                    400 | 415 | 422 => Self::Invalid {
                        method,
                        path,
                        message,
                    },
                    409 | 412 => Self::InUse {
                        method,
                        path,
                        message,
                    },
                    429 => Self::Throttled,
                    _ => Self::Down {
                        reason,
                        slow: status == 504,
                    },
                }
            }
            ClientError::Unreachable { .. } => Self::Down {
                slow: reason.contains("took longer"),
                reason,
            },
            ClientError::BrokenOff { .. } => Self::Down {
                slow: false,
                reason,
            },
            other => Self::Client(other),
        }
    }

    /// Whether the same run may succeed a little later without anybody doing anything.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Down { .. } | Self::Throttled | Self::InUse { .. }
        )
    }

    /// Whether it is the fault of the one record that a call was about, and no other record's.
    pub fn of_one_record(&self) -> bool {
        matches!(
            self,
            Self::Invalid { .. } | Self::InUse { .. } | Self::NotFound { .. }
        )
    }

    /// Whether the PSA as a whole is out of reach, so that no other job fares better.
    pub fn breaks(&self) -> bool {
        matches!(
            self,
            Self::Key { .. }
                | Self::Throttled
                | Self::Down { .. }
                | Self::Client(_)
                | Self::Store(_)
                | Self::Overtaken
                | Self::Stopped
                | Self::CutOff
        )
    }

    /// A fault of a file.
    pub fn file(file: &Path, reason: impl std::fmt::Display) -> Self {
        Self::File {
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// What a status means. Autotask answers 500 to nearly everything, and says in words what it is.
fn meaning(status: u16, message: &str) -> u16 {
    let message = message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    if status != 500 {
        status
    } else if says("does not have the adequate permissions")
        || says("may not have the required permissions")
    {
        403
    } else if says("thread") && says("threshold") || says("thread limit") {
        429
    } else if [
        "does not exist",
        "required field",
        "is required",
        "unable to find",
        "exceed",
        "must be",
    ]
    .into_iter()
    .any(says)
    {
        400
    } else {
        status
    }
}

/// What to do about a refusal: the right may be there, and the record out of sight.
fn remedy(denial: Option<&str>, holder: &str) -> String {
    match denial {
        Some(denial) if denial.contains("which the member does not see") => {
            "let the key's member sit at a location that sees the record".to_owned()
        }
        _ => format!("grant that right to the key's {holder}"),
    }
}

fn beside(denial: Option<&str>) -> String {
    denial
        .map(|denial| format!(" ({denial})"))
        .unwrap_or_default()
}
