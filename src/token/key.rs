//! One key to verify with, bound to one algorithm.

use std::fmt;

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use ring::{digest, hmac};

use super::algorithm::Algorithm;
use super::base64url;
use super::guessable;

/// Longest signature of any algorithm: that of an RSA key of 8,192 bits.
pub(crate) const MAX_SIGNATURE_BYTES: usize = 1_024;

/// A public key or a shared secret that passed [`strength`](super::strength).
#[derive(Clone)]
pub(crate) struct Key {
    algorithm: Algorithm,
    id: Option<Box<str>>,
    material: Material,
}

/// The key itself, in the form that whoever verifies with it takes: ed25519-dalek for Ed25519, ring for all others.
#[derive(Clone)]
pub(crate) enum Material {
    /// The point, unpacked once for all signatures.
    Ed25519(Box<VerifyingKey>),
    /// The uncompressed point: 4, x, y.
    P256([u8; 65]),
    /// The uncompressed point: 4, x, y.
    P384([u8; 97]),
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
    /// Both halves of the hash, prepared; the secret itself is not kept.
    Secret(hmac::Key),
}

impl Key {
    pub(crate) fn new(algorithm: Algorithm, id: Option<&str>, material: Material) -> Self {
        Self {
            algorithm,
            id: id.map(Into::into),
            material,
        }
    }

    /// A key of a shared secret, unless that is [guessable](guessable::check).
    pub(crate) fn from_secret(algorithm: Algorithm, id: Option<&str>, secret: &[u8]) -> Result<Self, String> {
        guessable::check(algorithm, secret)?;
        let hash = match algorithm {
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA256,
        };
        let material = Material::Secret(hmac::Key::new(hash, secret));
        Ok(Self::new(algorithm, id, material))
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether `signature` over `message` is this key's, by this key's one algorithm.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            // Exactly ring's equation, without the cofactor: `s` below the order, and the bytes of `R` compared. That the
            // key is of large order was checked when it was read.
            Material::Ed25519(key) => Signature::from_slice(signature)
                .and_then(|signature| key.verify(message, &signature))
                .map_err(|_| ring::error::Unspecified),
            Material::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::P384(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(message, signature)
            }
            Material::Rsa(key) => match self.algorithm {
                Algorithm::Rs256 => key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature),
                Algorithm::Rs384 => key.verify(&signature::RSA_PKCS1_2048_8192_SHA384, message, signature),
                Algorithm::Rs512 => key.verify(&signature::RSA_PKCS1_2048_8192_SHA512, message, signature),
                Algorithm::Ps256 => key.verify(&signature::RSA_PSS_2048_8192_SHA256, message, signature),
                Algorithm::Ps384 => key.verify(&signature::RSA_PSS_2048_8192_SHA384, message, signature),
                Algorithm::Ps512 => key.verify(&signature::RSA_PSS_2048_8192_SHA512, message, signature),
                _ => Err(ring::error::Unspecified),
            },
            // Compares the whole hash in constant time.
            Material::Secret(key) => hmac::verify(key, message, signature),
        };
        verified.is_ok()
    }

    /// The public key as a JWK (RFC 7517 §4), with `alg`, `kid` and `use`.
    pub(crate) fn to_jwk(&self) -> serde_json::Value {
        let mut jwk = serde_json::Map::new();
        let mut put = |name: &str, value: &str| jwk.insert(name.to_owned(), value.into());
        for (name, value) in self.material.members() {
            put(name, &value);
        }
        put("alg", self.algorithm.name());
        put("use", "sig");
        if let Some(id) = self.id() {
            put("kid", id);
        }
        jwk.into()
    }

    /// The SHA-256 thumbprint of RFC 7638, as base64url.
    pub(crate) fn thumbprint(&self) -> String {
        let members: Vec<_> = self
            .material
            .members()
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":\"{value}\""))
            .collect();
        let canonical = format!("{{{}}}", members.join(","));
        base64url::encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
    }
}

impl Material {
    /// The required members of the JWK in the order of their names, which is also the order of RFC 7638 §3.2. None of a
    /// secret, which is never shown.
    fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            Material::Ed25519(key) => vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", base64url::encode(key.as_bytes())),
            ],
            Material::P256(point) => elliptic("P-256", point),
            Material::P384(point) => elliptic("P-384", point),
            Material::Rsa(key) => vec![
                ("e", base64url::encode(&key.e)),
                ("kty", "RSA".to_owned()),
                ("n", base64url::encode(&key.n)),
            ],
            Material::Secret(_) => vec![],
        }
    }
}

fn elliptic(curve: &str, point: &[u8]) -> Vec<(&'static str, String)> {
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    vec![
        ("crv", curve.to_owned()),
        ("kty", "EC".to_owned()),
        ("x", base64url::encode(x)),
        ("y", base64url::encode(y)),
    ]
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
