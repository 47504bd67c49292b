//! Where the companies of a server rest, and opening one: a file or a schema each. The first company keeps
//! the list of the others.

use bitting_catalog::Catalog;
use bitting_dialects::connectwise::error::FieldError;
use bitting_policy::Registry;
use bitting_psa::instance::{Clock, Instance, Opening};
use bitting_psa::problem::Problem;
use bitting_rules::rulebook::Rulebook;
use bitting_store::{DatabaseUrl, Durability, Location, StoreError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Setting of the first company that names the others.
pub const OTHERS: &str = "companies";
/// Longest company id: it stands in every Authorization header and names a file.
const LONGEST: usize = 30;

/// What every company of a server is opened with.
#[derive(Clone)]
pub struct Shelf {
    pub catalog: Arc<Catalog>,
    pub registry: Arc<Registry>,
    pub clock: Clock,
    /// Directory of the files.
    pub state: PathBuf,
    /// Data outlives the process.
    pub keep: bool,
    pub database: Option<DatabaseUrl>,
}

/// A company by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    pub company: String,
    pub name: String,
}

impl Shelf {
    /// Opens a company's database, and makes it when there is none.
    pub async fn open(&self, company: &Company) -> Result<Instance, StoreError> {
        self.open_left(company, None).await
    }

    /// The same, of a company that another store may have left in this directory.
    pub async fn open_left(
        &self,
        company: &Company,
        left: Option<PathBuf>,
    ) -> Result<Instance, StoreError> {
        let usual = || self.location(&company.company);
        Instance::open(Opening {
            company: company.company.clone(),
            name: company.name.clone(),
            location: left.map_or_else(usual, Location::Left),
            durability: Durability::Full,
            catalog: self.catalog.clone(),
            registry: self.registry.clone(),
            clock: self.clock.clone(),
            groundwork: &Rulebook,
        })
        .await
    }

    fn location(&self, company: &str) -> Location {
        let name = company.to_ascii_lowercase();
        match (&self.database, self.keep) {
            (Some(url), _) => Location::Postgres {
                url: url.clone(),
                schema: format!("bitting_{}", name.replace('-', "_")),
            },
            (None, true) => Location::File(self.state.join(format!("{name}.sqlite"))),
            (None, false) => Location::Memory,
        }
    }
}

/// Companies beside the first, as it remembers them.
pub fn others(first: &Instance) -> Vec<Company> {
    first
        .setting(OTHERS)
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default()
}

/// Makes the first company remember another.
pub async fn remember(first: &Instance, company: &Company) -> Result<(), Problem> {
    let mut all = others(first);
    all.push(company.clone());
    let json = serde_json::to_string(&all).unwrap_or_default();
    first.set_setting(OTHERS, Some(&json)).await
}

/// Refuses an id that cannot stand before the plus of a key, or name a file.
pub fn check(company: &str) -> Result<(), Problem> {
    fault(company).map_or(Ok(()), |message| {
        let error = FieldError::invalid("instance", "company", message);
        Err(Problem::field("instance", error))
    })
}

/// What is wrong with a company id.
pub fn fault(company: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let fits = !company.is_empty() && company.len() <= LONGEST && company.chars().all(plain);
    (!fits).then(|| {
        format!("'{company}' is no company id; use 1 to {LONGEST} letters, digits, - and _.")
    })
}
