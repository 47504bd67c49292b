//! Rows at rest: SQLite and PostgreSQL behind one contract. Knows tables and columns, not entities,
//! rights or HTTP.
//!
//! [`Store`] is the door; [`table`] says what goes through it. `tests/contract.rs` holds both
//! databases to the same behaviour.

mod error;
mod keyed;
mod layout;
mod location;
mod postgres;
mod sqlite;
mod store;
pub mod table;
mod turn;

pub use bitting_query::Statement;
pub use error::StoreError;
pub use location::{DatabaseUrl, Durability, Location};
pub use sqlite::{Held, copy_file};
pub use store::Store;
pub use table::{Cell, Cells, Change, Column, Flow, Key, Table};
pub use turn::Turn;
