//! Reads `roles.toml`: security roles by name, cells by module and action. Does not know which modules
//! and actions there are; whoever applies a role checks that.

use super::error::DemoError;
use super::tables::{only, strings};
use toml::{Table, Value};

/// A security role: the cells that are not None, and its customize lists.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleRecipe {
    pub name: String,
    pub admin: bool,
    pub cells: Vec<CellRecipe>,
    pub lists: Vec<ListRecipe>,
}

/// One row of a role. Levels are `None`, `My` or `All`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRecipe {
    pub module: String,
    pub action: String,
    pub add: String,
    pub edit: String,
    pub delete: String,
    pub inquire: String,
}

/// One customize list of a role; a role without an entry for a list allows all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRecipe {
    /// `SystemTableSetup`
    pub list: String,
    /// Whether `entries` are what is allowed, or what is denied.
    pub allow: bool,
    pub entries: Vec<String>,
}

const VERBS: [&str; 4] = ["add", "edit", "delete", "inquire"];
const LEVELS: [&str; 3] = ["None", "My", "All"];

pub(super) fn read(file: &str, table: &Table) -> Result<Vec<RoleRecipe>, DemoError> {
    let mut roles = Vec::new();
    for (name, value) in table {
        let Value::Table(role) = value else {
            return Err(DemoError::new(file, "a role must be a table").entity(name));
        };
        roles.push(role_of(file, name, role).map_err(|error| error.entity(name))?);
    }
    Ok(roles)
}

fn role_of(file: &str, name: &str, role: &Table) -> Result<RoleRecipe, DemoError> {
    only(file, role, &["admin", "cells", "lists"])?;
    let admin = role
        .get("admin")
        .is_some_and(|flag| flag.as_bool() == Some(true));
    let mut cells = Vec::new();
    for (module, actions) in table_at(file, role, "cells")? {
        let actions = actions
            .as_table()
            .ok_or_else(|| DemoError::new(file, "a module must be a table").field(module))?;
        for (action, levels) in actions {
            let at = format!("{module} / {action}");
            cells.push(cell(file, module, action, levels).map_err(|error| error.field(&at))?);
        }
    }
    let mut lists = Vec::new();
    for (list, value) in table_at(file, role, "lists")? {
        let value = value
            .as_table()
            .ok_or_else(|| DemoError::new(file, "a list must be a table").field(list))?;
        let allow = value.contains_key("allow");
        let key = if allow { "allow" } else { "deny" };
        only(file, value, &[key]).map_err(|error| error.field(list))?;
        let entries = strings(file, key, value.get(key)).map_err(|error| error.field(list))?;
        lists.push(ListRecipe {
            list: list.clone(),
            allow,
            entries,
        });
    }
    Ok(RoleRecipe {
        name: name.to_owned(),
        admin,
        cells,
        lists,
    })
}

fn table_at<'a>(
    file: &str,
    role: &'a Table,
    key: &str,
) -> Result<Vec<(&'a String, &'a Value)>, DemoError> {
    match role.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Table(table)) => Ok(table.iter().collect()),
        Some(_) => Err(DemoError::new(file, format!("`{key}` must be a table"))),
    }
}

fn cell(file: &str, module: &str, action: &str, levels: &Value) -> Result<CellRecipe, DemoError> {
    let levels = levels
        .as_table()
        .ok_or_else(|| DemoError::new(file, "a cell must be a table of verbs and levels"))?;
    only(file, levels, &VERBS)?;
    let level = |verb: &str| match levels.get(verb) {
        None => Ok("None".to_owned()),
        Some(Value::String(level)) if LEVELS.contains(&level.as_str()) => Ok(level.clone()),
        Some(other) => Err(DemoError::new(
            file,
            format!("`{verb}` is {other}; a level is None, My or All"),
        )),
    };
    Ok(CellRecipe {
        module: module.to_owned(),
        action: action.to_owned(),
        add: level("add")?,
        edit: level("edit")?,
        delete: level("delete")?,
        inquire: level("inquire")?,
    })
}
