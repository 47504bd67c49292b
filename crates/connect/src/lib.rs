//! Profiles at work: what a PSA lacks for an integration, how it gets it, and proof that the key holds
//! exactly that. Speaks to every PSA over its API; knows no integration by name and no file of the server.
//!
//! ```text
//! Profile + Choices -> Wanted          the role and the member form, in the PSA's own names
//! Wanted + Psa      -> Plan            what is there against what is wanted, cell by cell
//! Plan + Psa        -> Applied         done over the API, or left as a Checklist of clicks
//! Wanted + key      -> Report          what the key really holds, told by its own answers and by probes
//! ```

pub mod apply;
pub mod audit;
pub mod autotask;
pub mod checklist;
mod error;
pub mod guide;
pub mod halfway;
pub mod held;
pub mod keys;
pub mod learn;
pub mod page;
pub mod plan;
pub mod probe;
pub mod profiles;
pub mod report;
pub mod short;
pub mod symptom;
pub mod used;
pub mod verify;
pub mod wanted;

pub use error::ConnectError;

/// The moment, for what counts days.
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Today, as profiles write a day: `2026-11-21`.
pub fn today() -> String {
    now().strftime("%Y-%m-%d").to_string()
}
