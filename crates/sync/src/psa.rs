//! Which PSA, and the way there. Knows no integration.

use bitting_client::{Autotask, Psa};

/// Which PSA an integration works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ConnectWise,
    Autotask,
}

impl Kind {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectWise => "ConnectWise",
            Self::Autotask => "Autotask",
        }
    }
}

/// A way to a PSA.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    ConnectWise(&'a Psa),
    Autotask(&'a Autotask),
}

impl Way<'_> {
    /// Calls made so far.
    pub fn calls(self) -> usize {
        match self {
            Self::ConnectWise(psa) => psa.calls().len(),
            Self::Autotask(psa) => psa.calls().len(),
        }
    }
}

impl<'a> From<&'a Psa> for Way<'a> {
    fn from(psa: &'a Psa) -> Self {
        Self::ConnectWise(psa)
    }
}

impl<'a> From<&'a Autotask> for Way<'a> {
    fn from(psa: &'a Autotask) -> Self {
        Self::Autotask(psa)
    }
}
