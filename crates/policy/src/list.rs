//! Customize lists: the second gate beside a row.
//!
//! Must not know which list belongs to which row; the registry does.

use crate::EntryId;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What a customize list lets through. `S` is the kind of set: [`Tables`], [`Names`], or plain
/// spellings in a [`ListDocument`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List<S> {
    /// Not customized: every entry, also those that come later.
    Everything,
    /// Exactly these.
    Allow(S),
    /// All but these.
    Deny(S),
}

/// A list as it is stored and shown: the entries' names.
pub type ListDocument = List<Vec<String>>;

/// A set of entries that the product fixes, one bit each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables(Vec<u64>);

impl Tables {
    /// Whether the entry is in the set.
    pub fn contains(&self, entry: EntryId) -> bool {
        let (word, bit) = place(entry);
        self.0.get(word).is_some_and(|w| w & bit != 0)
    }

    /// Puts the entry into the set.
    pub fn insert(&mut self, entry: EntryId) {
        let (word, bit) = place(entry);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    /// The entries, in the registry's order.
    pub fn iter(&self) -> impl Iterator<Item = EntryId> + '_ {
        (0..self.0.len() as u32 * 64)
            .map(EntryId)
            .filter(|entry| self.contains(*entry))
    }
}

impl FromIterator<EntryId> for Tables {
    fn from_iter<I: IntoIterator<Item = EntryId>>(entries: I) -> Self {
        let mut tables = Tables::default();
        for entry in entries {
            tables.insert(entry);
        }
        tables
    }
}

fn place(entry: EntryId) -> (usize, u64) {
    ((entry.0 / 64) as usize, 1 << (entry.0 % 64))
}

/// A set of names that a tenant chooses (configuration types, reports), without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(Vec<Name>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    folded: String,
    shown: String,
}

impl Names {
    /// Whether the name is in the set. Allocates nothing.
    pub fn contains(&self, name: &str) -> bool {
        let name = name.trim();
        self.0
            .binary_search_by(|held| compare_folded(&held.folded, name))
            .is_ok()
    }

    /// The names in the spelling they were given, sorted without regard to case.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| name.shown.as_str())
    }

    /// Whether no name is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: AsRef<str>> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut held: Vec<Name> = names
            .into_iter()
            .map(|name| {
                let shown = name.as_ref().trim().to_owned();
                let folded = shown.chars().flat_map(char::to_lowercase).collect();
                Name { folded, shown }
            })
            .collect();
        held.sort_by(|a, b| a.folded.chars().cmp(b.folded.chars()));
        held.dedup_by(|a, b| a.folded == b.folded);
        Names(held)
    }
}

fn compare_folded(folded: &str, name: &str) -> Ordering {
    folded
        .chars()
        .cmp(name.chars().flat_map(char::to_lowercase))
}

/// What the three kinds of set have in common for a list's answer.
impl<S> List<S> {
    /// Whether the list lets an entry through, given how to find it in the set.
    pub(crate) fn admits(&self, is_in: impl Fn(&S) -> bool) -> bool {
        match self {
            List::Everything => true,
            List::Allow(set) => is_in(set),
            List::Deny(set) => !is_in(set),
        }
    }

    /// The same list over another kind of set.
    pub(crate) fn try_map<T, E>(
        &self,
        with: impl FnOnce(&S) -> Result<T, E>,
    ) -> Result<List<T>, E> {
        Ok(match self {
            List::Everything => List::Everything,
            List::Allow(set) => List::Allow(with(set)?),
            List::Deny(set) => List::Deny(with(set)?),
        })
    }

    /// The same list over another kind of set.
    pub(crate) fn map<T>(&self, with: impl FnOnce(&S) -> T) -> List<T> {
        match self {
            List::Everything => List::Everything,
            List::Allow(set) => List::Allow(with(set)),
            List::Deny(set) => List::Deny(with(set)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn tables_behave_like_a_set(entries in prop::collection::vec(0u32..300, 0..40), probe in 0u32..400) {
            let set: BTreeSet<u32> = entries.iter().copied().collect();
            let tables: Tables = entries.iter().map(|e| EntryId(*e)).collect();
            prop_assert_eq!(tables.contains(EntryId(probe)), set.contains(&probe));
            prop_assert_eq!(tables.iter().map(|e| e.0).collect::<Vec<_>>(), set.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn names_ignore_case_and_nothing_else(names in prop::collection::vec("[a-cA-CÄäß ]{1,4}", 0..12), probe in "[a-cA-CÄäß ]{1,4}") {
            let held: Names = names.iter().collect();
            let expected = names.iter().any(|n| n.trim().to_lowercase() == probe.trim().to_lowercase());
            prop_assert_eq!(held.contains(&probe), expected);
        }
    }
}
