//! Who calls, as the headers say it: the key in `Authorization`, the software in `clientId`, the model
//! wanted in `Accept`. Knows no keys: whether they are right is decided elsewhere.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bitting_catalog::entity::Release;

/// Padding or not, both are read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A private key on its way to being checked. It neither prints nor serialises.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for the one comparison it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// What an `Authorization` header says.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Company id; compared without regard to letter case.
    pub company: String,
    pub public_key: String,
    pub private_key: Secret,
}

/// Why a header names no credentials. No variant holds any part of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error(
        "The Authorization header is missing. Send Basic with company+publicKey:privateKey in base64."
    )]
    Missing,
    #[error(
        "The Authorization header is not Basic. Send Basic with company+publicKey:privateKey in base64."
    )]
    NotBasic,
    #[error("The Authorization header is not valid base64 of UTF-8 text.")]
    NotBase64,
    #[error("The user of the Authorization header has no '+' between company and public key.")]
    NoCompany,
    #[error("The Authorization header has no ':' between public key and private key.")]
    NoPrivateKey,
}

/// Reads `Basic base64(company+public:private)`; the company ends at the first `+`, the public key at the
/// first `:` after it.
pub fn credentials(header: Option<&[u8]>) -> Result<Credentials, AuthError> {
    let header = header.unwrap_or_default().trim_ascii();
    if header.is_empty() {
        return Err(AuthError::Missing);
    }
    let end = header
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(header.len());
    let (scheme, encoded) = header.split_at(end);
    if !scheme.eq_ignore_ascii_case(b"Basic") {
        return Err(AuthError::NotBasic);
    }
    let bytes = BASE64
        .decode(encoded.trim_ascii())
        .map_err(|_| AuthError::NotBase64)?;
    let text = String::from_utf8(bytes).map_err(|_| AuthError::NotBase64)?;
    let (company, keys) = text.split_once('+').ok_or(AuthError::NoCompany)?;
    let (public, private) = keys.split_once(':').ok_or(AuthError::NoPrivateKey)?;
    Ok(Credentials {
        company: company.trim().to_owned(),
        public_key: public.to_owned(),
        private_key: Secret::new(private.to_owned()),
    })
}

/// The identifier of the calling software: the `clientId` header, or the cookie `cw-app-id` that some
/// clients send in its place. `None` when absent or blank.
pub fn client_id<'h>(header: Option<&'h str>, cookie: Option<&'h str>) -> Option<&'h str> {
    let from_cookie = || {
        cookie?.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("cw-app-id")
                .then(|| value.trim().trim_matches('"'))
        })
    };
    header
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .or_else(from_cookie)
        .filter(|id| !id.is_empty())
}

/// What `Accept` asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accept {
    /// The model wanted; `None` is the newest. Legacy `3.0.0` names no model.
    pub release: Option<Release>,
    /// The vendor's media type was named, so the answer carries it too.
    pub vendor_type: bool,
}

/// Reads `Accept` headers, each of which may hold several values. Nothing in them is refused.
pub fn accept<'h>(headers: impl IntoIterator<Item = &'h str>) -> Accept {
    let mut accept = Accept::default();
    for value in headers.into_iter().flat_map(|header| header.split(',')) {
        let mut parts = value.split(';').map(str::trim);
        let vendor = parts
            .next()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/vnd.connectwise.com+json"));
        if !vendor {
            continue;
        }
        accept.vendor_type = true;
        let version = parts
            .filter_map(|part| part.split_once('='))
            .find_map(|(name, version)| {
                name.trim()
                    .eq_ignore_ascii_case("version")
                    .then(|| release(version.trim().trim_matches('"')))
            });
        accept.release = accept.release.or(version.flatten());
    }
    accept
}

/// `2021.1` as a release. Anything else, `3.0.0` included, is none.
pub fn release(text: &str) -> Option<Release> {
    let mut numbers = text.split('.');
    let year: u16 = numbers.next()?.parse().ok()?;
    let number: u16 = numbers
        .next()
        .map_or(Some(1), |number| number.parse().ok())?;
    (year >= 2000).then_some(Release { year, number })
}

/// Whether the header `pagination-type` asks for pages that only go forward.
pub fn forward_only(header: Option<&str>) -> bool {
    header.is_some_and(|value| value.trim().eq_ignore_ascii_case("forward-only"))
}

#[cfg(test)]
mod tests {
    use super::{Accept, AuthError, accept, client_id, credentials, forward_only};
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use bitting_catalog::entity::Release;

    fn read(text: &str) -> Result<(String, String, String), AuthError> {
        credentials(Some(text.as_bytes())).map(|found| {
            (
                found.company,
                found.public_key,
                found.private_key.expose().to_owned(),
            )
        })
    }

