//! What a level's values come to: the role that decisions are made in, and what they open beside own rows. Must not
//! know where permissions are read from.

use super::{Cell, LevelError, Permission, Permissions, Reach, SecurityLevel, Values};
use crate::profile::nearest;
use bitting_policy::{ActionId, Level, Levels, Registry, Role, Verb};
use std::collections::BTreeMap;

impl Permissions {
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
                    accepted: entry.instead_of(cell),
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
