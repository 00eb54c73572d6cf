//! One public key, bound to one algorithm.

use std::fmt;

use ring::digest;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use super::algorithm::Algorithm;
use super::base64url;

/// Longest signature of any algorithm: that of an RSA key of 8,192 bits.
pub(crate) const MAX_SIGNATURE_BYTES: usize = 1_024;

/// A public key that passed [`strength`](super::strength).
pub(crate) struct Key {
    algorithm: Algorithm,
    id: Option<Box<str>>,
    material: Material,
}

/// The key itself, in the form that ring takes.
pub(crate) enum Material {
    Ed25519([u8; 32]),
    /// The uncompressed point: 4, x, y.
    P256([u8; 65]),
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
}

impl Key {
    pub(crate) fn new(algorithm: Algorithm, id: Option<&str>, material: Material) -> Self {
        Self {
            algorithm,
            id: id.map(Into::into),
            material,
        }
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
            Material::Ed25519(key) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::Rsa(key) => match self.algorithm {
                Algorithm::Rs256 => key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature),
                Algorithm::Rs384 => key.verify(&signature::RSA_PKCS1_2048_8192_SHA384, message, signature),
                Algorithm::Rs512 => key.verify(&signature::RSA_PKCS1_2048_8192_SHA512, message, signature),
                Algorithm::EdDsa | Algorithm::Es256 => Err(ring::error::Unspecified),
            },
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
    /// The required members of the JWK in the order of their names, which is also the order of RFC 7638 §3.2.
    fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            Material::Ed25519(key) => vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", base64url::encode(key)),
            ],
            Material::P256(point) => {
                let (x, y) = point.split_at(33);
                vec![
                    ("crv", "P-256".to_owned()),
                    ("kty", "EC".to_owned()),
                    ("x", base64url::encode(x.get(1..).unwrap_or_default())),
                    ("y", base64url::encode(y)),
                ]
            }
            Material::Rsa(key) => vec![
                ("e", base64url::encode(&key.e)),
                ("kty", "RSA".to_owned()),
                ("n", base64url::encode(&key.n)),
            ],
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
