//! `bitting sync`: runs the integrations' own jobs with a PSA. Knows where things lie and how to show them, not
//! what a job does.

use crate::forms::pair;
use crate::table;
use anyhow::{Context as _, Result, bail};
use bitting_store::{DatabaseUrl, Location};
use bitting_sync::connection::{self, Key};
use bitting_sync::progress::Progress;

use bitting_sync::rekey::{self, KEY_VARIABLE, Origin};
use bitting_sync::run::Outcome;
use bitting_sync::scheduler::Tell;
use bitting_sync::state::{Shelf, State};
use bitting_sync::text::moment;
use bitting_sync::{ALL, Failure, Home, Integration, Job, Scheduler, Shared, find};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How long a command waits for another program that holds the state.
const WAIT: Duration = Duration::from_secs(30);

/// Where everything of `sync` lies.
#[derive(Args, Clone)]
pub struct Place {
    /// Folder with connections, settings, input, output and the state; by default
    /// ~/.local/state/bitting/sync.
    #[arg(long, value_name = "DIR", env = "BITTING_SYNC_HOME", global = true)]
    home: Option<PathBuf>,
    /// Keep the state in this PostgreSQL database, so that several servers may share it.
    #[arg(
        id = "sync_database",
        long = "database",
        value_name = "URL",
        env = "BITTING_SYNC_DATABASE",
        hide_env_values = true,
        global = true
    )]
    database: Option<String>,
}

impl Place {
    /// The place that was named, or else the usual one.
    pub fn shared(&self) -> Result<Shared> {
        shared(self.home.clone(), self.database.clone())
    }
}

/// Home and state of the jobs.
pub fn shared(home: Option<PathBuf>, database: Option<String>) -> Result<Shared> {
    let folder = match home {
        Some(home) => home,
        None => usual_home()?,
    };
    let location = database.map(|url| Location::Postgres {
        url: DatabaseUrl::new(url),
        schema: "bitting_sync".to_owned(),
    });
    Ok(Shared::new(Home::new(folder), location))
}

fn usual_home() -> Result<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let base =
        state.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")));
    Ok(base
        .context("no home directory; name a folder with --home")?
        .join("bitting")
        .join("sync"))
}

