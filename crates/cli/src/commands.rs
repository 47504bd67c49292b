//! One file per command.

pub mod instance;
pub mod key;
pub mod member;
pub mod role;
pub mod serve;
