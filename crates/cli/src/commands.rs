//! One file per command.

pub mod apply;
pub mod instance;
pub mod key;
pub mod key_rotate;
pub mod member;
pub mod plan;
pub mod role;
pub mod serve;
pub mod verify;