    #[test]
    fn a_key_in_every_spelling() {
        let plain = "acme+pub:priv";
        let whole = ("acme".to_owned(), "pub".to_owned(), "priv".to_owned());
        for header in [
            format!("Basic {}", STANDARD.encode(plain)),
            format!("basic {}", STANDARD_NO_PAD.encode(plain)),
            format!("BASIC   {}  ", STANDARD.encode(plain)),
        ] {
            assert_eq!(read(&header), Ok(whole.clone()), "{header}");
        }
        let tricky = format!("Basic {}", STANDARD.encode("a+b+c:d:e+f"));
        assert_eq!(
            read(&tricky),
            Ok(("a".into(), "b+c".into(), "d:e+f".into()))
        );
    }

    #[test]
    fn every_refusal() {
        let table = [
            (None, AuthError::Missing),
            (Some("  ".to_owned()), AuthError::Missing),
            (Some("Bearer abc".to_owned()), AuthError::NotBasic),
            (Some("Basic".to_owned()), AuthError::NoCompany),
            (Some("Basic %%%".to_owned()), AuthError::NotBase64),
            (
                Some(format!("Basic {}", STANDARD.encode([0xff, 0xfe]))),
                AuthError::NotBase64,
            ),
            (
                Some(format!("Basic {}", STANDARD.encode("pub:priv"))),
                AuthError::NoCompany,
            ),
            (
                Some(format!("Basic {}", STANDARD.encode("acme+pub"))),
                AuthError::NoPrivateKey,
            ),
        ];
        for (header, expected) in table {
            let refused = credentials(header.as_deref().map(str::as_bytes))
                .map(|_| ())
                .expect_err("refused");
            assert_eq!(refused, expected, "{header:?}");
        }
    }

    #[test]
    fn a_private_key_never_prints() {
        let header = format!("Basic {}", STANDARD.encode("acme+pub:topsecret"));
        let found = credentials(Some(header.as_bytes())).expect("credentials");
        assert!(!format!("{found:?}").contains("topsecret"));
    }

    #[test]
    fn accept_in_every_spelling() {
        let year = |year, number| Some(Release { year, number });
        let table: [(&[&str], Accept); 9] = [
            (
                &[],
                Accept {
                    release: None,
                    vendor_type: false,
                },
            ),
            (
                &["*/*"],
                Accept {
                    release: None,
                    vendor_type: false,
                },
            ),
            (
                &["application/json"],
                Accept {
                    release: None,
                    vendor_type: false,
                },
            ),
            (
                &["application/vnd.connectwise.com+json; version=2021.1, application/json"],
                Accept {
                    release: year(2021, 1),
                    vendor_type: true,
                },
            ),
            (
                &["application/vnd.connectwise.com+json"],
                Accept {
                    release: None,
                    vendor_type: true,
                },
            ),
            (
                &[
                    "application/json",
                    "Application/vnd.ConnectWise.com+json;Version=\"2025.16\"",
                ],
                Accept {
                    release: year(2025, 16),
                    vendor_type: true,
                },
            ),
            (
                &["application/vnd.connectwise.com+json; version=3.0.0"],
                Accept {
                    release: None,
                    vendor_type: true,
                },
            ),
            (
                &["application/vnd.connectwise.com+json; version=v4.6"],
                Accept {
                    release: None,
                    vendor_type: true,
                },
            ),
            (
                &["application/vnd.connectwise.com+json; version=2020.1, application/json, blob"],
                Accept {
                    release: year(2020, 1),
                    vendor_type: true,
                },
            ),
        ];
        for (headers, expected) in table {
            assert_eq!(accept(headers.iter().copied()), expected, "{headers:?}");
        }
    }

    #[test]
    fn software_names_itself_in_header_or_cookie() {
        assert_eq!(client_id(Some(" abc "), None), Some("abc"));
        assert_eq!(client_id(None, Some("x=1; CW-App-Id=abc")), Some("abc"));
        assert_eq!(client_id(Some(" "), None), None);
        assert_eq!(client_id(None, None), None);
        assert!(forward_only(Some("Forward-Only")));
        assert!(!forward_only(Some("")));
        assert!(!forward_only(None));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(header: Vec<u8>, text in "\\PC{0,60}") {
            let _ = credentials(Some(&header));
            let _ = credentials(Some(text.as_bytes()));
            let _ = accept([text.as_str()]);
            let _ = client_id(Some(&text), Some(&text));
        }

        #[test]
        fn what_was_encoded_comes_back(company in "[^+]{1,20}", public in "[^:]{1,20}", private in ".{0,20}") {
            let header = format!("Basic {}", STANDARD.encode(format!("{company}+{public}:{private}")));
            let (found, key, secret) = read(&header).expect("credentials");
            proptest::prop_assert_eq!(found, company.trim());
            proptest::prop_assert_eq!(key, public);
            proptest::prop_assert_eq!(secret, private);
        }
    }
}
