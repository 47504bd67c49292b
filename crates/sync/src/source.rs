//! A product's own side over HTTP: the same records that files in `in/` hold, from an address. Knows no product.

use crate::Failure;
use crate::work::Work;
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Where the records are, and what opens it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Records are read from `URL/events` and the like.
    pub url: String,
    /// Environment variable that holds a bearer token.
    pub token_variable: Option<String>,
}

/// Seconds between tries where a source asks to slow down and does not say for how long.
const WAITS: [u64; 3] = [5, 10, 20];
/// Whoever asks for a longer wait is asked again by the next run.
const LONGEST: u64 = 60;
/// Pages that are followed at most.
const PAGES: usize = 1000;

/// A client of a source.
pub struct Http {
    client: Client,
    address: String,
}

impl Http {
    pub fn open(url: &str) -> Result<Self, Failure> {
        let address = url.trim_end_matches('/').to_owned();
        if !address.starts_with("https://") && !address.starts_with("http://") {
            return Err(Failure::Settings(format!(
                "source.url is `{url}`; write it as https://host"
            )));
        }
        let client = Client::builder().timeout(Duration::from_secs(60)).build();
        Ok(Self {
            client: client.map_err(|error| Failure::Settings(format!("source: {error}")))?,
            address,
        })
    }

    /// One request below the address, dressed with what opens it.
    pub fn ask(
        &self,
        path: &str,
        dress: &dyn Fn(&Client, &str) -> RequestBuilder,
    ) -> Result<Value, Failure> {
        let url = format!("{}/{path}", self.address);
        // The address may hold parameters, and an error its address: only the path is said.
        let place = path.split('?').next().unwrap_or_default();
        let fault = |what: String| {
            Failure::Held(format!(
                "the source {}/{place} {what}; nothing of the PSA was changed for it, the next run tries again",
                self.address
            ))
        };
        let mut waits = WAITS.into_iter();
        let answer = loop {
            let answer = dress(&self.client, &url)
                .send()
                .map_err(|error| fault(format!("does not answer: {}", error.without_url())))?;
            if answer.status() != StatusCode::TOO_MANY_REQUESTS {
                break answer;
            }
            let Some(wait) = waits.next() else {
                break answer;
            };
            let asked = answer.headers().get("retry-after");
            let asked = asked.and_then(|asked| asked.to_str().ok()?.trim().parse().ok());
            std::thread::sleep(Duration::from_secs(asked.unwrap_or(wait).min(LONGEST)));
        };
        let status = answer.status();
        if !status.is_success() {
            return Err(fault(format!("refuses with {}", status.as_u16())));
        }
        answer
            .json()
            .map_err(|_| fault("answers something that is no JSON".to_owned()))
    }
}

/// The value of an environment variable that a setting names.
pub fn secret(setting: &str, variable: &str) -> Result<String, Failure> {
    std::env::var(variable).map_err(|_| {
        Failure::Settings(format!(
            "{setting} names the environment variable {variable}, which is not set"
        ))
    })
}

/// Records of one name: from the source where one is set, else from the file `NAME.jsonl`. A bad one is named and
/// left out.
pub fn records<A, T: DeserializeOwned>(
    work: &mut Work<'_, A>,
    source: Option<&Source>,
    name: &str,
) -> Result<Vec<T>, Failure> {
    let Some(source) = source else {
        return work.input(&format!("{name}.jsonl"));
    };
    let http = Http::open(&source.url)?;
    let variable = source.token_variable.as_deref();
    let token = variable
        .map(|variable| secret("source.token_variable", variable))
        .transpose()?;
    let (mut all, mut page) = (Vec::new(), name.to_owned());
    for _ in 0..PAGES {
        let mut answer = http.ask(&page, &|client, url| {
            let request = client.get(url);
            match &token {
                Some(token) => request.bearer_auth(token),
                None => request,
            }
        })?;
        let next = answer["next"].as_str().map(str::to_owned);
        let rows = if answer.is_array() {
            answer
        } else {
            answer["data"].take()
        };
        let Value::Array(rows) = rows else {
            return Err(Failure::Held(format!(
                "the source {}/{name} answers no list of records",
                http.address
            )));
        };
        read(work, name, all.len(), rows, &mut all);
        match next {
            // Another page of the same list, and nowhere else: the token goes along.
            Some(next) => page = format!("{name}?{}", next.rsplit('?').next().unwrap_or_default()),
            None => break,
        }
    }
    Ok(all)
}

/// Takes rows over; a bad one is named by its number.
pub fn read<A, T: DeserializeOwned>(
    work: &mut Work<'_, A>,
    name: &str,
    before: usize,
    rows: Vec<Value>,
    all: &mut Vec<T>,
) {
    for (at, row) in rows.into_iter().enumerate() {
        match serde_json::from_value(row) {
            Ok(row) => all.push(row),
            Err(error) => work.warn(format!(
                "{name} record {}: {error}; left out",
                before + at + 1
            )),
        }
    }
}
