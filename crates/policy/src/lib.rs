//! Who may do what: actions, roles, decisions and their reasons.
//!
//! Pure: no runtime, no clock, no randomness, no I/O. It knows no entity, no field and no wire
//! format; the names of modules, actions, lists and tables come from the data files it is given.
//!
//! ```text
//! actions.toml, tables.toml -> Registry      what rows and lists a role has
//! Registry + clicks         -> Role          what one role holds
//! Role + Needs + Verb       -> Decision      All, Mine, or a Refusal
//! Refusal + Registry        -> Denial        the same reason in words, for people and logs
//! Role held + Role needed   -> Comparison    what is missing, what is in excess
//! ```

mod compare;
mod decide;
mod denial;
mod document;
mod level;
mod list;
mod needs;
mod registry;
mod role;

pub use compare::{Cell, Comparison, ListGap, compare};
pub use decide::{Decision, Refusal, Why, allows_entry, allows_table, decide};
pub use denial::Denial;
pub use document::{RoleDocument, RowDocument};
pub use level::{Level, Levels, ParseWordError, Verb};
pub use list::{List, ListDocument, Names, Tables};
pub use needs::{ActionId, EntryId, ListId, Needs};
pub use registry::{Action, CustomizeList, Module, MyLevel, Registry, RegistryError, Table};
pub use role::{Role, RoleError};
