//! `bitting listen`: brings the callbacks of a running server to a URL of your own for as long as the
//! command runs, and shows each as it goes out.

use crate::connection::{Connection, Target};
use crate::forms::address;
use anyhow::{Context as _, Result, bail};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// How callbacks of this command are told from others, so that one left behind is cleared away.
const DESCRIPTION: &str = "bitting listen";
/// Deliveries are looked up this often.
const LOOK: Duration = Duration::from_millis(500);

/// Bring a running server's callbacks to a URL of yours until you press Ctrl-C.
#[derive(Args)]
pub struct Listen {
    /// Where to; the record's id and the action are put behind it: <http://localhost:3000/hook?id=>.
    #[arg(long, value_name = "URL", value_parser = address("http://localhost:3000/hook?id="))]
    forward_to: String,
    /// Types to listen to; may be given several times.
    #[arg(long = "type", value_name = "TYPE", default_values_t = ["ticket".to_owned(), "company".to_owned(), "contact".to_owned()])]
    types: Vec<String>,
    #[command(flatten)]
    target: Target,
}

impl Listen {
    pub fn run(self) -> Result<()> {
        if self.target.autotask {
            bail!(
                "callbacks are ConnectWise's; Autotask's webhooks say their own address, POST V1.0/TicketWebhooks, so leave \
                 --autotask out"
            );
        }
        let connection = self.target.connect()?;
        clear(&connection, &self.forward_to)?;
        let mut ids = Vec::new();
        for kind in &self.types {
            let body = json!({
                "description": DESCRIPTION,
                "url": self.forward_to,
                "type": kind,
                "level": "owner",
                "objectId": 1,
            });
            let made = connection.psa(Method::POST, "system/callbacks", Some(&body));
            match made {
                Ok(made) => ids.push(made["id"].clone()),
                Err(error) => {
                    clear(&connection, &self.forward_to)?;
                    return Err(error);
                }
            }
        }
        if ids.is_empty() {
            bail!("name at least one --type to listen to");
        }
        eprintln!(
            "forwarding {} to {}; Ctrl-C ends it",
            self.types.join(", "),
            self.forward_to
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot wait for Ctrl-C")?;
        let mut seen = latest(&connection)?
            .iter()
            .filter_map(|row| row["id"].as_i64())
            .max()
            .unwrap_or(0);
        let mut open: Vec<i64> = Vec::new();
        // One for all rounds: it remembers what comes while the server is asked.
        let mut end = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            let ended = runtime.block_on(async {
                tokio::select! {
                    _ = &mut end => true,
                    () = tokio::time::sleep(LOOK) => false,
                }
            });
            if ended {
                break;
            }
            for row in latest(&connection)?.iter().rev() {
                let id = row["id"].as_i64().unwrap_or_default();
                let settled = row["state"] != "waiting";
                if id > seen {
                    seen = id;
                    open.push(id);
                }
                if ids.contains(&row["callbackId"]) && settled && open.contains(&id) {
                    open.retain(|other| *other != id);
                    self.show(row);
                }
            }
        }
        clear(&connection, &self.forward_to)
    }

    fn show(&self, row: &Value) {
        if self.target.json {
            println!("{row}");
            return;
        }
        let word = |name: &str| row[name].as_str().unwrap_or_default();
        let how = match row["status"].as_i64() {
            Some(status) => status.to_string(),
            None => word("error").to_owned(),
        };
        println!(
            "{}  {} {} {}  {}  {how}",
            word("created"),
            word("type"),
            row["recordId"],
            word("action"),
            word("state"),
        );
    }
}

fn latest(connection: &Connection) -> Result<Vec<Value>> {
    match connection.own(Method::GET, "callbacks/deliveries", None)? {
        Value::Array(rows) => Ok(rows),
        _ => bail!("the server answered with something that is no list of deliveries"),
    }
}

/// Takes this command's callbacks away, also those that an earlier run left behind.
fn clear(connection: &Connection, url: &str) -> Result<()> {
    for row in connection.all("system/callbacks")? {
        if row["description"] == DESCRIPTION && row["url"] == url {
            connection.psa(
                Method::DELETE,
                &format!("system/callbacks/{}", row["id"]),
                None,
            )?;
        }
    }
    Ok(())
}
