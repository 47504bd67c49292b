//! `bitting gate`: the same enforcement in front of a live PSA.

use super::serve;
use crate::bench::Workbench;
use crate::forms::{pair, whole};
use crate::prompt::{hidden, line};
use crate::runtime;
use anyhow::{Context as _, Result, bail};
use bitting_client::{Credentials, KeyFile, Secret as ClientSecret, Site};
use bitting_gate::{Front, Settings};
use bitting_psa::secret::Secret;
use bitting_server::host::{self, Options, Running};
use clap::Args;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

/// Stand in front of a live ConnectWise PSA: virtual keys, every right and row rule enforced, every call kept.
///
/// The key of the PSA that the gate uses is read from BITTING_PUBLIC_KEY, BITTING_PRIVATE_KEY and
/// BITTING_CLIENT_ID, from --psa-key, or asked for; it is kept in memory alone. Clients get virtual keys:
/// `bitting role`, `member`, `key` and `connect` work on the gate as on `bitting serve`. It fronts ConnectWise;
/// Autotask is not behind a gate yet.
#[derive(Args)]
pub struct Gate {
    /// The PSA, https://host.
    #[arg(long, value_name = "URL")]
    psa: Option<String>,
    /// Company id on the PSA, and before the plus of virtual keys.
    #[arg(long, value_name = "ID")]
    company: Option<String>,
    /// Key file of the PSA (url, company, client_id, public_key, private_key), instead of the environment.
    #[arg(long, value_name = "FILE")]
    psa_key: Option<PathBuf>,
    /// Certificate authority of the PSA, PEM, where systems do not know it.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Directory of the gate's members, roles and keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A virtual member's name on the PSA, whose records level My means; without, it is the same name. Kept.
    #[arg(long = "as", value_name = "MEMBER=NAME", value_parser = pair("Desk=jsmith"))]
    names: Vec<String>,
    /// Longest wait for the PSA, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = whole::<u64>(1..=3_600, 60))]
    patience: u64,
    /// Port for http; 0 takes a free one, for https too.
    #[arg(long, default_value_t = 8090, value_parser = whole::<u16>(0..=65_535, 8090))]
    port: u16,
    /// Port for https.
    #[arg(long, value_name = "PORT", value_parser = whole::<u16>(0..=65_535, 8453))]
    https_port: Option<u16>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Write where the gate is to this file, as JSON, once it answers.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Certificate chain of your own, PEM; needs --key.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Accept calls without a clientId header.
    #[arg(long)]
    no_client_id: bool,
}

impl Gate {
    pub fn run(self) -> Result<()> {
        serve::log();
        runtime::runtime()?.block_on(self.stand())
    }

    async fn stand(self) -> Result<()> {
        let ready_file = serve::ReadyFile::at(self.ready_file.as_deref())?;
        let front = self.front()?;
        fs::create_dir_all(&self.data)
            .with_context(|| format!("cannot create the data directory {}", self.data.display()))?;
        let free = self.port == 0;
        let options = Options {
            state: self
                .data
                .canonicalize()
                .unwrap_or_else(|_| self.data.clone()),
            keep: true,
            overlay: Vec::new(),
            database: None,
            host: self.host.clone(),
            http_port: self.port,
            https_port: self.https_port.unwrap_or(if free { 0 } else { 8453 }),
            company: front.upstream.company.clone(),
            company_name: front.upstream.company.clone(),
            demo: None,
            require_client_id: !self.no_client_id,
            now: None,
            certificate: self.certificate.clone().zip(self.key.clone()),
            ready: false,
            autotask: None,
        };
        let mut stopped = tokio::spawn(runtime::stop_signal());
        let running = tokio::select! {
            running = host::start_gate(&options, &front) => running?,
            _ = &mut stopped => return Ok(()),
        };
        serve::announce(&options.state, &running)?;
        let bench = Workbench::new(&running);
        running.server.console.equip(std::sync::Arc::new(bench));
        ready_file.write(&running.ready)?;
        greet(&running, &front.upstream.address);
        // It ends by the signal and by nothing else.
        let _ = stopped.await;
        running.stop().await;
        ready_file.remove();
        Ok(())
    }

    /// Where the PSA is, and the key for it.
    fn front(&self) -> Result<Front> {
        let file = self.psa_key.as_deref().map(KeyFile::read).transpose()?;
        let Some(url) = self
            .psa
            .clone()
            .or(file.as_ref().map(|file| file.url.clone()))
        else {
            bail!("name the PSA with --psa https://host, or a key file of it with --psa-key");
        };
        let known = file.as_ref().map(|file| file.credentials.company.clone());
        let Some(company) = self.company.clone().or(known) else {
            bail!("name the company on the PSA with --company ID");
        };
        let authority = self
            .ca_file
            .clone()
            .or(file.as_ref().and_then(|file| file.ca_file.clone()));
        let authority = authority.map(|file| {
            fs::read(&file).with_context(|| format!("cannot read the authority {}", file.display()))
        });
        let credentials = match file {
            Some(file) => file.credentials,
            None => asked(&company)?,
        };
        let names = self.names.iter().map(|pair| match pair.split_once('=') {
            Some((member, name)) if !member.is_empty() && !name.is_empty() => {
                Ok((member.to_owned(), name.to_owned()))
            }
            _ => bail!("`{pair}` names no member; write --as MEMBER=NAME"),
        });
        Ok(Front {
            names: names.collect::<Result<_>>()?,
            upstream: Settings {
                address: Site::read(&url)?.address,
                company,
                public_key: credentials.public_key,
                private_key: Secret::new(credentials.private_key.reveal()),
                client_id: credentials.client_id.unwrap_or_default(),
                authority: authority.transpose()?,
                patience: Duration::from_secs(self.patience.max(1)),
            },
        })
    }
}

/// The PSA's key from the environment, or typed in.
fn asked(company: &str) -> Result<Credentials> {
    let said = |name: &str, prompt: &str, quiet: bool| -> Result<String> {
        match env::var(name) {
            Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
            _ if !std::io::stdin().is_terminal() => bail!(
                "no key for the PSA: set BITTING_PUBLIC_KEY, BITTING_PRIVATE_KEY and BITTING_CLIENT_ID, or name a \
                 key file with --psa-key"
            ),
            _ if quiet => hidden(prompt),
            _ => line(&format!("{prompt}: ")),
        }
    };
    Ok(Credentials {
        company: company.to_owned(),
        public_key: said("BITTING_PUBLIC_KEY", "Public key of the PSA", false)?,
        private_key: ClientSecret::new(said("BITTING_PRIVATE_KEY", "Private key", true)?),
        client_id: Some(said("BITTING_CLIENT_ID", "Client id", false)?),
    })
}

fn greet(running: &Running, psa: &str) {
    let ready = &running.ready;
    let mut text = String::new();
    for (name, value) in [
        ("psa", psa),
        ("http", &ready.http),
        ("https", &ready.https),
        ("CA file", &ready.ca_file.display().to_string()),
        ("console", &ready.console),
        ("company", &ready.connectwise.company),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<12}{value}");
    }
    let mut out = std::io::stdout().lock();
    // A closed pipe is no reason not to stand.
    let _ = writeln!(
        out,
        "Bitting stands in front of a ConnectWise PSA.\n\n{text}\nCut a virtual key with `bitting connect PROFILE`, or `bitting role`, `member` and `key`.\nStop with Ctrl-C."
    );
    let _ = out.flush();
}
