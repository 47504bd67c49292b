//! The Autotask half of a profile: a security level is a copied system level plus changed settings.
//! Knows the words of the screen only as text; `lint` knows which of them exist.

use super::document::{MemberValue, Profile};
use super::merge::Selection;
use super::screen::{ENTRIES, SECTIONS, find};
use serde::{Deserialize, Serialize};

/// The security level the API user gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityLevel {
    /// Name of the new level. Absent with `start = "as_is"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// System level it starts from: `API User (system) (API-only)`.
    pub copy_of: String,
    #[serde(default)]
    pub start: Start,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What happens to the rights the copied level brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// They stay; only the listed settings change.
    #[default]
    Copy,
    /// No Permission is pressed on every section first.
    Cleared,
    /// No copy is made: the system level itself is assigned.
    AsIs,
}

/// One control of the security level screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// `CRM`
    pub section: String,
    /// `Object Permissions`
    pub subsection: String,
    /// `Tickets`
    pub setting: String,
    /// Value of a scope, dropdown, checkbox or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Values of an object permission, in the words of its own vocabulary (All, Mine, Yes, No, ...).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<String>,
    /// Line of the row in its file, from 1.
    #[serde(skip)]
    pub line: usize,
}

impl Setting {
    /// Each cell that is set: its column (empty for a plain value) and its value.
    pub fn cells(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("", &self.value),
            ("View", &self.view),
            ("Add", &self.add),
            ("Edit", &self.edit),
            ("Delete", &self.delete),
        ]
        .into_iter()
        .filter_map(|(column, value)| value.as_deref().map(|value| (column, value)))
    }

    /// `CRM > Object Permissions > Tickets`
    pub fn title(&self) -> String {
        format!("{} > {} > {}", self.section, self.subsection, self.setting)
    }
}

/// One line of Web Services API > Resource Impersonation: acting as another resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impersonation {
    /// Group of the grid: `Service Desk`.
    pub section: String,
    /// `Ticket Notes`
    pub entity: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub view: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub add: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edit: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Line of the row in its file, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// The API user form, and what must be set outside the level.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct User {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_location: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_of_business: Option<MemberValue>,
    /// Integration vendors to pick from, one per user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tracking_vendor: Vec<String>,
    /// A custom (internal) tracking identifier instead of a vendor.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tracking_custom: bool,
    /// Ticks of Protected Data Permission on the user itself: `View Protected Data`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected_data: Vec<String>,
    /// Levels of the people to be acted for must allow impersonation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub others_must_allow_impersonation: bool,
}

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
}
