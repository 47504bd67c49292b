//! The profiles that come with the program: in the binary, from `data/profiles/`.
//! Does not read the user's disk; an overlay arrives as texts.

use super::document::{Profile, Psa};
use super::error::ProfileError;
use std::collections::BTreeMap;

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../data/profiles"]
struct Shipped;

/// Every shipped profile, ConnectWise first, by slug.
///
/// # Errors
/// The first file that is no profile. A test holds that there is none.
pub fn shipped() -> Result<Vec<Profile>, ProfileError> {
    overlaid(std::iter::empty::<(String, String)>())
}

/// The shipped profiles with a user's own on top: `files` are pairs of a path that ends in
/// `<psa>/<slug>.toml` and its text. A file of the same PSA and slug replaces the shipped one.
///
/// # Errors
/// The first file that is no profile.
pub fn overlaid(
    files: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<Profile>, ProfileError> {
    let mut profiles: BTreeMap<(Psa, String), Profile> = BTreeMap::new();
    let embedded = Shipped::iter().filter_map(|path| {
        // The JSON Schema for editors lies beside the profiles.
        path.ends_with(".toml").then_some(())?;
        let text = Shipped::get(&path)?.data;
        Some((
            format!("data/profiles/{path}"),
            String::from_utf8_lossy(&text).into_owned(),
        ))
    });
    for (file, text) in embedded.chain(files) {
        let profile = Profile::parse(&file, &text)?;
        profiles.insert((profile.product.psa, profile.slug.clone()), profile);
    }
    Ok(profiles.into_values().collect())
}
