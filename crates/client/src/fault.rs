//! Why a call did not bring what was asked: the network, or the PSA's refusal.

use std::path::PathBuf;

/// A call that failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("`{address}` is no address of a PSA: {reason}; write it as https://host")]
    Address { address: String, reason: String },
    #[error("the key file {file} cannot be used: {reason}")]
    KeyFile { file: PathBuf, reason: String },
    #[error("the certificate authority in {file} cannot be used: {reason}")]
    Authority { file: PathBuf, reason: String },
    /// Nobody answers there.
    #[error("{address} does not answer: {reason}")]
    Unreachable { address: String, reason: String },
    /// Somebody answers, but proves to be somebody else.
    #[error("{address} shows a certificate that is not trusted: {} ({reason})", distrust.words())]
    Certificate {
        address: String,
        distrust: Distrust,
        reason: String,
    },
    /// The answer began and did not end.
    #[error("{address} broke its answer to {path} off in the middle")]
    BrokenOff { address: String, path: String },
    /// The company is not there.
    #[error(
        "there is no company `{company}` at {address}; the company id is what people type when they log in, not the company's name"
    )]
    Company { address: String, company: String },
    /// The PSA refused.
    #[error("{method} {path} was refused with {status}{}: {message}{}", after(code), beside(denial.as_deref()))]
    Refused {
        method: Box<str>,
        path: Box<str>,
        status: u16,
        code: Box<str>,
        message: Box<str>,
        /// The reason that Bitting's own server gives beside the vendor's sentence.
        denial: Option<Box<str>>,
    },
    /// The answer is not what the API promises.
    #[error("{path} answered something that is no {wanted}; is {address} a PSA?")]
    Strange {
        address: String,
        path: String,
        wanted: &'static str,
    },
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody here knows who signed it.
    Authority,
    /// It is another host's.
    Name,
    Expired,
    /// Its first day is still to come.
    Early,
    Other,
}

impl Distrust {
    /// What the words of the TLS library mean.
    pub(crate) fn of(words: &str) -> Self {
        let words = words.to_ascii_lowercase();
        let said = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        if said(&["notvalidforname", "not valid for name"]) {
            Self::Name
        } else if said(&["notvalidyet", "not valid yet"]) {
            Self::Early
        } else if said(&["expired"]) {
            Self::Expired
        } else if said(&["unknownissuer", "selfsigned", "self-signed", "badsignature"]) {
            Self::Authority
        } else {
            Self::Other
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Authority => {
                "its authority is unknown here; name the authority's file with --ca-file"
            }
            Self::Name => "it belongs to another host; check the address for a slip of the pen",
            Self::Expired => "it has expired; whoever runs the PSA has to renew it",
            Self::Early => "it is not valid yet; check the clock of this machine",
            Self::Other => "it cannot be read as one for this host",
        }
    }
}

impl ClientError {
    /// Whether a write may have been done although no answer says so.
    pub fn leaves_open(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::BrokenOff { .. } | Self::Strange { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

fn after(code: &str) -> String {
    if code.is_empty() {
        String::new()
    } else {
        format!(" {code}")
    }
}

fn beside(denial: Option<&str>) -> String {
    denial
        .map(|denial| format!(" ({denial})"))
        .unwrap_or_default()
}
