//! One server per SQLite file: an advisory lock that the operating system releases when the
//! process ends, however it ends. Knows nothing of what it guards.

use crate::error::StoreError;
use fs4::fs_std::FileExt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The word behind the process's number that says that a database stood here.
const MADE: &str = "made";

/// Held as long as the database is open.
pub struct Lock {
    file: File,
    /// A database was open under this lock before.
    pub made: bool,
}

/// Where the lock of a database is.
pub fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_os_string();
    name.push(".lock");
    PathBuf::from(name)
}

/// Takes the lock beside `database`, or says who has it.
pub fn take(database: &Path) -> Result<Lock, StoreError> {
    let path = lock_path(database);
    let cannot = |error: std::io::Error| StoreError::Open {
        place: path.display().to_string(),
        detail: error.to_string(),
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(cannot)?;
    if !file.try_lock_exclusive().map_err(cannot)? {
        let mut holder = String::new();
        // Who holds it is a courtesy; that it is held is what counts.
        let _ = file.read_to_string(&mut holder);
        return Err(StoreError::Locked {
            path: database.to_path_buf(),
            process: holder
                .lines()
                .next()
                .and_then(|line| line.trim().parse().ok()),
        });
    }
    let mut before = String::new();
    // What cannot be read is no word of ours.
    let _ = file.read_to_string(&mut before);
    let made = before.lines().nth(1) == Some(MADE);
    let mut lock = Lock { file, made };
    lock.write().map_err(cannot)?;
    Ok(lock)
}

impl Lock {
    /// Notes that a database stands here, for whoever opens it next.
    pub fn note_made(&mut self) -> std::io::Result<()> {
        if self.made {
            return Ok(());
        }
        self.made = true;
        self.write()
    }

    fn write(&mut self) -> std::io::Result<()> {
        let mut text = std::process::id().to_string();
        if self.made {
            text.push('\n');
            text.push_str(MADE);
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

/// Whether nobody holds the lock at this path.
pub fn is_free(path: &Path) -> bool {
    OpenOptions::new()
        .read(true)
        .open(path)
        .and_then(|file| file.try_lock_exclusive())
        .unwrap_or(false)
}
