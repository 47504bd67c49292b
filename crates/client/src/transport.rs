//! Requests on their way: certificates, patience with a busy PSA, the list of what was asked, and faults of the
//! network in words. Knows neither of the two APIs.

use crate::fault::Distrust;
use crate::{Answer, ClientError};
use jiff::Timestamp;
use parking_lot::Mutex;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::{Certificate, Method};
use serde::Serialize;
use serde_json::Value;
use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

/// How often a call is made before the refusal counts.
const TRIES: u32 = 4;
/// How often a reading call that takes too long is made: each try is a minute of somebody's life.
const SLOW_TRIES: u32 = 2;
/// Longest wait that a PSA may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Longest wait for an answer, where nobody says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for a connection: a machine that drops what comes says nothing at all.
const CONNECT: Duration = Duration::from_secs(15);

/// A request that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    pub method: String,
    /// Path below the API, without values of the query.
    pub path: String,
    pub status: u16,
}

/// The way to one address.
pub(crate) struct Transport {
    /// Scheme, host and port.
    address: String,
    client: Client,
    /// Longest wait for an answer.
    patience: Duration,
    calls: Mutex<Vec<Call>>,
}

impl Transport {
    /// Prepares the way; sends nothing yet. An answer may take as long as `patience`, by default a minute.
    pub fn open(
        address: &str,
        ca_file: Option<&Path>,
        patience: Option<Duration>,
    ) -> Result<Self, ClientError> {
        let patience = patience.unwrap_or(PATIENCE);
        let mut builder = Client::builder()
            .timeout(patience)
            .connect_timeout(CONNECT.min(patience));
        if let Some(file) = ca_file {
            let broken = |reason: String| ClientError::Authority {
                file: file.to_owned(),
                reason,
            };
            let pem = std::fs::read(file).map_err(|error| broken(error.to_string()))?;
            let certificates =
                Certificate::from_pem_bundle(&pem).map_err(|error| broken(error.to_string()))?;
            if certificates.is_empty() {
                return Err(broken("it holds no certificate in PEM form".to_owned()));
            }
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder.build().map_err(|error| ClientError::Unreachable {
            address: address.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            address: address.to_owned(),
            client,
            patience,
            calls: Mutex::new(Vec::new()),
        })
    }

    /// Every request made so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().clone()
    }

    /// Sends, and tries again what the PSA or the network asks to try again. What writes is tried again only
    /// where the PSA says it did nothing. `dress` puts headers and body on a request.
    pub fn send(
        &self,
        method: &Method,
        url: &str,
        path: &str,
        reading: bool,
        dress: &dyn Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, ClientError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let request = dress(self.client.request(method.clone(), url));
            let last = attempt == TRIES;
            match request.send() {
                Ok(response) => {
                    let status = response.status().as_u16();
                    self.note(method, path, status);
                    let again = status == 429 || reading && matches!(status, 502..=504);
                    if again && !last {
                        std::thread::sleep(wait(&response, attempt));
                        continue;
                    }
                    return match read(response) {
                        Ok((answer, true)) => Ok(answer),
                        Err(error) if error.is_timeout() => Err(self.lost(&error)),
                        // The answer began: what is missing is its end.
                        Ok((_, false)) | Err(_) => Err(self.broken_off(path)),
                    };
                }
                Err(error) if reading && error.is_timeout() && attempt < SLOW_TRIES => {}
                Err(error) => return Err(self.lost(&error)),
            }
        }
    }

    fn broken_off(&self, path: &str) -> ClientError {
        ClientError::BrokenOff {
            address: self.address.clone(),
            path: path.split('?').next().unwrap_or_default().to_owned(),
        }
    }

    fn note(&self, method: &Method, path: &str, status: u16) {
        let path = path.split('?').next().unwrap_or_default().to_owned();
        self.calls.lock().push(Call {
            method: method.to_string(),
            path,
            status,
        });
    }

    /// A fault of the network in words. The address is said without its path, which is ours.
    fn lost(&self, error: &reqwest::Error) -> ClientError {
        let address = self.address.clone();
        let mut reasons = Vec::new();
        let mut cause = error.source();
        while let Some(inner) = cause {
            reasons.push(inner.to_string());
            cause = inner.source();
        }
        let whole = reasons.join(": ");
        let said = |words: &[&str]| words.iter().any(|word| whole.contains(word));
        let reason = reasons.pop().unwrap_or_default();
        if said(&["certificate", "UnknownIssuer", "NotValidForName"]) {
            let distrust = Distrust::of(&whole);
            return ClientError::Certificate {
                address,
                distrust,
                reason,
            };
        }
        let slow = format!(
            "it took longer than {} seconds",
            self.patience.as_secs_f32()
        );
        let plain = if error.is_timeout() {
            &*slow
        } else if said(&["dns error", "failed to lookup"]) {
            "no machine has that name; check the address for a slip of the pen"
        } else if said(&["Connection refused"]) {
            "the machine is there, and nothing listens at that port"
        } else if said(&["InvalidContentType", "corrupt message", "wrong version"]) {
            "it does not speak TLS there; an address that begins with http:// may be meant"
        } else if said(&["invalid HTTP", "invalid HTTP version parsed", "HTTP/0.9"]) {
            "what answers there speaks no HTTP; an address that begins with https:// may be meant"
        } else if said(&["handshake", "ProtocolVersion", "protocol version"]) {
            "no common version of TLS; the PSA is too old for a safe connection"
        } else if said(&[
            "connection closed",
            "Connection reset",
            "unexpected EOF",
            "IncompleteMessage",
            "Broken pipe",
        ]) {
            "it hung up before it answered"
        } else {
            ""
        };
        let reason = match (plain, reason.is_empty()) {
            ("", true) => "the connection failed".to_owned(),
            ("", false) => reason,
            (plain, _) => plain.to_owned(),
        };
        ClientError::Unreachable { address, reason }
    }
}

/// What a busy PSA asks for, in seconds or as a moment; else a little more each time.
fn wait(response: &Response, attempt: u32) -> Duration {
    let asked = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| patience(text, Timestamp::now()));
    asked
        .unwrap_or(Duration::from_millis(250 << attempt))
        .min(LONGEST_WAIT)
}

fn patience(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

/// The answer, and whether it came to its end: JSON that breaks off is none.
fn read(response: Response) -> Result<(Answer, bool), reqwest::Error> {
    let status = response.status().as_u16();
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let denial = header("x-bitting-denial");
    let more = header("link").is_some_and(|link| link.contains("rel=\"next\""));
    let text = response.text()?;
    let mut whole = true;
    let body = if text.trim().is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or_else(|error| {
            // A page of a gateway is no JSON from its first letter on; this began as some.
            whole = !error.is_eof();
            Value::String(text)
        })
    };
    let answer = Answer {
        status,
        body,
        denial,
        more,
    };
    Ok((answer, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_told_in_seconds_or_as_a_moment() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("a moment");
        for (text, seconds) in [
            ("0", Some(0)),
            (" 17 ", Some(17)),
            ("Sat, 21 Nov 2026 10:00:09 GMT", Some(9)),
            // A moment that is over asks for none.
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
        ] {
            let asked = patience(text, now).map(|wait| wait.as_secs());
            assert_eq!(asked, seconds, "{text}");
        }
    }
}
