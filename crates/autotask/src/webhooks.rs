//! Webhooks on their way out: what waits to be told, and its delivery. What is told of whom is a rule.

pub mod delivery;
pub mod outbox;
