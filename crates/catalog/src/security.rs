//! What an Autotask security level is made of (`permissions.toml`), the system levels it can be copied from, and
//! the one mapping from a level's values to the levels that decisions are made in. Must not know entities.

mod derived;
mod read;
mod role;

pub use derived::{Derivation, Derived};

use bitting_policy::{Level, RoleError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every permission, in the order of the screen.
#[derive(Debug, Clone)]
pub struct Permissions {
    pub entries: Vec<Permission>,
    pub system: Vec<SystemLevel>,
    levels: BTreeMap<String, Level>,
}

/// One line of the security level screen.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    pub section: String,
    pub subsection: String,
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Values of a dropdown or check, least first.
    pub value: Option<Vec<String>>,
    pub view: Option<Cell>,
    pub add: Option<Cell>,
    pub edit: Option<Cell>,
    pub delete: Option<Cell>,
    /// The number it starts from.
    pub number: Option<u32>,
    /// What a value opens beside the caller's own rows.
    #[serde(default)]
    pub reaches: BTreeMap<String, Reach>,
    /// Values of an entity's class field that this row is about.
    #[serde(default)]
    pub classes: Vec<i64>,
    /// A row of its own that a value grants, and every higher one: rights name it, no screen shows it.
    #[serde(default)]
    pub opens: BTreeMap<String, String>,
    /// When its value acts as more than it says.
    pub derived: Option<Derived>,
}

/// Rows that some values open beside own ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Companies of the territories that the user is a member of.
    Territories,
    /// Rows of companies that the user sees.
    Organizations,
}

/// A cell: the values it takes, or which other cell it follows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    Values(Vec<String>),
    /// `view`, `add`, `edit`; `any`: open where the row grants anything; `none`.
    Follows(String),
}

/// A level that comes with the product: it can be copied, and not changed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemLevel {
    pub name: String,
    start: StartText,
    /// Sections that start so, where not all of them do; the others start cleared.
    #[serde(default)]
    sections: Vec<String>,
    #[serde(default)]
    except: Vec<Except>,
    /// Nobody can copy it.
    #[serde(default)]
    pub fixed: bool,
    /// For people, who sign in; API users cannot hold it.
    #[serde(default)]
    pub interactive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StartText {
    Top,
    Cleared,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Except {
    section: String,
    name: String,
    value: Option<String>,
    view: Option<String>,
    add: Option<String>,
    edit: Option<String>,
    delete: Option<String>,
}

/// The values of one permission: what is left out is the least.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<String>,
}

/// A security level as it rests and as people write it: values by permission, `CRM / To-Dos`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityLevel {
    pub name: String,
    /// The level it was copied from.
    pub copy_of: String,
    #[serde(default)]
    pub inactive: bool,
    /// For people, who sign in; API users cannot hold it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// API users may act as the resources that hold it, where their own level says so too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allows_impersonation: bool,
    #[serde(default)]
    pub settings: BTreeMap<String, Values>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Why a level cannot be set so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error("there is no permission `{name}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        name: String,
        nearest: Option<String>,
    },
    #[error("{name}: {cell} cannot be {value}; choose {accepted}")]
    Value {
        name: String,
        cell: &'static str,
        value: String,
        accepted: String,
    },
    #[error(transparent)]
    Role(#[from] RoleError),
}

impl Permission {
    /// `CRM / To-Dos`: how rights name it, and the registry's `module / action`.
    pub fn full_name(&self) -> String {
        format!("{} / {}", self.section, self.name)
    }

    /// What a cell takes; where it takes nothing, the cells that do.
    fn instead_of(&self, cell: &str) -> String {
        let own = self.values(cell).join(", ");
        if !own.is_empty() {
            return own;
        }
        if self.number.is_some() {
            return "a number as its value".to_owned();
        }
        let cells = ["value", "view", "add", "edit", "delete"];
        let others = cells.into_iter().map(|cell| (cell, self.values(cell)));
        let others = others.filter(|(_, values)| !values.is_empty());
        let others: Vec<String> = others
            .map(|(cell, values)| format!("{cell} ({})", values.join(", ")))
            .collect();
        others.join(", ")
    }

    /// The values a cell takes: `value`, `view`, `add`, `edit`, `delete`.
    pub fn values(&self, cell: &str) -> &[String] {
        let cell = match cell {
            "value" => return self.value.as_deref().unwrap_or_default(),
            "view" => &self.view,
            "add" => &self.add,
            "edit" => &self.edit,
            "delete" => &self.delete,
            _ => &None,
        };
        match cell {
            Some(Cell::Values(values)) => values,
            _ => &[],
        }
    }

