//! `bitting key`: key pairs of API members. The private key is handed over once: to a file that only its
//! owner reads, to a command, or to the terminal if that is asked for.

use super::{key_rotate, member};
use crate::autotask::manage::Area;
use crate::connection::{Connection, Target};
use crate::forms::{moment, whole};
use crate::handover::{Delivery, Handover, KEY_COLUMNS};
use crate::table;
use anyhow::{Result, bail};
use clap::{ArgGroup, Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// Key pairs of API members.
#[derive(Args)]
pub struct Key {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Subcommand)]
enum Action {
    /// List the keys of a member, or of all.
    List {
        /// Member id, name or number; Autotask: name, e-mail address or user name.
        member: Option<String>,
    },
    /// Cut a key pair.
    #[command(group = ArgGroup::new("to").required(true).args(["key_file", "pipe", "show"]))]
    New {
        /// Member id, name or number; Autotask: name, e-mail address or user name.
        member: String,
        /// What the key is for; Autotask's keys have no description.
        #[arg(long, required_unless_present = "autotask")]
        description: Option<String>,
        /// When it stops working: a day, 2030-01-01, to whose end in UTC it works, or a moment with its zone,
        /// 2030-01-01T08:00:00Z.
        #[arg(long, value_name = "WHEN", value_parser = moment)]
        expires: Option<String>,
        #[command(flatten)]
        handover: Handover,
    },
    /// Cut a new pair, prove it, then take the old ones away: there is no gap.
    Rotate(key_rotate::Rotate),
    /// Take a key away for good.
    Revoke {
        /// Id of the key; Autotask: also its user name.
        id: String,
    },
    /// Make a key stop working for now.
    Deactivate {
        /// Id of the key, as `bitting key list` shows it.
        #[arg(value_parser = whole::<i64>(1..=i64::MAX, 3))]
        id: i64,
    },
    /// Make it work again.
    Activate {
        /// Id of the key.
        #[arg(value_parser = whole::<i64>(1..=i64::MAX, 3))]
        id: i64,
    },
}

impl Key {
    pub fn run(self) -> Result<()> {
        let json = self.target.json;
        if let Some(connection) = self.target.for_autotask()? {
            return on_autotask(&Area::new(&connection, json), self.action);
        }
        let connection = self.target.connect()?;
        match self.action {
            Action::List { member } => {
                let path = match member {
                    None => "system/keys".to_owned(),
                    Some(word) => format!(
                        "system/apiMembers/{}/keys",
                        member::find(&connection, &word)?["id"]
                    ),
                };
                let keys = connection.own(Method::GET, &path, None)?;
                table::print(
                    keys.as_array().map_or(&[], Vec::as_slice),
                    &KEY_COLUMNS,
                    json,
                )
            }
            Action::New {
                member,
                description,
                expires,
                handover,
            } => {
                handover.new_file()?;
                let id = member::find(&connection, &member)?["id"].clone();
                let body = json!({ "description": description, "expires": expires });
                let made = connection.own(
                    Method::POST,
                    &format!("system/apiMembers/{id}/keys"),
                    Some(&body),
                )?;
                let handed = handover.hand(&Delivery::of(&connection), &made, &KEY_COLUMNS, json);
                let Err(error) = handed else { return Ok(()) };
                // A key whose private half nobody holds must not lie around.
                let path = format!("system/keys/{}", made["id"]);
                let left = match connection.own(Method::DELETE, &path, None) {
                    Ok(_) => "the key just cut was revoked".to_owned(),
                    Err(_) => format!(
                        "the key just cut is still there; `bitting key revoke {}`",
                        made["id"]
                    ),
                };
                Err(error.context(left))
            }
            Action::Rotate(rotate) => rotate.run(&connection, json),
            Action::Revoke { id } => {
                connection.own(Method::DELETE, &format!("system/keys/{id}"), None)?;
                Ok(())
            }
            Action::Deactivate { id } => activity(&connection, id, true, json),
            Action::Activate { id } => activity(&connection, id, false, json),
        }
    }
}

/// The form of an API user says what it is for by its name.
const NO_DESCRIPTION: &str = "Autotask's keys have no description: an API user has a name of its own, which says what its key is for. Leave \
                              --description out";

/// The same commands on an Autotask instance.
fn on_autotask(area: &Area<'_>, action: Action) -> Result<()> {
    match action {
        Action::List { member } => area.keys(member.as_deref()),
        Action::New {
            description: Some(_),
            ..
        } => bail!("{NO_DESCRIPTION}"),
        Action::New {
            expires: Some(_), ..
        } => {
            bail!(
                "Autotask's keys do not expire, so --expires says nothing here; lock the user instead: bitting member lock USER --autotask"
            )
        }
        Action::New {
            member, handover, ..
        } => area.new_key(&member, &handover),
        Action::Rotate(rotate) if rotate.description.is_some() => bail!("{NO_DESCRIPTION}"),
        Action::Rotate(rotate) => area.rotate(&rotate.member, &rotate.handover, rotate.keep),
        Action::Revoke { id } => area.revoke(&id),
        Action::Deactivate { .. } | Action::Activate { .. } => {
            bail!("Autotask locks the user, not a key: bitting member lock USER --autotask")
        }
    }
}

fn activity(connection: &Connection, id: i64, inactive: bool, json: bool) -> Result<()> {
    let body = json!({ "inactiveFlag": inactive });
    let key = connection.own(Method::PATCH, &format!("system/keys/{id}"), Some(&body))?;
    table::print_one(&key, &KEY_COLUMNS, json)
}
