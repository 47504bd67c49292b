//! What encrypts secrets at rest. Must not know whose they are.

use crate::Failure;
use crate::private;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitting_client::Secret;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use std::fs;
use std::path::Path;

/// Bytes of a lock.
const LENGTH: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 12;

/// What encrypts secrets: 32 bytes, in the environment or in a file of their own.
#[derive(PartialEq, Eq)]
pub struct Lock([u8; LENGTH]);

impl Lock {
    /// The text of a new key.
    pub fn make() -> String {
        crate::text::hex(&rand::random::<[u8; LENGTH]>())
    }

    /// Reads 64 hex digits.
    pub fn read(text: &str, origin: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let mut bytes = [0; LENGTH];
        let right = text.len() == 2 * LENGTH && text.is_ascii();
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = if right {
                text.get(2 * at..2 * at + 2)
            } else {
                None
            };
            *byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(|| {
                Failure::Settings(format!("{origin} holds no key: it needs 64 hex digits, such as `openssl rand -hex 32` prints"))
            })?;
        }
        Ok(Self(bytes))
    }

    /// Reads the key of a file, which is made where there is none yet.
    pub fn of_file(file: &Path) -> Result<Self, Failure> {
        if let Ok(text) = fs::read_to_string(file) {
            return Self::read(&text, &file.display().to_string());
        }
        let text = Self::make();
        private::write(file, text.as_bytes())?;
        Self::read(&text, &file.display().to_string())
    }

    /// Encrypts a secret, bound to a text that has to be the same when it is opened.
    pub(crate) fn seal(&self, secret: &str, bound: &str) -> Result<String, Failure> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: bound.as_bytes(),
        };
        let sealed = ChaCha20Poly1305::new(&self.0.into())
            .encrypt(&nonce.into(), payload)
            .map_err(|_| Failure::Settings("the private key cannot be encrypted".to_owned()))?;
        Ok(BASE64.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// The secret; none where it was sealed by another lock, or bound to another text.
    pub(crate) fn open(&self, sealed: &str, bound: &str) -> Option<Secret> {
        let bytes = BASE64.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: sealed,
            aad: bound.as_bytes(),
        };
        let opened = ChaCha20Poly1305::new(&self.0.into())
            .decrypt(&nonce.into(), payload)
            .ok()?;
        String::from_utf8(opened).ok().map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_64_hex_digits() {
        assert!(Lock::read(&"0f".repeat(32), "here").is_ok());
        for wrong in ["", "0f", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(Lock::read(wrong, "here").is_err(), "{wrong}");
        }
    }
}
