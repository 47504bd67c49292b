//! Connections at rest: the address of a PSA and the key that was cut, as `bitting key new --key-file` hands
//! it over. The private half is encrypted and bound to the address, so that a file that was tampered with
//! sends it nowhere else. Must not print or log it.

use crate::Failure;
use crate::integration::{Integration, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitting_client::{ApiUser, AutotaskKey, Credentials, KeyFile, Secret};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Bytes of a lock.
const LENGTH: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 12;

/// What encrypts secrets: 32 bytes, in the environment or in a file of their own.
#[derive(PartialEq, Eq)]
pub struct Lock([u8; LENGTH]);

impl Lock {
    /// The text of a new key.
    pub fn make() -> String {
        crate::work::hex(&rand::random::<[u8; LENGTH]>())
    }

    /// Reads 64 hex digits.
    pub fn read(text: &str, origin: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let mut bytes = [0; LENGTH];
        let right = text.len() == 2 * LENGTH && text.is_ascii();
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = if right {
                text.get(2 * at..2 * at + 2)
            } else {
                None
            };
            *byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(|| {
                Failure::Settings(format!("{origin} holds no key: it needs 64 hex digits, such as `openssl rand -hex 32` prints"))
            })?;
        }
        Ok(Self(bytes))
    }

    /// Reads the key of a file, which is made where there is none yet.
    pub fn of_file(file: &Path) -> Result<Self, Failure> {
        if let Ok(text) = fs::read_to_string(file) {
            return Self::read(&text, &file.display().to_string());
        }
        let text = Self::make();
        write_private(file, text.as_bytes())?;
        Self::read(&text, &file.display().to_string())
    }

    fn seal(&self, secret: &str, bound: &str) -> Result<String, Failure> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: bound.as_bytes(),
        };
        let sealed = ChaCha20Poly1305::new(&self.0.into())
            .encrypt(&nonce.into(), payload)
            .map_err(|_| Failure::Settings("the private key cannot be encrypted".to_owned()))?;
        Ok(BASE64.encode([nonce.as_slice(), &sealed].concat()))
    }

    fn open(&self, sealed: &str, bound: &str) -> Option<Secret> {
        let bytes = BASE64.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: sealed,
            aad: bound.as_bytes(),
        };
        let opened = ChaCha20Poly1305::new(&self.0.into())
            .decrypt(&nonce.into(), payload)
            .ok()?;
        String::from_utf8(opened).ok().map(Secret::new)
    }
}

/// A key of either PSA.
#[derive(Debug, Clone)]
pub enum Key {
    ConnectWise(KeyFile),
    Autotask(AutotaskKey),
}

impl Key {
    /// Reads a key file as `bitting connect` hands it over, for the PSA that an integration works with.
    pub fn read(psa: Kind, file: &Path) -> Result<Self, Failure> {
        let read = match psa {
            Kind::ConnectWise => KeyFile::read(file).map(Self::ConnectWise),
            Kind::Autotask => AutotaskKey::read(file).map(Self::Autotask),
        };
        read.map_err(Failure::Client)
    }

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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAutotask {
    url: String,
    user_name: String,
    secret_encrypted: String,
    integration_code_encrypted: String,
    ca_file: Option<PathBuf>,
}

impl WrittenAutotask {
    fn bound(&self, what: &str) -> String {
        [self.url.as_str(), &self.user_name, what].join("\n")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    ConnectWise(Written),
    Autotask(WrittenAutotask),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    url: String,
    company: String,
    client_id: Option<String>,
    public_key: String,
    private_key_encrypted: String,
    ca_file: Option<PathBuf>,
}

impl Written {
    fn bound(&self) -> String {
        [self.url.as_str(), &self.company, &self.public_key].join("\n")
    }
}

/// Keeps a connection.
pub fn save(file: &Path, key: &Key, lock: &Lock) -> Result<(), Failure> {
    let written = match key {
        Key::ConnectWise(key) => Either::ConnectWise(sealed(key, lock)?),
        Key::Autotask(key) => Either::Autotask(sealed_autotask(key, lock)?),
    };
    let text = serde_json::to_vec_pretty(&written).map_err(|error| Failure::file(file, error))?;
    write_private(file, &text)
}

fn sealed(connection: &KeyFile, lock: &Lock) -> Result<Written, Failure> {
    let credentials = &connection.credentials;
    let mut written = Written {
        url: connection.url.clone(),
        company: credentials.company.clone(),
        client_id: credentials.client_id.clone(),
        public_key: credentials.public_key.clone(),
        private_key_encrypted: String::new(),
        ca_file: connection.ca_file.clone(),
    };
    written.private_key_encrypted =
        lock.seal(credentials.private_key.reveal(), &written.bound())?;
    Ok(written)
}

fn sealed_autotask(key: &AutotaskKey, lock: &Lock) -> Result<WrittenAutotask, Failure> {
    let mut written = WrittenAutotask {
        url: key.url.clone(),
        user_name: key.user.user.clone(),
        secret_encrypted: String::new(),
        integration_code_encrypted: String::new(),
        ca_file: key.ca_file.clone(),
    };
    written.secret_encrypted = lock.seal(key.user.secret.reveal(), &written.bound("secret"))?;
    written.integration_code_encrypted =
        lock.seal(key.user.code.reveal(), &written.bound("code"))?;
    Ok(written)
}

/// Address, company (`Autotask` for one) and public key of a connection, for people.
pub fn shown(file: &Path) -> Result<(String, String, String), Failure> {
    Ok(match read(file)? {
        Either::ConnectWise(written) => (written.url, written.company, written.public_key),
        Either::Autotask(written) => (written.url, "Autotask".to_owned(), written.user_name),
    })
}

/// Reads a connection.
pub fn load(file: &Path, lock: &Lock) -> Result<Key, Failure> {
    let closed = || {
        Failure::file(
            file,
            "the private key cannot be decrypted: the key in BITTING_SYNC_KEY or sync.key is another one, or the address was changed; connect again",
        )
    };
    Ok(match read(file)? {
        Either::ConnectWise(written) => Key::ConnectWise(KeyFile {
            credentials: Credentials {
                private_key: lock
                    .open(&written.private_key_encrypted, &written.bound())
                    .ok_or_else(closed)?,
                company: written.company,
                public_key: written.public_key,
                client_id: written.client_id,
            },
            url: written.url,
            ca_file: written.ca_file,
        }),
        Either::Autotask(written) => {
            let open = |sealed: &str, what: &str| {
                lock.open(sealed, &written.bound(what)).ok_or_else(closed)
            };
            let user = ApiUser {
                user: written.user_name.clone(),
                secret: open(&written.secret_encrypted, "secret")?,
                code: open(&written.integration_code_encrypted, "code")?,
            };
            Key::Autotask(AutotaskKey {
                user,
                url: written.url,
                ca_file: written.ca_file,
            })
        }
    })
}

fn read(file: &Path) -> Result<Either, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::file(file, format!("there is no connection ({error}); make one with `bitting sync connect INTEGRATION --key-file FILE`"))
    })?;
    serde_json::from_str(&text)
        .map_err(|_| Failure::file(file, "it is no connection; connect again"))
}

