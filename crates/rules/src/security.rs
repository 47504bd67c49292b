//! What callers read about rights: their own effective rows and customize entries, the rows of a role, and
//! the catalogue of setup screens. All of it is worked out from the registry and the role, nothing is
//! stored. Knows nothing of members' records.

use bitting_catalog::entity::Entity;
use bitting_policy::{
    Action, CustomizeList, Level, Levels, List, ListDocument, Registry, Role, Verb,
};
use bitting_psa::context::Context;
use bitting_psa::row::Row;
use bitting_query::Value;
use std::collections::BTreeSet;

/// The columns of the four levels, in the order of [`Verb::EVERY`].
const LEVELS: [&str; 4] = ["add_level", "edit_level", "delete_level", "inquire_level"];

/// What the caller may do, row by row: the admin flag opens every cell that can be opened, an inactive role
/// closes all, and a row without Inquire opens nothing.
pub fn my_rows(context: Context<'_>) -> Vec<Row> {
    let role = &context.caller.role;
    let mut rows = rows(context.instance.registry(), role, effective);
    for row in &mut rows {
        row.set("member_id", Value::Integer(context.caller.member));
    }
    rows
}

/// The rows of the role in the path, as they are set.
pub fn role_rows(context: Context<'_>, entity: &Entity) -> Vec<Row> {
    let Some(id) = context.parents.last() else {
        return Vec::new();
    };
    let role = context.instance.role(*id);
    let mut rows = rows(context.instance.registry(), &role, |role, action| {
        role.levels(action.id)
    });
    if let Some(parent) = entity.parents.last() {
        for row in &mut rows {
            row.set(&parent.column, Value::Integer(*id));
        }
    }
    rows
}

/// The entries that the caller's customize lists let through, one row each. Only a list that restricts
/// (`restrictFlag` in the caller's rows) has entries here: of an allow-list those it names, of a deny-list of
/// setup tables all others. The entries that a deny-list of tenant data leaves are not spelled out, since
/// they grow with the tenant's data.
pub fn my_items(context: Context<'_>) -> Vec<Row> {
    let (registry, role) = (context.instance.registry(), &context.caller.role);
    let mut rows = Vec::new();
    let mut taken = BTreeSet::new();
    if role.admin || role.inactive {
        return rows;
    }
    for list in registry.lists() {
        for item in items(registry, role, list) {
            let mut row = Row::new(stable_id(
                &format!("{}/{item}", list.identifier),
                &mut taken,
            ));
            row.set_text("customize_identifier", list.identifier.clone());
            row.set_text("item_identifier", item);
            rows.push(row);
        }
    }
    rows
}

/// The tables of Table Setup: their screens, by category and name.
pub fn screens(registry: &Registry) -> Vec<Row> {
    let mut taken = BTreeSet::new();
    let tables = registry.tables().iter();
    tables
        .map(|table| {
            let mut row = Row::new(stable_id(&table.identifier, &mut taken));
            row.set_text("category", table.category.clone());
            row.set_text("name", table.name.clone());
            row.set_text("description", table.full_name());
            row.set_text("module_name", table.module.clone());
            row.set_text("module_description", table.module.clone());
            let module = registry
                .modules()
                .iter()
                .find(|module| module.name == table.module);
            if let Some(module) = module {
                row.set_text("module_identifier", module.identifier.clone());
            }
            row
        })
        .collect()
}

/// One row per action in the order of the screen, with the levels that `levels` tells.
fn rows(registry: &Registry, role: &Role, levels: impl Fn(&Role, &Action) -> Levels) -> Vec<Row> {
    let mut taken = BTreeSet::new();
    let actions = registry.actions().iter();
    actions
        .map(|action| {
            let mut row = Row::new(stable_id(
                &format!("{}/{}", action.module_identifier, action.identifier),
                &mut taken,
            ));
            for (column, level) in LEVELS.into_iter().zip(levels(role, action)) {
                row.set_text(column, level.as_str());
            }
            row.set_text("module_function_name", action.name.clone());
            row.set_text("module_function_description", action.name.clone());
            row.set_text("module_function_identifier", action.identifier.clone());
            row.set_text("module_name", action.module.clone());
            row.set_text("module_description", action.module.clone());
            row.set_text("module_identifier", action.module_identifier.clone());
            row.set("my_all_flag", Value::Boolean(accepts_my(action)));
            row.set("report_flag", Value::Boolean(action.report));
            row.set("custom_flag", Value::Boolean(action.customize.is_some()));
            let restricted = !role.admin
                && action.customize.is_some_and(|list| {
                    role.list_document(registry, list) != ListDocument::Everything
                });
            row.set("restrict_flag", Value::Boolean(restricted));
            row.set("sort_order", Value::Integer(i64::from(action.sort_order)));
            row
        })
        .collect()
}

fn accepts_my(action: &Action) -> bool {
    Verb::EVERY
        .into_iter()
        .any(|verb| action.accepts(verb, Level::My))
}

fn effective(role: &Role, action: &Action) -> Levels {
    if role.inactive {
        return [Level::None; 4];
    }
    if role.admin {
        return Verb::EVERY.map(|verb| {
            if action.accepts(verb, Level::All) {
                Level::All
            } else {
                Level::None
            }
        });
    }
    let levels = role.levels(action.id);
    if levels[Verb::Inquire.index()] == Level::None {
        return [Level::None; 4];
    }
    levels
}

/// Identifiers of the entries a list lets through, where the list restricts and they can be told.
fn items(registry: &Registry, role: &Role, list: &CustomizeList) -> Vec<String> {
    if Some(list.id) == registry.table_list() {
        if *role.tables() == List::Everything {
            return Vec::new();
        }
        let tables = registry.tables().iter();
        return tables
            .filter(|table| role.lists_table(table.id))
            .map(|table| table.identifier.clone())
            .collect();
    }
    match role.list(registry, list.id) {
        Some(List::Allow(names)) => names.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// An id that stays the same when rows are added to the data: made from the identifier, within what
/// clients hold in 32 bits. Two that fall together are told apart in the order of the data.
pub(super) fn stable_id(identifier: &str, taken: &mut BTreeSet<i64>) -> i64 {
    let hash = identifier.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let mut id = i64::from(hash & 0x3fff_ffff).max(1);
    while !taken.insert(id) {
        id += 1;
    }
    id
}
