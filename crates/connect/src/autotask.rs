//! Profiles at work on Autotask: a security level copied and set, an API user, and proof of its key. The same
//! steps as on ConnectWise, in Autotask's own words. A live Autotask has no API for levels and users, so there
//! the plan is a list of clicks, and the key's own answers prove them.

pub mod apply;
pub mod audit;
pub mod checklist;
pub mod consent;
mod derived;
pub mod held;
mod known;
pub mod plan;
pub mod saved;
pub mod verify;
pub mod wanted;

pub use known::Screen;
