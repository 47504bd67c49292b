//! A directory of our own that vanishes with the store. Knows nothing of what is put there.

use crate::error::StoreError;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub struct Temporary(PathBuf);

impl Temporary {
    /// Makes a directory that did not exist before and that only this user can enter.
    pub fn make() -> Result<Self, StoreError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        loop {
            let name = format!(
                "bitting-{}-{}",
                std::process::id(),
                COUNT.fetch_add(1, Ordering::Relaxed)
            );
            let path = std::env::temp_dir().join(name);
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                // Left over by an earlier process with the same id: take the next name.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(StoreError::Open {
                        place: path.display().to_string(),
                        detail: error.to_string(),
                    });
                }
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Leaving it behind harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
