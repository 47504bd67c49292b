//! Joins the rows of a profile and its features into one need per row: the highest level per verb,
//! the union of lists, every reason. Order does not matter. Knows no registry; names are compared
//! as written.

use super::document::{Feature, Profile, Status};
use super::entries::Entries;
use super::error::ProfileError;
use super::grant::Grant;
use super::nearest::nearest;
use bitting_policy::{Level, Verb};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Which features are on, and what the tenant answered for placeholders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Ids of features, closed over what they include.
    pub features: BTreeSet<String>,
    /// Placeholder to entries: `computer-types` to `Managed Server`, `Managed Workstation`.
    pub answers: BTreeMap<String, Vec<String>>,
}

/// One row of the role to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    pub module: String,
    /// `*` stands for every action of the module.
    pub action: String,
    /// Highest level of each verb: Add, Edit, Delete, Inquire.
    pub levels: [Level; 4],
    pub entries: Entries,
    /// Reasons, each once, in alphabetical order.
    pub why: BTreeSet<String>,
    /// Lines of the file it comes from.
    pub lines: BTreeSet<usize>,
}

impl Need {
    /// The level asked for a verb.
    pub fn level(&self, verb: Verb) -> Level {
        self.levels[verb.index()]
    }

    /// Joins another row of the same module and action into this one.
    pub fn join(&mut self, other: Need) {
        for (level, more) in self.levels.iter_mut().zip(other.levels) {
            *level = (*level).max(more);
        }
        let entries = std::mem::replace(&mut self.entries, Entries::All);
        self.entries = entries.union(other.entries);
        self.why.extend(other.why);
        self.lines.extend(other.lines);
    }
}

impl From<&Grant> for Need {
    fn from(grant: &Grant) -> Self {
        let mut why: BTreeSet<String> = grant.why_verb.values().cloned().collect();
        if !grant.why.is_empty() {
            why.insert(grant.why.clone());
        }
        Need {
            module: grant.module.clone(),
            action: grant.action.clone(),
            levels: Verb::EVERY.map(|verb| grant.level(verb)),
            entries: grant.entries(),
            why,
            lines: BTreeSet::from([grant.line]),
        }
    }
}

impl Profile {
    /// What is on when nothing is asked: the features marked `default`, and what they include.
    pub fn default_selection(&self) -> Selection {
        let ids = self.feature.iter().filter(|feature| feature.default);
        Selection {
            features: self.closure(ids.map(|feature| feature.id.as_str())),
            answers: BTreeMap::new(),
        }
    }

    /// The defaults, with the named features on top; `-name` switches a default off, `all` names
    /// every feature in use (not the planned, legacy or temporary ones).
    ///
    /// # Errors
    /// [`ProfileError::UnknownFeature`].
    pub fn select<S: AsRef<str>>(&self, features: &[S]) -> Result<Selection, ProfileError> {
        let mut on: BTreeSet<&str> = self
            .feature
            .iter()
            .filter(|feature| feature.default)
            .map(|feature| feature.id.as_str())
            .collect();
        let mut off = BTreeSet::new();
        for name in features {
            let name = name.as_ref();
            if let Some(name) = name.strip_prefix('-') {
                off.insert(self.known(name)?);
            } else if name == "all" && self.feature(name).is_none() {
                let used = self.feature.iter().filter(|f| f.status == Status::Used);
                on.extend(used.map(|feature| feature.id.as_str()));
            } else {
                on.insert(self.known(name)?);
            }
        }
        Ok(Selection {
            features: self.closure(on.difference(&off).copied()),
            answers: BTreeMap::new(),
        })
    }

    /// One need per row for the selected features, by module and action.
    pub fn needs(&self, selection: &Selection) -> Vec<Need> {
        let grants = self.selected(selection).map(|(_, grant)| grant);
        join_all(grants.map(Need::from))
    }

    /// The rows of the file that the selection switches on.
    pub fn selected<'a>(
        &'a self,
        selection: &'a Selection,
    ) -> impl Iterator<Item = (Option<&'a Feature>, &'a Grant)> {
        self.rows()
            .filter(|(feature, _)| feature.is_none_or(|f| selection.features.contains(&f.id)))
    }

    fn known(&self, name: &str) -> Result<&str, ProfileError> {
        if let Some(feature) = self.feature(name) {
            return Ok(&feature.id);
        }
        let ids = || self.feature.iter().map(|feature| feature.id.as_str());
        Err(ProfileError::UnknownFeature {
            file: self.file.clone(),
            feature: name.to_owned(),
            nearest: nearest(name, ids()).map(str::to_owned),
            features: ids().map(str::to_owned).collect(),
        })
    }

    /// The ids with everything they include, however deep.
    fn closure<'a>(&'a self, ids: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
        let mut open: Vec<&str> = ids.collect();
        let mut closed = BTreeSet::new();
        while let Some(id) = open.pop() {
            if closed.insert(id.to_owned())
                && let Some(feature) = self.feature(id)
            {
                open.extend(feature.includes.iter().map(String::as_str));
            }
        }
        closed
    }
}

/// One need per module and action, sorted.
pub fn join_all(needs: impl IntoIterator<Item = Need>) -> Vec<Need> {
    let mut rows: BTreeMap<(String, String), Need> = BTreeMap::new();
    for need in needs {
        let key = (need.module.clone(), need.action.clone());
        match rows.entry(key) {
            std::collections::btree_map::Entry::Occupied(mut held) => held.get_mut().join(need),
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(need);
            }
        }
    }
    rows.into_values().collect()
}
