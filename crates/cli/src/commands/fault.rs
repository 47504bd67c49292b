//! `bitting fault`: things that go wrong on purpose, for testing clients.

use crate::connection::Target;
use crate::forms::whole;
use crate::table;
use anyhow::Result;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

/// Things that go wrong on purpose, for testing clients; none outlives the server.
#[derive(Args)]
pub struct Fault {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Subcommand)]
enum Action {
    /// Answer later.
    Latency {
        /// How much later, in milliseconds.
        #[arg(value_parser = whole::<u64>(0..=600_000, 1_500))]
        milliseconds: u64,
        #[command(flatten)]
        aim: Aim,
    },
    /// Answer 429 with Retry-After.
    Throttle {
        /// Seconds the caller is told to wait.
        #[arg(default_value_t = 30, value_parser = whole::<u64>(0..=86_400, 30))]
        seconds: u64,
        #[command(flatten)]
        aim: Aim,
    },
    /// Answer 500, or another status up to 599.
    Error {
        /// The status, 500 to 599.
        #[arg(default_value_t = 500, value_parser = whole::<u16>(500..=599, 503))]
        status: u16,
        #[command(flatten)]
        aim: Aim,
    },
    /// Break lists off in the middle of a record.
    Truncate {
        #[command(flatten)]
        aim: Aim,
    },
    /// Take a right away from the caller's role.
    Withdraw {
        /// Module and action: "Service Desk / Service Tickets"; Autotask: section and setting, "CRM / To-Dos".
        right: String,
        #[command(flatten)]
        aim: Aim,
    },
    /// List the faults that are set.
    List,
    /// Take a fault away, or all.
    Clear {
        /// Its id, as `bitting fault list` shows it; without, all.
        #[arg(value_parser = whole::<u64>(1..=u64::MAX, 1))]
        id: Option<u64>,
    },
}

/// Which calls are struck: those that fit everything that is said.
#[derive(Args)]
struct Aim {
    /// Public key, or an API user's user name.
    #[arg(long)]
    key: Option<String>,
    /// Identifier of a member.
    #[arg(long)]
    member: Option<String>,
    /// Method of the call.
    #[arg(long, ignore_case = true, value_parser = ["GET", "POST", "PUT", "PATCH", "DELETE"])]
    method: Option<String>,
    /// How the path begins: service/tickets.
    #[arg(long)]
    path: Option<String>,
    /// Calls that pass first.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>(0..=u64::MAX, 2))]
    after: u64,
    /// Calls that are struck; without, all that follow.
    #[arg(long, value_name = "N", value_parser = whole::<u64>(1..=u64::MAX, 3))]
    times: Option<u64>,
}

const COLUMNS: [(&str, &str); 9] = [
    ("ID", "id"),
    ("KIND", "kind"),
    ("KEY", "key"),
    ("MEMBER", "member"),
    ("METHOD", "method"),
    ("PATH", "path"),
    ("AFTER", "after"),
    ("TIMES", "times"),
    ("STRUCK", "struck"),
];

impl Fault {
    pub fn run(self) -> Result<()> {
        let (connection, base) = match self.target.for_autotask()? {
            Some(connection) => {
                let base = format!(
                    "autotask/{}/faults",
                    connection.named.as_deref().unwrap_or("-")
                );
                (connection, base)
            }
            None => (self.target.connect()?, "faults".to_owned()),
        };
        let json = self.target.json;
        let (what, aim) = match self.action {
            Action::Latency { milliseconds, aim } => (
                json!({ "kind": "latency", "milliseconds": milliseconds }),
                aim,
            ),
            Action::Throttle { seconds, aim } => {
                (json!({ "kind": "throttle", "seconds": seconds }), aim)
            }
            Action::Error { status, aim } => (json!({ "kind": "error", "status": status }), aim),
            Action::Truncate { aim } => (json!({ "kind": "truncate" }), aim),
            Action::Withdraw { right, aim } => (json!({ "kind": "withdraw", "right": right }), aim),
            Action::List => {
                let all = connection.own(Method::GET, &base, None)?;
                return table::print(all.as_array().map_or(&[], Vec::as_slice), &COLUMNS, json);
            }
            Action::Clear { id } => {
                let path = id.map_or(base.clone(), |id| format!("{base}/{id}"));
                connection.own(Method::DELETE, &path, None)?;
                return Ok(());
            }
        };
        let set = connection.own(Method::POST, &base, Some(&aim.with(what)))?;
        table::print_one(&set, &COLUMNS, json)
    }
}

impl Aim {
    fn with(self, mut body: Value) -> Value {
        body["key"] = json!(self.key);
        body["member"] = json!(self.member);
        body["method"] = json!(self.method);
        body["path"] = json!(self.path);
        body["after"] = json!(self.after);
        body["times"] = json!(self.times);
        body
    }
}
