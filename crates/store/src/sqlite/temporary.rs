//! A directory of our own that vanishes with the store. Knows nothing of what is put there.

use crate::error::StoreError;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// The database within the directory.
pub const FILE: &str = "rows.sqlite";

/// A directory younger than this may belong to a server that is just starting.
const STILL: Duration = Duration::from_secs(60);

/// The directory, and whether it stays when this goes: another store has it then.
pub struct Temporary(PathBuf, AtomicBool);

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
                Ok(()) => return Ok(Self::adopt(path)),
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

    /// Removes what servers left behind that were killed, on a thread of its own: looking through a
    /// full directory takes longer than opening a store may.
    pub fn sweep() {
        let sweeping = std::thread::Builder::new().name("store-sweep".into());
        // Without it nothing is lost but room.
        let _ = sweeping.spawn(|| {
            let entries = std::fs::read_dir(std::env::temp_dir())
                .into_iter()
                .flatten()
                .flatten();
            entries
                .map(|entry| entry.path())
                .filter(|path| is_abandoned(path))
                .for_each(|path| {
                    let _ = std::fs::remove_dir_all(path);
                });
        });
    }

    /// One that another store left.
    pub fn adopt(path: PathBuf) -> Self {
        Self(path, AtomicBool::new(false))
    }

    /// Leaves it to another store. Should none come, the sweep of a later one finds it.
    pub fn leave(&self) -> PathBuf {
        self.1.store(true, Ordering::Relaxed);
        self.0.clone()
    }

    /// Makes it as young as a new one.
    pub fn touch(&self) {
        let mark = self.0.join("touched");
        // A directory is as old as its latest entry. Where none can be made, nobody can remove it either.
        let _ = std::fs::write(&mark, []).and_then(|()| std::fs::remove_file(&mark));
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !*self.1.get_mut() {
            // Where it cannot be removed it harms nobody.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Whether this is one of our directories, has been still for a while, and nobody holds its lock.
fn is_abandoned(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let ours = name
        .strip_prefix("bitting-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(process, count)| {
            process.parse::<u32>().is_ok() && count.parse::<u32>().is_ok()
        });
    let old = |path: &Path| {
        let changed = std::fs::symlink_metadata(path)
            .and_then(|about| about.modified())
            .ok();
        changed
            .and_then(|changed| changed.elapsed().ok())
            .is_some_and(|age| age > STILL)
    };
    let lock = super::lock::lock_path(&path.join(FILE));
    ours && old(path) && lock.exists() && super::lock::is_free(&lock)
}
