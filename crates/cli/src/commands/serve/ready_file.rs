//! The ready file: where a server is and which keys open it, for as long as it runs.

use crate::private_file;
use anyhow::{Context as _, Result, bail};
use bitting_server::host::Ready;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A place for the ready file of a server that starts.
pub struct ReadyFile(Option<PathBuf>);

impl ReadyFile {
    /// Looks whether the file may be written, before there is a server: a ready file that another run left, or an empty
    /// one, is replaced. Anything else may be the only copy of a key.
    pub fn at(file: Option<&Path>) -> Result<Self> {
        if let Some(file) = file.filter(|file| file.is_file()) {
            let shown = file.display();
            let text = fs::read_to_string(file)
                .with_context(|| format!("the ready file {shown} cannot be read"))?;
            let held: Value = serde_json::from_str(&text).unwrap_or_default();
            if !text.trim().is_empty() && held.get("console").is_none() {
                bail!(
                    "{shown} is there already and is no ready file, so it is not replaced; name another with --ready-file, or \
                     move this one away"
                );
            }
        }
        Ok(Self(file.map(Path::to_owned)))
    }

    pub fn write(&self, ready: &Ready) -> Result<()> {
        let Some(file) = &self.0 else {
            return Ok(());
        };
        private_file::write(file, &serde_json::to_vec_pretty(ready)?)
            .with_context(|| format!("cannot write the ready file {}", file.display()))
    }

    /// Its keys open nothing any more, and its ports may be somebody else's.
    pub fn remove(&self) {
        if let Some(file) = &self.0 {
            let _ = fs::remove_file(file);
        }
    }
}
