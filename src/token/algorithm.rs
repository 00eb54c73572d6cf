//! The signature algorithms of JSON Web Algorithms that are verified here.

use std::fmt;

/// A signature algorithm, under its name in the JOSE registry (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// `EdDSA` with Ed25519; the name `Ed25519` of RFC 9864 means the same.
    EdDsa,
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
    /// `ES384`: ECDSA on P-384 with SHA-384.
    Es384,
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// `RS384`: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// `RS512`: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// `PS256`: RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// `PS384`: RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// `PS512`: RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// `HS256`: HMAC with SHA-256. Whoever can verify can also forge.
    Hs256,
    /// `HS384`: HMAC with SHA-384.
    Hs384,
    /// `HS512`: HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    /// Every algorithm that this version verifies.
    pub const ALL: &'static [Algorithm] = &[
        Algorithm::EdDsa,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
        Algorithm::Hs256,
        Algorithm::Hs384,
        Algorithm::Hs512,
    ];

    /// The name as a token's header and a key's `alg` spell it.
    ///
    /// ```
    /// use bailiwick::Algorithm;
    ///
    /// assert_eq!(Algorithm::EdDsa.name(), "EdDSA");
    /// assert_eq!(Algorithm::from_name("ES256"), Some(Algorithm::Es256));
    /// assert_eq!(Algorithm::from_name("none"), None);
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::Rs256 => "RS256",
            Algorithm::Rs384 => "RS384",
            Algorithm::Rs512 => "RS512",
            Algorithm::Ps256 => "PS256",
            Algorithm::Ps384 => "PS384",
            Algorithm::Ps512 => "PS512",
            Algorithm::Hs256 => "HS256",
            Algorithm::Hs384 => "HS384",
            Algorithm::Hs512 => "HS512",
        }
    }

    /// True for HMAC, whose one secret both makes and checks signatures.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512)
    }

    /// The algorithm of that exact name; names are case-sensitive (RFC 7515 §4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
            "ES256" => Some(Algorithm::Es256),
            "ES384" => Some(Algorithm::Es384),
            "RS256" => Some(Algorithm::Rs256),
            "RS384" => Some(Algorithm::Rs384),
            "RS512" => Some(Algorithm::Rs512),
            "PS256" => Some(Algorithm::Ps256),
            "PS384" => Some(Algorithm::Ps384),
            "PS512" => Some(Algorithm::Ps512),
            "HS256" => Some(Algorithm::Hs256),
            "HS384" => Some(Algorithm::Hs384),
            "HS512" => Some(Algorithm::Hs512),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name from a token's header as a message may show it: registered names alone, so that no text of the token is
/// repeated.
pub(crate) fn shown(name: &str) -> &'static str {
    const REGISTERED: &[&str] = &["ES512", "ES256K", "Ed448", "dir"];
    if name.eq_ignore_ascii_case("none") {
        return "none";
    }
    Algorithm::from_name(name)
        .map(Algorithm::name)
        .or_else(|| REGISTERED.iter().find(|known| **known == name).copied())
        .unwrap_or("an unknown algorithm")
}
