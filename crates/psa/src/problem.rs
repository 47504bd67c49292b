//! Why a call was not answered: the caller's input, a denial, or the database.

use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Denial;
use bitting_store::StoreError;

/// What stops a call on its way.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("{0}")]
    Denied(Box<Denial>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        Self::Denied(Box::new(denial))
    }
}

impl Problem {
    /// One thing wrong with one member of a record.
    pub fn field(resource: &str, error: FieldError) -> Self {
        Self::Api(ApiError::invalid_object(resource, vec![error]))
    }
}

/// A failure of the database as callers see it; its particulars stay in the log.
pub fn wire(error: &StoreError) -> ApiError {
    match error {
        StoreError::Unavailable { .. } => {
            ApiError::server("A timeout has occured. Please try again.")
        }
        _ => ApiError::server("The server could not complete the request; its log says why."),
    }
}
