//! Files that are there as a whole or not at all: written beside their place, then put into it. What was there before
//! stays until then, and stays where anything fails.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever the system lets, or who could read the file that is replaced.
    Usual,
    /// Its owner alone: mode 0600.
    Owner,
}

/// A file that grows beside its place. It is gone with the value unless it was put there.
pub struct Draft {
    place: PathBuf,
    /// None once it is in its place, and where the place is no file of its own: `/dev/stdout`, a pipe.
    beside: Option<PathBuf>,
    file: File,
}

impl Draft {
    /// Opens it: what may fail for want of a folder, of a right or of room fails here, before there is anything to
    /// write.
    pub fn open(place: &Path, readers: Readers) -> Result<Self> {
        let there = fs::metadata(place).ok();
        if there.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(Error::new(ErrorKind::IsADirectory, "it is a directory"));
        }
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = OpenOptions::new().write(true).open(place)?;
            return Ok(Self {
                place: place.to_owned(),
                beside: None,
                file,
            });
        }
        // A link to a text goes on to lead there; one to a key could lead where others read.
        let place = match readers {
            Readers::Usual => place.canonicalize().unwrap_or_else(|_| place.to_owned()),
            Readers::Owner => place.to_owned(),
        };
        let beside = beside(&place)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == Readers::Owner {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(&beside)?;
        let draft = Self {
            place,
            beside: Some(beside),
            file,
        };
        if let (Readers::Usual, Some(there)) = (readers, there) {
            draft.file.set_permissions(there.permissions())?;
        }
        Ok(draft)
    }

    /// Puts these bytes into the place, over what is there.
    pub fn replace(mut self, bytes: &[u8]) -> Result<()> {
        self.write(bytes)?;
        let Some(beside) = &self.beside else {
            return Ok(());
        };
        fs::rename(beside, &self.place)?;
        self.beside = None;
        Ok(())
    }

    /// Puts these bytes into the place, or fails where something is there, also if it came meanwhile.
    pub fn keep(mut self, bytes: &[u8]) -> Result<()> {
        self.write(bytes)?;
        let Some(beside) = &self.beside else {
            return Ok(());
        };
        match fs::hard_link(beside, &self.place) {
            // The other name goes with the value.
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
            // File systems without links: the look comes a moment before the act.
            Err(_) if self.place.symlink_metadata().is_ok() => {
                return Err(ErrorKind::AlreadyExists.into());
            }
            Err(_) => fs::rename(beside, &self.place)?,
        }
        self.beside = None;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes)?;
        match self.beside {
            Some(_) => self.file.sync_all(),
            None => self.file.flush(),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(beside);
        }
    }
}

/// A name of this process's own in the same folder, so that neither a file of the user's nor another command's is met.
fn beside(place: &Path) -> Result<PathBuf> {
    let name = place
        .file_name()
        .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "it names no file"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.partial", std::process::id()));
    Ok(place.with_file_name(hidden))
}

/// Writes `bytes` to `file` as a whole, over what was there.
pub fn write(file: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    Draft::open(file, Readers::Usual)?.replace(bytes.as_ref())
}

/// Writes `bytes` to a file that is not there yet.
pub fn write_new(file: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    Draft::open(file, Readers::Usual)?.keep(bytes.as_ref())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_replaced_before_all_is_written_and_nothing_stays_beside() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.html");
        write(&file, "first").unwrap();
        let draft = Draft::open(&file, Readers::Usual).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "first");
        drop(draft);
        assert_eq!(names(folder.path()), ["page.html"], "given up");
        write(&file, "second").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "second");
        let refused = write_new(&file, "third").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        // What comes between the look and the act is not replaced either.
        let late = folder.path().join("late");
        let draft = Draft::open(&late, Readers::Owner).unwrap();
        fs::write(&late, "somebody else's").unwrap();
        assert_eq!(
            draft.keep(b"ours").unwrap_err().kind(),
            ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read_to_string(&late).unwrap(), "somebody else's");
        let new = folder.path().join("new");
        write_new(&new, "fresh").unwrap();
        assert_eq!(fs::read_to_string(&new).unwrap(), "fresh");
        assert_eq!(names(folder.path()), ["late", "new", "page.html"]);
    }

    #[test]
    fn files_of_the_user_that_end_alike_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (key, other) = (
            folder.path().join("key.json"),
            folder.path().join("key.partial"),
        );
        fs::write(&other, "the user's own").unwrap();
        write(&key, "a key").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "the user's own");
        write(&other, "asked for").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "asked for");
    }

    #[test]
    fn what_is_no_file_is_refused_or_written_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(folder.path(), "x").is_err(), "a directory");
        assert!(write(&folder.path().join("none/file"), "x").is_err());
        assert!(names(folder.path()).is_empty());
        #[cfg(unix)]
        write(Path::new("/dev/null"), "x").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_stays_or_is_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode() & 0o777;
        let page = folder.path().join("page");
        write(&page, "x").unwrap();
        fs::set_permissions(&page, fs::Permissions::from_mode(0o640)).unwrap();
        write(&page, "y").unwrap();
        assert_eq!(mode(&page), 0o640);
        let key = folder.path().join("key");
        fs::write(&key, "old").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let draft = Draft::open(&key, Readers::Owner).unwrap();
        draft.replace(b"new").unwrap();
        assert_eq!(mode(&key), 0o600);
        // A link to a page leads on to where it led.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&page, &link).unwrap();
        write(&link, "z").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&page).unwrap(), "z");
    }
}
