//! One file per command.

pub mod apply;
pub mod audit;
pub mod catalog;
pub mod completions;
pub mod connect;
pub mod demo;
pub mod fault;
pub mod gate;
pub mod guide;
pub mod instance;
pub mod key;
pub mod key_rotate;
pub mod learn;
pub mod listen;
pub mod log;
pub mod member;
pub mod plan;
pub mod profile;
pub mod reference;
pub mod role;
pub mod serve;
pub mod sync;
pub mod verify;
