//! Files that hold secrets: written as a whole, readable by their owner alone.

use crate::whole_file::{Draft, Readers};
use std::path::Path;

/// Writes `bytes` to `file` with mode 0600, or leaves what was there.
pub fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    Draft::open(file, Readers::Owner)?.replace(bytes)
}
