//! A profile as a whole: whose it is, where it comes from, what it asks for and what to tell people.
//! Knows the file's words; the loader fills in line numbers and checks what one row cannot show.

use super::autotask::{Impersonation, SecurityLevel, Setting};
use super::form::{Member, User};
use super::grant::Grant;
use super::spot::spot;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One integration's needs on one PSA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Name of the file without its ending: `umbrella`. Unique within a PSA.
    pub slug: String,
    /// Where it was read from, for messages: `data/profiles/connectwise/umbrella.toml`.
    pub file: String,
    /// Lines of the single tables and their keys, from 1: `member.identifier`.
    #[serde(skip)]
    pub lines: BTreeMap<String, usize>,
    /// The file as written, to find in it what a message speaks of.
    #[serde(skip)]
    pub text: String,
    #[serde(flatten)]
    pub product: Product,
    pub source: Vec<Source>,
    pub edition: Vec<Edition>,
    pub role: RoleNotes,
    pub grant: Vec<Grant>,
    pub level: Option<SecurityLevel>,
    pub setting: Vec<Setting>,
    pub impersonation: Vec<Impersonation>,
    pub feature: Vec<Feature>,
    pub member: Member,
    pub user: Option<User>,
    pub connection: Vec<Connection>,
    pub precondition: Vec<Precondition>,
    pub step: Vec<Step>,
    pub error: Vec<KnownError>,
    pub correction: Vec<Correction>,
}

/// The head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    pub vendor: String,
    pub product: String,
    /// Title of the guide, where a product has several: `requirements page`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    pub psa: Psa,
    /// What the integration does with the PSA, in one sentence.
    pub summary: String,
    pub completeness: Completeness,
    /// What is missing of a partial guide, or doubtful in a complete one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaps: Option<String>,
    /// Version of this profile, from 1; grows with every change of rights.
    pub version: u32,
    /// Oldest release of the PSA the guide works with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psa_version: Option<String>,
    #[serde(default)]
    pub admin_alternative: AdminAlternative,
    /// The guide adds rights to a role that exists already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub addon: bool,
    /// Security notes and other facts of the guide, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Psa {
    ConnectWise,
    Autotask,
}

impl Psa {
    /// Name of the folder below `data/profiles/`.
    pub fn folder(self) -> &'static str {
        match self {
            Psa::ConnectWise => "connectwise",
            Psa::Autotask => "autotask",
        }
    }
}

/// Whether every row of the guide could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Completeness {
    Complete,
    /// Some rows or lists are missing: the role made from it may be too small.
    Partial,
}

/// Whether the vendor lets people skip the role and use an administrator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdminAlternative {
    /// Not mentioned.
    #[default]
    None,
    Allowed,
    Recommended,
    /// What the guide does unless one chooses otherwise.
    Default,
    /// The vendor supports nothing else.
    Only,
}

/// A page the profile was written from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub title: String,
    /// Address of the page, with scheme.
    pub url: String,
    /// Date the page itself carries, as far as known: `2022-12` or `2020-02-11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<String>,
    /// Version of the product or page, as the vendor writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Day on which its facts were taken over into this file: `2026-11-21`.
    pub taken: String,
}

/// Another version of the guide, kept for comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edition {
    pub title: String,
    pub url: String,
    pub relation: Relation,
    /// How it differs.
    pub note: String,
    /// Some of its rows could not be read: what it lacks says nothing.
    pub incomplete: bool,
    /// Its rows, where they are known.
    pub grant: Vec<Grant>,
    /// Line of the edition in its file, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// How another version of a guide relates to the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    Older,
    Newer,
    /// Published beside it.
    Beside,
}

/// Suggestions for the role itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleNotes {
    /// Name of the role, at most 30 characters. Absent: the product's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A named group of rights that can be switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// Name for `--feature`: `ticket-settings`.
    pub id: String,
    pub title: String,
    pub why: String,
    /// On unless switched off.
    pub default: bool,
    pub status: Status,
    /// Features it switches on with it.
    pub includes: Vec<String>,
    /// For a temporary feature: when to take it away again.
    pub until: Option<String>,
    pub grant: Vec<Grant>,
    pub setting: Vec<Setting>,
    pub impersonation: Vec<Impersonation>,
    /// Line of the feature in its file, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// Where a feature stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Used,
    /// Asked for ahead of a later release.
    Planned,
    /// Not used any more.
    Legacy,
    /// Only while setting up.
    Temporary,
}

