//! The security level of a selection: the settings and the impersonation grid of a profile and its features, joined
//! into one row per control. What `merge` is for the rows of a role.

use super::autotask::{Impersonation, Setting};
use super::document::{Feature, Profile};
use super::merge::Selection;
use super::screen::{ENTRIES, SECTIONS, find};
use std::collections::BTreeMap;

impl Setting {
    /// Joins another row of the same control: the value that grants more wins in each cell. A value
    /// the screen does not know loses against one it knows; `lint` reports it.
    pub fn join(&mut self, other: &Setting) {
        let entry = find(&self.section, &self.subsection, &self.setting);
        let rank = |column: &str, value: &Option<String>| {
            value.as_deref().map(|value| {
                let rank = entry.and_then(|entry| entry.rank(column, value));
                (rank, value.to_owned())
            })
        };
        let raise = |column: &str, held: &mut Option<String>, more: &Option<String>| {
            let best = rank(column, held).max(rank(column, more));
            *held = best.map(|(_, value)| value);
        };
        raise("", &mut self.value, &other.value);
        raise("View", &mut self.view, &other.view);
        raise("Add", &mut self.add, &other.add);
        raise("Edit", &mut self.edit, &other.edit);
        raise("Delete", &mut self.delete, &other.delete);
        if self.why.is_empty() {
            self.why.clone_from(&other.why);
        }
    }
}

impl Profile {
    /// The settings of the security level for a selection, one row per control, in the screen's
    /// order as far as it is known.
    pub fn level_settings(&self, selection: &Selection) -> Vec<Setting> {
        let mut rows: Vec<Setting> = Vec::new();
        for (_, setting) in self.selected_settings(selection) {
            match rows.iter_mut().find(|row| row.title() == setting.title()) {
                Some(row) => row.join(setting),
                None => rows.push(setting.clone()),
            }
        }
        let section = |row: &Setting| SECTIONS.iter().position(|name| *name == row.section);
        let place = |row: &Setting| {
            let found = find(&row.section, &row.subsection, &row.setting);
            ENTRIES.iter().position(|entry| Some(entry) == found)
        };
        let key = |row: &Setting| {
            (
                section(row).unwrap_or(usize::MAX),
                place(row).unwrap_or(usize::MAX),
                row.title(),
            )
        };
        rows.sort_by_key(key);
        rows
    }

    /// The Autotask settings that the selection switches on.
    pub fn selected_settings<'a>(
        &'a self,
        selection: &'a Selection,
    ) -> impl Iterator<Item = (Option<&'a Feature>, &'a Setting)> {
        self.settings()
            .filter(|(feature, _)| feature.is_none_or(|f| selection.features.contains(&f.id)))
    }

    /// The impersonation grid for the selected features, one line per entity.
    pub fn impersonations(&self, selection: &Selection) -> Vec<Impersonation> {
        let optional = self
            .feature
            .iter()
            .filter(|feature| selection.features.contains(&feature.id))
            .flat_map(|feature| &feature.impersonation);
        let mut grid: BTreeMap<(&str, &str), Impersonation> = BTreeMap::new();
        for row in self.impersonation.iter().chain(optional) {
            grid.entry((&row.section, &row.entity))
                .and_modify(|held| {
                    held.view |= row.view;
                    held.add |= row.add;
                    held.edit |= row.edit;
                    held.delete |= row.delete;
                })
                .or_insert_with(|| row.clone());
        }
        grid.into_values().collect()
    }
}
