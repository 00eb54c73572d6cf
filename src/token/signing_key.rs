//! A private key that signs tokens.

use std::fmt;

use ring::rand::{SecureRandom as _, SystemRandom};
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NAME_BYTES;

use super::algorithm::Algorithm;
use super::base64url;
use super::compact;
use super::key::{Key, Material};
use super::strength;

/// A private key, its id and the one algorithm that it signs with.
///
/// The key leaves this value only as signatures and as its public part; `Debug` shows id and algorithm.
///
/// ```
/// use bailiwick::SigningKey;
///
/// let key = SigningKey::generate_ed25519("2026-01")?;
/// let token = key.sign(&serde_json::json!({"iss": "https://id.example.com", "exp": 1_800_000_000}), "at+jwt")?;
/// assert_eq!(token.split('.').count(), 3);
/// assert!(key.jwks().contains("2026-01"));
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub struct SigningKey {
    public: Key,
    private: Private,
    /// The encoded header of its access tokens.
    header: Box<str>,
}

/// The header type of access tokens (RFC 9068 §2.1).
pub(crate) const ACCESS_TOKEN_TYPE: &str = "at+jwt";

enum Private {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl SigningKey {
    /// A fresh Ed25519 key for `EdDSA`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for an empty or overlong id, [`ErrorKind::Internal`] if the system has no randomness.
    pub fn generate_ed25519(key_id: &str) -> Result<Self> {
        Self::from_pkcs8(Algorithm::EdDsa, key_id, &Self::generate_pkcs8(Algorithm::EdDsa)?)
    }

    /// A fresh P-256 key for `ES256`.
    ///
    /// # Errors
    ///
    /// As [`SigningKey::generate_ed25519`].
    pub fn generate_es256(key_id: &str) -> Result<Self> {
        Self::from_pkcs8(Algorithm::Es256, key_id, &Self::generate_pkcs8(Algorithm::Es256)?)
    }