    /// Rows of their own that a value grants.
    fn opened<'a>(&'a self, value: &str) -> impl Iterator<Item = &'a str> {
        let known = self.values("value");
        let rank = move |value: &str| known.iter().position(|known| known == value);
        let held = rank(value);
        let rows = self.opens.iter();
        rows.filter(move |(least, _)| held.is_some() && held >= rank(least))
            .map(|(_, row)| row.as_str())
    }

    /// A row of ticks, none of which asks for another.
    fn is_grid(&self) -> bool {
        self.values("view") == ["Unchecked", "Checked"]
    }

    /// The cell that decides what another says.
    fn governing<'a>(&'a self, cell: &'a str) -> &'a str {
        if self.value.is_some() {
            return "value";
        }
        let own = match cell {
            "view" => &self.view,
            "add" => &self.add,
            "edit" => &self.edit,
            _ => &self.delete,
        };
        match own {
            Some(Cell::Follows(other)) => other,
            _ => cell,
        }
    }

    /// Every cell at its highest value.
    pub fn top(&self) -> Values {
        let top = |cell: &str| self.values(cell).last().cloned();
        Values {
            value: top("value").or_else(|| self.number.map(|number| number.to_string())),
            view: top("view"),
            add: top("add"),
            edit: top("edit"),
            delete: top("delete"),
        }
    }
}

impl Values {
    /// Cells by name, as given.
    pub fn cells(&self) -> [(&'static str, &Option<String>); 5] {
        [
            ("value", &self.value),
            ("view", &self.view),
            ("add", &self.add),
            ("edit", &self.edit),
            ("delete", &self.delete),
        ]
    }

    /// The cell of this name, to set it.
    pub fn cell(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "value" => Some(&mut self.value),
            "view" => Some(&mut self.view),
            "add" => Some(&mut self.add),
            "edit" => Some(&mut self.edit),
            "delete" => Some(&mut self.delete),
            _ => None,
        }
    }
}

impl Permissions {
    /// A permission by section and name, however it is spelled.
    pub fn find(&self, section: &str, name: &str) -> Option<&Permission> {
        let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
        self.entries.iter().find(|entry| {
            same(&entry.section, section)
                && (same(&entry.name, name) || entry.aliases.iter().any(|alias| same(alias, name)))
        })
    }

    /// The permission whose value decides a row of the registry: the row's own, or one that opens it.
    pub fn deciding(&self, section: &str, row: &str) -> Option<&Permission> {
        self.find(section, row).or_else(|| {
            let mut entries = self.entries.iter();
            entries.find(|entry| {
                entry.section == section && entry.opens.values().any(|opened| opened == row)
            })
        })
    }

    /// A permission by `Section / Name`.
    pub fn named(&self, full_name: &str) -> Option<&Permission> {
        let (section, name) = full_name.split_once(" / ")?;
        self.find(section, name)
    }

    /// A new level as a copy of a system level.
    pub fn copy(&self, system: &str, name: &str) -> Option<SecurityLevel> {
        let level = self.system.iter().find(|level| level.name == system)?;
        Some(SecurityLevel {
            name: name.to_owned(),
            ..self.start(level)
        })
    }

    /// A system level as it stands.
    pub fn start(&self, level: &SystemLevel) -> SecurityLevel {
        let mut settings = BTreeMap::new();
        if level.start == StartText::Top {
            let whole = level.sections.is_empty();
            for entry in &self.entries {
                if whole || level.sections.contains(&entry.section) {
                    settings.insert(entry.full_name(), entry.top());
                }
            }
        }
        for except in &level.except {
            if let Some(entry) = self.find(&except.section, &except.name) {
                let values: &mut Values = settings.entry(entry.full_name()).or_default();
                for (cell, given) in [
                    (&mut values.value, &except.value),
                    (&mut values.view, &except.view),
                    (&mut values.add, &except.add),
                    (&mut values.edit, &except.edit),
                    (&mut values.delete, &except.delete),
                ] {
                    if given.is_some() {
                        cell.clone_from(given);
                    }
                }
            }
        }
        SecurityLevel {
            name: level.name.clone(),
            copy_of: level.name.clone(),
            inactive: false,
            interactive: level.interactive,
            allows_impersonation: false,
            settings,
        }
    }
}
