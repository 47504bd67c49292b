//! Autotask: its instances, API users, security levels, and the way from a request to its answer. Speaks no HTTP
//! and no ConnectWise; rows are those of the same backend.

pub mod answer;
pub(crate) mod asleep;
mod definitions;
mod draft;
mod faults;
pub mod limits;
pub(crate) mod making;
pub(crate) mod operator;
pub(crate) mod options;
pub mod permit;
mod pipeline;
mod reading;
mod resources;
mod rules;
pub(crate) mod saving;
pub mod seed;
pub mod shelf;
pub mod tenant;
mod unpack;
pub mod users;
mod virtual_row;
pub mod webhooks;

pub use pipeline::handle;
