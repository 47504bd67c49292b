//! Where everything of `sync` lies: one folder with a folder per integration. Knows names of files, not what
//! jobs do with them.

use crate::Failure;
use crate::connection::{self, Key, Lock};
use bitting_store::Location;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::{Path, PathBuf};

/// Environment variable with the key that encrypts secrets.
pub const KEY_VARIABLE: &str = "BITTING_SYNC_KEY";

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

    /// What encrypts secrets: the environment's key, else the one in `sync.key`, made at first need.
    pub fn lock(&self) -> Result<Lock, Failure> {
        // A change of keys that was decided and not done to its end.
        crate::rekey::finish(self)?;
        match std::env::var(KEY_VARIABLE) {
            Ok(text) => Lock::read(&text, KEY_VARIABLE),
            Err(_) => Lock::of_file(&self.key_file()),
        }
    }

    /// The file with the key, where the environment names none.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("sync.key")
    }

    fn of(&self, integration: &str) -> PathBuf {
        self.folder.join(integration)
    }

    pub fn connection(&self, integration: &str) -> PathBuf {
        self.of(integration).join("connection.json")
    }

    /// The integration that a word names: of a product that has jobs for both PSAs, those of the PSA that is
    /// connected.
    pub fn meant(&self, word: &str) -> Result<&'static crate::Integration, Failure> {
        let named = crate::find(word)?;
        let connected = |known: &crate::Integration| self.connection(known.slug).exists();
        let other = named
            .on_autotask()
            .filter(|other| !connected(named) && connected(other));
        Ok(other.unwrap_or(named))
    }

    /// When the connection was made, where there is one.
    pub fn connected(&self, integration: &str) -> Option<Timestamp> {
        let about = fs::metadata(self.connection(integration)).ok()?;
        Timestamp::try_from(about.modified().ok()?).ok()
    }

    /// Keeps a connection, and puts the settings that one can make beside it.
    pub fn connect(&self, integration: &crate::Integration, key: &Key) -> Result<(), Failure> {
        if let Some(rival) = integration.rival() {
            let file = self.connection(rival.slug);
            if file.exists() {
                return Err(Failure::Settings(format!(
                    "{} works with one PSA at a time, and `{}` is connected already; delete {} first (what it wrote to that PSA stays there)",
                    integration.title,
                    rival.slug,
                    file.display()
                )));
            }
        }
        connection::save(&self.connection(integration.slug), key, &self.lock()?)?;
        for name in ["in", "out"] {
            let folder = self.of(integration.slug).join(name);
            fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
        }
        let settings = self.settings_file(integration.slug);
        if !settings.exists() {
            write(&settings, integration.settings)?;
        }
        Ok(())
    }

    pub fn settings_file(&self, integration: &str) -> PathBuf {
        self.of(integration).join("settings.toml")
    }

    /// The settings of an integration; a missing file means all defaults.
    pub fn settings<T: DeserializeOwned>(&self, integration: &str) -> Result<T, Failure> {
        let file = self.settings_file(integration);
        let text = fs::read_to_string(&file).unwrap_or_default();
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

/// Writes a file as a whole or not at all.
pub fn write(file: &Path, text: &str) -> Result<(), Failure> {
    connection::write_private(file, text.as_bytes())
}
