//! `bitting sync`: runs the integrations' own jobs with a PSA. Knows where things lie and how to show them, not
//! what a job does.

use crate::table;
use anyhow::{Context as _, Result, bail};
use bitting_client::{KeyFile, Psa};
use bitting_store::{DatabaseUrl, Location};
use bitting_sync::progress::Progress;
use bitting_sync::run::{Outcome, Runner, due};
use bitting_sync::state::{Shelf, State};
use bitting_sync::{ALL, Failure, Home, Integration, Job, connection, find};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Run the integrations' own jobs: Office Protect, Cisco Umbrella, MSPCFO, Propel Your MSP.
#[derive(Args)]
pub struct Sync {
    /// Folder with connections, settings, input, output and the state; by default
    /// ~/.local/state/bitting/sync.
    #[arg(long, value_name = "DIR", env = "BITTING_SYNC_HOME", global = true)]
    home: Option<PathBuf>,
    /// Keep the state in this PostgreSQL database, so that several servers may share it.
    #[arg(
        long,
        value_name = "URL",
        env = "BITTING_SYNC_DATABASE",
        hide_env_values = true,
        global = true
    )]
    database: Option<String>,
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
        integration: String,
        /// The integration's key, as `bitting key new --key-file` writes it.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Run a job, or all jobs of an integration in their order.
    Run {
        integration: String,
        job: Option<String>,
    },
    /// Show every job: its rhythm, its last run, and what waits.
    Status { integration: Option<String> },
    /// Show the runs there were.
    History {
        integration: String,
        job: Option<String>,
    },
    /// Run the jobs again whose last run failed; they go on where they stopped.
    Retry {
        integration: String,
        job: Option<String>,
    },
    /// Run every connected integration at its own rhythm until stopped.
    Watch,
}

