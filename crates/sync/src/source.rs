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
/// Together they outlast a limit by the minute.
const WAITS: [u64; 3] = [2, 15, 45];
/// Redirects that are followed at most.
const REDIRECTS: usize = 5;
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
        // Redirects are followed here: what opens the source goes along to the same house, and to no other.
        let client = Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .build();
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
        match self.try_ask(path, dress)? {
            Asked::Answered(answer) => Ok(answer),
            Asked::Refused(status) => Err(self.refused(path, status)),
        }
    }

    /// The failure of a request that was refused with a status.
    pub fn refused(&self, path: &str, status: u16) -> Failure {
        let advice = match status {
            401 | 403 => {
                ", which is about its key: look whether that still holds and may read this"
            }
            _ => "",
        };
        self.fault(path, &format!("refuses with {status}{advice}"))
    }

    /// Only the path is said of an address, for it may hold parameters.
    fn fault(&self, path: &str, what: &str) -> Failure {
        Failure::Held(format!(
            "the source {}/{} {what}; nothing of the PSA was changed for it, the next run tries again",
            self.address,
            path.split('?').next().unwrap_or_default()
        ))
    }

    /// As `ask`, for whoever has something to do about a refusal.
    pub fn try_ask(
        &self,
        path: &str,
        dress: &dyn Fn(&Client, &str) -> RequestBuilder,
    ) -> Result<Asked, Failure> {
        let mut url = format!("{}/{path}", self.address);
        let fault = |what: &str| self.fault(path, what);
        let (mut waits, mut redirects) = (WAITS.into_iter(), 0);
        let answer = loop {
            let answer = dress(&self.client, &url)
                .send()
                .map_err(|error| fault(&format!("does not answer: {}", error.without_url())))?;
            if answer.status().is_redirection() {
                redirects += 1;
                let to = answer.headers().get("location");
                let to = to.and_then(|to| answer.url().join(to.to_str().ok()?).ok());
                let to = to.ok_or_else(|| fault("sends on to nowhere"))?;
                if redirects > REDIRECTS {
                    return Err(fault("sends on and on"));
                }
                if !same_house(answer.url(), &to) {
                    let host = to.host_str().unwrap_or_default();
                    return Err(fault(&format!(
                        "sends on to {host}, where its key does not go; enter that address where it is the source's"
                    )));
                }
                url = to.into();
                continue;
            }
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
            return Ok(Asked::Refused(status.as_u16()));
        }
        let answer = answer.json();
        answer
            .map(Asked::Answered)
            .map_err(|_| fault("answers something that is no JSON"))
    }
}

/// What a source says.
pub enum Asked {
    Answered(Value),
    /// With a status.
    Refused(u16),
}

/// Whether an address lies in the same house as another: the same host, or one of the same domain, and as well
/// encrypted. Reporting services send on to the region that holds the records.
fn same_house(from: &reqwest::Url, to: &reqwest::Url) -> bool {
    let (Some(old), Some(new)) = (from.host_str(), to.host_str()) else {
        return false;
    };
    let named = |host: &str| host.parse::<std::net::IpAddr>().is_err() && host.contains('.');
    // `api.umbrella.com` and `api.eu.umbrella.com`: all but the first word of the old one.
    let domain = old.split_once('.').map(|(_, domain)| domain);
    let domain = domain.filter(|domain| named(old) && domain.contains('.'));
    let near = old == new || domain.is_some_and(|domain| new.ends_with(&format!(".{domain}")));
    near && (to.scheme() == "https" || from.scheme() == to.scheme())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_go_along_within_one_house() {
        let near = |from: &str, to: &str| same_house(&from.parse().unwrap(), &to.parse().unwrap());
        let api = "https://api.umbrella.com/reports/v2/activity/dns";
        for to in [
            api,
            "https://api.eu.umbrella.com/x",
            "https://api.umbrella.com:8443/x",
            "https://reports.umbrella.com/x",
        ] {
            assert!(near(api, to), "{to}");
        }
        for to in [
            "http://api.umbrella.com/x",
            "https://umbrella.com.evil.test/x",
            "https://evilumbrella.com/x",
            "https://elsewhere.com/x",
        ] {
            assert!(!near(api, to), "{to}");
        }
        assert!(near("http://127.0.0.1:1/x", "http://127.0.0.1:2/x"));
        assert!(!near("http://127.0.0.1:1/x", "http://128.0.0.1:1/x"));
        assert!(!near("https://msp.com/x", "https://other.com/x"));
    }
}
