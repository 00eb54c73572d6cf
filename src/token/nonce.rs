//! Nonces for DPoP proofs (RFC 9449 §8): the server's word that a proof was made just now.

use std::fmt;

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::error::{Error, ErrorKind, Result};

use super::base64url;

/// Makes nonces and knows its own again, without remembering any: a nonce is the time, authenticated with a key.
///
/// A proof is spent after its first use in any case; the nonce only shows that it was not made in advance.
#[derive(Clone)]
pub struct DpopNonces {
    key: hmac::Key,
    lifetime: u32,
}

const TIME_BYTES: usize = 8;
const NONCE_BYTES: usize = TIME_BYTES + 32;

impl DpopNonces {
    /// Nonces of this process, each good for so many seconds.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] if the system has no randomness.
    pub fn new(lifetime: u32) -> Result<Self> {
        let mut key = zeroize::Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(key.as_mut_slice())
            .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no randomness"))?;
        Ok(Self::with_key(&key, lifetime))
    }

    /// Nonces that several processes with the same random key accept of each other.
    #[must_use]
    pub fn with_key(key: &[u8; 32], lifetime: u32) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            lifetime,
        }
    }

    /// A nonce for the header `DPoP-Nonce`; `now` is in seconds since the Unix epoch.
    ///
    /// ```
    /// use bailiwick::DpopNonces;
    ///
    /// let nonces = DpopNonces::new(300)?;
    /// let nonce = nonces.issue(1_800_000_000);
    /// assert!(nonces.accepts(&nonce, 1_800_000_299));
    /// assert!(!nonces.accepts(&nonce, 1_800_000_300));
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    #[must_use]
    pub fn issue(&self, now: i64) -> String {
        let time = now.to_be_bytes();
        let tag = hmac::sign(&self.key, &time);
        base64url::encode([&time, tag.as_ref()].concat())
    }

    /// Whether a nonce is one of these and still good.
    #[must_use]
    pub fn accepts(&self, nonce: &str, now: i64) -> bool {
        let mut bytes = [0; NONCE_BYTES];
        if base64url::decode_slice(nonce, &mut bytes) != Ok(NONCE_BYTES) {
            return false;
        }
        let Some((time, tag)) = bytes.split_first_chunk::<TIME_BYTES>() else {
            return false;
        };
        let age = now.saturating_sub(i64::from_be_bytes(*time));
        hmac::verify(&self.key, time, tag).is_ok() && (0..i64::from(self.lifetime)).contains(&age)
    }
}

impl fmt::Debug for DpopNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopNonces")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_nonce_is_good_for_its_lifetime_and_not_before_it_was_made() {
        let nonces = DpopNonces::new(60).unwrap();
        let nonce = nonces.issue(NOW);
        for (at, good) in [(NOW - 1, false), (NOW, true), (NOW + 59, true), (NOW + 60, false)] {
            assert_eq!(nonces.accepts(&nonce, at), good, "{at}");
        }
    }

    #[test]
    fn a_nonce_that_was_altered_or_made_with_another_key_is_refused() {
        let nonces = DpopNonces::with_key(&[7; 32], 60);
        let nonce = nonces.issue(NOW);
        assert!(DpopNonces::with_key(&[7; 32], 60).accepts(&nonce, NOW));
        assert!(!DpopNonces::with_key(&[8; 32], 60).accepts(&nonce, NOW));
        for at in 0..nonce.len() {
            let mut altered = nonce.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert!(
                !nonces.accepts(std::str::from_utf8(&altered).unwrap(), NOW),
                "{at}"
            );
            assert!(!nonces.accepts(&nonce[..at], NOW), "{at}");
        }
        assert!(!nonces.accepts(&format!("{nonce}A"), NOW));
    }
}
