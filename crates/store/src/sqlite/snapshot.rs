//! A copy of a database that is in use, as one file. Knows no table.

use super::fault::fault;
use crate::error::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::fs::OpenOptions;
use std::path::Path;

/// Copies what is committed at `from` into a new file at `to`, readable by its owner alone. Never
/// writes over a file that is there.
pub fn take(from: &Path, to: &Path) -> Result<(), StoreError> {
    let place = to.display().to_string();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(to);
    made.map_err(|error| StoreError::Open {
        place: place.clone(),
        detail: error.to_string(),
    })?;
    let copy = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(from, flags)?;
        connection.execute_batch("PRAGMA busy_timeout=5000;")?;
        connection.execute("VACUUM INTO ?1", [&place])
    };
    copy().map(drop).map_err(|error| {
        // Half a copy helps nobody.
        let _ = std::fs::remove_file(to);
        fault(&place, &error)
    })
}
