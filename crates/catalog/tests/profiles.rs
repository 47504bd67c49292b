//! The shipped profiles against the registry, and the rules a profile is read and joined by.

#[path = "profiles/expected.rs"]
mod expected;
#[path = "profiles/forms.rs"]
mod forms;
#[path = "profiles/loader.rs"]
mod loader;
#[path = "profiles/merge.rs"]
mod merge;
#[path = "profiles/page.rs"]
mod page;
#[path = "profiles/rules.rs"]
mod rules;
#[path = "profiles/schema.rs"]
mod schema;
#[path = "profiles/seeds.rs"]
mod seeds;
#[path = "profiles/shipped.rs"]
mod shipped;

use bitting_catalog::profile::{self, Profile};
use bitting_policy::Registry;

/// The registry of the shipped data.
fn registry() -> Registry {
    Registry::read(&[
        (
            "actions.toml",
            include_str!("../../../data/connectwise/actions.toml"),
        ),
        (
            "tables.toml",
            include_str!("../../../data/connectwise/tables.toml"),
        ),
    ])
    .expect("the registry's files")
}

fn shipped() -> Vec<Profile> {
    profile::shipped().expect("every shipped profile loads")
}

/// A shipped profile by `connectwise/umbrella`.
fn named(path: &str) -> Profile {
    let found = shipped()
        .into_iter()
        .find(|profile| format!("{}/{}", profile.product.psa.folder(), profile.slug) == path);
    found.unwrap_or_else(|| panic!("no shipped profile {path}"))
}
