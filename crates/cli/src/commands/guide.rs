//! `bitting guide`: the set-up guide of an integration, from its profile.

use crate::chosen::SUCH_ANSWER;
use crate::forms::{address, pair};
use crate::whole_file;
use anyhow::{Context as _, Result, bail};
use bitting_catalog::Catalog;
use bitting_catalog::profile::Psa;
use bitting_connect::guide::{Tenant, guide};
use bitting_connect::page::{html, markdown};
use bitting_connect::profiles;
use bitting_connect::wanted::Choices;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the set-up guide of an integration: Markdown, or HTML that prints well.
#[derive(Args)]
pub struct Guide {
    /// Profile: a name of `bitting profile list`, or a .toml file.
    profile: String,
    /// Also this feature of the profile; -NAME leaves a default one out.
    #[arg(long = "feature", value_name = "NAME", allow_hyphen_values = true)]
    features: Vec<String>,
    /// What stands for a placeholder of the profile: NAME="first, second".
    #[arg(long = "set", value_name = "NAME=ENTRIES", value_parser = pair(SUCH_ANSWER))]
    answers: Vec<String>,
    /// Address of the tenant's PSA, to fill in.
    #[arg(long, visible_alias = "psa", value_name = "URL", value_parser = address("https://na.myconnectwise.net"))]
    psa_url: Option<String>,
    /// The tenant's company id, to fill in.
    #[arg(long, value_name = "ID")]
    company: Option<String>,
    /// Node of the structure to fill in as location.
    #[arg(long, value_name = "NAME")]
    location: Option<String>,
    /// Default board to fill in.
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Write HTML to this file instead of Markdown to the terminal.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Directory with data of your own.
    #[arg(long, value_name = "DIR", env = "BITTING_DATA")]
    data: Option<PathBuf>,
}

impl Guide {
    pub fn run(&self) -> Result<ExitCode> {
        let profile = profiles::find(&self.profile, self.data.as_deref())?;
        let of_connectwise = [
            ("--location", &self.location),
            ("--board", &self.board),
            ("--company", &self.company),
        ];
        if profile.product.psa == Psa::Autotask
            && let Some((flag, _)) = of_connectwise.into_iter().find(|(_, said)| said.is_some())
        {
            bail!(
                "{flag} is for ConnectWise, and {} is for Autotask, whose guide has no place for it",
                profile.file
            );
        }
        let (registry, _) = Catalog::embedded()?;
        let choices = Choices {
            selection: profiles::select(&profile, &self.features, &self.answers)?,
            location: self.location.clone(),
            board: self.board.clone(),
            ..Choices::default()
        };
        let tenant = Tenant {
            url: self.psa_url.clone(),
            company: self.company.clone(),
            client_id: None,
        };
        let page = guide(&profile, &choices, &tenant, &registry)?;
        match &self.html {
            None => print!("{}", markdown(&page)),
            Some(file) => whole_file::write(file, html(&profile.title(), &page))
                .with_context(|| format!("cannot write {}", file.display()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
