//! What an Autotask security level is made of (`permissions.toml`), the system levels it can be copied from, and
//! the one mapping from a level's values to the levels that decisions are made in. Must not know entities.

mod derived;

pub use derived::{Derivation, Derived};

use self::derived::derivable;
use crate::error::{CatalogError, Place};
use crate::profile::nearest;
use bitting_policy::{ActionId, Level, Levels, Registry, Role, RoleError, Verb};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    levels: BTreeMap<String, Level>,
    permission: Vec<Permission>,
    #[serde(default)]
    level: Vec<SystemLevel>,
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
    /// Reads the file, and the registry of rows that decisions are made from.
    pub fn read(text: &str) -> Result<(Permissions, Registry), CatalogError> {
        let place = Place {
            file: "permissions.toml",
            text,
        };
        let file: File = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            place.at(
                offset,
                error.message().lines().collect::<Vec<_>>().join("; "),
            )
        })?;
        let permissions = Permissions {
            entries: file.permission,
            system: file.level,
            levels: file.levels,
        };
        permissions.check(place)?;
        let rows = permissions.rows();
        let registry = Registry::read(&[("permissions.toml", &rows)])?;
        for level in &permissions.system {
            permissions
                .role(&registry, 0, &permissions.start(level))
                .map_err(|error| place.on(&level.name, error.to_string()))?;
        }
        Ok((permissions, registry))
    }

    fn check(&self, place: Place) -> Result<(), CatalogError> {
        for entry in &self.entries {
            for cell in ["value", "view", "add", "edit", "delete"] {
                for value in entry.values(cell) {
                    if !self.levels.contains_key(value) {
                        let fault = format!(
                            "`{value}` has no level; add it to [levels], or choose another"
                        );
                        let known = self.levels.keys().map(String::as_str);
                        return Err(place.on(value, fault).meant(nearest(value, known)));
                    }
                }
            }
            if let Some(rule) = &entry.derived {
                derivable(&self.entries, entry, rule)
                    .map_err(|(word, fault)| place.on(&word, fault))?;
            }
            for value in entry.opens.keys() {
                if !entry.values("value").contains(value) {
                    let fault = format!("`{}` has no value `{value}`", entry.name);
                    return Err(place.on(value, fault));
                }
            }
        }
        for level in &self.system {
            let known = |name: &String| self.entries.iter().any(|entry| entry.section == *name);
            if let Some(name) = level.sections.iter().find(|name| !known(name)) {
                let fault = format!("`{}` starts with a section that is not here", level.name);
                return Err(place.on(name, fault));
            }
        }
        for (level, except) in self
            .system
            .iter()
            .flat_map(|level| level.except.iter().map(move |except| (level, except)))
        {
            if self.find(&except.section, &except.name).is_none() {
                let fault = format!("`{}` excepts a permission that is not here", level.name);
                return Err(place.on(&except.name, fault));
            }
        }
        Ok(())
    }

    /// The rows in the policy core's own form: a section is a module, a permission an action.
    fn rows(&self) -> String {
        let mut text = String::new();
        let mut sections: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !sections.contains(&entry.section.as_str()) {
                sections.push(&entry.section);
            }
        }
        for section in sections {
            let _ = writeln!(text, "[[module]]\nname = {section:?}\naction = [");
            for entry in self.entries.iter().filter(|entry| entry.section == section) {
                let my = ["value", "view", "add", "edit", "delete"]
                    .iter()
                    .flat_map(|cell| entry.values(cell))
                    .any(|value| self.levels.get(value) == Some(&Level::My));
                let my = if my { "yes" } else { "no" };
                let _ = writeln!(
                    text,
                    "{{ name = {:?}, aliases = {:?}, my = {my:?} }},",
                    entry.name, entry.aliases
                );
                for opened in entry.opens.values() {
                    let _ = writeln!(text, "{{ name = {opened:?}, my = \"no\" }},");
                }
            }
            text.push_str("]\n");
        }
        text
    }

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

    /// The role that a level amounts to, with what its values act as.
    pub fn role(
        &self,
        registry: &Registry,
        id: i64,
        level: &SecurityLevel,
    ) -> Result<Role, LevelError> {
        self.role_as_set(registry, id, &self.in_effect(level))
    }

    /// The role that a level's values would amount to if each acted as it says.
    pub fn role_as_set(
        &self,
        registry: &Registry,
        id: i64,
        level: &SecurityLevel,
    ) -> Result<Role, LevelError> {
        let mut role = Role::new(registry, id, level.name.clone());
        role.inactive = level.inactive;
        for (name, values) in &level.settings {
            let unknown = || LevelError::Unknown {
                name: name.clone(),
                nearest: nearest(
                    name.rsplit(" / ").next().unwrap_or(name),
                    self.entries.iter().map(|entry| entry.name.as_str()),
                )
                .map(str::to_owned),
            };
            let entry = self.named(name).ok_or_else(unknown)?;
            let action = registry
                .action(&entry.section, &entry.name)
                .ok_or_else(unknown)?;
            let levels = self.levels(entry, values)?;
            let levels = match levels {
                // Ticks stand alone; nothing asks for that of viewing.
                [add, edit, delete, view] if entry.is_grid() => {
                    [add, edit, delete, view.max(add).max(edit).max(delete)]
                }
                // What can't be viewed can't be changed, as on the screen.
                [.., Level::None] => [Level::None; 4],
                levels => levels,
            };
            role.set(registry, action, levels)?;
            for row in values.value.iter().flat_map(|value| entry.opened(value)) {
                let action = registry.action(&entry.section, row).ok_or_else(unknown)?;
                role.set(registry, action, [Level::All; 4])?;
            }
        }
        Ok(role)
    }

    /// What a level's values open beside own rows, by action and verb.
    pub fn reaches(
        &self,
        registry: &Registry,
        level: &SecurityLevel,
    ) -> Vec<(ActionId, Verb, Reach)> {
        let level = self.in_effect(level);
        let mut reaches = Vec::new();
        for (name, values) in &level.settings {
            let Some(entry) = self.named(name).filter(|entry| !entry.reaches.is_empty()) else {
                continue;
            };
            let Some(action) = registry.action(&entry.section, &entry.name) else {
                continue;
            };
            for (verb, own) in [
                (Verb::Add, "add"),
                (Verb::Edit, "edit"),
                (Verb::Delete, "delete"),
                (Verb::Inquire, "view"),
            ] {
                let cell = entry.governing(own);
                let value = values.cells().into_iter().find(|(name, _)| *name == cell);
                let reach = value
                    .and_then(|(_, value)| value.as_ref())
                    .and_then(|value| entry.reaches.get(value));
                reaches.extend(reach.map(|reach| (action, verb, *reach)));
            }
        }
        reaches
    }

    /// The level of a value; None for an unknown word.
    pub fn level(&self, value: &str) -> Level {
        self.levels.get(value).copied().unwrap_or_default()
    }

    /// Add, Edit, Delete, Inquire of a permission with these values.
    fn levels(&self, entry: &Permission, values: &Values) -> Result<Levels, LevelError> {
        let mut given = BTreeMap::new();
        for (cell, value) in values.cells() {
            let Some(value) = value else { continue };
            let accepted = entry.values(cell);
            let counts = cell == "value" && entry.number.is_some() && value.parse::<u32>().is_ok();
            if !counts && !accepted.contains(value) {
                return Err(LevelError::Value {
                    name: entry.full_name(),
                    cell,
                    value: value.clone(),
                    accepted: accepted.join(", "),
                });
            }
            given.insert(cell, self.level(value));
        }
        if entry.value.is_some() || entry.number.is_some() {
            return Ok([given.get("value").copied().unwrap_or_default(); 4]);
        }
        let highest = given.values().copied().max().unwrap_or_default();
        let level = |name: &str, cell: &Option<Cell>| match cell {
            Some(Cell::Values(_)) => given.get(name).copied().unwrap_or_default(),
            Some(Cell::Follows(other)) if other == "any" => match highest {
                Level::None => Level::None,
                _ => Level::All,
            },
            Some(Cell::Follows(other)) => given.get(other.as_str()).copied().unwrap_or_default(),
            None => Level::None,
        };
        Ok([
            level("add", &entry.add),
            level("edit", &entry.edit),
            level("delete", &entry.delete),
            level("view", &entry.view),
        ])
    }
}
