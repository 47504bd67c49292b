//! User-defined fields: what a tenant has added to an entity, and how values of them rest and show. At rest they
//! are a JSON array of `{name, value}` in the column `extra`, all values as text.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Column that holds them.
pub const EXTRA: &str = "extra";

/// Stands for the value of a protected field.
pub const MASK: &str = "*****";

/// One field that a tenant has defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// Of its definition.
    pub id: i64,
    pub name: Arc<str>,
    pub label: Arc<str>,
    pub description: Arc<str>,
    /// `string`, `double`, `datetime`
    pub kind: &'static str,
    pub required: bool,
    /// Values of a list, empty for any other field.
    pub values: Vec<Arc<str>>,
    /// Hidden from users who may not see protected data.
    pub protected: bool,
}

/// One value at rest and in JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    pub name: String,
    pub value: Option<String>,
    /// The value of a number once more, in the form that compares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
}

/// The values at rest; none where the text is no such array.
pub fn held(text: &str) -> Vec<Held> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Values at rest with some of them replaced.
pub fn merged(at_rest: Option<&str>, given: &[Held]) -> String {
    let mut all = at_rest.map(held).unwrap_or_default();
    for new in given {
        match all
            .iter_mut()
            .find(|old| old.name.eq_ignore_ascii_case(&new.name))
        {
            Some(old) => {
                old.value.clone_from(&new.value);
                old.number = new.number;
            }
            None => all.push(new.clone()),
        }
    }
    serde_json::to_string(&all).unwrap_or_default()
}
