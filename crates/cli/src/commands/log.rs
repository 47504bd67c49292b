//! `bitting log`: the latest calls on a running server, and new ones as they come.

use crate::connection::{Connection, Target};
use crate::forms::whole;
use anyhow::Result;
use clap::{Args, ValueEnum};
use reqwest::Method;
use serde_json::Value;
use std::io::{Write as _, stdout};
use std::time::Duration;

/// New calls are looked for this often.
const LOOK: Duration = Duration::from_millis(300);
/// What stands before every path of the two APIs, and is left out.
const ROOTS: [&str; 2] = ["/v4_6_release/apis/3.0", "/ATServicesRest/V1.0"];

/// Show who asked what, the decision, and why: the latest calls of a running server, the newest last.
#[derive(Args)]
pub struct Log {
    /// Only calls of this member; with --autotask, of this API user.
    #[arg(long, value_name = "ID")]
    member: Option<String>,
    /// Only calls with this outcome.
    #[arg(long)]
    decision: Option<Decision>,
    /// Only calls for want of a right; the same as --decision denied.
    #[arg(long, conflicts_with = "decision")]
    denied: bool,
    /// Only calls whose path contains this, without regard to letter case.
    #[arg(long, value_name = "TEXT")]
    path: Option<String>,
    /// How many, counted from the newest.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = whole::<u16>(1..=1000, 50))]
    limit: u16,
    /// Go on with new calls until you press Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, ValueEnum)]
enum Decision {
    /// For want of a right.
    Denied,
    /// Status 400 and above, denied ones too.
    Failed,
    /// Status below 400.
    Answered,
    /// Anything but GET.
    Written,
}

impl Log {
    pub fn run(self) -> Result<()> {
        let (connection, base) = match self.target.for_autotask()? {
            Some(connection) => {
                let named = connection.named.as_deref().unwrap_or("-");
                let base = format!("autotask/{named}/events");
                (connection, base)
            }
            None => (self.target.connect()?, "events".to_owned()),
        };
        let chosen = self.chosen()?;
        let json = self.target.json;
        let first = ask(
            &connection,
            &format!("{base}?{chosen}&limit={}", self.limit),
        )?;
        if self.follow {
            return follow(&connection, &format!("{base}?{chosen}"), &first, json);
        }
        if json {
            println!("{}", serde_json::to_string_pretty(&first)?);
        } else if first.is_empty() {
            eprintln!("no call fits; the log begins when the server starts");
        } else {
            print(&first, false);
        }
        Ok(())
    }

    /// Which calls, as a query string.
    fn chosen(&self) -> Result<String> {
        let decision = if self.denied {
            Some(Decision::Denied)
        } else {
            self.decision
        };
        let decision = match decision {
            None => "",
            Some(Decision::Denied) => "denied",
            Some(Decision::Failed) => "failed",
            Some(Decision::Answered) => "answered",
            Some(Decision::Written) => "written",
        };
        let pairs = [
            ("decision", decision),
            ("member", self.member.as_deref().unwrap_or_default()),
            ("path", self.path.as_deref().unwrap_or_default()),
        ];
        // The address is only there to write the pairs into.
        let url = reqwest::Url::parse_with_params("http://localhost/", pairs)?;
        Ok(url.query().unwrap_or_default().to_owned())
    }
}

fn ask(connection: &Connection, path: &str) -> Result<Vec<Value>> {
    match connection.own(Method::GET, path, None)? {
        Value::Array(events) => Ok(events),
        _ => Ok(Vec::new()),
    }
}

/// Goes on with what comes after these events, until the command is ended or the server is.
fn follow(connection: &Connection, path: &str, first: &[Value], json: bool) -> Result<()> {
    print(first, json);
    let mut seen = last(first).unwrap_or_default();
    loop {
        std::thread::sleep(LOOK);
        let fresh = ask(connection, &format!("{path}&after={seen}"))?;
        print(&fresh, json);
        seen = last(&fresh).unwrap_or(seen);
    }
}

fn last(events: &[Value]) -> Option<String> {
    events.last()?["id"].as_str().map(str::to_owned)
}

/// A line per call, for people or as JSON.
fn print(events: &[Value], json: bool) {
    let mut out = stdout().lock();
    for event in events {
        let line = if json { event.to_string() } else { line(event) };
        // Whoever reads may have enough, as `| head` does.
        if writeln!(out, "{line}").is_err() {
            std::process::exit(0);
        }
    }
}

fn line(event: &Value) -> String {
    let word = |name: &str| event[name].as_str().unwrap_or_default();
    let clock = word("at").get(11..19).unwrap_or_default();
    let path = word("path");
    let path = ROOTS
        .iter()
        .find_map(|root| path.strip_prefix(root))
        .unwrap_or(path);
    let query = match word("query") {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let mut line = format!(
        "{clock}  {}  {:<15}  {:<6} {path}{query}",
        event["status"],
        word("member"),
        word("method"),
    );
    if let Some(reason) = event["reason"].as_str() {
        line.push_str("  ");
        line.push_str(word("decision"));
        line.push_str(": ");
        line.push_str(reason);
    }
    line
}
