//! Connections at rest: the address of a PSA and the key that was cut, as `bitting key new --key-file` hands
//! it over. The private half is encrypted and bound to the address, so that a file that was tampered with
//! sends it nowhere else. Must not print or log it.

use crate::Failure;
use crate::lock::Lock;
use crate::private;
use crate::psa::Kind;
use bitting_client::{ApiUser, AutotaskKey, Credentials, KeyFile};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

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
    private::write(file, &text)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use bitting_client::Secret;

    fn of(byte: &str) -> Lock {
        Lock::read(&byte.repeat(32), "a test").expect("64 hex digits")
    }

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
        let (file, lock) = (folder.path().join("connection.json"), of("07"));
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
        let (file, lock) = (folder.path().join("connection.json"), of("07"));
        save(&file, &key_file("https://psa.test"), &lock).expect("saved");
        let text = fs::read_to_string(&file).expect("text");
        assert!(!text.contains("hidden-half"));
        assert_eq!(
            secrets(&load(&file, &lock).expect("loaded")),
            ["hidden-half"]
        );
        assert!(load(&file, &of("08")).is_err(), "another key opens nothing");
        fs::write(&file, text.replace("psa.test", "thief.test")).expect("written");
        let fault = load(&file, &lock).expect_err("another address").to_string();
        assert!(
            fault.contains("connect again") && !fault.contains("hidden-half"),
            "{fault}"
        );
    }
}
