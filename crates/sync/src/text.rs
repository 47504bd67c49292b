//! Moments and bytes as text. Knows nothing of what they are of.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// ISO 8601 in UTC with seconds, as the PSA writes moments.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Fingerprint of content.
pub fn hash(content: &str) -> String {
    hex(&Sha256::digest(content.as_bytes())[..16])
}
