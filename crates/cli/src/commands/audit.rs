//! `bitting audit`: every API member of a company, and what it holds beyond its need.

use crate::forms::whole;
use crate::place::Place;
use crate::whole_file;
use anyhow::{Context as _, Result, bail};
use bitting_catalog::Catalog;
use bitting_catalog::profile::Profile;
use bitting_connect::audit::{Asked, Audit as Found, audit};
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::audit::audit as of_autotask;
use bitting_connect::page::html;
use bitting_connect::profiles;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Look at every API member of a company: excess over its profile or its calls, administrators, unused keys.
#[derive(Args)]
pub struct Audit {
    #[command(flatten)]
    place: Place,
    /// Keys not used for this many days count as unused.
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = whole::<i64>(1..=36_500, 90))]
    days: i64,
    /// Also recognise members by this profile, a .toml file; repeat for more.
    #[arg(long = "profile", value_name = "FILE")]
    profiles: Vec<String>,
    /// Also write a page to hand over to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Audit {
    pub fn run(&self) -> Result<ExitCode> {
        if self.place.target.autotask {
            return self.autotask();
        }
        let opened = self.place.open()?;
        let (registry, catalog) = Catalog::embedded()?;
        let known = self.known()?;
        let found = audit(&Asked {
            psa: &opened.psa,
            profiles: &known,
            registry: &registry,
            catalog: &catalog,
            days: self.days,
            now: bitting_connect::now(),
        })?;
        self.show(&found)
    }

    /// Every API user of an Autotask instance.
    fn autotask(&self) -> Result<ExitCode> {
        self.place.without_admin_key()?;
        let opened = self.place.autotask()?;
        let Some(instance) = opened.own() else {
            bail!("a live Autotask tells neither its API users nor its levels over its API");
        };
        let screen = Screen::embedded()?;
        let now = bitting_connect::now();
        self.show(&of_autotask(
            &instance,
            &self.known()?,
            &screen,
            self.days,
            now,
        )?)
    }

    /// The profiles that members are recognised by.
    fn known(&self) -> Result<Vec<Profile>> {
        let mut known = profiles::all(self.place.data.as_deref())?;
        for word in &self.profiles {
            known.insert(0, profiles::find(word, None)?);
        }
        Ok(known)
    }

    fn show(&self, found: &Found) -> Result<ExitCode> {
        if let Some(file) = &self.html {
            let title = format!("API members of {}", found.company);
            whole_file::write(file, html(&title, &found.page()))
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        if self.place.target.json {
            println!("{}", serde_json::to_string_pretty(found)?);
        } else {
            print!("{}", found.text());
        }
        Ok(ExitCode::SUCCESS)
    }
}
