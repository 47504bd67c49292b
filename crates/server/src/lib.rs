//! The centre: from a request to its answer by way of key, right, permit and backend.

pub mod console;
pub mod copies;
pub mod host;
pub mod jobs;
mod operator;
pub mod server;
pub mod tls;
