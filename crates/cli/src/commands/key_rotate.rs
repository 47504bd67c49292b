//! `bitting key rotate`: a new key instead of the old, without a moment between them.

use super::member;
use crate::connection::Connection;
use crate::handover::{Delivery, Handover, KEY_COLUMNS};
use anyhow::{Context as _, Result, bail};
use bitting_client::Options;
use bitting_connect::{held, keys};
use clap::{ArgGroup, Args};
use serde_json::json;

/// Cut a new pair, prove it, then take the old ones away.
#[derive(Args)]
#[command(group = ArgGroup::new("to").required(true).args(["key_file", "pipe", "show"]))]
pub struct Rotate {
    /// Member id, name or number; Autotask: name, e-mail address or user name.
    pub member: String,
    /// What the new key is for; by default what the old one was.
    #[arg(long)]
    pub description: Option<String>,
    #[command(flatten)]
    pub handover: Handover,
    /// Leave the old keys as they are, to take them away later.
    #[arg(long)]
    pub keep: bool,
}

impl Rotate {
    pub fn run(&self, connection: &Connection, json: bool) -> Result<()> {
        let found = member::find(connection, &self.member)?;
        let (Some(id), Some(identifier)) = (found["id"].as_i64(), found["identifier"].as_str())
        else {
            bail!("the server answered an API member without id and identifier");
        };
        let operator = &connection.operator;
        let psa = connection.open(&Options::default())?;
        let old = held::keys(&psa, id)?;
        let held: Vec<&str> = old.iter().map(|key| key.public_key.as_str()).collect();
        self.handover.old_file(identifier, &held)?;
        let before = keys::live(&old).next().map(|key| key.description.clone());
        let description = self
            .description
            .clone()
            .or(before)
            .unwrap_or_else(|| "rotated".to_owned());
        let cut = keys::cut(&psa, id, &description, None)?;
        let proved = keys::open(&psa, &cut, &operator.https, Some(&operator.ca_file))
            .and_then(|new| keys::prove(&new, identifier));
        if let Err(error) = proved {
            // What does not work must not lie around.
            let _ = keys::revoke(&psa, cut.id);
            return Err(error)
                .context("the new key does not work; it was revoked and the old ones still work");
        }
        let mut made = cut.record.clone();
        made["privateKey"] = json!(cut.private_key.reveal());
        if let Err(error) = self
            .handover
            .hand(&Delivery::of(connection), &made, &KEY_COLUMNS, json)
        {
            let _ = keys::revoke(&psa, cut.id);
            return Err(error).context("the new key was revoked and the old ones still work");
        }
        if self.keep {
            return Ok(());
        }
        for key in &old {
            keys::revoke(&psa, key.id)?;
        }
        if !json {
            println!("took away {} old", old.len());
        }
        Ok(())
    }
}
