//! Levels and verbs: the two axes of a role's row.
//!
//! Must not know which row accepts which level; the registry does.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How far a right reaches. Ordered: `None < My < All`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[repr(u8)]
pub enum Level {
    /// Nothing.
    #[default]
    None = 0,
    /// Records that belong to the caller.
    My = 1,
    /// Every record the caller can see.
    All = 2,
}

/// What a call does to records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Verb {
    Add = 0,
    Edit = 1,
    Delete = 2,
    Inquire = 3,
}

/// The levels of one row, in the order of [`Verb::EVERY`]: Add, Edit, Delete, Inquire.
pub type Levels = [Level; 4];

/// A word that is no level, or no verb.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {kind}; write {words}")]
pub struct ParseWordError {
    word: String,
    kind: &'static str,
    words: &'static str,
}

impl Level {
    /// All levels, lowest first.
    pub const EVERY: [Level; 3] = [Level::None, Level::My, Level::All];

    /// The level's word, as the screens write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::None => "None",
            Level::My => "My",
            Level::All => "All",
        }
    }

    /// The level stored in two bits; the unused pattern counts as None, so that no accident grants.
    pub(crate) const fn from_bits(bits: u8) -> Level {
        match bits & 0b11 {
            1 => Level::My,
            2 => Level::All,
            _ => Level::None,
        }
    }
}

impl Verb {
    /// All verbs, in the order of a role's columns.
    pub const EVERY: [Verb; 4] = [Verb::Add, Verb::Edit, Verb::Delete, Verb::Inquire];

    /// The verb's word, as the screens write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verb::Add => "Add",
            Verb::Edit => "Edit",
            Verb::Delete => "Delete",
            Verb::Inquire => "Inquire",
        }
    }

    /// The verb's place in [`Levels`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ParseWordError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Level::EVERY.into_iter().find(|l| l.as_str() == word);
        found.ok_or_else(|| ParseWordError {
            word: word.to_owned(),
            kind: "level",
            words: "None, My or All",
        })
    }
}

impl FromStr for Verb {
    type Err = ParseWordError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Verb::EVERY.into_iter().find(|v| v.as_str() == word);
        found.ok_or_else(|| ParseWordError {
            word: word.to_owned(),
            kind: "verb",
            words: "Add, Edit, Delete or Inquire",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_other_words_are_refused() {
        for level in Level::EVERY {
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(Level::from_bits(level as u8), level);
        }
        for verb in Verb::EVERY {
            assert_eq!(verb.to_string().parse(), Ok(verb));
            assert_eq!(Verb::EVERY[verb.index()], verb);
        }
        for word in ["", "all", "Mine", "ALL", "Read"] {
            assert!(word.parse::<Level>().is_err(), "{word}");
            assert!(word.parse::<Verb>().is_err(), "{word}");
        }
        assert_eq!(Level::from_bits(3), Level::None);
        assert!(Level::None < Level::My && Level::My < Level::All);
    }
}
