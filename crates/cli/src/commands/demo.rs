//! `bitting demo`: a company of any size, laid down without a server.

use crate::forms::whole;
use crate::progress::Progress;
use anyhow::{Context as _, Result};
use bitting_demo::Size;
use bitting_server::host::{self, FilledAutotask, Options, Shown};
use clap::Args;
use std::fs;
use std::path::PathBuf;

/// Fill a data directory with a demo company of any size; `serve --data DIR` then serves it.
#[derive(Args)]
pub struct Demo {
    /// Tickets, spread over a year with their notes, time entries and schedule. Companies, contacts and
    /// agreements, with their monthly invoices, grow along. Up to ten millions.
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1..=10_000_000, 10_000))]
    size: u32,
    /// The data directory; no server may have it open.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A PostgreSQL database for the rows; better in the environment.
    #[arg(
        long,
        value_name = "URL",
        env = "BITTING_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,
    /// Fill the Autotask database of the directory, not the company of ConnectWise.
    #[arg(long, conflicts_with = "company")]
    autotask: bool,
    /// Company id that clients write before the plus.
    #[arg(long, default_value = "bitting")]
    company: String,
    /// Same seed, same records.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>(0..=u64::MAX, 1))]
    seed: u64,
    /// Draw no progress bar, and tell no progress where there is no terminal.
    #[arg(long)]
    quiet: bool,
}

impl Demo {
    pub fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        runtime.block_on(self.fill())
    }

    async fn fill(self) -> Result<()> {
        fs::create_dir_all(&self.data)
            .with_context(|| format!("cannot create the data directory {}", self.data.display()))?;
        let size = Size::scaled(self.size);
        let mut shown = Progress::new(size.rows(self.autotask), "rows", self.quiet);
        let demo = host::Demo {
            size,
            seed: self.seed,
        };
        let options = Options {
            state: self.data.canonicalize().unwrap_or(self.data.clone()),
            keep: true,
            overlay: Vec::new(),
            database: self.database.clone(),
            host: "127.0.0.1".to_owned(),
            http_port: 0,
            https_port: 0,
            company: self.company.clone(),
            company_name: "Northwind Signal".to_owned(),
            demo: self.autotask.then(|| demo.clone()),
            require_client_id: true,
            now: None,
            certificate: None,
            ready: false,
            autotask: None,
        };
        let mut rows = 0;
        let mut progress = |done| {
            rows = done;
            shown.reached(done);
        };
        if self.autotask {
            let filled = host::fill_autotask(&options, &mut progress).await;
            shown.end();
            self.tell(&filled?, rows);
            return Ok(());
        }
        let filled = host::fill(&options, &demo, &mut progress).await;
        shown.end();
        let filled = filled?;
        println!("company     {}", filled.company);
        println!("rows        {rows}, of which {} tickets", self.size);
        println!("data        {}", filled.place);
        for (name, pair) in [("admin", &filled.admin), ("least", &filled.least)] {
            if let Some(Shown {
                public_key,
                private_key,
            }) = pair
            {
                println!("{name:<12}{public_key} : {private_key}");
            }
        }
        println!(
            "\nServe it with: bitting serve --data {}",
            self.data.display()
        );
        Ok(())
    }

    /// The Autotask database and its first users.
    fn tell(&self, filled: &FilledAutotask, rows: u64) {
        println!("rows        {rows}, of which {} tickets", self.size);
        println!("data        {}", filled.place);
        for (name, user) in [
            ("admin", Some(&filled.admin)),
            ("least", filled.least.as_ref()),
        ] {
            if let Some(user) = user {
                println!(
                    "{name:<12}{} : {} : {}",
                    user.username, user.secret, user.integration_code
                );
            }
        }
        println!(
            "\nServe it with: bitting serve --data {}",
            self.data.display()
        );
    }
}
