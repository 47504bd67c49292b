//! What rows, lists and tables a role has: the knowledge of `actions.toml` and `tables.toml`.
//!
//! Must not know roles, entities' fields or requests. A newer PSA or another one is more data.

mod name;
mod read;

pub use read::RegistryError;

use crate::{ActionId, EntryId, Level, ListId, Verb};
use name::{fold, nearest, split};
use std::collections::HashMap;

/// A group of actions, as the screens group them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// `Service Desk`.
    pub name: String,
    /// Stable identifier for API answers. Ours: the product's own strings are not public.
    pub identifier: String,
    /// Other spellings found in guides.
    pub aliases: Vec<String>,
}

/// Whether a row can be set to My.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MyLevel {
    /// A source shows it.
    Yes,
    /// A source excludes it.
    No,
    /// No source says; taken.
    Unknown,
}

/// One row of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub id: ActionId,
    /// The module's name: `Service Desk`.
    pub module: String,
    /// The action's name: `Service Tickets`.
    pub name: String,
    /// Other spellings found in guides.
    pub aliases: Vec<String>,
    /// Whether My can be chosen.
    pub my: MyLevel,
    /// Verbs whose cell is greyed out: they stay None.
    pub closed: Vec<Verb>,
    /// The customize list beside the row.
    pub customize: Option<ListId>,
    /// Whether the row opens reports (`reportFlag` in API answers).
    pub report: bool,
    /// Whether this one row reads across all objects, whatever the other rows say.
    pub reads_everything: bool,
    /// The module's stable identifier. Ours: the product's own strings are not public.
    pub module_identifier: String,
    /// The action's stable identifier. Ours, as above.
    pub identifier: String,
    /// Place within the module, from 1.
    pub sort_order: u32,
}

/// A customize list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomizeList {
    pub id: ListId,
    /// `SystemTableSetup`.
    pub identifier: String,
    /// The row that carries it.
    pub action: ActionId,
    /// What its entries are, in words: `configuration types`.
    pub holds: String,
    /// Whether the product fixes the entries (the tables of this registry) or the tenant does.
    pub fixed: bool,
}

/// A table of Table Setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub id: EntryId,
    /// `Service`.
    pub category: String,
    /// `Service Board`.
    pub name: String,
    /// Other names in the same category, or whole `Category / Name` spellings.
    pub aliases: Vec<String>,
    /// API paths without id segments that the table guards: `service/boards/statuses`.
    pub entities: Vec<String>,
    /// How sure the name is: `seen`, `old` or `likely`.
    pub basis: String,
    /// The module the category belongs to: `Service Desk`.
    pub module: String,
    /// Stable identifier for API answers. Ours: the product's own strings are not public.
    pub identifier: String,
}

impl Table {
    /// `Service / Service Board`.
    pub fn full_name(&self) -> String {
        format!("{} / {}", self.category, self.name)
    }

    fn spellings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name)
            .chain(&self.aliases)
            .map(String::as_str)
    }
}

impl Action {
    /// `Service Desk / Service Tickets`.
    pub fn full_name(&self) -> String {
        format!("{} / {}", self.module, self.name)
    }

    /// Whether the cell of the verb can be set to the level. None always can; My wherever no source excludes it.
    pub fn accepts(&self, verb: Verb, level: Level) -> bool {
        match level {
            Level::None => true,
            Level::My => self.my != MyLevel::No && !self.closed.contains(&verb),
            Level::All => !self.closed.contains(&verb),
        }
    }

    /// The levels the verb's cell can be set to, lowest first.
    pub fn levels(&self, verb: Verb) -> impl Iterator<Item = Level> + '_ {
        Level::EVERY
            .into_iter()
            .filter(move |level| self.accepts(verb, *level))
    }
}

/// Every action, customize list and table that a role can name.
#[derive(Debug, Clone)]
pub struct Registry {
    modules: Vec<Module>,
    actions: Vec<Action>,
    lists: Vec<CustomizeList>,
    tables: Vec<Table>,
    table_setup: ActionId,
    table_list: Option<ListId>,
    action_by_name: HashMap<(String, String), ActionId>,
    table_by_name: HashMap<(String, String), EntryId>,
    table_by_entity: HashMap<String, EntryId>,
}

impl Registry {
    /// Reads the registry from data files, given as (file name, text), in their order.
    ///
    /// Strict: an unknown key, a name used twice, or a name that leads nowhere is an error with the
    /// file, the line and, where it helps, the nearest name.
    pub fn read(files: &[(&str, &str)]) -> Result<Registry, RegistryError> {
        read::read(files)
    }