impl Sync {
    pub fn run(&self) -> Result<ExitCode> {
        let home = Home::new(self.folder()?);
        match &self.command {
            Command::Connect {
                integration,
                key_file,
            } => {
                let integration = find(integration)?;
                let key = KeyFile::read(key_file)?;
                home.connect(integration, &key)?;
                println!(
                    "{} is connected to {}; its settings are in {}",
                    integration.title,
                    key.url,
                    home.settings_file(integration.slug).display()
                );
                println!(
                    "check the connection with `bitting sync run {} check`, then delete {}",
                    integration.slug,
                    key_file.display()
                );
                Ok(ExitCode::SUCCESS)
            }
            Command::Run { integration, job } => {
                let integration = find(integration)?;
                let job = job
                    .as_deref()
                    .map(|job| named(integration, job))
                    .transpose()?;
                let state = State::open(&self.location(&home)?)?;
                let outcomes = self.work(&home, &state, integration, job, 3)?;
                self.show(&outcomes)
            }
            Command::Retry { integration, job } => {
                let integration = find(integration)?;
                let state = State::open(&self.location(&home)?)?;
                let mut outcomes = Vec::new();
                for known in integration.jobs {
                    let wanted = job
                        .as_ref()
                        .is_none_or(|job| known.name.eq_ignore_ascii_case(job));
                    let runs = state.all(Shelf::Run, integration.slug, known.name)?;
                    if wanted && runs.last().is_some_and(|run| run.state == "failed") {
                        outcomes.extend(self.work(&home, &state, integration, Some(known), 3)?);
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
            Command::Status { integration } => self.status(&home, integration.as_deref()),
            Command::History { integration, job } => {
                self.history(&home, integration, job.as_deref())
            }
            Command::Watch => self.watch(&home),
        }
    }

    fn folder(&self) -> Result<PathBuf> {
        if let Some(home) = &self.home {
            return Ok(home.clone());
        }
        let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let base =
            state.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")));
        Ok(base
            .context("no home directory; name a folder with --home")?
            .join("bitting")
            .join("sync"))
    }

    fn location(&self, home: &Home) -> Result<Location> {
        Ok(match &self.database {
            Some(url) => Location::Postgres {
                url: DatabaseUrl::new(url.clone()),
                schema: "bitting_sync".to_owned(),
            },
            None => home.state()?,
        })
    }

    fn work(
        &self,
        home: &Home,
        state: &State,
        integration: &'static Integration,
        job: Option<&'static Job>,
        tries: usize,
    ) -> Result<Vec<Outcome>> {
        let key = connection::load(&home.connection(integration.slug), &home.lock()?)?;
        let psa = Psa::of_key_file(&key, true)?;
        let progress = if self.json {
            Progress::Lines
        } else {
            Progress::watched()
        };
        let runner = Runner {
            home,
            state,
            psa: &psa,
            progress: &progress,
            now: Timestamp::now(),
            tries,
            wait: Duration::from_secs(2),
        };
        Ok(runner.run(integration, job)?)
    }

    fn show(&self, outcomes: &[Outcome]) -> Result<ExitCode> {
        let rows: Vec<Value> = outcomes
            .iter()
            .map(|outcome| {
                let counts = &outcome.counts;
                json!({
                    "job": outcome.job, "result": if outcome.result.is_ok() { "done" } else { "failed" }, "read": counts.read,
                    "created": counts.created, "changed": counts.changed, "unchanged": counts.unchanged, "skipped": counts.skipped,
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

    fn status(&self, home: &Home, integration: Option<&str>) -> Result<ExitCode> {
        let only = integration.map(find).transpose()?;
        let state = State::open(&self.location(home)?)?;
        let mut rows = Vec::new();
        for known in ALL
            .into_iter()
            .filter(|known| only.is_none_or(|only| only.slug == known.slug))
        {
            let connected = home.connection(known.slug).exists();
            let outbox = state.every(Shelf::Outbox, Some(known.slug))?;
            let waiting = outbox
                .iter()
                .filter(|item| ["queued", "partly pushed"].contains(&item.state.as_str()))
                .count();
            for job in known.jobs {
                let runs = state.all(Shelf::Run, known.slug, job.name)?;
                let last = runs.last();
                rows.push(json!({
                    "integration": known.slug, "job": job.name, "runs": if connected { job.rhythm.words() } else { "not connected".to_owned() },
                    "last": last.map(|run| run.updated.clone()), "result": last.map(|run| run.state.clone()),
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
            ("waiting", "waiting"),
            ("what it does", "what"),
        ];
        table::print(&rows, &columns, self.json)?;
        Ok(ExitCode::SUCCESS)
    }

    fn history(&self, home: &Home, integration: &str, job: Option<&str>) -> Result<ExitCode> {
        let integration = find(integration)?;
        let state = State::open(&self.location(home)?)?;
        let runs = state.every(Shelf::Run, Some(integration.slug))?;
        let rows: Vec<Value> = runs
            .iter()
            .filter(|run| job.is_none_or(|job| run.kind.eq_ignore_ascii_case(job)))
            .map(|run| {
                let counts = &run.data["counts"];
                json!({
                    "at": run.updated, "job": run.kind, "result": run.state, "read": counts["read"], "created": counts["created"],
                    "changed": counts["changed"], "warnings": counts["warnings"], "error": run.data["error"],
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

    /// Opens the state for due jobs only, so that other commands find it free in between.
    fn watch(&self, home: &Home) -> Result<ExitCode> {
        if !ALL.iter().any(|known| home.connection(known.slug).exists()) {
            bail!(
                "no integration is connected in {}; connect one with `bitting sync connect`",
                home.folder.display()
            );
        }
        loop {
            for known in ALL
                .into_iter()
                .filter(|known| home.connection(known.slug).exists())
            {
                if let Err(error) = self.turn(home, known) {
                    eprintln!("{}: {error:#}", known.slug);
                }
            }
            std::thread::sleep(Duration::from_secs(30));
        }
    }

    fn turn(&self, home: &Home, integration: &'static Integration) -> Result<()> {
        let state = State::open(&self.location(home)?)?;
        for job in due(&state, integration, Timestamp::now())? {
            for outcome in self.work(home, &state, integration, Some(job), 3)? {
                if let Err(failure) = &outcome.result {
                    eprintln!("{} {}: {failure}", integration.slug, outcome.job);
                }
            }
        }
        Ok(())
    }
}

fn named(integration: &'static Integration, job: &str) -> Result<&'static Job, Failure> {
    integration.job(job).ok_or_else(|| {
        let known: Vec<&str> = integration.jobs.iter().map(|job| job.name).collect();
        Failure::Settings(format!(
            "{} has no job `{job}`; it has {}",
            integration.title,
            known.join(", ")
        ))
    })
}
