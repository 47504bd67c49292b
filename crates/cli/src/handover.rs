//! Handing over a private key, once: to a file that only its owner reads, to a command, or to the terminal
//! if that is asked for. Never to an argument, a log or a shell's history.

use crate::connection::Connection;
use crate::{private_file, table};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A ConnectWise key pair as a table.
pub const KEY_COLUMNS: [(&str, &str); 8] = [
    ("ID", "id"),
    ("MEMBER", "memberIdentifier"),
    ("DESCRIPTION", "description"),
    ("PUBLIC KEY", "publicKey"),
    ("CREATED", "created"),
    ("LAST USED", "lastUsed"),
    ("EXPIRES", "expires"),
    ("INACTIVE", "inactiveFlag"),
];

/// Where the private key goes.
#[derive(Args, Debug, Clone, Default)]
#[group(multiple = false)]
pub struct Handover {
    /// Write connection and keys to this file as JSON, mode 0600.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Hand the same JSON to this command's standard input.
    #[arg(long, value_name = "COMMAND")]
    pub pipe: Option<String>,
    /// Show the private key on the terminal, once.
    #[arg(long)]
    pub show: bool,
}

/// Where the key will be used: what an integration's own form asks for beside the pair.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub url: String,
    pub company: String,
    pub client_id: Option<String>,
    pub ca_file: Option<PathBuf>,
}

impl Delivery {
    /// The server of a connection, at the address for integrations.
    pub fn of(connection: &Connection) -> Self {
        let operator = &connection.operator;
        Self {
            url: operator.https.clone(),
            company: connection.company.clone(),
            client_id: Some(operator.client_id.clone()),
            ca_file: Some(operator.ca_file.clone()),
        }
    }

    /// The key file's JSON.
    pub fn file(&self, public: &str, private: &str) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(&json!({
            "url": self.url,
            "company": self.company,
            "client_id": self.client_id,
            "public_key": public,
            "private_key": private,
            "ca_file": self.ca_file,
        }))?)
    }
}

impl Handover {
    /// Whether anybody said where the key shall go.
    pub fn is_given(&self) -> bool {
        self.key_file.is_some() || self.pipe.is_some() || self.show
    }

    /// Refuses a file that is there already: what it holds may be the only copy of another key. Asked before a key is
    /// cut, so that nothing has to be taken back.
    pub fn new_file(&self) -> Result<()> {
        self.key_file.as_deref().map_or(Ok(()), new_file)
    }

    /// Refuses to write over anything but one of the keys that are about to be taken away, told by their public halves
    /// (Autotask: user names): the file may hold the only copy of somebody else's.
    pub fn old_file(&self, whose: &str, old: &[&str]) -> Result<()> {
        let Some(file) = self.key_file.as_deref() else {
            return Ok(());
        };
        if file.symlink_metadata().is_err() {
            return Ok(());
        }
        let text = fs::read_to_string(file).unwrap_or_default();
        let held: Value = serde_json::from_str(&text).unwrap_or_default();
        let is_old = |half: &str| held[half].as_str().is_some_and(|half| old.contains(&half));
        if is_old("public_key") || is_old("user_name") {
            return Ok(());
        }
        bail!(
            "{} is there already and holds no key of {whose}, so it is not replaced; name another file with --key-file, or \
             move this one away",
            file.display()
        )
    }

    /// Hands over a pair just cut (`publicKey`, `privateKey` and what lists show), and answers what may be
    /// printed: all but the private half, unless it was asked for.
    pub fn deliver(&self, delivery: &Delivery, made: &Value) -> Result<Value> {
        let private = made["privateKey"].as_str().unwrap_or_default();
        let bytes = delivery.file(made["publicKey"].as_str().unwrap_or_default(), private)?;
        let mut quiet = made.clone();
        if let Some(path) = &self.key_file {
            private_file::write(path, &bytes)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        } else if let Some(command) = &self.pipe {
            pipe(command, &bytes)?;
        } else {
            return Ok(quiet);
        }
        if let Some(members) = quiet.as_object_mut() {
            members.remove("privateKey");
        }
        Ok(quiet)
    }

    /// Hands over bytes that hold a secret, to the file or the command.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        if let Some(path) = &self.key_file {
            private_file::write(path, bytes)
                .with_context(|| format!("{} cannot be written", path.display()))
        } else if let Some(command) = &self.pipe {
            pipe(command, bytes)
        } else {
            bail!("say where the key shall go: --key-file, --pipe or --show")
        }
    }

    /// Hands over, and prints the rest.
    pub fn hand(
        &self,
        delivery: &Delivery,
        made: &Value,
        columns: &[(&str, &str)],
        json: bool,
    ) -> Result<()> {
        let quiet = self.deliver(delivery, made)?;
        if let (Some(private), false) = (quiet["privateKey"].as_str(), json) {
            println!("The private key is shown this once.");
            println!("{:<18}{private}", "PRIVATE KEY");
        }
        table::print_one(&quiet, columns, json)
    }
}

/// The same of one file.
pub fn new_file(file: &Path) -> Result<()> {
    if file.symlink_metadata().is_ok() {
        bail!(
            "{} is there already and would be replaced; name a file that is not with --key-file, or move this one away",
            file.display()
        );
    }
    Ok(())
}

fn pipe(command: &str, bytes: &[u8]) -> Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .spawn()
        .context("the command that shall take the key cannot be started")?;
    if let Some(mut input) = child.stdin.take() {
        input
            .write_all(bytes)
            .context("the command did not take the key")?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the command that shall take the key failed ({status})");
    }
    Ok(())
}
