//! What an Autotask database is opened with, beside its place.

/// How faithful the Autotask database is to the vendor where clients suffer from it.
#[derive(Debug, Clone, Copy, Default)]
pub struct AutotaskOptions {
    /// Take changes at a record's own path too, which the vendor refuses.
    pub lenient: bool,
    /// Enforce the vendor's limits of calls at once and per hour, with their delays.
    pub limits: bool,
}
