//! `bitting role`: security roles with their levels and customize lists.

use crate::connection::{Connection, Target};
use crate::table;
use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};

const ROLES: &str = "system/securityroles";

/// Security roles: their levels by module and action, and their customize lists.
#[derive(Args)]
pub struct Role {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Subcommand)]
enum Action {
    /// List the roles.
    List,
    /// Show what a role grants.
    Show { role: String },
    /// Make a role that is None everywhere.
    Create {
        name: String,
        /// Give it every right.
        #[arg(long)]
        admin: bool,
    },
    /// Set levels of one action, for example: role set Umbrella "Companies / Configurations" --edit All.
    Set {
        role: String,
        /// Module and action, `Service Desk / Service Tickets`.
        action: String,
        #[arg(long)]
        add: Option<Level>,
        #[arg(long)]
        edit: Option<Level>,
        #[arg(long)]
        delete: Option<Level>,
        #[arg(long)]
        inquire: Option<Level>,
    },
    /// Set a customize list, for example: role list-set Umbrella SystemTableSetup allow "Service / Priority".
    ListSet {
        role: String,
        /// Identifier of the list, `SystemTableSetup`.
        list: String,
        mode: Mode,
        entries: Vec<String>,
    },
    /// Make a role with the levels and lists of another.
    Copy { role: String, name: String },
    /// Delete a role that no member holds.
    Delete { role: String },
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum Level {
    None,
    My,
    All,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Allow,
    Deny,
    All,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::My => "My",
            Self::All => "All",
        }
    }
}

impl Role {
    pub fn run(self) -> Result<()> {
        let connection = self.target.connect()?;
        let json = self.target.json;
        match self.action {
            Action::List => {
                let rows = connection.all(ROLES)?;
                let columns = [
                    ("ID", "id"),
                    ("NAME", "name"),
                    ("ADMIN", "adminFlag"),
                    ("INACTIVE", "inactiveFlag"),
                ];
                table::print(&rows, &columns, json)
            }
            Action::Show { role } => show(&connection, &role, json),
            Action::Create { name, admin } => {
                let body = json!({ "name": name, "adminFlag": admin });
                let made = connection.psa(Method::POST, ROLES, Some(&body))?;
                table::print_one(
                    &made,
                    &[("id", "id"), ("name", "name"), ("admin", "adminFlag")],
                    json,
                )
            }
            Action::Set {
                role,
                action,
                add,
                edit,
                delete,
                inquire,
            } => {
                set(&connection, &role, &action, [add, edit, delete, inquire])?;
                show(&connection, &role, json)
            }
            Action::ListSet {
                role,
                list,
                mode,
                entries,
            } => {
                let id = id(&connection, &role)?;
                let body = match mode {
                    Mode::All => json!("everything"),
                    Mode::Allow => json!({ "allow": entries }),
                    Mode::Deny => json!({ "deny": entries }),
                };
                connection.own(
                    Method::PUT,
                    &format!("{ROLES}/{id}/customizeLists/{list}"),
                    Some(&body),
                )?;
                show(&connection, &role, json)
            }
            Action::Copy { role, name } => {
                let from = id(&connection, &role)?;
                let document =
                    connection.own(Method::GET, &format!("{ROLES}/{from}/document"), None)?;
                let body = json!({ "name": name, "adminFlag": document["admin"] });
                let made = connection.psa(Method::POST, ROLES, Some(&body))?;
                let to = made["id"].as_i64().unwrap_or_default();
                connection.own(
                    Method::PUT,
                    &format!("{ROLES}/{to}/document"),
                    Some(&document),
                )?;
                show(&connection, &name, json)
            }
            Action::Delete { role } => {
                let id = id(&connection, &role)?;
                connection.psa(Method::DELETE, &format!("{ROLES}/{id}"), None)?;
                Ok(())
            }
        }
    }
}

fn id(connection: &Connection, role: &str) -> Result<i64> {
    let found = connection.find(ROLES, &["name"], role, "security role")?;
    Ok(found["id"].as_i64().unwrap_or_default())
}

fn set(
    connection: &Connection,
    role: &str,
    action: &str,
    levels: [Option<Level>; 4],
) -> Result<()> {
    let Some((module, action)) = action.split_once('/') else {
        bail!(
            "'{action}' names no action; write module and action, for example \"Service Desk / Service Tickets\""
        );
    };
    let mut body = json!({ "module": module.trim(), "action": action.trim() });
    let names = ["addLevel", "editLevel", "deleteLevel", "inquireLevel"];
    for (name, level) in names.iter().zip(levels) {
        if let Some(level) = level {
            body[*name] = json!(level.word());
        }
    }
    let id = id(connection, role)?;
    connection.own(Method::PATCH, &format!("{ROLES}/{id}/levels"), Some(&body))?;
    Ok(())
}

fn show(connection: &Connection, role: &str, json: bool) -> Result<()> {
    let id = id(connection, role)?;
    let document = connection.own(Method::GET, &format!("{ROLES}/{id}/document"), None)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&document)?);
        return Ok(());
    }
    println!(
        "{} (id {id})",
        document["name"].as_str().unwrap_or_default()
    );
    if document["admin"] == true {
        println!("Admin: every right.");
    }
    let rows = document["rows"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() {
        println!("None on every action.");
    } else {
        let columns = [
            ("MODULE", "module"),
            ("ACTION", "action"),
            ("ADD", "add"),
            ("EDIT", "edit"),
            ("DELETE", "delete"),
            ("INQUIRE", "inquire"),
        ];
        table::print(&rows, &columns, false)?;
    }
    for (list, value) in document["lists"].as_object().into_iter().flatten() {
        let (mode, entries) = value
            .as_object()
            .and_then(|object| object.iter().next())
            .map_or(("everything", &Value::Null), |(mode, entries)| {
                (mode.as_str(), entries)
            });
        let entries: Vec<&str> = entries
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        println!("{list}: {mode} {}", entries.join(", "));
    }
    Ok(())
}
