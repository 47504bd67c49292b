//! Where a PSA is: its address, and the path below which its API answers, which newer releases of the
//! cloud put into a code base of their own.

use crate::ClientError;

/// Path of the API where the PSA does not say otherwise.
const USUAL: &str = "v4_6_release/";
/// Hosts of the vendor's cloud end so: `na.myconnectwise.net` is where people log in.
const CLOUD: &str = ".myconnectwise.net";

/// A PSA's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Scheme, host and port: `https://connect.example.com`.
    pub address: String,
    /// With its slash: `v4_6_release/`, `v2025_1/`.
    pub codebase: String,
}

impl Site {
    /// Reads an address as people write it: with or without scheme, slash or the path of the API.
    pub fn read(text: &str) -> Result<Self, ClientError> {
        let wrong = |reason: &str| ClientError::Address {
            address: text.to_owned(),
            reason: reason.to_owned(),
        };
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            Some(_) => return Err(wrong("only http and https lead to one")),
            None => ("https", text),
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(wrong("it names no host"));
        }
        if host.contains('@') {
            return Err(wrong("keys do not belong into an address"));
        }
        // In the cloud, people log in at one host and programs at another.
        let lower = host.to_ascii_lowercase();
        let prefix = match lower.strip_suffix(CLOUD) {
            Some(region) if !region.starts_with("api-") => "api-",
            _ => "",
        };
        Ok(Self {
            address: format!("{scheme}://{prefix}{host}"),
            codebase: USUAL.to_owned(),
        })
    }

    /// The address of a path of the vendor's API: `service/tickets`.
    pub fn api(&self, path: &str) -> String {
        format!(
            "{}/{}apis/3.0/{}",
            self.address,
            self.codebase,
            path.trim_start_matches('/')
        )
    }

    /// The address of a path of Bitting's own API, which a live PSA does not have.
    pub fn own(&self, path: &str) -> String {
        format!(
            "{}/bitting/apis/3.0/{}",
            self.address,
            path.trim_start_matches('/')
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        for (text, address) in [
            ("connect.example.com", "https://connect.example.com"),
            (
                "https://connect.example.com/",
                "https://connect.example.com",
            ),
            ("https://h.test/v4_6_release/apis/3.0", "https://h.test"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("na.myconnectwise.net", "https://api-na.myconnectwise.net"),
            (
                "https://api-eu.myconnectwise.net/v4_6_release",
                "https://api-eu.myconnectwise.net",
            ),
        ] {
            assert_eq!(Site::read(text).expect(text).address, address);
        }
        for text in [
            "",
            "https://",
            "ftp://h.test",
            "a b",
            "https://key:secret@h.test",
        ] {
            assert!(Site::read(text).is_err(), "{text}");
        }
        let site = Site::read("h.test").expect("a site");
        assert_eq!(
            site.api("/system/info"),
            "https://h.test/v4_6_release/apis/3.0/system/info"
        );
    }
}
