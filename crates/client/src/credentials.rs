//! Who calls: company, key pair and the software's id. The private half neither prints nor serialises.

use crate::ClientError;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// Text that must not reach a log, an error or a file by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that hands it over.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// A key pair of one company's member.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub company: String,
    pub public_key: String,
    pub private_key: Secret,
    /// Identifies the software, not the tenant; a live PSA refuses calls without it.
    pub client_id: Option<String>,
}

/// What `--key-file` holds: where the PSA is and the key that opens it.
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// Address of the server, without a path.
    pub url: String,
    pub credentials: Credentials,
    /// The authority that signed the server's certificate, where it is none that systems know.
    pub ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Written {
    url: String,
    company: String,
    #[serde(default)]
    client_id: Option<String>,
    public_key: String,
    private_key: String,
    #[serde(default)]
    ca_file: Option<PathBuf>,
}

/// Reads a key file, of whichever PSA. `parse` says in words what is wrong with a text.
pub(crate) fn parsed<T>(
    path: &Path,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, ClientError> {
    let broken = |reason: String| ClientError::KeyFile {
        file: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
    parse(&text).map_err(broken)
}

impl KeyFile {
    /// Reads a key file.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        parsed(path, Self::parse)
    }

    /// Reads the JSON of a key file. The reason of a failure names members, never their values.
    pub fn parse(text: &str) -> Result<Self, String> {
        // The parser's own message can quote what it found, and that may be the key.
        let written: Written = serde_json::from_str(text).map_err(|error| {
            format!(
                "it is not the JSON of a key file near line {}; it needs url, company, client_id, public_key, \
                 private_key and, for a certificate of one's own, ca_file",
                error.line()
            )
        })?;
        Ok(Self {
            url: written.url,
            credentials: Credentials {
                company: written.company,
                public_key: written.public_key,
                private_key: Secret::new(written.private_key),
                client_id: written.client_id,
            },
            ca_file: written.ca_file,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"url":"https://psa.test","company":"acme","client_id":"c",
        "public_key":"pub","private_key":"hidden-half"}"#;

    #[test]
    fn a_key_file_reads_and_never_prints_its_secret() {
        let file = KeyFile::parse(TEXT).expect("a key file");
        assert_eq!(file.credentials.private_key.reveal(), "hidden-half");
        assert!(!format!("{file:?}").contains("hidden-half"));
        assert_eq!(file.ca_file, None);
    }

    #[test]
    fn what_is_no_key_file_is_named_without_quoting_it() {
        for text in [
            "",
            "[]",
            r#"{"private_key": 5, "url": "hidden-half"}"#,
            r#"{"private_key":"hidden-half"}"#,
        ] {
            let reason = KeyFile::parse(text).expect_err(text);
            assert!(
                reason.contains("public_key") && !reason.contains("hidden-half"),
                "{reason}"
            );
        }
    }
}
