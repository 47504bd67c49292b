//! Where a store keeps its rows, and how surely. Must not let a connection string be printed.

use std::fmt;
use std::path::PathBuf;

/// Where the rows are.
#[derive(Debug, Clone)]
pub enum Location {
    /// A private temporary directory that goes away with the store. A file, because several
    /// connections read it side by side; never synchronised to the disk.
    Memory,
    /// The temporary directory that such a store left to this one (`Store::leave`), in another process or in
    /// this one. It goes away with this store, and is not synchronised either.
    Left(PathBuf),
    /// An SQLite file, created when it does not exist. One server at a time: the lock is the file
    /// beside it whose name ends in `.lock`.
    File(PathBuf),
    /// A schema of a PostgreSQL database, created when it does not exist. Several servers may
    /// share it. Connections are not encrypted yet: keep the database on the same machine or in a
    /// private network.
    Postgres { url: DatabaseUrl, schema: String },
}

/// A connection string. It may hold a password, so it has no way to be printed.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DatabaseUrl(…)")
    }
}

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A power cut.
    #[default]
    Full,
    /// The end of the process, not of the machine: for demonstrations and tests.
    Off,
}
