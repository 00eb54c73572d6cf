//! A symmetric key with which the platform encrypts tokens to itself.

use std::fmt;

use ring::aead::{self, LessSafeKey, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NAME_BYTES;

use super::base64url;
use super::jwe;
use super::jwk;
use super::key_set;

/// How a token is encrypted: the management of its key (`alg`) and the encryption of its content (`enc`), under their
/// names in the JOSE registry (RFC 7518 §4.1, §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Encryption {
    /// `dir` with `A128GCM`: the content is encrypted with the key itself, of 128 bits.
    DirectA128Gcm,
    /// `dir` with `A256GCM`: the content is encrypted with the key itself, of 256 bits. The choice unless told.
    DirectA256Gcm,
    /// `A128GCMKW` with `A128GCM`: each token has a key of its own, wrapped by the key of 128 bits.
    WrappedA128Gcm,
    /// `A256GCMKW` with `A256GCM`: each token has a key of its own, wrapped by the key of 256 bits.
    WrappedA256Gcm,
}

impl Encryption {
    /// Every way in which a token may be encrypted.
    pub const ALL: &'static [Encryption] = &[
        Encryption::DirectA128Gcm,
        Encryption::DirectA256Gcm,
        Encryption::WrappedA128Gcm,
        Encryption::WrappedA256Gcm,
    ];

    /// The names in a token's header: `alg` and `enc`.
    ///
    /// ```
    /// use bailiwick::Encryption;
    ///
    /// assert_eq!(Encryption::DirectA256Gcm.names(), ("dir", "A256GCM"));
    /// assert_eq!(Encryption::from_names("RSA1_5", "A128CBC-HS256"), None);
    /// ```
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Encryption::DirectA128Gcm => ("dir", "A128GCM"),
            Encryption::DirectA256Gcm => ("dir", "A256GCM"),
            Encryption::WrappedA128Gcm => ("A128GCMKW", "A128GCM"),
            Encryption::WrappedA256Gcm => ("A256GCMKW", "A256GCM"),
        }
    }

    /// The encryption of those exact names.
    #[must_use]
    pub fn from_names(alg: &str, enc: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.names() == (alg, enc))
    }

    /// Whether each token has a content key of its own.
    pub(crate) const fn is_wrapped(self) -> bool {
        matches!(self, Encryption::WrappedA128Gcm | Encryption::WrappedA256Gcm)
    }

    /// Length of the key in bytes.
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Encryption::DirectA128Gcm | Encryption::WrappedA128Gcm => 16,
            Encryption::DirectA256Gcm | Encryption::WrappedA256Gcm => 32,
        }
    }

    /// AES-GCM with `key`; none when its length is another.
    pub(crate) fn cipher(self, key: &[u8]) -> Option<LessSafeKey> {
        let algorithm = match self.key_len() {
            16 => &aead::AES_128_GCM,
            _ => &aead::AES_256_GCM,
        };
        UnboundKey::new(algorithm, key).ok().map(LessSafeKey::new)
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (alg, enc) = self.names();
        write!(f, "{alg} with {enc}")
    }
}

/// A symmetric key, its id and the one way of encrypting that it is for. `Debug` shows id and way alone, and the key is
/// wiped when dropped.
///
/// A key encrypts with random nonces of 96 bits: replace it before it has encrypted 2^32 tokens (NIST SP 800-38D §8.3).
pub struct EncryptionKey {
    id: Box<str>,
    encryption: Encryption,
    secret: Zeroizing<Vec<u8>>,
    cipher: LessSafeKey,
    /// The encoded header of its access tokens, if they are encrypted with the key itself.
    header: Box<str>,
}

impl EncryptionKey {
    /// A fresh key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for an empty or overlong id, [`ErrorKind::Internal`] if the system has no randomness.
    pub fn generate(encryption: Encryption, key_id: &str) -> Result<Self> {
        let mut secret = Zeroizing::new(vec![0; encryption.key_len()]);
        SystemRandom::new()
            .fill(&mut secret)
            .map_err(|_| super::signing_key::no_randomness())?;
        Self::from_secret(encryption, key_id, &secret)
    }

    /// A key of these bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] if the length is not that of the encryption or all bytes are equal, and for an empty or
    /// overlong id.
    pub fn from_secret(encryption: Encryption, key_id: &str, secret: &[u8]) -> Result<Self> {
        let invalid = |message: String| Error::new(ErrorKind::KeyInvalid, message);
        if key_id.is_empty() || key_id.len() > MAX_NAME_BYTES {
            return Err(invalid(format!(
                "a key id is empty or longer than {MAX_NAME_BYTES} bytes"
            )));
        }
        let cipher = encryption.cipher(secret).ok_or_else(|| {
            invalid(format!(
                "a key of {} bytes; {encryption} needs {}",
                secret.len(),
                encryption.key_len()
            ))
        })?;
        if secret.iter().all(|byte| Some(byte) == secret.first()) {
            return Err(invalid("a key that repeats one byte".to_owned())
                .help("generate it: EncryptionKey::generate"));
        }
        Ok(Self {
            id: key_id.into(),
            encryption,
            secret: Zeroizing::new(secret.to_vec()),
            cipher,
            header: base64url::encode(jwe::header_of(encryption, key_id).to_string()).into(),
        })
    }

    /// The keys of a JSON Web Key Set of symmetric keys, each with `kid`, `alg`, and `enc` where `alg` is `dir`: a member
    /// that is no part of RFC 7517, which leaves open what such a key encrypts with.
    ///
    /// ```
    /// use bailiwick::EncryptionKey;
    ///
    /// let set = r#"{"keys": [
    ///     {"kty": "oct", "kid": "e1", "alg": "dir", "enc": "A128GCM", "k": "AAECAwQFBgcICQoLDA0ODw"},
    ///     {"kty": "oct", "kid": "e2", "alg": "A128GCMKW", "k": "Dw4NDAsKCQgHBgUEAwIBAA"}
    /// ]}"#;
    /// assert_eq!(EncryptionKey::from_jwks(set.as_bytes())?.len(), 2);
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for a set without keys, with too many or with two of one id, and for a key that lacks
    /// something, is of another type or way of encrypting, or is refused by [`from_secret`](Self::from_secret); the JSON
    /// kinds for what is no strict JSON. No error repeats a key.
    pub fn from_jwks(jwks: &[u8]) -> Result<Vec<Self>> {
        let entries = key_set::entries("", jwks)?;
        let mut keys = Vec::<Self>::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let invalid =
                |what: &str| Error::new(ErrorKind::KeyInvalid, format!("key {} of the set {what}", at + 1));
            let key = jwk::read_encryption(entry).map_err(|reason| invalid(&reason))?;
            let (encryption, id, secret) = key;
            if keys.iter().any(|earlier| *earlier.id == *id) {
                return Err(invalid("carries the `kid` of an earlier key"));
            }
            keys.push(Self::from_secret(encryption, id, &secret)?);
        }
        if keys.is_empty() {
            return Err(Error::new(ErrorKind::KeyInvalid, "a set of no encryption keys"));
        }
        Ok(keys)
    }

    /// The key's id (`kid`).
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.id
    }

    /// The way of encrypting that the key is for.
    #[must_use]
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    pub(crate) fn cipher(&self) -> &LessSafeKey {
        &self.cipher
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("key_id", &self.id)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "encryption_key_tests.rs"]
mod tests;
