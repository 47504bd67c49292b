//! `bitting role`: security roles with their levels and customize lists.

use crate::autotask::manage::Area;
use crate::connection::{Connection, Target};
use crate::table;
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};

const ROLES: &str = "system/securityroles";

/// Security roles: their levels by module and action, and their customize lists. With --autotask, security
/// levels.
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
    Show {
        /// Name or id of the role; Autotask: of the security level.
        role: String,
    },
    /// Make a role that is None everywhere.
    Create {
        /// Name of the new role.
        name: String,
        /// Give it every right.
        #[arg(long)]
        admin: bool,
    },
    /// Set levels of one action, for example: role set Umbrella "Companies / Configurations" --edit All.
    Set {
        /// Name or id of the role; Autotask: of the security level.
        role: String,
        /// Module and action, `Service Desk / Service Tickets`; Autotask: section and setting, `CRM / To-Dos`.
        action: String,
        /// None, My or All; Autotask: a value of the cell.
        #[arg(long, value_name = "LEVEL")]
        add: Option<String>,
        /// The same.
        #[arg(long, value_name = "LEVEL")]
        edit: Option<String>,
        /// The same.
        #[arg(long, value_name = "LEVEL")]
        delete: Option<String>,
        /// The same; Add, Edit and Delete need it. Autotask calls it View.
        #[arg(long, value_name = "LEVEL", conflicts_with = "view")]
        inquire: Option<String>,
        /// Autotask: All, Mine, None ...
        #[arg(long, requires = "autotask")]
        view: Option<String>,
        /// Autotask: value of a scope, dropdown, check or number.
        #[arg(long, requires = "autotask")]
        value: Option<String>,
    },
    /// Autotask: press No Permission on every section of a level.
    Clear {
        /// Name or id of the security level.
        role: String,
    },
    /// Autotask: say whether API users may act as the people that hold a level.
    Impersonation {
        /// Name or id of the security level.
        role: String,
        /// Whether they may.
        consent: Consent,
    },
    /// Set a customize list, for example: role list-set Umbrella SystemTableSetup allow "Service / Priority".
    ListSet {
        /// Name or id of the role.
        role: String,
        /// Identifier of the list, `SystemTableSetup`.
        list: String,
        /// Only these entries, all but these, or all.
        mode: Mode,
        /// Names on the list, for example "Service / Priority"; none with `all`.
        entries: Vec<String>,
    },
    /// Make a role with the levels and lists of another.
    Copy {
        /// Name or id of the role; Autotask: of the security level.
        role: String,
        /// Name of the new one.
        name: String,
    },
    /// Delete a role that no member holds.
    Delete {
        /// Name or id of the role; Autotask: of the security level.
        role: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Allow,
    Deny,
    All,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Consent {
    Allow,
    Refuse,
}

/// A level as the API writes it, however its letters are cased.
fn level(word: &str) -> Result<&'static str> {
    ["None", "My", "All"]
        .into_iter()
        .find(|level| level.eq_ignore_ascii_case(word))
        .with_context(|| format!("there is no level `{word}`; choose None, My or All"))
}

impl Role {
    pub fn run(self) -> Result<()> {
        let json = self.target.json;
        if let Some(connection) = self.target.for_autotask()? {
            return on_autotask(&Area::new(&connection, json), self.action);
        }
        let connection = self.target.connect()?;
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
                ..
            } => {
                set(&connection, &role, &action, [add, edit, delete, inquire])?;
                show(&connection, &role, json)
            }
            Action::Clear { .. } => {
                bail!("No Permission is a button of Autotask; add --autotask, or make a new role")
            }
            Action::Impersonation { .. } => {
                bail!("nobody acts as somebody else on ConnectWise; add --autotask")
            }
            Action::ListSet {
                role,
                list,
                mode,
                entries,
            } => {
                if matches!(mode, Mode::All) && !entries.is_empty() {
                    bail!("`all` takes no names: leave them out, or say `allow` or `deny`");
                }
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

/// The same commands on an Autotask instance.
fn on_autotask(area: &Area<'_>, action: Action) -> Result<()> {
    match action {
        Action::List => area.levels(),
        Action::Show { role } => area.show_level(&role),
        Action::Copy { role, name } => area.copy_level(&role, &name),
        Action::Create { .. } => bail!(
            "a security level begins as a copy: bitting role copy \"API User (system) (API-only)\" NAME --autotask"
        ),
        Action::Set {
            role,
            action,
            add,
            edit,
            delete,
            inquire,
            view,
            value,
        } => {
            let view = view.or(inquire);
            let cells = [
                ("value", value.as_deref()),
                ("view", view.as_deref()),
                ("add", add.as_deref()),
                ("edit", edit.as_deref()),
                ("delete", delete.as_deref()),
            ];
            area.set_level(&role, &action, &cells)
        }
        Action::Clear { role } => area.clear_level(&role),
        Action::Delete { role } => area.delete_level(&role),
        Action::Impersonation { role, consent } => {
            area.allow_impersonation(&role, consent == Consent::Allow)
        }
        Action::ListSet { .. } => bail!("Autotask has no customize lists"),
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
    levels: [Option<String>; 4],
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
            body[*name] = json!(self::level(&level)?);
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
