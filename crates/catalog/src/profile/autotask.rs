//! The Autotask half of a profile: a security level is a copied system level plus changed settings.
//! Knows the words of the screen only as text; `lint` knows which of them exist.

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