/// One piece of data the product's own form asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    pub item: ConnectionItem,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The guide itself does not name it; the PSA needs it all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmentioned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionItem {
    Site,
    Company,
    PublicKey,
    PrivateKey,
    ClientId,
    /// Autotask: the API user's key.
    UserName,
    /// Autotask: the API user's secret.
    Secret,
    TrackingIdentifier,
    /// Autotask: the address of the tenant's zone.
    ZoneUrl,
}

/// Something that must hold outside the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precondition {
    /// What it concerns, in a word or two: `edition`, `network`, `project team`.
    pub about: String,
    pub what: String,
}

/// One step of the set-up, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Menu path or screen: `System > Members > API Members`.
    pub at: String,
    #[serde(rename = "do")]
    pub action: String,
}

/// An error people met, and its cure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownError {
    pub symptom: String,
    pub cause: String,
    pub cure: String,
}

/// Where we grant something else than the guide printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The row or field: `System / Table Setup`.
    #[serde(rename = "where")]
    pub place: String,
    pub printed: String,
    pub granted: String,
    pub why: String,
}

impl Profile {
    /// `Cisco Umbrella`; the vendor is not said twice.
    pub fn title(&self) -> String {
        let Product {
            vendor,
            product,
            guide,
            ..
        } = &self.product;
        let name = if product.starts_with(vendor.as_str()) {
            product.clone()
        } else {
            format!("{vendor} {product}")
        };
        match guide {
            Some(guide) => format!("{name} ({guide})"),
            None => name,
        }
    }

    /// Name for the security role or level: the guide's suggestion, or the product, cut to the
    /// 30 characters a role's name may have.
    pub fn role_name(&self) -> String {
        let name = self
            .role
            .name
            .as_deref()
            .or(self.level.as_ref().and_then(|l| l.name.as_deref()));
        match name {
            Some(name) => name.to_owned(),
            None => self
                .product
                .product
                .chars()
                .take(30)
                .collect::<String>()
                .trim_end()
                .to_owned(),
        }
    }

    /// The feature of that id.
    pub fn feature(&self, id: &str) -> Option<&Feature> {
        self.feature.iter().find(|feature| feature.id == id)
    }

    /// Every row of the file with the feature it belongs to (nothing for the rows always needed).
    pub fn rows(&self) -> impl Iterator<Item = (Option<&Feature>, &Grant)> {
        let always = self.grant.iter().map(|grant| (None, grant));
        let optional = self.feature.iter().flat_map(|feature| {
            feature
                .grant
                .iter()
                .map(move |grant| (Some(feature), grant))
        });
        always.chain(optional)
    }

    /// Every Autotask setting of the file with the feature it belongs to.
    pub fn settings(&self) -> impl Iterator<Item = (Option<&Feature>, &Setting)> {
        let always = self.setting.iter().map(|setting| (None, setting));
        let optional = self.feature.iter().flat_map(|feature| {
            feature
                .setting
                .iter()
                .map(move |setting| (Some(feature), setting))
        });
        always.chain(optional)
    }

    /// The line of a table or of a key in it, `member.identifier`; 1 where the file has none.
    pub fn line_of(&self, key: &str) -> usize {
        self.lines.get(key).copied().unwrap_or(1)
    }

    /// What a person types to name this profile: its name where it is shipped, else its file.
    pub fn word(&self) -> String {
        match (self.file.starts_with("data/profiles/"), self.product.psa) {
            (true, Psa::ConnectWise) => self.slug.clone(),
            (true, psa) => format!("{}/{}", psa.folder(), self.slug),
            (false, _) => self.file.clone(),
        }
    }

    /// Line and column of what a message about the row at `line` speaks of.
    pub fn spot(&self, line: usize, message: &str) -> (usize, usize) {
        spot(&self.text, line, message)
    }

    /// `data/profiles/connectwise/umbrella.toml:12:11`, of what a message about the row at `line` speaks of.
    pub fn place(&self, line: usize, message: &str) -> String {
        let (line, column) = self.spot(line, message);
        format!("{}:{line}:{column}", self.file)
    }
}
