//! Sealing: what must not lie in a store in the clear is encrypted under a key that the host keeps.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, ErrorKind, Result};
use crate::token::Sealer;

use super::random;

/// The host's key, under which private keys are sealed with AES-256-GCM.
///
/// A sealed value is bound to its purpose, its id and its version: moved to another place it does not open. Keep the key
/// apart from the store, in a key service or a file of its own. It is wiped when dropped and never printed.
///
/// ```
/// use bailiwick::{ErrorKind, store::SealingKey};
///
/// let key = SealingKey::generate()?;
/// let sealed = key.seal("signing-key", "2026-01", 1, b"private")?;
/// assert_eq!(key.open("signing-key", "2026-01", 1, &sealed)?.as_slice(), b"private");
///
/// let other = SealingKey::generate()?;
/// let refused = other.open("signing-key", "2026-01", 1, &sealed).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::SealInvalid);
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub struct SealingKey(Zeroizing<[u8; 32]>);

/// The first byte of a sealed value: the form of what follows.
const FORM: u8 = 1;

/// Bytes by which a key recognises what it has sealed.
const KEY_ID_BYTES: usize = 8;

const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;

impl SealingKey {
    /// A fresh key, for a host that keeps it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] if the system has no randomness.
    pub fn generate() -> Result<Self> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// The key with these bytes, which must be 32 random ones; a passphrase is no key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for another length, and for bytes that are all the same.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut key: [u8; 32] = bytes.try_into().map_err(|_| {
            Error::new(
                ErrorKind::KeyInvalid,
                format!("a sealing key of {} bytes; expected 32", bytes.len()),
            )
            .help("make one with `openssl rand 32`")
        })?;
        let is_constant = key.iter().all(|byte| Some(byte) == key.first());
        let sealing = Self(Zeroizing::new(key));
        key.zeroize();
        if is_constant {
            return Err(Error::new(
                ErrorKind::KeyInvalid,
                "a sealing key whose bytes are all the same",
            )
            .help("make one with `openssl rand 32`"));
        }
        Ok(sealing)
    }

    /// The key's bytes, for a host that has generated it here and must now keep it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] if the system has no randomness.
    pub fn seal(&self, purpose: &str, id: &str, version: u64, value: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + value.len() + AES_256_GCM.tag_len());
        sealed.push(FORM);
        sealed.extend_from_slice(&self.key_id());
        sealed.extend_from_slice(&nonce);
        let mut content = Zeroizing::new(value.to_vec());
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place(purpose, id, version)),
                &mut content,
            )
            .map_err(|_| internal())?;
        sealed.extend_from_slice(&content);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for this place. The value is wiped when dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SealInvalid`], which tells another key from damage.
    pub fn open(&self, purpose: &str, id: &str, version: u64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let damaged = || {
            Error::new(
                ErrorKind::SealInvalid,
                format!("the sealed {purpose} is damaged, or was sealed for another place"),
            )
            .help("restore the store from a backup")
        };
        let (header, content) = sealed.split_at_checked(HEADER_BYTES).ok_or_else(damaged)?;
        let (form, rest) = header.split_first().ok_or_else(damaged)?;
        let (key_id, nonce) = rest.split_at_checked(KEY_ID_BYTES).ok_or_else(damaged)?;
        if *form != FORM {
            return Err(damaged());
        }
        if key_id != self.key_id() {
            return Err(Error::new(
                ErrorKind::SealInvalid,
                format!("the {purpose} was sealed under another key than the one given"),
            )
            .help("give the sealing key that the store was created with"));
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut buffer = Zeroizing::new(content.to_vec());
        let opened = self
            .cipher()?
            .open_in_place(nonce, Aad::from(place(purpose, id, version)), &mut buffer)
            .map_err(|_| damaged())?
            .len();
        buffer.truncate(opened);
        Ok(buffer)
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_slice()).map_err(|_| internal())?;
        Ok(LessSafeKey::new(key))
    }

    /// Says which key it is, and nothing about it.
    fn key_id(&self) -> [u8; KEY_ID_BYTES] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice());
        let tag = hmac::sign(&key, b"bailiwick sealing key");
        let mut id = [0; KEY_ID_BYTES];
        for (to, from) in id.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        id
    }
}

/// What the keys of a ring are sealed as.
const RING_KEY: &str = "signing key";

impl Sealer for SealingKey {
    fn seal(&self, context: &[u8], secret: &[u8]) -> Result<Vec<u8>> {
        self.seal(RING_KEY, &String::from_utf8_lossy(context), 0, secret)
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.open(RING_KEY, &String::from_utf8_lossy(context), 0, sealed)
    }
}

/// Lengths first, so that no two places are written alike.
fn place(purpose: &str, id: &str, version: u64) -> Vec<u8> {
    let mut place = vec![FORM];
    for part in [purpose, id] {
        place.extend_from_slice(&(part.len() as u64).to_le_bytes());
        place.extend_from_slice(part.as_bytes());
    }
    place.extend_from_slice(&version.to_le_bytes());
    place
}

fn internal() -> Error {
    Error::new(ErrorKind::Internal, "AES-256-GCM refused a key or a length")
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
