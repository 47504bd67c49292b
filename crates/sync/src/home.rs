//! Where everything of `sync` lies: one folder with a folder per integration. Knows names of files, not what
//! jobs do with them.

use crate::Failure;
use bitting_store::Location;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// The folder.
#[derive(Debug, Clone)]
pub struct Home {
    pub folder: PathBuf,
}

impl Home {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where the state rests.
    pub fn state(&self) -> Result<Location, Failure> {
        fs::create_dir_all(&self.folder).map_err(|error| Failure::file(&self.folder, error))?;
        Ok(Location::File(self.folder.join("state.db")))
    }

    /// The file with the key, where the environment names none.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("sync.key")
    }

    /// Everything of one integration.
    pub fn of(&self, integration: &str) -> PathBuf {
        self.folder.join(integration)
    }

    pub fn connection(&self, integration: &str) -> PathBuf {
        self.of(integration).join("connection.json")
    }

    /// When the connection was made, where there is one.
    pub fn connected(&self, integration: &str) -> Option<Timestamp> {
        let about = fs::metadata(self.connection(integration)).ok()?;
        Timestamp::try_from(about.modified().ok()?).ok()
    }

    pub fn settings_file(&self, integration: &str) -> PathBuf {
        self.of(integration).join("settings.toml")
    }

    /// The settings of an integration; a missing file means all defaults.
    pub fn settings<T: DeserializeOwned>(&self, integration: &str) -> Result<T, Failure> {
        let file = self.settings_file(integration);
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| Failure::file(&file, error))?,
        };
        toml::from_str(&text).map_err(|error| Failure::file(&file, error.to_string().trim()))
    }

    /// A file that the user or his product writes.
    pub fn input(&self, integration: &str, name: &str) -> PathBuf {
        self.of(integration).join("in").join(name)
    }

    /// A file that a job writes.
    pub fn output(&self, integration: &str, name: &str) -> PathBuf {
        self.of(integration).join("out").join(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// All defaults would be a job that does what nobody asked for.
    #[test]
    fn settings_that_cannot_be_read_are_no_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let file = home.settings_file("propel");
        let none: toml::Table = home.settings("propel").unwrap();
        assert!(none.is_empty());
        // A folder in the file's place can be opened and not read, for whoever runs the tests.
        fs::create_dir_all(&file).unwrap();
        let error = home.settings::<toml::Table>("propel").unwrap_err();
        assert!(error.to_string().contains("settings.toml"), "{error}");
    }
}
