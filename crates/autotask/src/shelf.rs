//! Where the Autotask databases of a server rest, opening one, and making another. Knows no path of an API.

use super::tenant::switches::Started;
use super::tenant::{Opening, Tenant};
use crate::options::AutotaskOptions;
use bitting_calls::shelf::Shelf;
use bitting_calls::shipped;
use bitting_catalog::security::Permissions;
use bitting_catalog::{Catalog, CatalogError};
use bitting_policy::Registry;
use bitting_psa::instance::Instance;
use bitting_store::{Durability, Location, StoreError};
use std::path::PathBuf;
use std::sync::Arc;

/// Name of the database that every server starts with.
pub const FIRST: &str = "Bitting";
/// Setting of the first company that names the Autotask databases beside the first.
pub const OTHERS: &str = "autotask-instances";
/// Longest name: it stands in paths and names a file or a schema.
pub const LONGEST: usize = 30;

/// What every Autotask database of a server is opened with.
pub struct Rack {
    permissions: Arc<Permissions>,
    registry: Arc<Registry>,
    catalog: Arc<Catalog>,
    wanted: AutotaskOptions,
}

impl Rack {
    /// The shipped knowledge, and how faithful the databases are to the vendor.
    pub fn new(wanted: AutotaskOptions) -> Result<Self, CatalogError> {
        let (permissions, registry, catalog) = shipped::autotask()?;
        Ok(Self {
            permissions: Arc::new(permissions),
            registry: Arc::new(registry),
            catalog: Arc::new(catalog),
            wanted,
        })
    }

    /// Opens a database, and makes it when there is none.
    pub async fn open(&self, shelf: &Shelf, name: &str) -> Result<Tenant, StoreError> {
        self.open_left(shelf, name, None).await
    }

    /// The same, of a database that another store may have left in this directory.
    pub async fn open_left(
        &self,
        shelf: &Shelf,
        name: &str,
        left: Option<PathBuf>,
    ) -> Result<Tenant, StoreError> {
        let location = left.map_or_else(|| location(shelf, name), Location::Left);
        self.open_at(shelf, name, location).await
    }

    /// The same, of a database at a place that is known.
    pub(crate) async fn open_at(
        &self,
        shelf: &Shelf,
        name: &str,
        location: Location,
    ) -> Result<Tenant, StoreError> {
        let tenant = Tenant::open(Opening {
            name: name.to_owned(),
            location,
            durability: Durability::Full,
            permissions: self.permissions.clone(),
            registry: self.registry.clone(),
            catalog: self.catalog.clone(),
            clock: shelf.clock.clone(),
        })
        .await?;
        tenant.start_as(Started {
            lenient: self.wanted.lenient,
            limits: self.wanted.limits,
        });
        Ok(tenant)
    }
}

pub(super) fn location(shelf: &Shelf, name: &str) -> Location {
    let first = name == FIRST;
    let name = name.to_ascii_lowercase();
    match (&shelf.database, shelf.keep) {
        (Some(url), _) => Location::Postgres {
            url: url.clone(),
            // Schemas of companies begin with `bitting_`.
            schema: if first {
                "bitting__autotask".to_owned()
            } else {
                format!("bittingautotask_{}", name.replace('-', "_"))
            },
        },
        // No company can be called so: its id has no dot.
        (None, true) => Location::File(shelf.state.join(if first {
            "autotask.psa.sqlite".to_owned()
        } else {
            format!("{name}.autotask.sqlite")
        })),
        (None, false) => Location::Memory,
    }
}

/// Databases beside the first, as the first company remembers them.
pub fn others(first: &Instance) -> Vec<String> {
    first
        .setting(OTHERS)
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default()
}
