//! What is known of Autotask beforehand: the permissions of the screen and what each entity needs. Cells of a
//! level by name, and how far a level lets its holder go with an entity.

use bitting_catalog::entity::Entity;
use bitting_catalog::security::{Cell, Permission, Permissions, SecurityLevel};
use bitting_catalog::served::Act;
use bitting_catalog::{Catalog, CatalogError};
use bitting_policy::{ActionId, Decision, Level, Needs, Registry, Role, Verb, decide};

/// Columns of a permission, in the screen's order. `value` is the one cell of a dropdown, check or number.
pub const CELLS: [&str; 5] = ["value", "view", "add", "edit", "delete"];

/// The knowledge that all steps share.
pub struct Screen {
    pub permissions: Permissions,
    pub registry: Registry,
    pub catalog: Catalog,
}

/// How far somebody may go: what entityInformation says of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Restricted,
    All,
}

impl Access {
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "None" => Some(Self::None),
            "Restricted" => Some(Self::Restricted),
            "All" => Some(Self::All),
            _ => None,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Restricted => "Restricted",
            Self::All => "All",
        }
    }
}

impl Screen {
    /// The shipped knowledge.
    pub fn embedded() -> Result<Self, CatalogError> {
        let (permissions, registry, catalog) = Catalog::autotask()?;
        Ok(Self {
            permissions,
            registry,
            catalog,
        })
    }

    /// What a cell stands at: the least value where the level says nothing.
    pub fn value(&self, level: &SecurityLevel, entry: &Permission, cell: &str) -> String {
        let set = level.settings.get(&entry.full_name()).and_then(|values| {
            let cells = values.cells();
            let found = cells.into_iter().find(|(name, _)| *name == cell);
            found.and_then(|(_, value)| value.clone())
        });
        set.unwrap_or_else(|| least(entry, cell))
    }

    /// Every cell that can be set: permission and column.
    pub fn cells(&self) -> impl Iterator<Item = (&Permission, &'static str)> {
        self.permissions.entries.iter().flat_map(|entry| {
            CELLS
                .into_iter()
                .filter(|cell| settable(entry, cell))
                .map(move |cell| (entry, cell))
        })
    }

    /// The role that a level amounts to, as decisions are made in.
    pub fn role(
        &self,
        level: &SecurityLevel,
    ) -> Result<Role, bitting_catalog::security::LevelError> {
        self.permissions.role(&self.registry, 0, level)
    }

    /// How far a role lets its holder go with an entity, as far as the level decides it.
    pub fn access(&self, role: &Role, entity: &Entity, act: Act) -> Access {
        let can = entity
            .served
            .as_ref()
            .is_some_and(|served| served.can.does(act));
        if can {
            self.reach(role, entity, act, 6)
        } else {
            Access::None
        }
    }

    fn reach(&self, role: &Role, entity: &Entity, act: Act, depth: u32) -> Access {
        let (needs, verb) = needs(entity, act);
        let mut access = match decide(role, needs, verb) {
            Decision::Denied(_) => return Access::None,
            Decision::Mine => Access::Restricted,
            Decision::All => Access::All,
        };
        let Some(served) = &entity.served else {
            return Access::None;
        };
        if served.rows.classes.is_some() {
            // Rows fall under the permission of their class: all of them must be open.
            let closed = actions(needs).into_iter().any(|action| {
                self.permission(action)
                    .is_some_and(|entry| !entry.classes.is_empty())
                    && role.level(action, verb) != Level::All
            });
            if closed {
                access = Access::Restricted;
            }
        }
        let through = served.rows.through.iter();
        let targets = through.filter_map(|field| entity.fields[*field].target());
        for target in targets.filter(|_| depth > 0) {
            let target = self.catalog.entity(target);
            if self.reach(role, target, Act::Query, depth - 1) != Access::All {
                access = access.min(Access::Restricted);
            }
        }
        if let Act::Update | Act::Delete = act {
            // What is out of sight cannot be changed, whatever the level says of changing it.
            if self.reach(role, entity, Act::Query, depth) != Access::All {
                access = access.min(Access::Restricted);
            }
        }
        // Some rows show only with a check of their own.
        let flags = entity.extra_rights.iter();
        let hidden = flags
            .filter(|(name, _)| name.starts_with("rows "))
            .any(|(_, right)| {
                matches!(
                    decide(role, &right.needs, Verb::Inquire),
                    Decision::Denied(_)
                )
            });
        if hidden || served.restricted.contains(&act) {
            access = access.min(Access::Restricted);
        }
        access
    }

    /// The permission behind an action of the registry.
    pub fn permission(&self, action: ActionId) -> Option<&Permission> {
        let row = self.registry.get(action)?;
        self.permissions.deciding(&row.module, &row.name)
    }
}

/// What an operation needs, and the verb that decides it.
pub fn needs(entity: &Entity, act: Act) -> (&Needs, Verb) {
    let right = entity.extra_rights.get(act.word()).unwrap_or(&entity.right);
    let asked = entity.served.as_ref().and_then(|served| {
        let found = served.asks.iter().find(|(asked, _)| *asked == act);
        found.map(|(_, verb)| *verb)
    });
    (&right.needs, asked.unwrap_or(act).verb())
}

/// The actions that needs speak of.
pub fn actions(needs: &Needs) -> Vec<ActionId> {
    match needs {
        Needs::Action(action) => vec![*action],
        Needs::Every(parts) | Needs::Either(parts) => parts.iter().flat_map(actions).collect(),
        Needs::Anyone | Needs::AnyMember | Needs::Table(_) => Vec::new(),
    }
}

/// The columns of a permission that decide a verb.
pub fn columns(entry: &Permission, verb: Verb) -> Vec<&'static str> {
    if entry.value.is_some() || entry.number.is_some() {
        return vec!["value"];
    }
    let (name, cell) = match verb {
        Verb::Inquire => ("view", &entry.view),
        Verb::Add => ("add", &entry.add),
        Verb::Edit => ("edit", &entry.edit),
        Verb::Delete => ("delete", &entry.delete),
    };
    match cell {
        Some(Cell::Values(_)) => vec![name],
        Some(Cell::Follows(other)) if other == "any" => CELLS
            .into_iter()
            .filter(|cell| settable(entry, cell))
            .collect(),
        Some(Cell::Follows(other)) => CELLS.into_iter().filter(|cell| cell == other).collect(),
        None => Vec::new(),
    }
}

/// Whether the screen has this cell.
pub fn settable(entry: &Permission, cell: &str) -> bool {
    !entry.values(cell).is_empty() || cell == "value" && entry.number.is_some()
}

/// What a cell stands at when nothing is granted.
pub fn least(entry: &Permission, cell: &str) -> String {
    match entry.values(cell).first() {
        Some(value) => value.clone(),
        None => "0".to_owned(),
    }
}

/// How much a value grants, 0 for the least; nothing for a value that the cell does not take.
pub fn rank(entry: &Permission, cell: &str, value: &str) -> Option<usize> {
    if entry.number.is_some() && cell == "value" {
        return value.parse().ok();
    }
    entry.values(cell).iter().position(|known| known == value)
}

/// A column as the screen heads it; the one cell of a dropdown or check has no head.
pub fn head(cell: &str) -> &'static str {
    match cell {
        "view" => "View",
        "add" => "Add",
        "edit" => "Edit",
        "delete" => "Delete",
        _ => "",
    }
}

/// `CRM > Object Permissions > Tickets`
pub fn path(entry: &Permission) -> String {
    format!("{} > {} > {}", entry.section, entry.subsection, entry.name)
}
