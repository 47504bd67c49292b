//! The way to the PSA behind the gate: one key, one address, every fault as a sentence. Follows no redirect,
//! tries nothing twice, and lets neither its key nor an address below the API into an answer.

use base64::Engine as _;
use bitting_catalog::entity::Release;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::{Denial, Level, Verb};
use bitting_psa::problem::Problem;
use bitting_psa::secret::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

/// What stays as it is in a query's value.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b',');

/// Where the PSA is and the key that opens it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `https://host`, without a path.
    pub address: String,
    pub company: String,
    pub public_key: String,
    pub private_key: Secret,
    pub client_id: String,
    /// PEM of an authority that systems do not know.
    pub authority: Option<Vec<u8>>,
    /// Longest wait for an answer.
    pub patience: Duration,
}

/// The PSA behind the gate.
pub struct Upstream {
    client: reqwest::Client,
    settings: Settings,
    /// `https://host/v4_6_release/apis/3.0/`
    base: String,
    /// The header's value, and the parts of it that no answer may show.
    authorization: String,
    secrets: Vec<String>,
}

/// Why the PSA is not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// Nobody answers now; later somebody may.
    #[error("{0}")]
    Unreachable(String),
    #[error(
        "there is no company `{company}` at {address}; the company id is what people type when they log in, not the company's name"
    )]
    Company { company: String, address: String },
}

/// What a call sent up, for the event: how often it asked, and the last status.
#[derive(Debug, Default)]
pub struct Trace {
    status: AtomicU16,
    calls: AtomicU32,
}

impl Trace {
    /// The last status and how many requests there were; `None` when nothing was sent.
    pub fn told(&self) -> Option<(u16, u32)> {
        let calls = self.calls.load(Ordering::Relaxed);
        (calls > 0).then(|| (self.status.load(Ordering::Relaxed), calls))
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub method: Method,
    /// Below the API root: `service/tickets/5`.
    pub path: &'a str,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    /// What stands behind the question mark, as the caller sent it, instead of `query`.
    pub raw_query: Option<&'a str>,
    /// The caller's own bytes and their content type, instead of `body`.
    pub raw_body: Option<(&'a str, &'a [u8])>,
    pub release: Release,
    pub forward_only: bool,
}

impl<'a> Ask<'a> {
    pub fn get(path: &'a str, release: Release) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
            raw_query: None,
            raw_body: None,
            release,
            forward_only: false,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.query.extend(value.map(|value| (name, value)));
        self
    }
}

/// An answer of the PSA that is no refusal of the gate's own key.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub bytes: Vec<u8>,
    pub link: Option<String>,
    pub retry_after: Option<String>,
    pub media: Option<String>,
    pub file: Option<String>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null when it is empty.
    pub fn json(&self) -> Result<Value, Problem> {
        if self.bytes.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.bytes)
            .map_err(|_| gateway("The PSA behind this gate answered something that is no JSON."))
    }
}

/// A fault between the gate and the PSA, for the caller.
pub fn gateway(message: &str) -> Problem {
    let mut error = ApiError::server(message);
    error.status = 502;
    error.into()
}

