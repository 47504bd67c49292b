//! The administrator's password at rest and the one-time link. A password is a slow hash by design and
//! nothing else. Knows no session and no page.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use bitting_psa::secret::{Fingerprint, Secret, word};
use parking_lot::{Mutex, RwLock};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tokio::sync::Semaphore;

/// Fewest characters of a password; length beats every other rule.
pub const SHORTEST: usize = 10;
/// Most bytes that are hashed.
pub const LONGEST: usize = 1024;
/// Hashes worked out at a time, so that guessing costs the guesser and not the server.
const AT_ONCE: usize = 2;

/// What opens the console.
pub struct Door {
    /// Where the hash rests; without it, it is gone with the process.
    file: Option<PathBuf>,
    hash: RwLock<Option<String>>,
    link: Mutex<Option<Fingerprint>>,
    turns: Semaphore,
}

/// Why a password is not taken.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error("Use at least {SHORTEST} characters.")]
    Short,
    #[error("Use at most {LONGEST} bytes.")]
    Long,
    #[error("The password cannot be kept: {0}")]
    Keep(String),
}

impl Door {
    /// Reads the hash at rest, if there is one.
    pub fn new(file: Option<PathBuf>) -> Self {
        let hash = file
            .as_deref()
            .and_then(|file| std::fs::read_to_string(file).ok());
        Self {
            file,
            hash: RwLock::new(hash.map(|text| text.trim().to_owned())),
            link: Mutex::new(None),
            turns: Semaphore::new(AT_ONCE),
        }
    }

    pub fn has_password(&self) -> bool {
        self.hash.read().is_some()
    }

    /// Whether the password outlives the process.
    pub fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// Makes the one-time link's secret anew; the one before opens nothing any more.
    pub fn new_link(&self) -> Secret {
        let secret = Secret::new(format!("{}{}", word(), word()));
        *self.link.lock() = Some(secret.fingerprint());
        secret
    }

    /// Whether this is the link's secret; it is used up by the right one.
    pub fn enter_by_link(&self, secret: &str) -> bool {
        let mut link = self.link.lock();
        let right = link.is_some_and(|known| known.matches(secret));
        if right {
            *link = None;
        }
        right
    }

    /// Sets the password.
    pub async fn set(&self, password: Secret) -> Result<(), DoorError> {
        if password.reveal().chars().count() < SHORTEST {
            return Err(DoorError::Short);
        }
        if password.reveal().len() > LONGEST {
            return Err(DoorError::Long);
        }
        let keep = |error: String| DoorError::Keep(error);
        let _turn = self.turns.acquire().await;
        let hashed = tokio::task::spawn_blocking(move || {
            let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())
                .map_err(|error| error.to_string())?;
            Argon2::default()
                .hash_password(password.reveal().as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|error| error.to_string())
        });
        let hash = hashed
            .await
            .map_err(|error| keep(error.to_string()))?
            .map_err(keep)?;
        if let Some(file) = &self.file {
            write(file, &hash).map_err(|error| keep(error.to_string()))?;
        }
        *self.hash.write() = Some(hash);
        Ok(())
    }

    /// Whether this is the password.
    pub async fn opens(&self, password: Secret) -> bool {
        let Some(hash) = self.hash.read().clone() else {
            return false;
        };
        if password.reveal().len() > LONGEST {
            return false;
        }
        let _turn = self.turns.acquire().await;
        let checked = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.reveal().as_bytes(), &hash)
                    .is_ok()
            })
        });
        checked.await.unwrap_or(false)
    }
}

/// Writes beside and renames, readable by the owner alone.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut open = options.open(&beside)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    std::fs::rename(beside, file)
}

#[cfg(test)]
mod tests {
    use super::{Door, DoorError};
    use bitting_psa::secret::Secret;

    #[tokio::test]
    async fn a_password_opens_after_a_restart_and_no_other_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("console.password");
        let door = Door::new(Some(file.clone()));
        assert!(!door.has_password());
        assert!(!door.opens(Secret::new("")).await);
        let short = door.set(Secret::new("short")).await;
        assert!(matches!(short, Err(DoorError::Short)));
        door.set(Secret::new("a long enough one"))
            .await
            .expect("taken");
        let at_rest = std::fs::read_to_string(&file).expect("kept");
        assert!(at_rest.starts_with("$argon2id$") && !at_rest.contains("long enough"));
        let again = Door::new(Some(file));
        assert!(again.has_password());
        assert!(again.opens(Secret::new("a long enough one")).await);
        assert!(!again.opens(Secret::new("a long enough onE")).await);
    }

    #[test]
    fn a_link_opens_once() {
        let door = Door::new(None);
        assert!(!door.enter_by_link(""));
        let (first, link) = (door.new_link(), door.new_link());
        assert!(!door.enter_by_link(first.reveal()));
        assert!(door.enter_by_link(link.reveal()));
        assert!(!door.enter_by_link(link.reveal()));
    }
}
