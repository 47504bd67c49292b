//! A way to an Autotask instance with one API user: three headers, its own zone, its own refusals. What the
//! security model makes of an answer is no business of this file.

use crate::credentials::parsed;
use crate::transport::{Call, Transport};
use crate::{Answer, ClientError, Secret, Site};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Path of the API at the root of a zone.
const ROOT: &str = "ATServicesRest/V1.0";
/// The zone that tells every user its own.
pub const DISCOVERY: &str = "https://webservices.autotask.net";

/// An API user's key, secret and tracking identifier.
#[derive(Debug, Clone)]
pub struct ApiUser {
    pub user: String,
    pub secret: Secret,
    pub code: Secret,
}

/// What a key file of an Autotask integration holds.
#[derive(Debug, Clone)]
pub struct AutotaskKey {
    /// Address of the zone, without the path of the API.
    pub url: String,
    pub user: ApiUser,
    pub ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Written {
    url: String,
    user_name: String,
    secret: String,
    integration_code: String,
    #[serde(default)]
    ca_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Writing<'a> {
    url: &'a str,
    user_name: &'a str,
    secret: &'a str,
    integration_code: &'a str,
    ca_file: Option<&'a Path>,
}

impl AutotaskKey {
    /// Reads a key file.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        parsed(path, Self::parse)
    }

    /// Reads the JSON of a key file. The reason of a failure names members, never their values.
    pub fn parse(text: &str) -> Result<Self, String> {
        // The parser's own message can quote what it found, and that may be the secret.
        let written: Written = serde_json::from_str(text).map_err(|error| {
            format!(
                "it is not the JSON of an Autotask key file near line {}; it needs url, user_name, secret, \
                 integration_code and, for a certificate of one's own, ca_file",
                error.line()
            )
        })?;
        Ok(Self {
            url: written.url,
            user: ApiUser {
                user: written.user_name,
                secret: Secret::new(written.secret),
                code: Secret::new(written.integration_code),
            },
            ca_file: written.ca_file,
        })
    }

    /// The JSON of a key file, for the one place that hands it over.
    pub fn text(&self) -> Vec<u8> {
        let writing = Writing {
            url: &self.url,
            user_name: &self.user.user,
            secret: self.user.secret.reveal(),
            integration_code: self.user.code.reveal(),
            ca_file: self.ca_file.as_deref(),
        };
        // Texts alone: this cannot fail.
        serde_json::to_vec_pretty(&writing).unwrap_or_default()
    }
}

/// An open way to an instance.
pub struct Autotask {
    address: String,
    user: ApiUser,
    transport: Transport,
}

impl Autotask {
    /// Opens a way; asks nothing yet.
    pub fn open(address: &str, user: ApiUser, ca_file: Option<&Path>) -> Result<Self, ClientError> {
        let address = Site::read(address)?.address;
        Ok(Self {
            transport: Transport::open(&address, ca_file, None)?,
            address,
            user,
        })
    }

    /// Opens the way a key file describes.
    pub fn of_key(key: &AutotaskKey) -> Result<Self, ClientError> {
        Self::open(&key.url, key.user.clone(), key.ca_file.as_deref())
    }

    /// Scheme, host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The key: what the form calls user name.
    pub fn user(&self) -> &str {
        &self.user.user
    }

    /// Every request made so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.transport.calls()
    }

    /// The zone of this user, as discovery tells it: name and address. Needs no secret.
    pub fn zone(&self) -> Result<(String, String), ClientError> {
        let user: String = percent_encoding::utf8_percent_encode(
            &self.user.user,
            percent_encoding::NON_ALPHANUMERIC,
        )
        .to_string();
        let path = format!("ZoneInformation?user={user}");
        let url = format!("{}/{ROOT}/{path}", self.address);
        let answer = self
            .transport
            .send(&Method::GET, &url, &path, true, &|request| request)?;
        let body = answer.ok("GET", "ZoneInformation")?;
        match (body["zoneName"].as_str(), body["url"].as_str()) {
            (Some(name), Some(url)) => Ok((name.to_owned(), url.to_owned())),
            _ => Err(self.strange("ZoneInformation", "zone")),
        }
    }

    /// One call, whatever comes back. A query by POST reads as well as one by GET.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ClientError> {
        let reading = method == "GET" || path.ends_with("/query") || path.ends_with("/query/count");
        let url = format!("{}/{ROOT}/{path}", self.address);
        let method = match method {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => Method::GET,
        };
        self.transport
            .send(&method, &url, path, reading, &|request| {
                let request = request
                    .header("UserName", &self.user.user)
                    .header("Secret", self.user.secret.reveal())
                    .header("ApiIntegrationCode", self.user.code.reveal());
                match body {
                    Some(body) => request.json(body),
                    None => request,
                }
            })
    }

    pub fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.ask("GET", path, None)?.ok("GET", path)
    }

    /// How many records of an entity the user sees.
    pub fn count(&self, entity: &str) -> Result<u64, ClientError> {
        let path = format!("{entity}/query/count");
        let all = json!({ "filter": [{ "op": "gte", "field": "id", "value": 0 }] });
        let body = self.ask("POST", &path, Some(&all))?.ok("POST", &path)?;
        body["queryCount"]
            .as_u64()
            .ok_or_else(|| self.strange(&path, "count"))
    }

    fn strange(&self, path: &str, wanted: &'static str) -> ClientError {
        ClientError::Strange {
            address: self.address.clone(),
            path: path.to_owned(),
            wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"url":"https://zone.test","user_name":"key@x.test","secret":"hidden-half",
        "integration_code":"hidden-code"}"#;

    #[test]
    fn a_key_file_reads_writes_and_never_prints_its_secrets() {
        let key = AutotaskKey::parse(TEXT).expect("a key file");
        assert_eq!(key.user.secret.reveal(), "hidden-half");
        assert!(!format!("{key:?}").contains("hidden"));
        let again = String::from_utf8(key.text()).expect("text");
        assert_eq!(
            AutotaskKey::parse(&again)
                .expect("again")
                .user
                .code
                .reveal(),
            "hidden-code"
        );
    }

    #[test]
    fn what_is_no_key_file_is_named_without_quoting_it() {
        for text in ["", "[]", r#"{"secret":"hidden-half"}"#] {
            let reason = AutotaskKey::parse(text).expect_err(text);
            assert!(
                reason.contains("integration_code") && !reason.contains("hidden-half"),
                "{reason}"
            );
        }
    }
}
