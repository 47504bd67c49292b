//! One at a time among all servers that share a database: for what is read, worked out and written back.

use crate::postgres::Lock;

/// Somebody's turn, until it is dropped. The end of the process ends it as well.
#[must_use = "the turn is over once this is dropped"]
pub struct Turn(#[allow(dead_code, reason = "held, not looked at")] Option<Lock>);

impl Turn {
    /// Nobody else has the database.
    pub(crate) fn alone() -> Self {
        Self(None)
    }

    pub(crate) fn held(lock: Lock) -> Self {
        Self(Some(lock))
    }
}