/// Run the integrations' own jobs: Office Protect, Cisco Umbrella, MSPCFO, Propel Your MSP.
#[derive(Args)]
pub struct Sync {
    #[command(flatten)]
    place: Place,
    /// Print JSON for programs instead of a table for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Keep the connection of an integration, its private key encrypted, and lay down its settings.
    Connect {
        /// The integration: office_protect, umbrella, mspcfo or propel; `bitting sync status` lists them with their jobs.
        integration: String,
        /// The integration's key, as `bitting key new --key-file` writes it.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Put all connections under another key: one that is said, or a new one in the place of `sync.key`.
    Rekey {
        /// File with the new key, 64 hex digits; `BITTING_SYNC_NEW_KEY` in the environment does as well.
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
    },
    /// Lay down settings that fit the connected PSA and generated records, to try an integration with.
    Sample {
        /// The integration: office_protect, umbrella, mspcfo or propel; `bitting sync status` lists them with their jobs.
        integration: String,
    },
    /// Show a table that a job made, such as mspcfo's clients, perhaps only rows of a value.
    Show {
        /// The integration: office_protect, umbrella, mspcfo or propel; `bitting sync status` lists them with their jobs.
        integration: String,
        /// Name of the table; without it, what there is.
        table: Option<String>,
        /// Only rows whose column has this value: month=2026-10.
        #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = pair("month=2026-10"))]
        only: Vec<String>,
    },
    /// Run a job, or all jobs of an integration in their order.
    Run {
        /// The integration: office_protect, umbrella, mspcfo or propel; `bitting sync status` lists them with their jobs.
        integration: String,
        /// Name of one job; without, all of them.
        job: Option<String>,
    },
    /// Show every job: its rhythm, its last run, and what waits.
    Status {
        /// One integration: office_protect, umbrella, mspcfo or propel; without, all.
        integration: Option<String>,
    },
    /// Show the runs there were.
    History {
        /// The integration: office_protect, umbrella, mspcfo or propel; `bitting sync status` lists them with their jobs.
        integration: String,
        /// Name of one job; without, all of them.
        job: Option<String>,
    },
    /// Run the jobs again whose last run failed; they go on where they stopped.
    Retry {
        /// The integration: office_protect, umbrella, mspcfo or propel; `bitting sync status` lists them with their jobs.
        integration: String,
        /// Name of one job; without, all of them.
        job: Option<String>,
    },
    /// Run every connected integration at its own rhythm until stopped.
    Watch,
}

impl Sync {
    pub fn run(&self) -> Result<ExitCode> {
        let shared = self.place.shared()?;
        match &self.command {
            Command::Connect {
                integration,
                key_file,
            } => {
                let (integration, key) = Key::read_for(find(integration)?, key_file)?;
                shared.home.connect(integration, &key)?;
                println!(
                    "{} is connected to {}; its settings are in {}",
                    integration.title,
                    connection::shown(&shared.home.connection(integration.slug))?.0,
                    shared.home.settings_file(integration.slug).display()
                );
                println!(
                    "check the connection with `bitting sync run {} check`, then delete {}; its jobs run by themselves in `bitting serve` and `bitting sync watch`",
                    integration.slug,
                    key_file.display()
                );
                Ok(ExitCode::SUCCESS)
            }
            Command::Rekey { new_key_file } => rekeyed(&shared, new_key_file.as_deref()),
            Command::Sample { integration } => {
                let integration = shared.home.meant(integration)?;
                let laid = shared.sample(integration, Timestamp::now())?;
                if laid.is_empty() {
                    println!(
                        "{} needs no sample, or has its own settings and records already",
                        integration.title
                    );
                }
                for file in laid {
                    println!("wrote {file}");
                }
                Ok(ExitCode::SUCCESS)
            }
            Command::Show {
                integration,
                table,
                only,
            } => self.show_table(
                &shared,
                shared.home.meant(integration)?,
                table.as_deref(),
                only,
            ),
            Command::Run { integration, job } => {
                let integration = shared.home.meant(integration)?;
                let job = job
                    .as_deref()
                    .map(|job| named(integration, job))
                    .transpose()?;
                let state = shared.state(WAIT)?;
                let outcomes = self.work(&shared, &state, integration, job)?;
                self.show(&outcomes)
            }
            Command::Retry { integration, job } => {
                let integration = shared.home.meant(integration)?;
                let state = shared.state(WAIT)?;
                let mut outcomes = Vec::new();
                for known in integration.jobs {
                    let wanted = job
                        .as_ref()
                        .is_none_or(|job| known.name.eq_ignore_ascii_case(job));
                    let runs = state.all(Shelf::Run, integration.slug, known.name)?;
                    if wanted && runs.last().is_some_and(|run| run.state == "failed") {
                        outcomes.extend(self.work(&shared, &state, integration, Some(known))?);
                    }
                }
                if outcomes.is_empty() {
                    println!(
                        "no job of {} failed last time; there is nothing to do again",
                        integration.title
                    );
                }
                self.show(&outcomes)
            }
            Command::Status { integration } => self.status(&shared, integration.as_deref()),
            Command::History { integration, job } => {
                self.history(&shared, integration, job.as_deref())
            }
            Command::Watch => watch(shared),
        }
    }

    fn work(
        &self,
        shared: &Shared,
        state: &State,
        integration: &'static Integration,
        job: Option<&'static Job>,
    ) -> Result<Vec<Outcome>> {
        let progress = if self.json {
            Progress::Lines
        } else {
            Progress::watched()
        };
        Ok(shared.run(state, integration, job, &progress, Timestamp::now())?)
    }

