//! Which PSA a command works on: a running Bitting server by its operator file, or a live PSA by address and
//! an administrator's key from the environment or a file. Keys never stand in arguments.

use crate::autotask::opened::Opened as AutotaskOpened;
use crate::connection::Target;
use crate::handover::Delivery;
use crate::prompt::{hidden, line};
use crate::results::print_calls;
use anyhow::{Result, bail};
use bitting_client::{Credentials, KeyFile, Options, Psa, Secret, Site};
use clap::Args;
use std::env;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// Which PSA.
#[derive(Args)]
pub struct Place {
    #[command(flatten)]
    pub target: Target,
    /// A live PSA, https://host (Autotask: any zone); on ConnectWise its administrator's key in BITTING_PUBLIC_KEY, BITTING_PRIVATE_KEY and
    /// BITTING_CLIENT_ID, in --admin-key, or typed in on a terminal.
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    psa: Option<String>,
    /// Company id on the live PSA.
    #[arg(long, value_name = "ID", requires = "psa")]
    company: Option<String>,
    /// Key file of an administrator, instead of the environment.
    #[arg(long, value_name = "FILE")]
    pub admin_key: Option<PathBuf>,
    /// Certificate authority of the PSA, PEM, where systems do not know it.
    #[arg(long, value_name = "FILE", requires = "psa")]
    ca_file: Option<PathBuf>,
    /// Use nothing but the vendor's API, as on a live PSA.
    #[arg(long)]
    as_live: bool,
    /// List every request that was made to the PSA, at the end.
    #[arg(long)]
    pub calls: bool,
    /// Directory with data of your own; profiles in its profiles/connectwise.
    #[arg(long, value_name = "DIR", env = "BITTING_DATA")]
    pub data: Option<PathBuf>,
}

/// An open PSA, and what a key for it is handed over with.
pub struct Opened {
    pub psa: Psa,
    pub delivery: Delivery,
    list_calls: bool,
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.list_calls {
            print_calls(&self.psa.calls());
        }
    }
}

/// What is said where there is no terminal to ask.
const MISSING: &str =
    "{} is not set; put the administrator's key there, or name a key file with --admin-key";

impl Place {
    /// Whether a PSA was named at all, and not only the server started last is meant.
    pub fn is_named(&self) -> bool {
        self.psa.is_some() || self.admin_key.is_some() || self.target.names_server()
    }

    /// Refuses what is said of the other PSA.
    pub fn is_connectwise(&self) -> Result<()> {
        if self.target.autotask {
            bail!(
                "--autotask is for profiles of Autotask, `autotask/...` in `bitting profile list`; leave it out for \
                 one of ConnectWise"
            );
        }
        Ok(())
    }

    /// An administrator's key shows nothing of an Autotask that its API does not show: levels and users are not in it.
    pub fn without_admin_key(&self) -> Result<()> {
        if self.admin_key.is_some() {
            bail!(
                "--admin-key is of no use here: no key of Autotask's API reads or makes levels and API users. Leave it out; \
                 `verify` and `connect` take it, to compare counts with"
            );
        }
        Ok(())
    }

    pub fn open(&self) -> Result<Opened> {
        self.is_connectwise()?;
        match (&self.psa, &self.admin_key) {
            (None, None) => self.embedded(),
            (None, Some(file)) => {
                let file = KeyFile::read(file)?;
                let psa = Psa::of_key_file(&file, self.as_live)?;
                let delivery = delivery(&file.url, &file.credentials, file.ca_file.as_deref());
                Ok(self.opened(psa, delivery))
            }
            (Some(url), _) => self.live(url),
        }
    }

    /// The Autotask instance: by the operator on a Bitting server, else without any way to its screens.
    pub fn autotask(&self) -> Result<AutotaskOpened> {
        if self.company.is_some() {
            bail!("--company is for ConnectWise; an Autotask is told by the user name of a key");
        }
        if let Some(url) = &self.psa {
            let url = Site::read(url)?.address;
            return Ok(AutotaskOpened::new(
                None,
                None,
                url,
                self.ca_file.clone(),
                self.calls,
            ));
        }
        let connection = self.target.autotask()?;
        let operator = &connection.operator;
        let psa = if self.as_live {
            None
        } else {
            Some(connection.open(&Options::default())?)
        };
        let ca_file = Some(operator.ca_file.clone());
        let url = operator.https.clone();
        let named = connection.named.clone();
        Ok(AutotaskOpened::new(psa, named, url, ca_file, self.calls))
    }

    fn opened(&self, psa: Psa, delivery: Delivery) -> Opened {
        Opened {
            psa,
            delivery,
            list_calls: self.calls,
        }
    }

    /// The server started last, or the one that --server names, by its operator.
    fn embedded(&self) -> Result<Opened> {
        let connection = self.target.connect()?;
        let psa = connection.open(&Options {
            vendor_only: self.as_live,
            ..Options::default()
        })?;
        let delivery = Delivery::of(&connection);
        Ok(self.opened(psa, delivery))
    }

    fn live(&self, url: &str) -> Result<Opened> {
        let (credentials, ca_file) = match &self.admin_key {
            Some(file) => {
                let file = KeyFile::read(file)?;
                (file.credentials, file.ca_file)
            }
            None => (self.environment()?, None),
        };
        let ca_file = self.ca_file.clone().or(ca_file);
        let options = Options {
            ca_file: ca_file.as_deref(),
            vendor_only: self.as_live,
            ..Options::default()
        };
        let psa = Psa::open(url, credentials.clone(), &options)?;
        let delivery = delivery(psa.address(), &credentials, ca_file.as_deref());
        Ok(self.opened(psa, delivery))
    }

    fn environment(&self) -> Result<Credentials> {
        let Some(company) = self.company.clone() else {
            bail!("which company? name it with --company; it is what people type when they log in");
        };
        let public_key = match env::var("BITTING_PUBLIC_KEY") {
            Ok(key) => key,
            Err(_) if std::io::stdin().is_terminal() => line("Public key of an administrator: ")?,
            Err(_) => bail!(MISSING.replace("{}", "BITTING_PUBLIC_KEY")),
        };
        let private_key = match env::var("BITTING_PRIVATE_KEY") {
            Ok(key) => key,
            Err(_) if std::io::stdin().is_terminal() => hidden("Its private key")?,
            Err(_) => bail!(MISSING.replace("{}", "BITTING_PRIVATE_KEY")),
        };
        Ok(Credentials {
            company,
            public_key,
            private_key: Secret::new(private_key),
            client_id: env::var("BITTING_CLIENT_ID").ok(),
        })
    }
}

fn delivery(url: &str, credentials: &Credentials, ca_file: Option<&Path>) -> Delivery {
    Delivery {
        url: url.to_owned(),
        company: credentials.company.clone(),
        client_id: credentials.client_id.clone(),
        ca_file: ca_file.map(Path::to_owned),
    }
}
