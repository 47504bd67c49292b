//! A call and its answer: HTTP, the pipeline that takes a call to its permit and records, what is told to receivers
//! outside, and the companies that calls are for. Knows no gate, no page and no other PSA.

pub mod address;
pub mod bulk;
pub mod courier;
pub mod cutting;
pub mod delivery;
pub mod http;
pub mod panics;
pub mod pipeline;
pub mod seed;
pub mod shelf;
pub mod shipped;
