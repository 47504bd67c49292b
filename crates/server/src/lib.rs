//! The centre: from a request to its answer by way of key, right, permit and backend.

pub mod answer;
pub mod autotask;
pub mod backend;
mod bulk;
pub mod caller;
mod computed;
pub mod console;
mod custom;

mod defaults;
pub mod delivery;
pub mod demo;
pub mod draft;
pub mod event;
pub mod fault;
pub mod host;
pub mod http;
pub mod instance;
pub mod keys;
mod labels;
mod naming;
mod operator;
pub mod permit;
mod pipeline;
mod placement;
pub mod problem;
mod references;
pub mod row;
pub mod rules;
mod saving;
pub mod secret;
pub mod seed;
pub mod server;
pub mod shape;
pub mod shelf;
pub mod tls;
mod usage;
