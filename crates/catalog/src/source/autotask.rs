//! The part of an entity's file that only Autotask's entities have, exactly as it is written.
//! Must not know other files.

use super::BasisText;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServesText {
    /// `create query update`
    pub can: String,
    /// `get query count info fields POST`
    pub root: String,
    pub below: Option<BelowText>,
    #[serde(default)]
    pub asks: BTreeMap<String, String>,
    /// `update delete`
    #[serde(default)]
    pub restricted: String,
    /// `delete`: told of although `can` has it not.
    #[serde(default)]
    pub told: String,
    /// The vendor's word for the type of `id`, where it is not `long`.
    pub id: Option<String>,
    /// The entity whose records the ids are of.
    pub id_of: Option<String>,
    /// Filters may name `id`.
    pub id_queryable: Option<bool>,
    /// `InvoicePDF`: paths below a record that answer it as a file.
    #[serde(default)]
    pub files: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BelowText {
    pub of: Option<String>,
    pub segment: String,
    pub route: String,
    pub field: Option<String>,
    pub verbs: String,
    pub basis: BasisText,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsText {
    #[serde(default)]
    pub mine: Vec<String>,
    #[serde(default)]
    pub own: Vec<String>,
    pub organizations: Option<String>,
    #[serde(default)]
    pub through: OneOrMore,
    pub territory: Option<String>,
    pub classes: Option<String>,
    pub kinds: Option<String>,
    pub team: Option<TeamText>,
    pub line: Option<String>,
}

/// A field, or a list of them.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    #[default]
    None,
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub fn names(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::More(names) => names,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamText {
    pub entity: String,
    pub field: String,
    pub resource: String,
}

/// `picklists.toml`: one list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PicklistText {
    pub parent: Option<String>,
    pub default: Option<String>,
    /// Value, label and, where the list hangs on another field, that field's value.
    pub values: Vec<Vec<String>>,
}
