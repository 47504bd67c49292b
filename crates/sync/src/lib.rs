//! The integrations' own jobs with a PSA: Propel Your MSP, MSPCFO, Cisco Umbrella and Office Protect. They
//! speak to a PSA over its API alone, with the key that was cut for them; nothing here knows the server.
//!
//! ```text
//! Home         a folder: connections (secrets encrypted), settings, input and output files, the state
//! Integration  its jobs and their rhythm; one file each
//! run          one run of a job at a time -> Outcome; a killed run goes on where it was
//! Scheduler    runs what is due, each integration for itself
//! ```

pub mod access;
pub mod api;
pub mod autotask_tickets;
pub mod check;
mod connecting;
pub mod connection;
pub mod failure;
pub mod home;
pub mod input;
pub mod integration;
pub mod lease;
pub mod lock;
pub mod mail;
pub mod mirror;
pub mod mspcfo;
pub mod mspcfo_autotask;
pub mod office_protect;
pub mod prints;
pub mod private;
pub mod progress;
pub mod propel;
pub mod propel_autotask;
pub mod psa;
pub mod queries;
pub mod registry;
pub mod rekey;
pub mod run;
pub mod sample;
pub mod schedule;
pub mod scheduler;
pub mod shared;
pub mod sight;
pub mod source;
pub mod state;
pub mod steps;
pub mod text;
pub mod umbrella;
pub mod umbrella_autotask;
pub mod work;

pub use failure::Failure;
pub use home::Home;
pub use integration::{Integration, Job};
pub use registry::{ALL, find};
pub use scheduler::Scheduler;
pub use shared::Shared;
