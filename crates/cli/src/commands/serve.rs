//! `bitting serve`: runs a PSA on this machine.

mod greeting;
mod ready_file;

use crate::bench::Workbench;
use crate::commands::sync::shared;
use crate::connection::{OPERATOR_FILE, Operator, pointer};
use crate::forms::{instant, whole};
use crate::jobs::{self, Desk};
use crate::runtime::{runtime, stop_signal};
use crate::{laying, overlay, private_file};
use anyhow::{Context as _, Result};
use bitting_demo::Size;
use bitting_server::host::Demo;
use bitting_server::host::{self, AutotaskOptions, Options, Running};
use bitting_sync::Scheduler;
use bitting_sync::scheduler::Tell;
use clap::Args;
use jiff::Timestamp;
pub use ready_file::ReadyFile;
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Run a PSA that speaks the ConnectWise and the Autotask REST API and enforces every right.
#[derive(Args)]
pub struct Serve {
    /// Keep the data in this directory; without it, it is gone when the server stops.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Data of your own on top of what is shipped: kinds of record, paths and fields in DIR/connectwise.
    #[arg(long, value_name = "DIR", env = "BITTING_DATA_OVERLAY")]
    data_overlay: Option<PathBuf>,
    /// Fill a company that is made with demo records (the default); one that the data directory holds stays as it is.
    #[arg(long, conflicts_with = "empty")]
    demo: bool,
    /// Start a new company with its structure and two API members only.
    #[arg(long)]
    empty: bool,
    /// Port for http; 0 takes a free one, for https too.
    #[arg(long, default_value_t = 8080, env = "BITTING_PORT", value_parser = whole::<u16>(0..=65_535, 8080))]
    port: u16,
    /// Port for https.
    #[arg(long, value_name = "PORT", env = "BITTING_HTTPS_PORT", value_parser = whole::<u16>(0..=65_535, 8443))]
    https_port: Option<u16>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", env = "BITTING_HOST")]
    host: String,
    /// Write where the server is and which keys open it to this file, as JSON, once it answers.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// A PostgreSQL database, postgres://user:password@host/database; better in the environment.
    #[arg(
        long,
        value_name = "URL",
        env = "BITTING_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,
    /// Company id that clients write before the plus.
    #[arg(long, default_value = "bitting")]
    company: String,
    /// Certificate chain of your own, PEM; needs --key.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Accept calls without a clientId header.
    #[arg(long)]
    no_client_id: bool,
    /// Serve ConnectWise alone, without the Autotask database beside it.
    #[arg(long)]
    no_autotask: bool,
    /// Let Autotask's clients change a record at its own path, which the vendor refuses with 405.
    #[arg(long, conflicts_with = "no_autotask")]
    autotask_lenient: bool,
    /// Enforce Autotask's limits: three calls at once per endpoint, 10,000 an hour, and their delays.
    #[arg(long, conflicts_with = "no_autotask")]
    autotask_limits: bool,
    /// Do not run the jobs of the integrations that `bitting sync connect` connected; the console shows them all
    /// the same.
    #[arg(long)]
    no_sync: bool,
    /// Folder of the integrations' jobs, as `bitting sync --home` has it.
    #[arg(long, value_name = "DIR", env = "BITTING_SYNC_HOME")]
    sync_home: Option<PathBuf>,
    /// Where the state of the jobs is, as `bitting sync --database` has it.
    #[arg(
        long,
        value_name = "URL",
        env = "BITTING_SYNC_DATABASE",
        hide_env_values = true
    )]
    sync_database: Option<String>,
    /// Tickets of the demo company, instead of its usual 500.
    #[arg(long, value_name = "N", conflicts_with = "empty", value_parser = whole::<u32>(0..=10_000_000, 500))]
    tickets: Option<u32>,
    /// Companies of the demo company, instead of its usual 240.
    #[arg(long, value_name = "N", conflicts_with = "empty", value_parser = whole::<u32>(0..=10_000_000, 240))]
    companies: Option<u32>,
    /// Configurations of the demo company, instead of its usual 450.
    #[arg(long, value_name = "N", conflicts_with = "empty", value_parser = whole::<u32>(0..=10_000_000, 450))]
    configurations: Option<u32>,
    /// Let the clock of the records stand at this moment, as 2026-01-31T09:00:00Z: what is made is dated then, the
    /// demo company too, so that two starts with one seed have the same records to the letter.
    #[arg(long, value_name = "TIME", env = "BITTING_NOW", value_parser = instant)]
    now: Option<Timestamp>,
    /// Same seed, same demo records.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>(0..=u64::MAX, 1))]
    seed: u64,
}

impl Serve {
    pub fn run(self) -> Result<()> {
        log();
        runtime()?.block_on(self.serve())
    }

    fn demo_records(&self) -> Demo {
        let mut size = self.tickets.map_or_else(Size::default, Size::with_tickets);
        size.companies = self.companies.unwrap_or(size.companies);
        size.configurations = self.configurations.unwrap_or(size.configurations);
        Demo {
            size,
            seed: self.seed,
        }
    }

