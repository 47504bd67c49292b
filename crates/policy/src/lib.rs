//! Who may do what. Pure: no runtime, no clock, no randomness, no I/O.

/// Index of an action (a row of a role) in [`Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId(pub u16);

/// Index of an entry of a customize list (`Service / Service Board`) in [`Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u32);

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
