//! What is shipped of both APIs, as a server takes it up: packed while a release was built, else read from the
//! checkout. Must not know what is served from it.

use bitting_catalog::security::Permissions;
use bitting_catalog::{Catalog, CatalogError};
use bitting_policy::Registry;

#[cfg(packed)]
pub fn connectwise() -> Result<(Registry, Catalog), CatalogError> {
    bitting_catalog::packed::unpack_connectwise(include_bytes!(concat!(
        env!("OUT_DIR"),
        "/connectwise.packed"
    )))
}

#[cfg(packed)]
pub fn autotask() -> Result<(Permissions, Registry, Catalog), CatalogError> {
    bitting_catalog::packed::unpack_autotask(include_bytes!(concat!(
        env!("OUT_DIR"),
        "/autotask.packed"
    )))
}

#[cfg(not(packed))]
pub fn connectwise() -> Result<(Registry, Catalog), CatalogError> {
    Catalog::embedded()
}

#[cfg(not(packed))]
pub fn autotask() -> Result<(Permissions, Registry, Catalog), CatalogError> {
    Catalog::autotask()
}
