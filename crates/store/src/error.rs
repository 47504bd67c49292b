//! What can go wrong with rows at rest, each in one sentence: what, where, what to do. Must never
//! carry a password: a place is a file's path or a schema's name, not a connection string.

use std::path::PathBuf;
use std::sync::Arc;

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("table {table} has no row with id {id}; nothing of this write was kept")]
    Missing { table: Arc<str>, id: i64 },
    #[error("table {table} already has a row with id {id}; take a new id from the store")]
    Exists { table: Arc<str>, id: i64 },
    /// Another row has these values; `name` is what the change called the rule.
    #[error("another row already has the same {name}; nothing of this write was kept")]
    Conflict { name: Arc<str> },
    /// Some row still points here; `name` is what the change called the rule.
    #[error("{name} is still in use; nothing of this write was kept")]
    InUse { name: Arc<str> },
    #[error("table {table} is not described to this store; add it to the tables given at open")]
    UnknownTable { table: Arc<str> },
    #[error(
        "column {table}.{column} is not described to this store; add it to the table given at open"
    )]
    UnknownColumn { table: Arc<str>, column: Arc<str> },
    #[error("table {table} is {is}; this change needs {needs}")]
    WrongKey {
        table: Arc<str>,
        is: &'static str,
        needs: &'static str,
    },
    /// A value no database can hold in this column: the caller's input is at fault.
    #[error("column {table}.{column} cannot hold this value: {why}")]
    Unstorable {
        table: Arc<str>,
        column: Arc<str>,
        why: &'static str,
    },
    #[error(
        "the database {} is in use by another server{}; stop that one, or give this one another data directory",
        path.display(), process.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    Locked { path: PathBuf, process: Option<u32> },
    #[error(
        "the database {place} was written by a newer version (format {found}, this version knows {known}); \
         start it with that version, or with another data directory"
    )]
    Newer {
        place: String,
        found: i64,
        known: i64,
    },
    #[error(
        "the database {place} is damaged ({detail}); restore it from a copy, or move it away to start anew"
    )]
    Corrupt { place: String, detail: String },
    #[error(
        "{place} is a database, but not one of this program's; name another file or schema, or move it away"
    )]
    Foreign { place: String },
    #[error(
        "cannot open the database {place}: {detail}; check that the place exists and may be written"
    )]
    Open { place: String, detail: String },
    #[error(
        "there is no room left to write the database {place}: {detail}; free some space and try again"
    )]
    Full { place: String, detail: String },
    /// The database cannot be reached, or stayed busy too long.
    #[error("the database {place} does not answer: {detail}; try again, then check that it runs")]
    Unavailable { place: String, detail: String },
    /// The database refused a statement. A defect of the program, not of the caller's input.
    #[error("the database {place} refused a statement: {detail}; please report this with the log")]
    Refused { place: String, detail: String },
    /// A defect of the program. Not what the panic says, which may quote a row.
    #[error(
        "writing to the database {place} panicked; nothing of this write was kept; please report this with the log"
    )]
    Panicked { place: String },
    #[error("this database does not offer {what}; {instead}")]
    Unsupported {
        what: &'static str,
        instead: &'static str,
    },
    #[error("the database {place} is closed; open it again")]
    Closed { place: String },
}
