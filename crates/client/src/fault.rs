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
    #[error(
        "{address} shows a certificate that is not trusted ({reason}); name the authority's file with --ca-file, or check the address"
    )]
    Certificate { address: String, reason: String },
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

impl ClientError {
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
