//! From what people see to what is behind it. The PSA gives one sentence for many causes; here they are told
//! apart as far as the answers allow.

use bitting_client::{ClientError, Distrust};
use serde::Serialize;

/// A symptom with its likely cause and cure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    pub symptom: String,
    pub cause: String,
    pub cure: String,
}

impl Diagnosis {
    pub fn new(
        symptom: impl Into<String>,
        cause: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            symptom: symptom.into(),
            cause: cause.into(),
            cure: cure.into(),
        }
    }
}

/// What a fault of the first calls with a key means.
pub fn explain(error: &ClientError) -> Option<Diagnosis> {
    let symptom = error.to_string();
    let told = |cause: &str, cure: &str| Some(Diagnosis::new(symptom.clone(), cause, cure));
    match error {
        ClientError::Company { .. } => told(
            "the company id is wrong, so every call fails, whatever the key",
            "take the company id of the log-in page; it is neither the company's name nor a part of the address",
        ),
        ClientError::Unreachable { .. } => told(
            "nobody answers at this address: a typing error, a firewall, or an allow-list that this machine is not on",
            "open the address in a browser from this machine, then try again",
        ),
        ClientError::Certificate { distrust, .. } => match distrust {
            Distrust::Name => told(
                "another machine answers under this name, or the address is an alias that the certificate does not list",
                "write the address as the certificate has it",
            ),
            Distrust::Expired | Distrust::Early => told(
                "the certificate's time is over or still to come, or this machine's clock is wrong",
                "check the clock here; if it is right, have the certificate renewed",
            ),
            _ => told(
                "the certificate is signed by an authority that this machine does not know, or something between \
                 here and the PSA puts its own certificate in place of it",
                "name the authority's file with --ca-file, or install the whole chain on the server",
            ),
        },
        ClientError::BrokenOff { .. } => told(
            "the connection ended in the middle of an answer: a restart, a gateway or a proxy with a limit",
            "run the same command again",
        ),
        ClientError::Strange { .. } => told(
            "something else than a PSA answers there, often a log-in page or a gateway",
            "check the address: the cloud's API has a host of its own (api-na, api-eu or api-au)",
        ),
        ClientError::Refused {
            status,
            code,
            message,
            ..
        } => refusal(*status, code, message, &symptom),
        _ => None,
    }
}

fn refusal(status: u16, code: &str, message: &str, symptom: &str) -> Option<Diagnosis> {
    let wordless = message.ends_with("a web page") || message.starts_with("the PSA answered ");
    let (cause, cure) = match status {
        _ if message.contains("clientId") => (
            "the clientId is missing or unknown; it names the software and not the tenant, and without it no call is served",
            "put the software maker's clientId into the key file as client_id, or into BITTING_CLIENT_ID",
        ),
        400 if message.contains("Cannot route") => (
            "the gateway does not know this company or its release",
            "check the company id, and that the key belongs to a company of this region",
        ),
        // The API says a sentence of its own with each refusal; a page of something else, or nothing, is no such.
        403..=405 if code.is_empty() && wordless => (
            "what answers there is not the API of a PSA: another host, a gateway in front of it, or a wrong path",
            "check the address: the cloud's API has a host of its own (api-na, api-eu or api-au)",
        ),
        502..=504 => (
            "the PSA itself is in trouble, or the gateway in front of it",
            "wait, then run the same command again: it looks first what is there",
        ),
        401 => (
            "the key opens nothing here: a wrong or revoked key, a key of another company or server, an inactive \
             member, or keys swapped",
            "compare the public key with the list under the member's API Keys; if it is there and active, cut a new \
             pair, because the private half cannot be looked up",
        ),
        403 if code == "Security" => (
            "the role lacks a right for this call; the PSA says the same sentence for a level and for a setup table",
            "give the role the row, or allow the table; verify names which",
        ),
        404 => (
            "the record is not there, or the member's location or an excluded board hides it; in the cloud a wrong \
             company or key can look so too",
            "set the member's location to Corporate, and compare counts with an administrator's",
        ),
        429 => (
            "too many calls in a minute",
            "wait, then try again with fewer calls at once",
        ),
        _ => return None,
    };
    Some(Diagnosis::new(symptom, cause, cure))
}