/// Writes a file that its owner alone may read, as a whole or not at all.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fault = |error: std::io::Error| Failure::file(file, format!("cannot be written: {error}"));
    let partial = partial(file);
    let mut opened = create_private(&partial)?;
    let written = opened
        .write_all(bytes)
        .and_then(|()| opened.sync_all())
        .and_then(|()| fs::rename(&partial, file));
    written.map_err(|error| {
        // What was there before stays; half a file helps nobody.
        let _ = fs::remove_file(&partial);
        fault(error)
    })
}

/// The file beside another one in which it grows.
pub fn partial(file: &Path) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Opens a new file that its owner alone may read, in a folder that is made where there is none.
pub fn create_private(file: &Path) -> Result<fs::File, Failure> {
    let fault = |error: std::io::Error| Failure::file(file, format!("cannot be written: {error}"));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file).map_err(fault)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn key_file(url: &str) -> Key {
        Key::ConnectWise(KeyFile {
            url: url.to_owned(),
            credentials: Credentials {
                company: "acme".into(),
                public_key: "pub".into(),
                private_key: Secret::new("hidden-half"),
                client_id: None,
            },
            ca_file: None,
        })
    }

    fn secrets(key: &Key) -> Vec<&str> {
        match key {
            Key::ConnectWise(key) => vec![key.credentials.private_key.reveal()],
            Key::Autotask(key) => vec![key.user.secret.reveal(), key.user.code.reveal()],
        }
    }

    #[test]
    fn an_autotask_connection_rests_encrypted_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, lock) = (folder.path().join("connection.json"), Lock([7; 32]));
        let user = ApiUser {
            user: "key@x.test".into(),
            secret: Secret::new("hidden-secret"),
            code: Secret::new("hidden-code"),
        };
        let key = AutotaskKey {
            url: "https://zone.test".into(),
            user,
            ca_file: None,
        };
        save(&file, &Key::Autotask(key), &lock).expect("saved");
        let text = fs::read_to_string(&file).expect("text");
        assert!(!text.contains("hidden"), "{text}");
        assert_eq!(
            secrets(&load(&file, &lock).expect("loaded")),
            ["hidden-secret", "hidden-code"]
        );
        fs::write(&file, text.replace("zone.test", "thief.test")).expect("written");
        assert!(load(&file, &lock).is_err());
    }

    #[test]
    fn a_connection_rests_encrypted_and_bound_to_its_address() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, lock) = (folder.path().join("connection.json"), Lock([7; 32]));
        save(&file, &key_file("https://psa.test"), &lock).expect("saved");
        let text = fs::read_to_string(&file).expect("text");
        assert!(!text.contains("hidden-half"));
        assert_eq!(
            secrets(&load(&file, &lock).expect("loaded")),
            ["hidden-half"]
        );
        assert!(
            load(&file, &Lock([8; 32])).is_err(),
            "another key opens nothing"
        );
        fs::write(&file, text.replace("psa.test", "thief.test")).expect("written");
        let fault = load(&file, &lock).expect_err("another address").to_string();
        assert!(
            fault.contains("connect again") && !fault.contains("hidden-half"),
            "{fault}"
        );
    }

    #[test]
    fn keys_are_64_hex_digits() {
        assert!(Lock::read(&"0f".repeat(32), "here").is_ok());
        for wrong in ["", "0f", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(Lock::read(wrong, "here").is_err(), "{wrong}");
        }
    }
}
