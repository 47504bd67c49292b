//! From the text of `permissions.toml` to permissions and the registry of rows that decisions are made from. Must not
//! know what a level's values come to.

use super::derived::derivable;
use super::{Permission, Permissions, SystemLevel};
use crate::error::{CatalogError, Place};
use crate::profile::nearest;
use bitting_policy::{Level, Registry};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    levels: BTreeMap<String, Level>,
    permission: Vec<Permission>,
    #[serde(default)]
    level: Vec<SystemLevel>,
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
}