    /// A fresh private key as PKCS#8, for a host that keeps it. The bytes are wiped when dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for other algorithms than `EdDSA` and `ES256`; [`ErrorKind::Internal`] if the system has no
    /// randomness.
    pub fn generate_pkcs8(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>> {
        /// Everything of an Ed25519 key in PKCS#8 version 1 (RFC 8410 §7) before its 32 bytes.
        const ED25519_PREFIX: [u8; 16] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ];
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::EdDsa => {
                let mut pkcs8 = Zeroizing::new(vec![0; ED25519_PREFIX.len() + 32]);
                let (prefix, seed) = pkcs8.split_at_mut(ED25519_PREFIX.len());
                prefix.copy_from_slice(&ED25519_PREFIX);
                random.fill(seed).map_err(|_| no_randomness())?;
                Ok(pkcs8)
            }
            Algorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                    .map(|document| Zeroizing::new(document.as_ref().to_vec()))
                    .map_err(|_| no_randomness())
            }
            _ => Err(invalid(format!(
                "keys for {algorithm} are not generated here; use Ed25519 or P-256, or bring a key"
            ))),
        }
    }

    /// Reads an unencrypted private key in PKCS#8 (DER; RFC 5958).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] if the bytes are no such key, do not fit the algorithm or are weak, and for an empty or
    /// overlong id.
    pub fn from_pkcs8(algorithm: Algorithm, key_id: &str, pkcs8: &[u8]) -> Result<Self> {
        if key_id.is_empty() || key_id.len() > MAX_NAME_BYTES {
            return Err(invalid(format!(
                "a key id is empty or longer than {MAX_NAME_BYTES} bytes"
            )));
        }
        let unreadable = |_| {
            invalid(format!(
                "not an unencrypted PKCS#8 private key (DER) for {algorithm}"
            ))
        };
        let unexpected = || invalid("a public key of unexpected length");
        let (material, private) = match algorithm {
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(unreadable)?;
                let public = pair.public_key().as_ref().try_into().map_err(|_| unexpected())?;
                let point =
                    strength::ed25519(&public).map_err(|reason| invalid(format!("the key {reason}")))?;
                (Material::Ed25519(point.into()), Private::Ed25519(pair))
            }
            Algorithm::Es256 => {
                let form = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(form, pkcs8, &SystemRandom::new()).map_err(unreadable)?;
                let public = pair.public_key().as_ref().try_into().map_err(|_| unexpected())?;
                (Material::P256(public), Private::Ecdsa(pair))
            }
            Algorithm::Es384 => {
                let form = &signature::ECDSA_P384_SHA384_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(form, pkcs8, &SystemRandom::new()).map_err(unreadable)?;
                let public = pair.public_key().as_ref().try_into().map_err(|_| unexpected())?;
                (Material::P384(public), Private::Ecdsa(pair))
            }
            _ => {
                let encoding = rsa_encoding(algorithm).ok_or_else(|| {
                    invalid(format!(
                        "{algorithm} signs with a shared secret, not with a private key"
                    ))
                })?;
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(unreadable)?;
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                strength::rsa(&n, &e).map_err(|reason| invalid(format!("the key {reason}")))?;
                let (n, e) = (n.into(), e.into());
                let public = Material::Rsa(RsaPublicKeyComponents { n, e });
                (public, Private::Rsa(pair, encoding))
            }
        };
        let public = Key::new(algorithm, Some(key_id), material);
        Ok(Self {
            header: header_of(&public, ACCESS_TOKEN_TYPE),
            public,
            private,
        })
    }

    /// The key's id (`kid`).
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.public.id().unwrap_or_default()
    }

    /// The algorithm that the key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The SHA-256 thumbprint of the public key (RFC 7638), as base64url: a good key id.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.public.thumbprint()
    }

    /// The public key as a JSON Web Key (RFC 7517 §4).
    #[must_use]
    pub fn jwk(&self) -> String {
        self.public.to_jwk().to_string()
    }

    pub(crate) fn public_jwk(&self) -> Value {
        self.public.to_jwk()
    }

    /// The public key as a key set of one (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> String {
        json!({"keys": [self.public.to_jwk()]}).to_string()
    }

    /// Signs `claims` as a token of the header type `token_type`, such as `at+jwt`.
    ///
    /// The claims are signed as they are: nothing is added and nothing checked but that they are an object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentInvalid`] if `claims` is not an object, [`ErrorKind::Internal`] if the system has no
    /// randomness.
    pub fn sign(&self, claims: &Value, token_type: &str) -> Result<String> {
        if !claims.is_object() {
            return Err(Error::new(
                ErrorKind::ArgumentInvalid,
                "the claims of a token are a JSON object",
            ));
        }
        self.sign_encoded(claims.to_string().as_bytes(), token_type)
    }

    /// Signs claims that are JSON text already.
    pub(crate) fn sign_encoded(&self, claims: &[u8], token_type: &str) -> Result<String> {
        let other;
        let header = if token_type == ACCESS_TOKEN_TYPE {
            &*self.header
        } else {
            other = header_of(&self.public, token_type);
            &*other
        };
        let mut token = compact::join(header, &[claims])?;
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        base64url::encode_onto(signature, &mut token);
        Ok(token)
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Private::Ecdsa(pair) => match pair.sign(&random, message) {
                Ok(signature) => Ok(signature.as_ref().to_vec()),
                Err(_) => Err(no_randomness()),
            },
            Private::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .map_err(|_| no_randomness())?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("key_id", &self.key_id())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// How RSA signs by that algorithm; none if it is not RSA.
fn rsa_encoding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

/// The encoded header of the tokens of this type that a key signs.
fn header_of(key: &Key, token_type: &str) -> Box<str> {
    let header =
        json!({"alg": key.algorithm().name(), "typ": token_type, "kid": key.id().unwrap_or_default()});
    base64url::encode(header.to_string()).into()
}

pub(crate) fn no_randomness() -> Error {
    Error::new(ErrorKind::Internal, "the system gives no randomness")
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::KeyInvalid, message)
}

#[cfg(test)]
#[path = "signing_key_tests.rs"]
mod tests;
