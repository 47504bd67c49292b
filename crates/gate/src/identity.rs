//! Who a virtual member is on the PSA: whose records level My means.

/// A member of the PSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its identifier there.
    pub name: String,
    /// Its id there; none where the PSA has no such member.
    pub id: Option<i64>,
}