    fn show(&self, outcomes: &[Outcome]) -> Result<ExitCode> {
        let rows: Vec<Value> = outcomes
            .iter()
            .map(|outcome| {
                let counts = &outcome.counts;
                json!({
                    "job": outcome.job, "result": if outcome.result.is_ok() { "done" } else { "failed" }, "read": counts.read,
                    "created": counts.created, "changed": counts.changed, "unchanged": counts.unchanged, "skipped": counts.skipped,
                    "requests": counts.requests,
                    "warnings": if self.json { json!(counts.warnings) } else { json!(counts.warnings.len()) },
                    "error": outcome.result.as_ref().err().map(ToString::to_string),
                })
            })
            .collect();
        let columns = [
            ("job", "job"),
            ("result", "result"),
            ("read", "read"),
            ("created", "created"),
            ("changed", "changed"),
            ("unchanged", "unchanged"),
            ("skipped", "skipped"),
            ("requests", "requests"),
            ("warnings", "warnings"),
        ];
        if !rows.is_empty() || self.json {
            table::print(&rows, &columns, self.json)?;
        }
        let mut code = ExitCode::SUCCESS;
        for outcome in outcomes {
            if let Err(failure) = &outcome.result {
                eprintln!("{}: {failure}", outcome.job);
                code = ExitCode::FAILURE;
            }
        }
        Ok(code)
    }

    fn show_table(
        &self,
        shared: &Shared,
        integration: &'static Integration,
        name: Option<&str>,
        only: &[String],
    ) -> Result<ExitCode> {
        let folder = shared.home.output(integration.slug, "");
        let mut tables: Vec<String> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|file| {
                Some(
                    file.file_name()
                        .to_str()?
                        .strip_suffix(".jsonl")?
                        .to_owned(),
                )
            })
            .collect();
        tables.sort();
        let Some(name) = name.filter(|name| tables.iter().any(|table| table == name)) else {
            let there = if tables.is_empty() {
                "none yet; run its jobs first".to_owned()
            } else {
                tables.join(", ")
            };
            if let Some(name) = name {
                bail!(
                    "{} has no table `{name}`; it has {there}",
                    integration.title
                );
            }
            println!("{there}");
            return Ok(ExitCode::SUCCESS);
        };
        let mut wanted = Vec::new();
        for one in only {
            wanted.push(
                one.split_once('=')
                    .with_context(|| format!("--where {one}: write COLUMN=VALUE"))?,
            );
        }
        let file = shared
            .home
            .output(integration.slug, &format!("{name}.jsonl"));
        let (rows, _) = bitting_sync::input::read::<Value>(&file)?;
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let meets = |row: &&Value| {
            wanted
                .iter()
                .all(|(column, value)| text(&row[*column]).eq_ignore_ascii_case(value))
        };
        let rows: Vec<Value> = rows.iter().filter(meets).cloned().collect();
        let names: Vec<String> = rows
            .first()
            .and_then(Value::as_object)
            .map(|row| row.keys().cloned().collect())
            .unwrap_or_default();
        let columns: Vec<(&str, &str)> = names
            .iter()
            .map(|name| (name.as_str(), name.as_str()))
            .collect();
        table::print(&rows, &columns, self.json)?;
        Ok(ExitCode::SUCCESS)
    }

    fn status(&self, shared: &Shared, integration: Option<&str>) -> Result<ExitCode> {
        let only = integration
            .map(|word| shared.home.meant(word))
            .transpose()?;
        let look = shared.look()?;
        let (now, zone) = (Timestamp::now(), jiff::tz::TimeZone::system());
        let mut rows = Vec::new();
        for known in ALL
            .into_iter()
            .filter(|known| only.is_none_or(|only| only.slug == known.slug))
        {
            let connected = shared.home.connection(known.slug).exists();
            let outbox = look.state.every(Shelf::Outbox, Some(known.slug))?;
            let waiting = outbox
                .iter()
                .filter(|item| ["queued", "partly pushed"].contains(&item.state.as_str()))
                .count();
            for job in known.jobs {
                let runs = look.state.all(Shelf::Run, known.slug, job.name)?;
                let last = runs.last();
                let lease = look
                    .state
                    .find(Shelf::Lease, known.slug, "lease", job.name)?;
                let running = lease
                    .filter(|lease| lease.updated > moment(now))
                    .map(|lease| lease.state);
                let next = job.rhythm.next(now, &zone).filter(|_| connected);
                let result = match (&running, last) {
                    (Some(_), _) => "running",
                    (None, Some(run)) => run.state.as_str(),
                    (None, None) => "",
                };
                rows.push(json!({
                    "integration": known.slug, "job": job.name, "runs": if connected { job.rhythm.words() } else { "not connected".to_owned() },
                    "last": last.map(|run| run.updated.clone()), "result": result, "running": running,
                    "next": next.map(moment),
                    "error": last.map(|run| run.data["error"].clone()), "waiting": waiting, "what": job.what,
                }));
            }
        }
        let columns = [
            ("integration", "integration"),
            ("job", "job"),
            ("runs", "runs"),
            ("last run", "last"),
            ("result", "result"),
            ("next run", "next"),
            ("waiting", "waiting"),
            ("what it does", "what"),
        ];
        table::print(&rows, &columns, self.json)?;
        Ok(ExitCode::SUCCESS)
    }

