//! The small words that every other file of the catalog speaks in: which entity, how sure, a value as a data
//! file writes it. Knows no entity.

/// Index of an entity in [`crate::Catalog::entities`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);

/// How sure the facts are of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A vendor states it, or a refusal was observed.
    Stated,
    /// A vendor grants exactly this for a feature that must call it.
    Granted,
    /// Follows from what is known.
    Inferred,
    /// Our choice, with the reason beside it.
    Chosen,
}

/// A value as a data file writes it: a default, or what a condition looks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(word) => f.write_str(word),
        }
    }
}
