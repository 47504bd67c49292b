//! A role in plain words, for storage, JSON and files.
//!
//! Must not know where the words are kept.

use crate::role::{unknown_action, unknown_list};
use crate::{Level, Levels, ListDocument, Registry, Role, RoleError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A role by names. Rows that are None everywhere and lists that are not customized are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDocument {
    #[serde(default)]
    pub id: i64,
    pub name: String,
    #[serde(default)]
    pub admin: bool,
    #[serde(default)]
    pub inactive: bool,
    #[serde(default)]
    pub rows: Vec<RowDocument>,
    /// By list identifier: `{"SystemTableSetup": {"allow": ["Service / Service Board"]}}`, or
    /// `"everything"`.
    #[serde(default)]
    pub lists: BTreeMap<String, ListDocument>,
}

/// One row of a role by names; a level that is left out is None.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDocument {
    pub module: String,
    pub action: String,
    #[serde(default)]
    pub add: Level,
    #[serde(default)]
    pub edit: Level,
    #[serde(default)]
    pub delete: Level,
    #[serde(default)]
    pub inquire: Level,
}

impl RowDocument {
    /// The levels in the order Add, Edit, Delete, Inquire.
    pub fn levels(&self) -> Levels {
        [self.add, self.edit, self.delete, self.inquire]
    }
}

impl Role {
    /// The role of a document, by the registry's rules: levels the row accepts, Inquire where
    /// another verb is set, names that exist.
    pub fn from_document(registry: &Registry, document: &RoleDocument) -> Result<Role, RoleError> {
        Role::from_rows(registry, document, |role, action, levels| {
            role.set(registry, action, levels)
        })
    }

    /// The role of a document that another system reports as held: the names must exist, but levels
    /// are taken as they are. Add, Edit and Delete without Inquire are then refused by
    /// [`crate::decide`], with that reason.
    pub fn observed(registry: &Registry, document: &RoleDocument) -> Result<Role, RoleError> {
        Role::from_rows(registry, document, |role, action, levels| {
            role.put(action, levels);
            Ok(())
        })
    }

    fn from_rows(
        registry: &Registry,
        document: &RoleDocument,
        set: impl Fn(&mut Role, crate::ActionId, Levels) -> Result<(), RoleError>,
    ) -> Result<Role, RoleError> {
        let mut role = Role::new(registry, document.id, document.name.clone());
        role.admin = document.admin;
        role.inactive = document.inactive;
        for row in &document.rows {
            let action = registry
                .action(&row.module, &row.action)
                .ok_or_else(|| unknown_action(registry, &row.module, &row.action))?;
            set(&mut role, action, row.levels())?;
        }
        for (identifier, entries) in &document.lists {
            let list = registry
                .list(identifier)
                .ok_or_else(|| unknown_list(registry, identifier))?;
            role.set_list(registry, list, entries)?;
        }
        Ok(role)
    }

    /// The role in canonical names, rows and lists in the registry's order.
    pub fn document(&self, registry: &Registry) -> RoleDocument {
        let rows = registry.actions().iter().filter_map(|action| {
            let [add, edit, delete, inquire] = self.levels(action.id);
            let row = RowDocument {
                module: action.module.clone(),
                action: action.name.clone(),
                add,
                edit,
                delete,
                inquire,
            };
            (row.levels() != [Level::None; 4]).then_some(row)
        });
        let lists = registry.lists().iter().map(|list| {
            let entries = self.list_document(registry, list.id);
            (list.identifier.clone(), entries)
        });
        RoleDocument {
            id: self.id,
            name: self.name.clone(),
            admin: self.admin,
            inactive: self.inactive,
            rows: rows.collect(),
            lists: lists
                .filter(|(_, entries)| *entries != ListDocument::Everything)
                .collect(),
        }
    }

    /// One customize list in names.
    pub fn list_document(&self, registry: &Registry, list: crate::ListId) -> ListDocument {
        if Some(list) == registry.table_list() {
            return self.tables().map(|set| {
                let tables = set.iter().filter_map(|id| registry.get_table(id));
                tables.map(crate::Table::full_name).collect()
            });
        }
        let everything = ListDocument::Everything;
        self.names(list).map_or(everything, |names| {
            names.map(|set| set.iter().map(str::to_owned).collect())
        })
    }
}
