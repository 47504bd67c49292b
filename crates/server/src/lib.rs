//! The centre: from a request to its answer by way of key, right, permit and backend.

pub mod autotask;
mod bulk;
pub mod console;
pub mod copies;
pub mod courier;
pub mod cutting;
pub mod delivery;
pub mod gate;
pub mod host;
pub mod http;
pub mod jobs;
mod operator;
mod panics;
mod pipeline;
pub mod seed;
pub mod server;
pub mod shelf;
mod shipped;
pub mod tls;
