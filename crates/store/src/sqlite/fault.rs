//! What SQLite's own errors mean to the caller. Knows the place only by its name.

use crate::error::StoreError;
use rusqlite::{ErrorCode, ffi};

/// The error of a database at `place`.
pub fn fault(place: &str, error: &rusqlite::Error) -> StoreError {
    let (place, detail) = (place.to_string(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { place, detail }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { place, detail },
        // SQLite tells a quota and a limit on the size of files from a full disk, and so as any fault of writing.
        Some(ErrorCode::SystemIoFailure)
            if error.sqlite_error().is_some_and(|error| {
                matches!(
                    error.extended_code,
                    ffi::SQLITE_IOERR_WRITE
                        | ffi::SQLITE_IOERR_TRUNCATE
                        | ffi::SQLITE_IOERR_SHMSIZE
                )
            }) =>
        {
            let detail = format!(
                "{detail} while writing (where the disk is not full: a quota, or a limit on the size of files)"
            );
            StoreError::Full { place, detail }
        }
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
