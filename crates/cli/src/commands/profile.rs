//! `bitting profile`: what integrations need, as data.

mod difference;
mod import;

use crate::place::Place;
use crate::{table, whole_file};
use anyhow::{Context as _, Result, bail};
use bitting_catalog::Catalog;
use bitting_catalog::profile::lint::{Finding, Severity, lint, lint_all};
use bitting_catalog::profile::{Completeness, Profile as Read, Psa, template};
use bitting_connect::guide::{Tenant, guide};
use bitting_connect::page::markdown;
use bitting_connect::profiles;
use bitting_connect::wanted::Choices;
use bitting_policy::{Level, Registry, Verb};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What integrations need, as data.
#[derive(Args)]
pub struct Profile {
    #[command(subcommand)]
    action: Action,
    /// Directory with data of your own; profiles in its profiles/connectwise and profiles/autotask.
    #[arg(long, value_name = "DIR", env = "BITTING_DATA", global = true)]
    data: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// List the profiles.
    List {
        /// Only of this PSA.
        #[arg(long)]
        psa: Option<Of>,
    },
    /// Show what a profile asks for.
    Show {
        /// A name of `bitting profile list`, or a .toml file.
        profile: String,
    },
    /// Check profiles for mistakes, traps and excess; exit code 1 when one is an error.
    Check {
        /// Names or .toml files; all that there are without one.
        profiles: Vec<String>,
    },
    /// Start a profile file to fill in.
    New {
        /// File to write; its name becomes the profile's.
        file: PathBuf,
        /// Who makes the integration.
        #[arg(long)]
        vendor: String,
        /// What it is called.
        #[arg(long)]
        product: String,
        /// The PSA that it works with.
        #[arg(long, default_value = "connectwise")]
        psa: Of,
    },
    /// Turn a vendor's ConnectWise guide, pasted into a text file, into a profile to look through. Exit code 0 when
    /// all of it was read, 2 when something was not, which is listed and not granted.
    Import(import::Import),
    /// What a newer profile asks for more, or less, and which connected members fall short of it. Exit code 2
    /// when they differ.
    Diff {
        /// The older profile: a name of `bitting profile list`, or a .toml file.
        old: String,
        /// The newer one.
        new: String,
        /// Where members are looked for: the server started last, or the PSA that is named.
        #[command(flatten)]
        place: Box<Place>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Of {
    Connectwise,
    Autotask,
}

impl From<Of> for Psa {
    fn from(of: Of) -> Self {
        match of {
            Of::Connectwise => Psa::ConnectWise,
            Of::Autotask => Psa::Autotask,
        }
    }
}

const COLUMNS: [(&str, &str); 5] = [
    ("PROFILE", "profile"),
    ("INTEGRATION", "title"),
    ("GUIDE", "guide"),
    ("RIGHTS", "rights"),
    ("FEATURES", "features"),
];

impl Profile {
    pub fn run(&self) -> Result<ExitCode> {
        let (registry, _) = Catalog::embedded()?;
        let data = self.data.as_deref();
        match &self.action {
            Action::List { psa } => {
                let wanted = psa.map(Psa::from);
                let all = profiles::all(data)?;
                let rows: Vec<Value> = all
                    .iter()
                    .filter(|p| wanted.is_none_or(|psa| p.product.psa == psa))
                    .map(row)
                    .collect();
                table::print(&rows, &COLUMNS, self.json)?;
            }
            Action::Show { profile } => {
                let found = profiles::find(profile, data)?;
                if self.json {
                    println!("{}", serde_json::to_string_pretty(&found)?);
                } else {
                    let choices = Choices {
                        selection: found.default_selection(),
                        ..Choices::default()
                    };
                    print!(
                        "{}",
                        markdown(&guide(&found, &choices, &Tenant::default(), &registry)?)
                    );
                }
            }
            Action::Check { profiles: names } => return self.check(names, &registry),
            Action::New {
                file,
                vendor,
                product,
                psa,
            } => {
                if file.exists() {
                    bail!("{} is there already; nothing was written", file.display());
                }
                let today = today();
                whole_file::write_new(file, template(vendor, product, (*psa).into(), &today))
                    .with_context(|| format!("cannot write {}", file.display()))?;
                println!(
                    "wrote {}; fill it in, then: bitting profile check {}",
                    file.display(),
                    file.display()
                );
            }
            Action::Import(import) => return import.run(&registry, &today()),
            Action::Diff { old, new, place } => {
                let data = place.data.as_deref().or(data);
                let (old, new) = (profiles::find(old, data)?, profiles::find(new, data)?);
                let json = self.json || place.target.json;
                return if old.product.psa == Psa::Autotask {
                    difference::autotask(&old, &new, json)
                } else {
                    difference::connectwise(&old, &new, &registry, place, json)
                };
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self, names: &[String], registry: &Registry) -> Result<ExitCode> {
        let data = self.data.as_deref();
        let findings: Vec<Finding> = if names.is_empty() {
            lint_all(&profiles::all(data)?, registry)
        } else {
            let mut found = Vec::new();
            for name in names {
                found.extend(lint(&profiles::find(name, data)?, registry));
            }
            found
        };
        let errors = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&findings)?);
        } else {
            for finding in &findings {
                let severity = match finding.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "note",
                };
                println!(
                    "{}: {severity}: {} ({})",
                    finding.place, finding.message, finding.rule
                );
                if let Some(suggestion) = &finding.suggestion {
                    println!("    {suggestion}");
                }
            }
            let count = |severity| {
                findings
                    .iter()
                    .filter(|finding| finding.severity == severity)
                    .count()
            };
            println!(
                "{}, {}, {}",
                counted(errors, "error"),
                counted(count(Severity::Warning), "warning"),
                counted(count(Severity::Note), "note")
            );
        }
        Ok(if errors > 0 {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// `1 note`, `2 notes`.
fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

fn row(profile: &Read) -> Value {
    let selection = profile.default_selection();
    let cells = profile.selected(&selection).map(|(_, grant)| {
        Verb::EVERY
            .iter()
            .filter(|verb| grant.level(**verb) > Level::None)
            .count()
    });
    let rights = cells.sum::<usize>() + profile.selected_settings(&selection).count();
    let features: Vec<&str> = profile
        .feature
        .iter()
        .map(|feature| feature.id.as_str())
        .collect();
    json!({
        "profile": format!("{}/{}", profile.product.psa.folder(), profile.slug),
        "title": profile.title(),
        "guide": match profile.product.completeness {
            Completeness::Complete => "complete",
            Completeness::Partial => "partial",
        },
        "rights": rights,
        "features": features.join(", "),
    })
}

/// Today as profiles write it.
fn today() -> String {
    bitting_connect::today()
}
