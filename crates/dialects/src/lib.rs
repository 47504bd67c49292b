//! The outside look of each API: bytes to calls, rows to bytes. The only place that knows a header
//! name, a path prefix or a JSON casing. Pure: no runtime, no driver, no clock.

pub mod autotask;
pub mod connectwise;
