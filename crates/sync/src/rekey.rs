//! The key that encrypts secrets, and another one in its place: all connections with it, or none. What comes of it is laid down beside each
//! file first; one file more says that all of them are there. From then on it is done, and whoever is killed before
//! the files have changed places leaves that to the next one that needs the key.

use crate::Failure;
use crate::connection;
use crate::home::Home;
use crate::lock::Lock;
use crate::private;
use crate::registry::ALL;
use std::fs;
use std::path::{Path, PathBuf};

/// Environment variable with the key that encrypts secrets.
pub const KEY_VARIABLE: &str = "BITTING_SYNC_KEY";

/// Environment variable with the key to come.
pub const NEW_KEY_VARIABLE: &str = "BITTING_SYNC_NEW_KEY";

/// Where the key in use comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `BITTING_SYNC_KEY`: whoever sets it has to set it anew.
    Environment,
    /// `sync.key`, which is written anew.
    File,
}

/// What was done.
#[derive(Debug)]
pub struct Rekeyed {
    /// Integrations whose connections rest under the new key.
    pub integrations: Vec<&'static str>,
    pub origin: Origin,
}

/// The file that lies beside another one until all have changed places.
fn next(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".next");
    name.into()
}

fn decided(home: &Home) -> PathBuf {
    home.folder.join("rekey.decided")
}

/// Files that may have a successor.
fn files(home: &Home) -> Vec<PathBuf> {
    let connections = ALL.iter().map(|known| home.connection(known.slug));
    connections.chain([home.key_file()]).collect()
}

impl Home {
    /// What encrypts secrets: the environment's key, else the one in `sync.key`, made at first need.
    pub fn lock(&self) -> Result<Lock, Failure> {
        // A change of keys that was decided and not done to its end.
        finish(self)?;
        match std::env::var(KEY_VARIABLE) {
            Ok(text) => Lock::read(&text, KEY_VARIABLE),
            Err(_) => Lock::of_file(&self.key_file()),
        }
    }
}

/// Puts every connection under another key. Nothing changes where one of them does not open.
pub fn rekey(home: &Home, new: Option<&str>) -> Result<Rekeyed, Failure> {
    let old = home.lock()?;
    let origin = match std::env::var(KEY_VARIABLE) {
        Ok(_) => Origin::Environment,
        Err(_) => Origin::File,
    };
    let text = match (new, origin) {
        (Some(text), _) => text.trim().to_owned(),
        (None, Origin::File) => Lock::make(),
        (None, Origin::Environment) => {
            return Err(Failure::Settings(format!(
                "the key in use is {KEY_VARIABLE}'s; say the new one in {NEW_KEY_VARIABLE} or with --new-key-file, such as `openssl rand -hex 32` prints"
            )));
        }
    };
    let new = Lock::read(&text, "the new key")?;
    if new == old {
        return Err(Failure::Settings(
            "the new key is the one in use; nothing was changed".to_owned(),
        ));
    }
    let integrations = stage(home, &old, &new, &text, origin)?;
    private::write(&decided(home), b"the new key holds\n")?;
    finish(home)?;
    Ok(Rekeyed {
        integrations,
        origin,
    })
}

/// Lays the successors down beside the files that they follow. What an earlier try left is no part of it.
fn stage(
    home: &Home,
    old: &Lock,
    new: &Lock,
    text: &str,
    origin: Origin,
) -> Result<Vec<&'static str>, Failure> {
    for file in files(home) {
        remove(&next(&file))?;
    }
    let mut integrations = Vec::new();
    for known in ALL {
        let file = home.connection(known.slug);
        if file.exists() {
            let key = connection::load(&file, old)?;
            connection::save(&next(&file), &key, new)?;
            integrations.push(known.slug);
        }
    }
    if origin == Origin::File {
        private::write(&next(&home.key_file()), text.as_bytes())?;
    }
    Ok(integrations)
}

/// Has the files change places, where that was decided. Done twice, or by two at once, it is done once.
fn finish(home: &Home) -> Result<(), Failure> {
    if !decided(home).exists() {
        return Ok(());
    }
    for file in files(home) {
        match fs::rename(next(&file), &file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file(
                    &file,
                    format!("cannot take its new place: {error}"),
                ));
            }
            _ => {}
        }
    }
    remove(&decided(home))
}

