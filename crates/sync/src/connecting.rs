//! Connecting an integration, and telling which of two that a word may mean is connected.

use crate::Failure;
use crate::connection::{self, Key};
use crate::home::Home;
use crate::integration::Integration;
use crate::private;
use crate::registry::find;
use std::fs;
use std::path::Path;

impl Home {
    /// The integration that a word names: of a product that has jobs for both PSAs, those of the PSA that is
    /// connected.
    pub fn meant(&self, word: &str) -> Result<&'static Integration, Failure> {
        let named = find(word)?;
        let connected = |known: &Integration| self.connection(known.slug).exists();
        let other = named
            .on_autotask()
            .filter(|other| !connected(named) && connected(other));
        Ok(other.unwrap_or(named))
    }

    /// Keeps a connection, and puts the settings that one can make beside it.
    pub fn connect(&self, integration: &Integration, key: &Key) -> Result<(), Failure> {
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
            private::write(&settings, integration.settings.as_bytes())?;
        }
        Ok(())
    }
}

impl Key {
    /// The same for the integration that a person named, or for the same product on Autotask where the key is one of
    /// that.
    pub fn read_for(
        named: &'static Integration,
        file: &Path,
    ) -> Result<(&'static Integration, Self), Failure> {
        let refused = match Self::read(named.psa, file) {
            Ok(key) => return Ok((named, key)),
            Err(refused) => refused,
        };
        let other = named
            .on_autotask()
            .and_then(|other| Some((other, Self::read(other.psa, file).ok()?)));
        other.ok_or(refused)
    }
}
