//! Secrets: a type that neither prints nor serialises, their making, and their fingerprints at rest.

use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;

/// Letters and digits of generated keys; 16 of them hold 95 bits.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH: usize = 16;

/// Text that must not reach a log, an error or a file by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new private key.
    pub fn generate() -> Self {
        Self(word())
    }

    /// The text itself, for the one place that hands it over.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// SHA-256 of a secret: generated secrets have enough entropy for a fast hash.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Compares in constant time.
    pub fn matches(&self, secret: &str) -> bool {
        bool::from(self.0.ct_eq(&Self::of(secret).0))
    }

    /// As text at rest.
    pub fn to_hex(self) -> String {
        use std::fmt::Write as _;
        self.0
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprint(…)")
    }
}

/// A random word for a public key, or for a private one before it becomes a [`Secret`].
pub fn word() -> String {
    let mut random = rand::rng();
    (0..LENGTH)
        .map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Secret};

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::generate();
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        assert!(!format!("{:?}", secret.fingerprint()).contains(&secret.fingerprint().to_hex()));
    }

    #[test]
    fn a_fingerprint_survives_rest_and_matches_only_its_secret() {
        let secret = Secret::generate();
        let stored = Fingerprint::from_hex(&secret.fingerprint().to_hex()).expect("hex");
        assert!(stored.matches(secret.reveal()));
        assert!(!stored.matches(&format!("{}x", secret.reveal())));
        assert!(Fingerprint::from_hex("zz").is_none());
    }
}
