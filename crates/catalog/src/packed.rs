//! The data of one PSA as bytes, made while the program is built: a server that starts has no files to parse, and holds
//! nothing but what it serves. The files stay what people edit; whoever packs them reads them with the strict loader.
//! Must not know where files or bytes are kept.
//!
//! Bytes are read by the build that wrote them and by no other, so the form has no version. It is the values one after
//! another: numbers as varints, texts that come back as numbers into a table, lists behind their length.

mod bytes;
mod shapes;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::security::Permissions;
use bitting_policy::Registry;
use bytes::{Pack, Reader, Writer};
use std::collections::BTreeMap;

/// The texts that rights are read from. Ids of actions and tables are places in them, so that they belong to the
/// catalog beside which they were packed.
const CONNECTWISE: [&str; 2] = ["actions.toml", "tables.toml"];
const AUTOTASK: &str = "permissions.toml";

/// Reads the files of ConnectWise, by their path below its folder, and packs them.
pub fn pack_connectwise(files: &BTreeMap<String, String>) -> Result<Vec<u8>, CatalogError> {
    let rights = CONNECTWISE.map(|name| text_of(files, name));
    let registry = Registry::read(&named(&rights))?;
    pack(files, &registry, &rights)
}

/// The same for Autotask.
pub fn pack_autotask(files: &BTreeMap<String, String>) -> Result<Vec<u8>, CatalogError> {
    let rights = text_of(files, AUTOTASK);
    let (_, registry) = Permissions::read(&rights)?;
    pack(files, &registry, &[rights])
}

/// What [`pack_connectwise`] packed.
pub fn unpack_connectwise(bytes: &[u8]) -> Result<(Registry, Catalog), CatalogError> {
    let (rights, catalog) = unpack::<2>(bytes)?;
    Ok((Registry::read(&named(&rights))?, catalog))
}

/// What [`pack_autotask`] packed.
pub fn unpack_autotask(bytes: &[u8]) -> Result<(Permissions, Registry, Catalog), CatalogError> {
    let ([rights], catalog) = unpack::<1>(bytes)?;
    let (permissions, registry) = Permissions::read(&rights)?;
    Ok((permissions, registry, catalog))
}

fn named(rights: &[String; 2]) -> [(&'static str, &str); 2] {
    [
        (CONNECTWISE[0], rights[0].as_str()),
        (CONNECTWISE[1], rights[1].as_str()),
    ]
}

/// A file that is not there reads as an empty one, in which what is needed will be missed by name.
fn text_of(files: &BTreeMap<String, String>, name: &str) -> String {
    files.get(name).cloned().unwrap_or_default()
}

fn pack(
    files: &BTreeMap<String, String>,
    registry: &Registry,
    rights: &[String],
) -> Result<Vec<u8>, CatalogError> {
    let texts = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let catalog = Catalog::read(texts, registry)?;
    let mut out = Writer::default();
    for text in rights {
        text.pack(&mut out);
    }
    catalog.pack(&mut out);
    Ok(out.finish())
}

fn unpack<const RIGHTS: usize>(bytes: &[u8]) -> Result<([String; RIGHTS], Catalog), CatalogError> {
    let read = || {
        let mut from = Reader::new(bytes)?;
        let mut rights = [const { String::new() }; RIGHTS];
        for text in &mut rights {
            *text = String::unpack(&mut from)?;
        }
        let catalog = Catalog::unpack(&mut from)?;
        from.is_at_end().then_some((rights, catalog))
    };
    read().ok_or_else(|| CatalogError {
        file: "the packed data".to_owned(),
        line: 1,
        fault: "it is not what this build has packed; build the program anew".to_owned(),
        nearest: None,
    })
}
