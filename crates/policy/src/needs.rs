//! Identifiers of a registry's rows, and what a call needs of a role.
//!
//! Must not know roles: the catalog builds needs without one.

/// Index of an action (a row of a role) in [`crate::Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId(pub u16);

impl ActionId {
    /// No row at all: refusals that concern no single row carry it. No role holds a level on it.
    pub const NOWHERE: ActionId = ActionId(u16::MAX);
}

/// Index of an entry of a customize list (`Service / Service Board`) in [`crate::Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u32);

/// Index of a customize list in [`crate::Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub u16);

/// What a call needs of a role. A tree, because some calls need several rows, or one of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// Anyone, even without a key.
    Anyone,
    /// Any valid key.
    AnyMember,
    /// One row of the role.
    Action(ActionId),
    /// System / Table Setup, and this table on the role's list: `Service / Service Board`.
    Table(EntryId),
    /// Every one of these.
    Every(Vec<Needs>),
    /// At least one of these.
    Either(Vec<Needs>),
}
