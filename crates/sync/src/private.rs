//! Files that their owner alone may read, written as a whole or not at all, below folders that are made where there
//! are none. Knows nothing of what is in them.

use crate::Failure;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Writes a file, or leaves what was there.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let partial = partial(file);
    let mut opened = create(&partial)?;
    let written = opened
        .write_all(bytes)
        .and_then(|()| opened.sync_all())
        .and_then(|()| fs::rename(&partial, file));
    written.map_err(|error| {
        // What was there before stays; half a file helps nobody.
        let _ = fs::remove_file(&partial);
        fault(file, &error)
    })
}

/// The file beside another one in which it grows: `clients.csv.partial`.
pub fn partial(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Opens a new, empty file. On Unix its mode is 0600 from the start; elsewhere the folder's rights decide.
pub fn create(file: &Path) -> Result<fs::File, Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    file.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| options.open(file))
        .map_err(|error| fault(file, &error))
}

fn fault(file: &Path, error: &std::io::Error) -> Failure {
    Failure::file(file, format!("cannot be written: {error}"))
}
