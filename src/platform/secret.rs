//! Secrets in clear, and the hashes by which they are known.
//!
//! A secret is 256 bits of randomness behind a prefix that scanners recognise, with a checksum that tells a mistyped or
//! invented one from a real one without a look-up: `bws_` + 43 characters of base62 + 6 characters of CRC-32.
//!
//! It is stored as HMAC-SHA-256 under a key that is derived from the host's key. Against guessing, a plain hash of 256
//! random bits would do; the key means that whoever can only write to the store cannot plant a secret of their own.

use std::fmt;

use ring::{digest, hmac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::Result;

const SECRET_BYTES: usize = 32;
/// Digits of base62 that hold 256 bits.
const BODY: usize = 43;
/// Digits of base62 that hold 32 bits.
const CHECKSUM: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a secret is for; each kind has a prefix of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SecretKind {
    /// `bws_`: a client secret.
    ClientSecret,
    /// `bwc_`: an authorization code.
    AuthorizationCode,
}

impl SecretKind {
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::ClientSecret => "bws_",
            Self::AuthorizationCode => "bwc_",
        }
    }
}

/// A secret in clear. It exists once, in the return value of its creation, and is wiped when dropped.
///
/// ```
/// # fn show(_: &str) {}
/// # fn example(secret: &bailiwick::platform::Secret) {
/// show(secret.expose()); // once, to whoever asked for it
/// assert_eq!(format!("{secret:?}"), "Secret(bws_…)");
/// # }
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret {
    text: String,
}

impl Secret {
    /// A fresh secret from the system's randomness.
    pub(crate) fn generate(kind: SecretKind) -> Result<Self> {
        let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
        crate::random::fill(bytes.as_mut())?;
        Ok(Self::from_bytes(kind, &bytes))
    }

    fn from_bytes(kind: SecretKind, bytes: &[u8; SECRET_BYTES]) -> Self {
        // Sized at once, so that no copy is left behind by a growing string.
        let mut text = String::with_capacity(kind.prefix().len() + BODY + CHECKSUM);
        text.push_str(kind.prefix());
        push_base62(&mut text, bytes, BODY);
        let checksum = crc32(text.as_bytes());
        push_base62(&mut text, &checksum.to_be_bytes(), CHECKSUM);
        Self { text }
    }

    /// The secret in clear: show it to whoever asked for it, and keep it nowhere.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.text.get(..4).unwrap_or_default();
        write!(f, "Secret({prefix}…)")
    }
}

/// A fresh id: 128 random bits behind a prefix that says of what.
pub(crate) fn fresh_id(prefix: &str) -> Result<String> {
    let mut bytes = [0_u8; 16];
    crate::random::fill(&mut bytes)?;
    let mut id = String::from(prefix);
    push_base62(&mut id, &bytes, 22);
    Ok(id)
}

/// The key under which secrets are hashed.
pub(crate) struct Pepper(hmac::Key);

impl Pepper {
    /// Derived from the host's key, so that one key protects the store and yet serves each purpose separately.
    pub(crate) fn derive(host_key: &[u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, host_key);
        let mut derived = [0_u8; digest::SHA256_OUTPUT_LEN];
        derived.copy_from_slice(hmac::sign(&root, b"bailiwick secrets v1").as_ref());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &derived);
        derived.zeroize();
        Self(key)
    }

    /// The keyed hash of a secret.
    pub(crate) fn digest(&self, kind: SecretKind, secret: &str) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        // The prefix keeps a code from ever standing in for a client secret.
        context.update(kind.prefix().as_bytes());
        context.update(secret.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        Digest(bytes)
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// The keyed hash of a secret: 32 bytes, written as hexadecimal. Compared in constant time.
#[derive(Clone)]
pub struct Digest([u8; 32]);

impl Digest {
    /// As lower-case hexadecimal.
    #[must_use]
    pub fn to_hex(&self) -> String {
        use fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The hash of no secret: what a client that does not exist is compared with.
    pub(crate) const fn nobody() -> Self {
        Self([0; 32])
    }

    fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit).to_digit(16)?;
                *byte = (*byte << 4) | u8::try_from(value).ok()?;
            }
        }
        Some(Self(bytes))
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("a digest is 64 hexadecimal digits"))
    }
}

/// Appends a big-endian number as exactly `digits` digits of base62.
fn push_base62(text: &mut String, number: &[u8], digits: usize) {
    let mut number = Zeroizing::new(number.to_vec());
    let mut reversed = Zeroizing::new(Vec::with_capacity(digits));
    for _ in 0..digits {
        let mut remainder = 0_u32;
        for byte in number.iter_mut() {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        reversed.push(ALPHABET.get(remainder as usize).copied().unwrap_or(b'0'));
    }
    text.extend(reversed.iter().rev().map(|digit| char::from(*digit)));
}

/// CRC-32 as IEEE 802.3 defines it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
