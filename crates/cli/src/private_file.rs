//! Files that hold secrets: written as a whole, readable by their owner alone.

use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Writes `bytes` to `file` with mode 0600, or leaves what was there.
pub fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = file.with_extension("partial");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut opened = options.open(&partial)?;
    opened.write_all(bytes)?;
    opened.sync_all()?;
    fs::rename(&partial, file)
}
