//! What SQLite's own errors mean to the caller. Knows the place only by its name.

use crate::error::StoreError;
use rusqlite::ErrorCode;

/// The error of a database at `place`.
pub fn fault(place: &str, error: &rusqlite::Error) -> StoreError {
    let (place, detail) = (place.to_string(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { place, detail }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { place, detail },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::SystemIoFailure) => {
            StoreError::Unavailable { place, detail }
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            StoreError::Open { place, detail }
        }
        _ => StoreError::Refused { place, detail },
    }
}

/// Whether a statement failed because it names a table that was not made yet.
pub fn lacks_table(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.contains("no such table"),
        rusqlite::Error::SqlInputError { msg, .. } => msg.contains("no such table"),
        _ => false,
    }
}