    /// Shows the integrations' jobs in the console, and runs them at their own rhythm.
    fn jobs(&self, running: &Running) -> Option<Scheduler> {
        let shared = match shared(self.sync_home.clone(), self.sync_database.clone()) {
            Ok(shared) => Arc::new(shared),
            Err(error) => {
                tracing::warn!(%error, "the integrations' jobs are not run");
                return None;
            }
        };
        running.server.join_jobs(Arc::new(Desk::new(
            shared.clone(),
            running.ready.connectwise.client_id.clone(),
        )));
        let tell: Arc<Tell> = Arc::new(jobs::say);
        (!self.no_sync).then(|| Scheduler::start(&shared, &tell))
    }

    async fn serve(self) -> Result<()> {
        let ready_file = ReadyFile::at(self.ready_file.as_deref())?;
        // Holds the directory until the server stops.
        let temporary;
        let state = match &self.data {
            Some(directory) => {
                fs::create_dir_all(directory).with_context(|| {
                    format!(
                        "cannot create the data directory {}; name one with --data that you may write to",
                        directory.display()
                    )
                })?;
                directory.clone()
            }
            None => {
                temporary = tempfile::Builder::new()
                    .prefix("bitting-")
                    .tempdir()
                    .context("cannot create a temporary directory")?;
                temporary.path().to_owned()
            }
        };
        let free = self.port == 0;
        let options = Options {
            state: state.canonicalize().unwrap_or(state),
            autotask: (!self.no_autotask).then_some(AutotaskOptions {
                lenient: self.autotask_lenient,
                limits: self.autotask_limits,
            }),
            keep: self.data.is_some(),
            overlay: match &self.data_overlay {
                Some(directory) => overlay::files(directory)?,
                None => Vec::new(),
            },
            database: self.database.clone(),
            host: self.host.clone(),
            http_port: self.port,
            https_port: self.https_port.unwrap_or(if free { 0 } else { 8443 }),
            company: self.company.clone(),
            company_name: "Northwind Signal".to_owned(),
            demo: (!self.empty).then(|| self.demo_records()),
            require_client_id: !self.no_client_id,
            now: self.now,
            certificate: self.certificate.clone().zip(self.key.clone()),
            ready: self.ready_file.is_some(),
        };
        // Listened for from the start: a server that is stopped early leaves nothing behind either.
        let mut stopped = tokio::spawn(stop_signal());
        let mut silent = |_| {};
        let starting = match laying::begin(&options) {
            Some(laying) => host::start_laid(&options, laying, &mut silent),
            None => host::start(&options, &mut silent),
        };
        let running = tokio::select! {
            running = starting => running?,
            _ = &mut stopped => return Ok(()),
        };
        announce(&options.state, &running)?;
        let bench = Workbench::new(&running);
        running.server.console.equip(std::sync::Arc::new(bench));
        ready_file.write(&running.ready)?;
        let jobs = self.jobs(&running);
        greeting::greet(&running);
        // It ends by the signal and by nothing else.
        let _ = stopped.await;
        if std::io::stderr().is_terminal() {
            eprintln!("stopping");
        }
        if let Some(scheduler) = jobs {
            // A run ends at its next step; the next start goes on there.
            let stopped =
                tokio::task::spawn_blocking(move || scheduler.stop(Duration::from_secs(5)));
            let _ = stopped.await;
        }
        running.stop().await;
        ready_file.remove();
        Ok(())
    }
}

/// Leaves word for the commands on this machine where the server is.
pub fn announce(state: &Path, running: &Running) -> Result<()> {
    let ready = &running.ready;
    let operator = Operator {
        http: ready.http.clone(),
        https: ready.https.clone(),
        ca_file: ready.ca_file.clone(),
        company: ready.connectwise.company.clone(),
        client_id: ready.connectwise.client_id.clone(),
        token: running.server.settings.operator.reveal().to_owned(),
    };
    let file = state.join(OPERATOR_FILE);
    private_file::write(&file, &serde_json::to_vec_pretty(&operator)?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    // Without a home there is no default; --server still works.
    if let Some(pointer) = pointer()
        && let Some(directory) = pointer.parent()
        && fs::create_dir_all(directory).is_ok()
    {
        let _ = private_file::write(&pointer, file.to_string_lossy().as_bytes());
    }
    Ok(())
}

pub fn log() {
    let usual = || EnvFilter::new("warn");
    let filter = match std::env::var("BITTING_LOG") {
        Ok(wish) => EnvFilter::try_new(&wish).unwrap_or_else(|error| {
            eprintln!(
                "bitting: BITTING_LOG is passed over ({error}); write a level, such as debug, or one of a part, such as \
                 bitting_server=debug"
            );
            usual()
        }),
        Err(_) => usual(),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