impl Upstream {
    /// Prepares the way; sends nothing yet.
    pub fn open(settings: Settings) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.patience.min(Duration::from_secs(10)))
            .timeout(settings.patience);
        if let Some(pem) = &settings.authority {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| "the authority's file holds no certificate in PEM form".to_owned())?;
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder
            .build()
            .map_err(|error| format!("the way to the PSA cannot be prepared: {error}"))?;
        let private = settings.private_key.reveal();
        let pair = format!("{}+{}:{private}", settings.company, settings.public_key);
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        let base = format!("{}/v4_6_release/apis/3.0/", settings.address);
        Ok(Self {
            client,
            base,
            authorization: format!("Basic {encoded}"),
            secrets: vec![private.to_owned(), encoded],
            settings,
        })
    }

    pub fn address(&self) -> &str {
        &self.settings.address
    }

    pub fn company(&self) -> &str {
        &self.settings.company
    }

    /// Asks the PSA where its API is: newer releases of the cloud serve it below a path of their own.
    pub async fn locate(&mut self) -> Result<(), LocateError> {
        let company = utf8_percent_encode(&self.settings.company, VALUE);
        let url = format!("{}/login/companyinfo/{company}", self.settings.address);
        let found = self.client.get(url).send().await;
        let lost = |error| LocateError::Unreachable(self.lost(&error));
        let found = found.map_err(lost)?;
        if !found.status().is_success() {
            // Some servers of one's own keep this page closed; the usual path serves there.
            return Ok(());
        }
        let info: Value = match found.bytes().await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or(Value::Bool(false)),
            Err(error) => return Err(lost(error)),
        };
        if info.is_null() {
            return Err(LocateError::Company {
                company: self.settings.company.clone(),
                address: self.settings.address.clone(),
            });
        }
        if let Some(code) = info["Codebase"].as_str() {
            self.base = format!(
                "{}/{}/apis/3.0/",
                self.settings.address,
                code.trim_matches('/')
            );
        }
        Ok(())
    }

    /// Sends one request with the gate's own key.
    pub async fn send(&self, ask: Ask<'_>, trace: &Trace) -> Result<Answer, Problem> {
        let mut url = format!("{}{}", self.base, ask.path);
        for (index, (name, value)) in ask.query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, VALUE));
        }
        if let Some(query) = ask.raw_query {
            url.push('?');
            url.push_str(query);
        }
        let release = ask.release;
        let mut request = self
            .client
            .request(ask.method.clone(), url)
            .header("authorization", &self.authorization)
            .header("clientid", &self.settings.client_id)
            .header(
                "accept",
                format!("application/vnd.connectwise.com+json; version={release}"),
            );
        if ask.forward_only {
            request = request.header("pagination-type", "forward-only");
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        if let Some((kind, bytes)) = ask.raw_body {
            request = request.header("content-type", kind).body(bytes.to_vec());
        }
        trace.calls.fetch_add(1, Ordering::Relaxed);
        trace.status.store(0, Ordering::Relaxed);
        let answered = request.send().await;
        let answered = answered.map_err(|error| self.problem(&error))?;
        let status = answered.status().as_u16();
        trace.status.store(status, Ordering::Relaxed);
        let header = |name: &str| {
            let value = answered.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (link, retry_after) = (header("link"), header("retry-after"));
        let media = header("content-type");
        let file = header("content-disposition").and_then(|value| {
            let (_, name) = value.split_once("filename=")?;
            Some(name.trim_matches('"').to_owned())
        });
        let bytes = answered.bytes().await;
        let bytes = bytes.map_err(|error| self.problem(&error))?.to_vec();
        let answer = Answer {
            status,
            bytes,
            link,
            retry_after,
            media,
            file,
        };
        self.accepted(answer, ask.path)
    }

    /// What the PSA says to the gate's own key is not what it would say to the caller.
    fn accepted(&self, mut answer: Answer, path: &str) -> Result<Answer, Problem> {
        match answer.status {
            300..=399 => Err(gateway(
                "The PSA behind this gate sends calls elsewhere; the gate's address of it is not the API's.",
            )),
            401 => {
                tracing::error!(
                    address = self.address(),
                    "the PSA refuses the gate's own key"
                );
                Err(gateway(
                    "The PSA refuses the gate's own key. Whoever runs the gate has to give it another one.",
                ))
            }
            403 => Err(Problem::Denied(Box::new(refusal(
                path,
                Verb::Inquire,
                "the PSA refuses this to the gate's own key; give that key's role the right",
            )))),
            _ => {
                if !answer.is_success() && self.tells(&answer.bytes) {
                    answer.bytes = ApiError::server("The PSA's own words are kept back.").body();
                }
                Ok(answer)
            }
        }
    }

    fn tells(&self, bytes: &[u8]) -> bool {
        let mut secrets = self.secrets.iter().filter(|secret| !secret.is_empty());
        secrets.any(|secret| {
            bytes
                .windows(secret.len())
                .any(|found| found == secret.as_bytes())
        })
    }

    fn problem(&self, error: &reqwest::Error) -> Problem {
        let reason = self.lost(error);
        tracing::error!(%reason, "the PSA behind the gate does not answer");
        let mut told = ApiError::server(format!("{reason}."));
        told.status = if error.is_timeout() { 504 } else { 502 };
        told.into()
    }

    /// A fault of the network in words, without the URL.
    fn lost(&self, error: &reqwest::Error) -> String {
        let seconds = self.settings.patience.as_secs_f32();
        let why = if error.is_timeout() {
            format!("did not answer within {seconds} seconds")
        } else if error.is_connect() {
            "cannot be reached".to_owned()
        } else {
            "hung up before it had answered".to_owned()
        };
        format!("The PSA behind this gate {why}")
    }
}

/// A refusal that no single row of the role would lift.
pub fn refusal(entity: &str, verb: Verb, why: &str) -> Denial {
    Denial {
        entity: entity.to_owned(),
        module: String::new(),
        action: String::new(),
        verb,
        needed: String::new(),
        held: Level::None,
        role: None,
        table: None,
        list: None,
        scope: Some("gate".to_owned()),
        remedy: why.to_owned(),
    }
}
