//! The data that comes with the program. Release builds carry it inside; debug builds read the
//! checkout, so that a change needs no compiler. Does not read the user's disk: an overlay arrives
//! as texts.

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::security::Permissions;
use bitting_policy::Registry;
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../data/connectwise"]
struct Shipped;

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../data/autotask"]
struct Autotask;

impl Catalog {
    /// The Autotask data that comes with the program.
    pub fn autotask() -> Result<(Permissions, Registry, Catalog), CatalogError> {
        let mut texts = BTreeMap::new();
        for path in Autotask::iter().filter(|path| path.ends_with(".toml")) {
            let Some(file) = Autotask::get(&path) else {
                return Err(missing(&path));
            };
            texts.insert(path, text(file.data));
        }
        let Some(rows) = texts.get("permissions.toml") else {
            return Err(missing("permissions.toml"));
        };
        let (permissions, registry) = Permissions::read(rows)?;
        let files = texts.iter().map(|(path, text)| (&**path, &**text));
        let catalog = Catalog::read(files, &registry)?;
        Ok((permissions, registry, catalog))
    }

    /// The ConnectWise data that comes with the program.
    pub fn embedded() -> Result<(Registry, Catalog), CatalogError> {
        Catalog::overlaid(std::iter::empty::<(String, String)>())
    }

    /// The same with a user's own files on top, as (path below `connectwise/`, text). A file of the
    /// same path replaces the shipped one; the rest stays.
    pub fn overlaid(
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Registry, Catalog), CatalogError> {
        let mut texts: BTreeMap<Cow<'static, str>, Cow<'static, str>> = BTreeMap::new();
        for path in Shipped::iter().filter(|path| path.ends_with(".toml")) {
            let Some(file) = Shipped::get(&path) else {
                return Err(missing(&path));
            };
            texts.insert(path, text(file.data));
        }
        for (path, text) in files {
            texts.insert(Cow::Owned(path), Cow::Owned(text));
        }
        // Without its data a server would run, and know nothing: no rights, no paths.
        let named = |name: &'static str| match texts.get(name) {
            Some(text) => Ok((name, &**text)),
            None => Err(missing(name)),
        };
        let registry = Registry::read(&[named("actions.toml")?, named("tables.toml")?])?;
        let files = texts.iter().map(|(path, text)| (&**path, &**text));
        let catalog = Catalog::read(files, &registry)?;
        Ok((registry, catalog))
    }
}

/// The text of a ConnectWise file that comes with the program.
pub(crate) fn shipped(path: &str) -> Result<String, CatalogError> {
    let file = Shipped::get(path).ok_or_else(|| missing(path))?;
    Ok(text(file.data).into_owned())
}

fn missing(path: &str) -> CatalogError {
    CatalogError {
        file: path.to_owned(),
        line: 1,
        fault: "the program's own data cannot be read; a debug build needs its checkout".to_owned(),
        nearest: None,
    }
}

/// Data files are UTF-8; a stray byte shows up as a fault of the parser on its line.
fn text(bytes: Cow<'static, [u8]>) -> Cow<'static, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}
