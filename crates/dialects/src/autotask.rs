//! Autotask PSA's REST API, version 1.0 of the wire format.

pub mod body;
pub mod callout;
pub mod description;
pub mod error;
pub mod headers;
pub mod information;
pub mod page;
pub mod record;
pub mod relaxed;
pub mod route;
pub mod search;
pub mod udf;
pub mod value;
