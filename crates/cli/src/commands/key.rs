//! `bitting key`: key pairs of API members. The private key is handed over once: to a file that only its
//! owner reads, to a command, or to the terminal if that is asked for.

use super::member;
use crate::connection::{Connection, Target};
use crate::{private_file, table};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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
    List { member: Option<String> },
    /// Cut a key pair.
    New {
        member: String,
        /// What the key is for.
        #[arg(long)]
        description: String,
        /// When it stops working, ISO 8601.
        #[arg(long)]
        expires: Option<String>,
        #[command(flatten)]
        handover: Handover,
    },
    /// Take a key away for good.
    Revoke { id: i64 },
    /// Make a key stop working for now.
    Deactivate { id: i64 },
    /// Make it work again.
    Activate { id: i64 },
}

/// Where the private key goes.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Handover {
    /// Write connection and keys to this file as JSON, mode 0600.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Hand the same JSON to this command's standard input.
    #[arg(long, value_name = "COMMAND")]
    pipe: Option<String>,
    /// Show the private key on the terminal, once.
    #[arg(long)]
    show: bool,
}

const COLUMNS: [(&str, &str); 8] = [
    ("ID", "id"),
    ("MEMBER", "memberId"),
    ("DESCRIPTION", "description"),
    ("PUBLIC KEY", "publicKey"),
    ("CREATED", "created"),
    ("LAST USED", "lastUsed"),
    ("EXPIRES", "expires"),
    ("INACTIVE", "inactiveFlag"),
];

impl Key {
    pub fn run(self) -> Result<()> {
        let connection = self.target.connect()?;
        let json = self.target.json;
        match self.action {
            Action::List { member } => {
                let path = match member {
                    None => "system/keys".to_owned(),
                    Some(word) => format!("system/apiMembers/{}/keys", member::find(&connection, &word)?["id"]),
                };
                let keys = connection.own(Method::GET, &path, None)?;
                table::print(keys.as_array().map_or(&[], Vec::as_slice), &COLUMNS, json)
            }
            Action::New { member, description, expires, handover } => {
                let id = member::find(&connection, &member)?["id"].clone();
                let body = json!({ "description": description, "expires": expires });
                let made = connection.own(Method::POST, &format!("system/apiMembers/{id}/keys"), Some(&body))?;
                handover.hand(&connection, &made, json)
            }
            Action::Revoke { id } => {
                connection.own(Method::DELETE, &format!("system/keys/{id}"), None)?;
                Ok(())
            }
            Action::Deactivate { id } => activity(&connection, id, true, json),
            Action::Activate { id } => activity(&connection, id, false, json),
        }
    }
}

impl Handover {
    fn hand(&self, connection: &Connection, made: &Value, json: bool) -> Result<()> {
        let operator = &connection.operator;
        let file = json!({
            "url": operator.https,
            "company": connection.company,
            "client_id": operator.client_id,
            "public_key": made["publicKey"],
            "private_key": made["privateKey"],
            "ca_file": operator.ca_file,
        });
        let bytes = serde_json::to_vec_pretty(&file)?;
        let mut quiet = made.clone();
        if let Some(members) = quiet.as_object_mut() {
            members.remove("privateKey");
        }
        if let Some(path) = &self.key_file {
            private_file::write(path, &bytes)
                .with_context(|| format!("the key is cut, but {} cannot be written; revoke it", path.display()))?;
        } else if let Some(command) = &self.pipe {
            pipe(command, &bytes)?;
        } else {
            quiet = made.clone();
            if !json {
                println!("The private key is shown this once.");
                println!("{:<18}{}", "PRIVATE KEY", made["privateKey"].as_str().unwrap_or_default());
            }
        }
        table::print_one(&quiet, &COLUMNS, json)
    }
}

fn pipe(command: &str, bytes: &[u8]) -> Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .spawn()
        .context("the key is cut, but the command cannot be started; revoke it")?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(bytes).context("the command did not take the key; revoke it")?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the key is cut, but the command failed ({status}); revoke it if the command did not keep it");
    }
    Ok(())
}

fn activity(connection: &Connection, id: i64, inactive: bool, json: bool) -> Result<()> {
    let body = json!({ "inactiveFlag": inactive });
    let key = connection.own(Method::PATCH, &format!("system/keys/{id}"), Some(&body))?;
    table::print_one(&key, &COLUMNS, json)
}
