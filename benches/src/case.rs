//! The question that both sides of the comparison are asked.

use bitting_policy::Verb;

/// One question: may this role do this, to its own row or to a foreign one.
#[derive(Clone, Copy)]
pub struct Case {
    pub role: u32,
    pub action: u32,
    pub verb: Verb,
    pub own: bool,
}
