//! `bitting instance`: the companies and Autotask databases of a running server, and the companies' switches.

use crate::connection::Target;
use crate::forms::whole;
use crate::whole_file::{Draft, Readers};
use crate::{handover, table};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The companies of a running server; with --autotask, its Autotask instances.
#[derive(Args)]
pub struct Instance {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Subcommand)]
enum Action {
    /// List the companies.
    List,
    /// Show one company.
    Show {
        /// Company id; with --autotask, name of the instance.
        company: String,
    },
    /// Make a company; its first key pairs are written to a file that only you can read.
    Create {
        /// Company id that clients write before the plus.
        company: String,
        /// The company's name, as people read it; by default its id.
        #[arg(long)]
        name: Option<String>,
        /// Fill it with demo records.
        #[arg(long)]
        demo: bool,
        /// Demo records with so many tickets, 100,000 at most; `bitting demo` makes more.
        #[arg(long, value_name = "N", value_parser = whole::<u32>(0..=100_000, 500))]
        tickets: Option<u32>,
        /// Where its key pairs go, as JSON, mode 0600.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Copy a company's records, keys and roles, to come back to.
    Snapshot {
        /// Company id; with --autotask, name of the instance.
        company: String,
        /// Name to bring it back by; an older one of that name is replaced.
        #[arg(long, default_value = "snapshot")]
        name: String,
    },
    /// Bring a snapshot back; everything since is gone.
    Restore {
        /// Company id; with --autotask, name of the instance.
        company: String,
        /// Name that it was snapshot by.
        #[arg(long, default_value = "snapshot")]
        name: String,
    },
    /// Start a company anew; the keys of its first two members stay good.
    Reset {
        /// Company id; with --autotask, name of the instance.
        company: String,
        /// Fill it with demo records.
        #[arg(long)]
        demo: bool,
        /// Demo records with so many tickets, 100,000 at most; `bitting demo` makes more.
        #[arg(long, value_name = "N", value_parser = whole::<u32>(0..=100_000, 500))]
        tickets: Option<u32>,
        /// Same seed, same records.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>(0..=u64::MAX, 1))]
        seed: u64,
    },
    /// List the switches of a company; with --autotask, of an Autotask instance.
    Settings,
    /// Set a switch, or clear it by leaving the value out.
    Set {
        /// Name of the switch, as `bitting instance settings` lists it.
        name: String,
        /// One of the values that it takes, as listed there.
        value: Option<String>,
    },
}

const COLUMNS: [(&str, &str); 4] = [
    ("COMPANY", "company"),
    ("NAME", "name"),
    ("KIND", "kind"),
    ("DATA", "place"),
];
const SETTINGS: [(&str, &str); 4] = [
    ("NAME", "name"),
    ("VALUE", "value"),
    ("TAKES", "takes"),
    ("MEANING", "meaning"),
];

impl Instance {
    pub fn run(self) -> Result<()> {
        let autotask = self.target.autotask;
        let connection = match self.target.for_autotask()? {
            Some(connection) => connection,
            None => self.target.connect()?,
        };
        let json = self.target.json;
        let base = if autotask { "autotask" } else { "instances" };
        let settings = match (autotask, &connection.named) {
            (true, named) => format!("autotask/{}/settings", named.as_deref().unwrap_or("-")),
            (false, _) => "settings".to_owned(),
        };
        match self.action {
            Action::List => {
                let mut all = connection.own(Method::GET, "instances", None)?;
                let others = connection.own(Method::GET, "autotask", None)?;
                if let (Value::Array(all), Value::Array(others)) = (&mut all, others) {
                    all.extend(others.into_iter().map(named));
                }
                table::print(all.as_array().map_or(&[], Vec::as_slice), &COLUMNS, json)
            }
            Action::Show { company } => {
                let one = connection.own(Method::GET, &format!("{base}/{company}"), None)?;
                table::print_one(&named(one), &COLUMNS, json)
            }
            Action::Create {
                company,
                name,
                demo,
                tickets,
                key_file,
            } => {
                let body = match (autotask, name) {
                    (true, Some(_)) => {
                        bail!("an Autotask instance has one name: leave --name out")
                    }
                    (true, None) => json!({ "name": company, "demo": demo, "tickets": tickets }),
                    (false, name) => {
                        json!({ "company": company, "name": name, "demo": demo, "tickets": tickets })
                    }
                };
                handover::new_file(&key_file)?;
                // Opened before the instance is made: its keys are said once, and need a place then.
                let draft = Draft::open(&key_file, Readers::Owner)
                    .with_context(|| format!("{} cannot be written", key_file.display()))?;
                let mut made = connection.own(Method::POST, base, Some(&body))?;
                let (admin, least) = (made["admin"].take(), made["least"].take());
                let mut keys = json!({
                    "http": connection.operator.http,
                    "https": connection.operator.https,
                    "ca_file": connection.operator.ca_file,
                });
                if autotask {
                    keys["autotask"] = json!({
                        "base_url": format!("{}/ATServicesRest/", connection.operator.http),
                        "admin": admin,
                        "least": least,
                    });
                } else {
                    keys["connectwise"] = json!({
                        "company": made["company"],
                        "client_id": connection.operator.client_id,
                        "admin": admin,
                        "least": least,
                    });
                }
                draft
                    .keep(&serde_json::to_vec_pretty(&keys)?)
                    .with_context(|| {
                        format!(
                            "the instance is made, but {} cannot be written; cut its keys anew with `bitting key new`",
                            key_file.display()
                        )
                    })?;
                table::print_one(&named(made), &COLUMNS, json)
            }
            Action::Snapshot { company, name } => {
                let path = format!("{base}/{company}/snapshot");
                let one = connection.own(Method::POST, &path, Some(&json!({ "name": name })))?;
                table::print_one(&named(one), &COLUMNS, json)
            }
            Action::Restore { company, name } => {
                let path = format!("{base}/{company}/restore");
                let one = connection
                    .own(Method::POST, &path, Some(&json!({ "name": name })))
                    .with_context(|| {
                        format!(
                            "{company} is as it was; `bitting instance snapshot {company} --name {name}` makes what this brings \
                             back"
                        )
                    })?;
                table::print_one(&named(one), &COLUMNS, json)
            }
            Action::Reset {
                company,
                demo,
                tickets,
                seed,
            } => {
                let path = format!("{base}/{company}/reset");
                let body = json!({ "demo": demo, "tickets": tickets, "seed": seed });
                let one = connection.own(Method::POST, &path, Some(&body))?;
                table::print_one(&named(one), &COLUMNS, json)
            }
            Action::Settings => {
                let all = connection.own(Method::GET, &settings, None)?;
                table::print(all.as_array().map_or(&[], Vec::as_slice), &SETTINGS, json)
            }
            Action::Set { name, value } => {
                let body = json!({ "value": value });
                let one =
                    connection.own(Method::PUT, &format!("{settings}/{name}"), Some(&body))?;
                table::print_one(&one, &SETTINGS, json)
            }
        }
    }
}

/// An Autotask instance has one name; tables show it where a company has its id.
fn named(mut one: Value) -> Value {
    if one["kind"] == "autotask" {
        one["company"] = one["name"].clone();
    }
    one
}
