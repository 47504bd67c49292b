//! A user's own API description against the catalog: what it has that the catalog does not becomes an overlay
//! of data files, with a report of what is new and which rights were guessed. Pure: texts in, texts out.

mod conditions;
mod description;
mod fields;
mod overlay;
mod rights;
mod schema;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use bitting_policy::Registry;
use description::{Description, Operation};
use std::collections::BTreeMap;
use std::fmt;

/// What an import comes to.
#[derive(Debug)]
pub struct Import {
    /// Data files by their path below `connectwise/`.
    pub files: BTreeMap<String, String>,
    pub report: Report,
}

/// What is new, what was guessed, and what was left out, each in a sentence of its own.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Operations of the description that the catalog has already.
    pub known: usize,
    pub operations: Vec<String>,
    pub fields: Vec<String>,
    /// Fields that may be one of more words.
    pub values: Vec<String>,
    /// Nested objects, with their fields.
    pub shapes: Vec<String>,
    pub rights: Vec<String>,
    pub left_out: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("new operations", &self.operations),
            ("new fields", &self.fields),
            ("fields with further values", &self.values),
            ("new nested objects", &self.shapes),
            ("guessed rights", &self.rights),
            ("left out", &self.left_out),
        ];
        writeln!(f, "{} operations are known already", self.known)?;
        for (name, lines) in parts {
            writeln!(f, "{} {name}", lines.len())?;
            for line in lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

/// Reads a description of the vendor's shape (OpenAPI 3, as a tree of values; `text` is what it was read from,
/// for the lines of faults) and works out the overlay. What comes out is read back with the shipped data
/// before it is answered, so that it can be served as it is.
pub fn import(
    file: &str,
    text: &str,
    tree: &serde_json::Value,
    (registry, catalog): (&Registry, &Catalog),
) -> Result<Import, CatalogError> {
    let description = Description::read(file, text, tree)?;
    let mut report = Report::default();
    let mut overlay = overlay::Overlay::new(catalog, registry);
    for (path, operations) in &description.paths {
        let (known, new): (Vec<&Operation>, Vec<&Operation>) = operations
            .iter()
            .partition(|operation| overlay.knows(path, operation.method));
        report.known += known.len();
        if !new.is_empty() {
            overlay.path(path, &new, &description, &mut report)?;
        }
    }
    for (name, members) in &description.schemas {
        overlay.schema(name, members, &description, &mut report)?;
    }
    overlay.nest(&description, &mut report)?;
    let files = overlay.files()?;
    let (_, read) = Catalog::overlaid(
        files
            .iter()
            .map(|(path, text)| (path.clone(), text.clone())),
    )?;
    if let Some(fault) = read.check(None).into_iter().next() {
        return Err(CatalogError {
            file: file.to_owned(),
            line: 1,
            fault: format!("what comes of it does not hold together: {fault}"),
            nearest: None,
        });
    }
    Ok(Import { files, report })
}
