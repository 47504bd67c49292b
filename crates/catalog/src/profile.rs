//! An integration's needs as data: what its vendor's guide asks for, row by row, with reasons.
//! One TOML file per integration and PSA in `data/profiles/`. This module reads such a file strictly,
//! joins its features into one role, and lints it. It must not know how a role reaches a PSA:
//! plan, apply and verify live in `connect`.
//!
//! The format is described in `docs/profiles.md`.

mod autotask;
mod consistency;
mod document;
mod entries;
mod error;
mod form;
mod grant;
mod level;
pub mod lint;
mod load;
mod merge;
mod nearest;
pub mod pasted;
mod role;
pub mod screen;
mod shipped;
mod spot;
mod template;

pub use autotask::{Impersonation, SecurityLevel, Setting, Start};
pub use document::{
    AdminAlternative, Completeness, Connection, ConnectionItem, Correction, Edition, Feature,
    KnownError, Precondition, Product, Profile, Psa, Relation, RoleNotes, Source, Status, Step,
};
pub use entries::{Entries, Pattern};
pub use error::ProfileError;
pub use form::{Member, MemberValue, User};
pub use grant::{Customize, Grant, Mode, Placeholder, VerbKey};
pub use merge::{Need, Selection, join_all};
pub use nearest::nearest;
pub use shipped::{overlaid, shipped};
pub use template::template;
