//! A security role: one row of levels per action, and its customize lists.
//!
//! Must not know requests, members or records.

use crate::{ActionId, EntryId, Level, Levels, List, ListDocument, ListId, Names, Registry};
use crate::{Tables, Verb};

/// A security role. The price of a decision does not depend on how many rows or roles there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub id: i64,
    pub name: String,
    /// Whether the role holds every right, whatever its rows say.
    pub admin: bool,
    /// Whether the role holds no right, whatever its rows say.
    pub inactive: bool,
    /// One byte per action, two bits per verb.
    cells: Vec<u8>,
    pub(crate) table_setup: ActionId,
    tables: List<Tables>,
    /// One per customize list; the place of the table list allows no name.
    lists: Vec<List<Names>>,
}

/// Why a role cannot be set so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    #[error("there is no action `{module} / {action}`; did you mean `{nearest}`?")]
    UnknownAction {
        module: String,
        action: String,
        nearest: String,
    },
    #[error("there is no setup table `{table}`; did you mean `{nearest}`?")]
    UnknownTable { table: String, nearest: String },
    #[error("there is no customize list `{list}`; did you mean `{nearest}`?")]
    UnknownList { list: String, nearest: String },
    #[error("{action}: {verb} cannot be {level}; choose {accepted}")]
    LevelNotAccepted {
        action: String,
        verb: Verb,
        level: Level,
        accepted: String,
    },
    #[error("{action}: {verb} needs Inquire; set Inquire to My or All, or {verb} to None")]
    NeedsInquire { action: String, verb: Verb },
}

impl Role {
    /// A new role: None on every row, every list not customized.
    pub fn new(registry: &Registry, id: i64, name: impl Into<String>) -> Role {
        let lists = registry.lists().iter().map(|list| {
            if Some(list.id) == registry.table_list() {
                List::Allow(Names::default())
            } else {
                List::Everything
            }
        });
        Role {
            id,
            name: name.into(),
            admin: false,
            inactive: false,
            cells: vec![0; registry.actions().len()],
            table_setup: registry.table_setup(),
            tables: List::Everything,
            lists: lists.collect(),
        }
    }

    /// The level the row holds, without regard to the admin and inactive flags.
    pub fn level(&self, action: ActionId, verb: Verb) -> Level {
        let cell = self.cells.get(usize::from(action.0));
        cell.map_or(Level::None, |bits| {
            Level::from_bits(bits >> (2 * verb.index()))
        })
    }

    /// The four levels the row holds: Add, Edit, Delete, Inquire.
    pub fn levels(&self, action: ActionId) -> Levels {
        Verb::EVERY.map(|verb| self.level(action, verb))
    }

    /// Sets a row: Add, Edit, Delete, Inquire. Nothing changes where this is an error.
    pub fn set(
        &mut self,
        registry: &Registry,
        action: ActionId,
        levels: Levels,
    ) -> Result<(), RoleError> {
        let row = registry
            .get(action)
            .ok_or_else(|| unknown_action(registry, "", &format!("#{}", action.0)))?;
        for (verb, level) in Verb::EVERY.into_iter().zip(levels) {
            if !row.accepts(verb, level) {
                let accepted: Vec<_> = row.levels(verb).map(Level::as_str).collect();
                return Err(RoleError::LevelNotAccepted {
                    action: row.full_name(),
                    verb,
                    level,
                    accepted: accepted.join(" or "),
                });
            }
        }
        if levels[Verb::Inquire.index()] == Level::None {
            for (verb, level) in Verb::EVERY.into_iter().zip(levels) {
                if level != Level::None {
                    let action = row.full_name();
                    return Err(RoleError::NeedsInquire { action, verb });
                }
            }
        }
        self.put(action, levels);
        Ok(())
    }

    /// Sets one cell and leaves the others of the row. Nothing changes where this is an error.
    pub fn set_verb(
        &mut self,
        registry: &Registry,
        action: ActionId,
        verb: Verb,
        level: Level,
    ) -> Result<(), RoleError> {
        let mut levels = self.levels(action);
        levels[verb.index()] = level;
        self.set(registry, action, levels)
    }

    /// Writes a row without asking the registry's rules: for what a live PSA says it holds.
    pub(crate) fn put(&mut self, action: ActionId, levels: Levels) {
        let bits = levels
            .into_iter()
            .enumerate()
            .fold(0, |bits, (place, level)| {
                bits | ((level as u8) << (2 * place))
            });
        if let Some(cell) = self.cells.get_mut(usize::from(action.0)) {
            *cell = bits;
        }
    }

    /// Sets a customize list from its entries' names. Names of setup tables must exist; names of a
    /// tenant's entries are taken as they are. Nothing changes where this is an error.
    pub fn set_list(
        &mut self,
        registry: &Registry,
        list: ListId,
        entries: &ListDocument,
    ) -> Result<(), RoleError> {
        if Some(list) == registry.table_list() {
            self.tables = entries.try_map(|names| {
                names
                    .iter()
                    .map(|name| table(registry, name))
                    .collect::<Result<Tables, _>>()
            })?;
        } else {
            let unknown = || unknown_list(registry, &format!("#{}", list.0));
            let held = self.lists.get_mut(usize::from(list.0));
            *held.ok_or_else(unknown)? = entries.map(|names| names.iter().collect());
        }
        Ok(())
    }

    /// The list of setup tables.
    pub fn tables(&self) -> &List<Tables> {
        &self.tables
    }

    /// Sets the list of setup tables.
    pub fn set_tables(&mut self, tables: List<Tables>) {
        self.tables = tables;
    }

    /// Whether the list of setup tables lets the table through, without regard to levels.
    pub fn lists_table(&self, table: EntryId) -> bool {
        self.tables.admits(|set| set.contains(table))
    }

    /// A customize list of tenant data. Nothing for the list of setup tables, which
    /// [`Role::tables`] answers, and for an id of another registry.
    pub fn list(&self, registry: &Registry, list: ListId) -> Option<&List<Names>> {
        if Some(list) == registry.table_list() {
            return None;
        }
        self.names(list)
    }

    pub(crate) fn names(&self, list: ListId) -> Option<&List<Names>> {
        self.lists.get(usize::from(list.0))
    }
}

fn table(registry: &Registry, name: &str) -> Result<EntryId, RoleError> {
    registry.table(name).ok_or_else(|| RoleError::UnknownTable {
        table: name.to_owned(),
        nearest: registry
            .nearest_table(name)
            .map(crate::Table::full_name)
            .unwrap_or_default(),
    })
}

pub(crate) fn unknown_action(registry: &Registry, module: &str, action: &str) -> RoleError {
    RoleError::UnknownAction {
        module: module.to_owned(),
        action: action.to_owned(),
        nearest: registry
            .nearest_action(module, action)
            .map(crate::Action::full_name)
            .unwrap_or_default(),
    }
}

pub(crate) fn unknown_list(registry: &Registry, identifier: &str) -> RoleError {
    RoleError::UnknownList {
        list: identifier.to_owned(),
        nearest: registry
            .nearest_list(identifier)
            .map(|l| l.identifier.clone())
            .unwrap_or_default(),
    }
}
