//! Which entries of a customize list are meant, as a set with a union.
//! Knows nothing of files or of which entries exist.

use serde::Serialize;
use std::collections::BTreeSet;

/// A set of entries of a customize list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Entries {
    /// Not customized: every entry.
    All,
    /// Only what matches.
    Only(BTreeSet<Pattern>),
    /// Everything but these (never a prefix).
    Except(BTreeSet<Pattern>),
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pattern {
    /// One entry.
    Name(String),
    /// Every entry whose name starts so.
    Prefix(String),
    /// Entries the tenant names.
    Placeholder(String),
}

impl Pattern {
    /// Every entry that `other` stands for is one of ours.
    pub fn covers(&self, other: &Pattern) -> bool {
        match (self, other) {
            (Pattern::Prefix(start), Pattern::Name(name) | Pattern::Prefix(name)) => {
                name.starts_with(start.as_str())
            }
            _ => self == other,
        }
    }
}

impl Entries {
    /// The empty list, which a union leaves alone.
    pub fn nothing() -> Self {
        Entries::Only(BTreeSet::new())
    }

    /// What either of the two allows: the list of a role that serves both.
    #[must_use]
    pub fn union(self, other: Entries) -> Entries {
        match (self, other) {
            (Entries::All, _) | (_, Entries::All) => Entries::All,
            (Entries::Only(left), Entries::Only(right)) => Entries::Only(condense(left, right)),
            (Entries::Except(left), Entries::Except(right)) => {
                denied(left.intersection(&right).cloned().collect())
            }
            (Entries::Except(out), Entries::Only(back))
            | (Entries::Only(back), Entries::Except(out)) => denied(
                out.into_iter()
                    .filter(|entry| !back.iter().any(|pattern| pattern.covers(entry)))
                    .collect(),
            ),
        }
    }

    /// Whether an entry is in the set; placeholders stand for nothing until they are filled.
    pub fn allows(&self, name: &str) -> bool {
        let entry = Pattern::Name(name.to_owned());
        match self {
            Entries::All => true,
            Entries::Only(patterns) => patterns.iter().any(|pattern| pattern.covers(&entry)),
            Entries::Except(patterns) => !patterns.contains(&entry),
        }
    }
}

/// A deny list without entries denies nothing.
fn denied(entries: BTreeSet<Pattern>) -> Entries {
    if entries.is_empty() {
        Entries::All
    } else {
        Entries::Except(entries)
    }
}

/// The union without lines that another line covers, so that order cannot show in the result.
fn condense(left: BTreeSet<Pattern>, right: BTreeSet<Pattern>) -> BTreeSet<Pattern> {
    let joined: BTreeSet<Pattern> = left.into_iter().chain(right).collect();
    joined
        .iter()
        .filter(|entry| {
            !joined
                .iter()
                .any(|other| other != *entry && other.covers(entry))
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 5] = [
        "Company / Company Type",
        "Company / State",
        "Service / Source",
        "Service / Priority",
        "Time / Work Type",
    ];

    fn name() -> impl Strategy<Value = String> {
        proptest::sample::select(&NAMES[..]).prop_map(str::to_owned)
    }

    fn entries() -> impl Strategy<Value = Entries> {
        let line = prop_oneof![
            name().prop_map(Pattern::Name),
            proptest::sample::select(vec!["Comp", "Service", "Service / S"])
                .prop_map(|start| Pattern::Prefix(start.to_owned())),
            Just(Pattern::Placeholder("types".to_owned())),
        ];
        prop_oneof![
            Just(Entries::All),
            proptest::collection::btree_set(line, 0..4)
                .prop_map(|lines| Entries::nothing().union(Entries::Only(lines))),
            proptest::collection::btree_set(name().prop_map(Pattern::Name), 0..4).prop_map(denied),
        ]
    }

    proptest! {
        #[test]
        fn a_union_allows_what_either_side_allows(left in entries(), right in entries()) {
            let joined = left.clone().union(right.clone());
            for name in NAMES {
                prop_assert_eq!(joined.allows(name), left.allows(name) || right.allows(name), "{}", name);
            }
        }

        #[test]
        fn a_union_minds_neither_order_nor_repetition(a in entries(), b in entries(), c in entries()) {
            prop_assert_eq!(a.clone().union(b.clone()), b.clone().union(a.clone()));
            prop_assert_eq!(a.clone().union(a.clone()), a.clone());
            prop_assert_eq!(
                a.clone().union(b.clone()).union(c.clone()),
                a.clone().union(b.clone().union(c.clone()))
            );
            prop_assert_eq!(a.clone().union(Entries::nothing()), a);
        }
    }
}
