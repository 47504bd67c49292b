//! What a person chooses of a profile: features, names, places. Shared by the commands that work from one.

use crate::forms::pair;
use anyhow::{Context as _, Result, anyhow, bail};
use bitting_catalog::Catalog;
use bitting_catalog::profile::{Profile, Psa};
use bitting_connect::autotask::saved as at_saved;
use bitting_connect::autotask::wanted as autotask;
use bitting_connect::plan::saved;
use bitting_connect::profiles;
use bitting_connect::wanted::{Choices, Wanted, wanted};
use bitting_policy::Registry;
use clap::Args;
use std::path::Path;

/// An answer to a placeholder that shipped profiles have.
pub const SUCH_ANSWER: &str = "boards=\"Help Desk, Alerts\"";

/// Choices on top of a profile.
#[derive(Args)]
pub struct Chosen {
    /// Profile: a name of `bitting profile list`, or a .toml file.
    pub profile: String,
    /// Also this feature of the profile; -NAME leaves a default one out, `all` is every one in use.
    #[arg(long = "feature", value_name = "NAME", allow_hyphen_values = true)]
    features: Vec<String>,
    /// What stands for a placeholder of the profile: NAME="first, second".
    #[arg(long = "set", value_name = "NAME=ENTRIES", value_parser = pair(SUCH_ANSWER))]
    answers: Vec<String>,
    /// Name of the security role (Autotask: security level), instead of the profile's.
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// Id of the API member (Autotask: first and last name of the API user), instead of the profile's.
    #[arg(long, value_name = "ID")]
    member: Option<String>,
    /// Node of the structure whose records the member sees.
    #[arg(long, value_name = "NAME")]
    location: Option<String>,
    /// Board of tickets the member makes without one.
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Take the administrator's role that the guide offers, instead of its rows.
    #[arg(long)]
    admin: bool,
    /// Autotask: press No Permission on every section of the copied level first, whatever the guide says.
    #[arg(long)]
    cleared: bool,
    /// Autotask: e-mail address of the API user.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Autotask: integration vendor of the API tracking identifier.
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
    /// Autotask: line of business that the API user works for, "Managed Services > East"; may be repeated.
    #[arg(long = "line", value_name = "LINE")]
    lines: Vec<String>,
    /// Autotask: level of the people whom the API user acts for, where the profile asks for their consent; may be
    /// repeated. Without it, every level that people hold.
    #[arg(long, value_name = "LEVEL")]
    act_for: Vec<String>,
}

/// A plan that was kept in a file.
pub enum Kept {
    ConnectWise(Box<saved::Saved>),
    Autotask(Box<at_saved::Saved>),
}

/// A profile with the choices made and the knowledge to work from it.
pub struct Work {
    pub profile: Profile,
    pub choices: Choices,
    pub registry: Registry,
    pub catalog: Catalog,
}

impl Chosen {
    /// The kept plan that was named instead of a profile.
    pub fn kept(&self) -> Result<Option<Kept>> {
        if !self.profile.to_ascii_lowercase().ends_with(".json") {
            return Ok(None);
        }
        let file = &self.profile;
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the plan {file} cannot be read"))?;
        let broken = |error: serde_json::Error| {
            anyhow!(
                "{file} is no plan that `bitting plan --out` kept, near line {}",
                error.line()
            )
        };
        let head: serde_json::Value = serde_json::from_str(&text).map_err(broken)?;
        if let Some(flag) = self.given() {
            bail!(
                "{flag} says nothing here: {file} holds the choices that it was made with; plan anew with others"
            );
        }
        Ok(Some(match head["format"].as_str() {
            Some(saved::FORMAT) => {
                Kept::ConnectWise(Box::new(serde_json::from_str(&text).map_err(broken)?))
            }
            Some(at_saved::FORMAT) => {
                Kept::Autotask(Box::new(serde_json::from_str(&text).map_err(broken)?))
            }
            _ => bail!("{file} is no plan that `bitting plan --out` kept; make it anew"),
        }))
    }

    /// A choice that was said, by its flag.
    fn given(&self) -> Option<&'static str> {
        let given = [
            ("--feature", !self.features.is_empty()),
            ("--set", !self.answers.is_empty()),
            ("--role", self.role.is_some()),
            ("--member", self.member.is_some()),
            ("--location", self.location.is_some()),
            ("--board", self.board.is_some()),
            ("--admin", self.admin),
            ("--cleared", self.cleared),
            ("--email", self.email.is_some()),
            ("--vendor", self.vendor.is_some()),
            ("--line", !self.lines.is_empty()),
            ("--act-for", !self.act_for.is_empty()),
        ];
        given
            .into_iter()
            .find(|(_, given)| *given)
            .map(|(flag, _)| flag)
    }

    pub fn profile(&self, data: Option<&Path>) -> Result<Profile> {
        Ok(profiles::find(&self.profile, data)?)
    }

    /// The choices, where the profile is for Autotask.
    pub fn for_autotask(&self, profile: &Profile) -> Result<autotask::Choices> {
        if self.admin {
            bail!("--admin is for ConnectWise; on Autotask a level is copied and set");
        }
        if let Some((option, _)) = [("--location", &self.location), ("--board", &self.board)]
            .into_iter()
            .find(|(_, value)| value.is_some())
        {
            bail!("{option} is for ConnectWise; an API user of Autotask has none");
        }
        Ok(autotask::Choices {
            selection: profiles::select(profile, &self.features, &self.answers)?,
            level: self.role.clone(),
            user: self.member.clone(),
            email: self.email.clone(),
            vendor: self.vendor.clone(),
            lines: self.lines.clone(),
            act_for: self.act_for.clone(),
            cleared: self.cleared,
        })
    }

    pub fn work(&self, data: Option<&Path>) -> Result<Work> {
        let profile = self.profile(data)?;
        if profile.product.psa != Psa::ConnectWise {
            bail!(
                "{} is a profile for Autotask, and this step is for ConnectWise",
                profile.file
            );
        }
        let beside = !self.lines.is_empty() || !self.act_for.is_empty();
        if self.cleared || self.vendor.is_some() || self.email.is_some() || beside {
            bail!(
                "--cleared, --vendor, --email, --line and --act-for are for Autotask; this profile is for ConnectWise"
            );
        }
        let (registry, catalog) = Catalog::embedded()?;
        let choices = Choices {
            selection: profiles::select(&profile, &self.features, &self.answers)?,
            role: self.role.clone(),
            member: self.member.clone(),
            location: self.location.clone(),
            board: self.board.clone(),
            admin: self.admin,
        };
        Ok(Work {
            profile,
            choices,
            registry,
            catalog,
        })
    }
}

impl Work {
    pub fn wanted(&self) -> Result<Wanted> {
        Ok(wanted(&self.profile, &self.choices, &self.registry)?)
    }
}