    /// The modules, in the product's order.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The actions, in the product's order; `ActionId` is the index.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The customize lists; `ListId` is the index.
    pub fn lists(&self) -> &[CustomizeList] {
        &self.lists
    }

    /// The tables of Table Setup; `EntryId` is the index.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The action of an id, or nothing for an id of another registry.
    pub fn get(&self, id: ActionId) -> Option<&Action> {
        self.actions.get(usize::from(id.0))
    }

    /// The table of an id.
    pub fn get_table(&self, id: EntryId) -> Option<&Table> {
        self.tables.get(id.0 as usize)
    }

    /// The customize list of an id.
    pub fn get_list(&self, id: ListId) -> Option<&CustomizeList> {
        self.lists.get(usize::from(id.0))
    }

    /// The row in front of all tables. [`ActionId::NOWHERE`] where the data has no tables.
    pub fn table_setup(&self) -> ActionId {
        self.table_setup
    }

    /// The list that holds the tables. Nothing where the data has no tables.
    pub fn table_list(&self) -> Option<ListId> {
        self.table_list
    }

    /// Finds an action by the names of its module and itself: canonical or alias, in any case, with
    /// any dashes and blanks.
    pub fn action(&self, module: &str, action: &str) -> Option<ActionId> {
        let key = (fold(module), fold(action));
        self.action_by_name.get(&key).copied()
    }

    /// The action whose name is spelled most alike, within the module where the module is known.
    pub fn nearest_action(&self, module: &str, action: &str) -> Option<&Action> {
        let wanted = fold(module);
        let within = self
            .modules
            .iter()
            .find(|m| fold(&m.name) == wanted || m.aliases.iter().any(|a| fold(a) == wanted));
        let names = self.actions.iter().filter(|a| match within {
            Some(module) => a.module == module.name,
            None => true,
        });
        nearest(
            action,
            names.flat_map(|a| {
                let spellings = std::iter::once(&a.name).chain(&a.aliases);
                spellings.map(move |name| (name.as_str(), a))
            }),
        )
    }

    /// Finds a table by `Category / Name`: canonical or alias, in any case, with any dashes and
    /// blanks.
    pub fn table(&self, full_name: &str) -> Option<EntryId> {
        let (category, name) = split(full_name)?;
        let key = (fold(category), fold(name));
        self.table_by_name.get(&key).copied()
    }

    /// The table whose name is spelled most alike: one of exactly that name in any category, else
    /// within the category where the category is known.
    pub fn nearest_table(&self, full_name: &str) -> Option<&Table> {
        let (category, name) = split(full_name).unwrap_or(("", full_name));
        // Under Company, people write Type for Company Type.
        let doubled = format!("{category} / {category} {name}");
        if let Some(table) = self.table(&doubled).and_then(|id| self.get_table(id)) {
            return Some(table);
        }
        let (category, exact) = (fold(category), fold(name));
        let is_exact = |t: &&Table| t.spellings().any(|s| fold(s) == exact);
        let is_within = |t: &&Table| fold(&t.category) == category;
        let any = |narrow: &dyn Fn(&&Table) -> bool| self.tables.iter().any(|t| narrow(&t));
        let narrow: &dyn Fn(&&Table) -> bool = match () {
            () if any(&is_exact) => &is_exact,
            () if any(&is_within) => &is_within,
            () => &|_| true,
        };
        let tables = self.tables.iter().filter(narrow);
        nearest(
            name,
            tables.flat_map(|t| t.spellings().map(move |name| (name, t))),
        )
    }

    /// The table that guards an API path without id segments: `service/boards/statuses`. Ignores
    /// case and slashes at the ends.
    pub fn table_guarding(&self, entity: &str) -> Option<EntryId> {
        self.table_by_entity.get(&entity_key(entity)).copied()
    }

    /// Finds a customize list by its identifier, in any case.
    pub fn list(&self, identifier: &str) -> Option<ListId> {
        let found = self
            .lists
            .iter()
            .find(|l| l.identifier.eq_ignore_ascii_case(identifier));
        found.map(|l| l.id)
    }

    /// The identifier spelled most alike.
    pub(crate) fn nearest_list(&self, identifier: &str) -> Option<&CustomizeList> {
        nearest(
            identifier,
            self.lists.iter().map(|l| (l.identifier.as_str(), l)),
        )
    }
}

fn entity_key(entity: &str) -> String {
    entity.trim_matches('/').to_lowercase()
}