    fn history(&self, shared: &Shared, integration: &str, job: Option<&str>) -> Result<ExitCode> {
        let integration = shared.home.meant(integration)?;
        let look = shared.look()?;
        let runs = look.state.every(Shelf::Run, Some(integration.slug))?;
        let rows: Vec<Value> = runs
            .iter()
            .filter(|run| job.is_none_or(|job| run.kind.eq_ignore_ascii_case(job)))
            .map(|run| {
                let counts = &run.data["counts"];
                json!({
                    "at": run.updated, "job": run.kind, "result": run.state, "read": counts["read"], "created": counts["created"],
                    "changed": counts["changed"], "requests": counts["requests"], "warnings": counts["warnings"], "error": run.data["error"],
                })
            })
            .collect();
        let columns = [
            ("at", "at"),
            ("job", "job"),
            ("result", "result"),
            ("read", "read"),
            ("created", "created"),
            ("changed", "changed"),
            ("error", "error"),
        ];
        table::print(&rows, &columns, self.json)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Puts all connections under another key, and says what is left to do.
fn rekeyed(shared: &Shared, file: Option<&std::path::Path>) -> Result<ExitCode> {
    let said = match file {
        Some(file) => Some(
            std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?,
        ),
        None => std::env::var(rekey::NEW_KEY_VARIABLE).ok(),
    };
    let done = rekey::rekey(&shared.home, said.as_deref())?;
    match done.integrations.as_slice() {
        [] => println!("no integration is connected yet; the next ones rest under the new key"),
        known => println!("under the new key: {}", known.join(", ")),
    }
    match done.origin {
        Origin::File => println!("the new key is in {}", shared.home.key_file().display()),
        Origin::Environment => println!(
            "set {KEY_VARIABLE} to the new key now, for `bitting serve` and `bitting sync watch` too; the old one opens nothing any more"
        ),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs what is due until the process is stopped; a run that is cut off goes on with the next start.
fn watch(shared: Shared) -> Result<ExitCode> {
    if !ALL
        .iter()
        .any(|known| shared.home.connection(known.slug).exists())
    {
        bail!(
            "no integration is connected in {}; connect one with `bitting sync connect`",
            shared.home.folder.display()
        );
    }
    let shared = Arc::new(shared);
    let tell: Arc<Tell> = Arc::new(told);
    let scheduler = Scheduler::start(&shared, &tell);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot wait for the signal to stop")?;
    runtime.block_on(crate::runtime::stop_signal());
    scheduler.stop(Duration::from_secs(10));
    Ok(ExitCode::SUCCESS)
}

/// Says what came of a run, a line each.
fn told(integration: &'static Integration, ran: &Result<Outcome, Failure>) {
    let slug = integration.slug;
    match ran {
        Ok(Outcome {
            job,
            counts,
            result,
        }) => {
            for warning in &counts.warnings {
                eprintln!("{slug} {job}: {warning}");
            }
            match result {
                Ok(()) => eprintln!(
                    "{slug} {job}: done, {} read, {} created, {} changed",
                    counts.read, counts.created, counts.changed
                ),
                Err(failure) => eprintln!("{slug} {job}: {failure}"),
            }
        }
        Err(failure) => eprintln!("{slug}: {failure}"),
    }
}

/// The job that a word names.
pub fn named(integration: &'static Integration, job: &str) -> Result<&'static Job, Failure> {
    integration.job(job).ok_or_else(|| {
        let known: Vec<&str> = integration.jobs.iter().map(|job| job.name).collect();
        Failure::Settings(format!(
            "{} has no job `{job}`; it has {}",
            integration.title,
            known.join(", ")
        ))
    })
}
