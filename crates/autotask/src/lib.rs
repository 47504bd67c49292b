//! Autotask: its instances, API users, security levels, and the way from a request to its answer. Speaks no HTTP
//! and no ConnectWise; rows are those of the same backend.

pub mod answer;
pub mod asleep;
mod definitions;
mod draft;
mod faults;
pub mod limits;
pub mod operator;
pub mod options;
pub mod permit;
mod pipeline;
mod reading;
mod resources;
mod rules;
pub mod saving;
pub mod seed;
pub mod shelf;
pub mod tenant;
mod unpack;
pub mod users;
mod virtual_row;
pub mod webhooks;

pub use pipeline::handle;
