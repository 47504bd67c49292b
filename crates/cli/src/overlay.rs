//! Data of a user's own on top of what comes with the program: the files of `DIR/connectwise`.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;

/// Every data file below `connectwise/` of an overlay, as (path below it, text).
pub fn files(overlay: &Path) -> Result<Vec<(String, String)>> {
    let root = overlay.join("connectwise");
    if !overlay.is_dir() {
        bail!(
            "there is no directory {}; `bitting catalog import SPEC --into DIR` makes one",
            overlay.display()
        );
    }
    let mut found = Vec::new();
    if root.is_dir() {
        below(&root, &root, &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn below(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .path();
        if path.is_dir() {
            below(root, &path, found)?;
            continue;
        }
        if path.extension().is_none_or(|kind| kind != "toml") {
            continue;
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(&path);
        let name: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        found.push((name.join("/"), text));
    }
    Ok(())
}
