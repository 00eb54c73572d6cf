//! Proof Key for Code Exchange (RFC 7636): S256 alone.

use std::fmt;

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;

use crate::token::base64url;

use super::error::{OAuthError, OAuthResult};

/// The `code_challenge` of an authorization request: the SHA-256 of a verifier that only the client knows.
///
/// `plain`, which RFC 7636 makes the default, is refused: whoever sees the request could redeem the code.
///
/// ```
/// use bailiwick::oauth::CodeChallenge;
///
/// // RFC 7636, Appendix B.
/// let challenge = CodeChallenge::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256"))?;
/// assert!(challenge.is_answered_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
/// assert!(CodeChallenge::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Some("plain")).is_err());
/// # Ok::<(), bailiwick::oauth::OAuthError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CodeChallenge([u8; 32]);

/// How a challenge is made, and nothing else (`code_challenge_methods_supported`).
pub(crate) const METHOD: &str = "S256";

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`.
    ///
    /// # Errors
    ///
    /// `invalid_request` for another method than `S256` (or none, which means `plain`), and for text that is not the
    /// base64url of a SHA-256.
    pub fn new(challenge: &str, method: Option<&str>) -> OAuthResult<Self> {
        if method != Some(METHOD) {
            return Err(OAuthError::invalid_request("code_challenge_method must be S256"));
        }
        Self::from_base64url(challenge).ok_or_else(|| {
            OAuthError::invalid_request("code_challenge is not the base64url of a SHA-256, without padding")
        })
    }

    /// Reads a challenge that was written down before.
    pub(crate) fn from_base64url(challenge: &str) -> Option<Self> {
        if challenge.len() != 43 {
            return None;
        }
        base64url::decode(challenge).ok()?.try_into().ok().map(Self)
    }

    /// The challenge of a verifier, as a client makes it; nothing if RFC 7636 §4.1 allows no such verifier: 43 to 128
    /// letters, digits and `-._~`.
    #[must_use]
    pub fn of(verifier: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(allowed) {
            return None;
        }
        digest(&SHA256, verifier.as_bytes())
            .as_ref()
            .try_into()
            .ok()
            .map(Self)
    }

    /// Whether `code_verifier` is what the challenge was made of. The comparison takes the same time either way.
    #[must_use]
    pub fn is_answered_by(&self, verifier: &str) -> bool {
        Self::of(verifier).is_some_and(|made| self.0.ct_eq(&made.0).into())
    }
}

/// The challenge as base64url.
impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(self.0))
    }
}

impl fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeChallenge({self})")
    }
}

#[cfg(test)]
#[path = "pkce_tests.rs"]
mod tests;
