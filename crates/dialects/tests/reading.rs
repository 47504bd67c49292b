//! The reading side against the shipped catalog: golden tables of what clients send, and properties.

#[path = "reading/bodies.rs"]
mod bodies;
#[path = "reading/conditions.rs"]
mod conditions;
#[path = "reading/grammar.rs"]
mod grammar;
#[path = "reading/patches.rs"]
mod patches;
#[path = "reading/shown.rs"]
mod shown;

use bitting_catalog::Catalog;
use bitting_catalog::entity::{EntityId, Release};
use std::sync::LazyLock;

/// The release most clients are written for.
const RELEASE: Release = Release {
    year: 2025,
    number: 1,
};

fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| match Catalog::embedded() {
        Ok((_, catalog)) => catalog,
        Err(error) => panic!("the shipped catalog does not load: {error}"),
    });
    &CATALOG
}

fn entity(path: &str) -> EntityId {
    catalog()
        .entity_at(path)
        .unwrap_or_else(|| panic!("no entity {path}"))
        .id
}