fn remove(file: &Path) -> Result<(), Failure> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::file(file, format!("cannot be removed: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::connection::Key;
    use bitting_client::{Credentials, KeyFile, Secret};

    const OLD: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
    const NEW: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

    fn lock(text: &str) -> Lock {
        Lock::read(text, "a test").unwrap()
    }

    /// Two connections under the old key, which lies in the file.
    fn home(folder: &Path) -> Home {
        let home = Home::new(folder);
        private::write(&home.key_file(), OLD.as_bytes()).unwrap();
        for slug in ["umbrella", "mspcfo"] {
            let credentials = Credentials {
                company: "acme".into(),
                public_key: slug.into(),
                private_key: Secret::new("hidden-half"),
                client_id: None,
            };
            let key = KeyFile {
                url: "https://psa.test".into(),
                credentials,
                ca_file: None,
            };
            let key = Key::ConnectWise(key);
            connection::save(&home.connection(slug), &key, &lock(OLD)).unwrap();
        }
        home
    }

    /// Which of both keys opens each of the connections.
    fn under(home: &Home) -> Vec<&'static str> {
        let opens = |slug, text| connection::load(&home.connection(slug), &lock(text)).is_ok();
        let of = |slug| match (opens(slug, OLD), opens(slug, NEW)) {
            (true, false) => "old",
            (false, true) => "new",
            _ => "neither",
        };
        vec![of("umbrella"), of("mspcfo")]
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = [
            folder.to_owned(),
            folder.join("umbrella"),
            folder.join("mspcfo"),
        ]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap().flatten())
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
        names.sort();
        names
    }

    #[test]
    fn all_connections_change_their_key() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let done = rekey(&home, Some(NEW)).unwrap();
        assert_eq!(done.origin, Origin::File);
        assert_eq!(done.integrations.len(), 2);
        assert_eq!(under(&home), ["new", "new"]);
        assert_eq!(fs::read_to_string(home.key_file()).unwrap(), NEW);
        let left = names(folder.path());
        assert_eq!(left, ["connection.json", "connection.json", "sync.key"]);
        let fault = rekey(&home, Some(NEW)).unwrap_err().to_string();
        assert!(fault.contains("is the one in use"), "{fault}");
        // Without a key to come, one is made.
        rekey(&home, None).unwrap();
        assert_eq!(under(&home), ["neither", "neither"]);
        assert!(connection::load(&home.connection("mspcfo"), &home.lock().unwrap()).is_ok());
        let fault = rekey(&home, Some("0b")).unwrap_err().to_string();
        assert!(fault.contains("the new key holds no key"), "{fault}");
    }

    #[test]
    fn one_that_does_not_open_leaves_all_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let key = connection::load(&home.connection("umbrella"), &lock(OLD)).unwrap();
        connection::save(&home.connection("umbrella"), &key, &lock(&"0c".repeat(32))).unwrap();
        let before: Vec<String> = files(&home).iter().flat_map(fs::read_to_string).collect();
        let fault = rekey(&home, Some(NEW)).unwrap_err().to_string();
        assert!(
            fault.contains("umbrella") && fault.contains("cannot be decrypted"),
            "{fault}"
        );
        let after: Vec<String> = files(&home).iter().flat_map(fs::read_to_string).collect();
        assert_eq!(before, after);
    }

    #[test]
    fn a_kill_leaves_the_old_key_everywhere_or_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        // Killed before it was decided: what lies beside is nobody's.
        stage(&home, &lock(OLD), &lock(NEW), NEW, Origin::File).unwrap();
        assert!(home.lock().unwrap() == lock(OLD));
        assert_eq!(under(&home), ["old", "old"]);
        // Killed after it was decided and after each of the renames: the next one that needs the key finishes.
        for renamed in 0..=files(&home).len() {
            let folder = tempfile::tempdir().unwrap();
            let home = self::home(folder.path());
            stage(&home, &lock(OLD), &lock(NEW), NEW, Origin::File).unwrap();
            private::write(&decided(&home), b"x").unwrap();
            for file in files(&home).iter().take(renamed) {
                let _ = fs::rename(next(file), file);
            }
            assert!(home.lock().unwrap() == lock(NEW), "after {renamed} renames");
            assert_eq!(under(&home), ["new", "new"]);
            assert_eq!(names(folder.path()).len(), 3);
        }
    }
}
