//! An issuer for tests: keys, a profile, and tokens that are right until a test makes them wrong.

use serde_json::{Value, json};

use crate::error::ErrorKind;

use super::{Algorithm, Claims, KeySet, Profile, SigningKey, Verifier, base64url};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://id.example.com";
const P384_TEST_KEY: &[u8] = include_bytes!("../../tests/data/p384.test-key.pk8");
const RSA_TEST_KEY: &[u8] = include_bytes!("../../tests/data/rsa-2048.test-key.pk8");

/// One issuer with one key.
pub(crate) struct Fixture {
    pub(crate) key: SigningKey,
    pub(crate) verifier: Verifier,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(SigningKey::generate_ed25519("k1").unwrap(), |profile| profile)
    }

    pub(crate) fn profiled(change: impl FnOnce(Profile) -> Profile) -> Self {
        Self::with(SigningKey::generate_ed25519("k1").unwrap(), change)
    }

    pub(crate) fn with(key: SigningKey, change: impl FnOnce(Profile) -> Profile) -> Self {
        let profile = change(profile(&[&key]));
        let verifier = Verifier::new([profile]).unwrap();
        Self { key, verifier }
    }

    pub(crate) fn verify(&self, claims: &Value) -> Result<Claims, ErrorKind> {
        self.verify_token(&self.key.sign(claims, "at+jwt").unwrap())
    }

    pub(crate) fn verify_text(&self, claims: &str) -> Result<Claims, ErrorKind> {
        self.verify_token(&write(&self.header(), claims, &self.key))
    }

    pub(crate) fn verify_header(&self, header: &str) -> Result<Claims, ErrorKind> {
        self.verify_token(&write(header, &claims().to_string(), &self.key))
    }

    pub(crate) fn verify_token(&self, token: &str) -> Result<Claims, ErrorKind> {
        self.verifier.verify(token, NOW).map_err(|error| error.kind())
    }

    /// The header of an honest token.
    pub(crate) fn header(&self) -> String {
        json!({"alg": self.key.algorithm().name(), "typ": "at+jwt", "kid": self.key.key_id()}).to_string()
    }

    /// The header of an honest token with one more member, or another value for it.
    pub(crate) fn header_with(&self, name: &str, value: Value) -> String {
        let mut header: Value = serde_json::from_str(&self.header()).unwrap();
        header[name] = value;
        header.to_string()
    }
}

/// One key for each algorithm that has a public key.
pub(crate) fn keys() -> [SigningKey; 9] {
    let rsa =
        |algorithm: Algorithm| SigningKey::from_pkcs8(algorithm, algorithm.name(), RSA_TEST_KEY).unwrap();
    [
        SigningKey::generate_ed25519("EdDSA").unwrap(),
        SigningKey::generate_es256("ES256").unwrap(),
        rsa(Algorithm::Rs256),
        rsa(Algorithm::Rs384),
        rsa(Algorithm::Rs512),
        SigningKey::from_pkcs8(Algorithm::Es384, "ES384", P384_TEST_KEY).unwrap(),
        rsa(Algorithm::Ps256),
        rsa(Algorithm::Ps384),
        rsa(Algorithm::Ps512),
    ]
}

pub(crate) fn profile(keys: &[&SigningKey]) -> Profile {
    let keys = key_set(keys);
    Profile::issuer(ISSUER).audience("api").jwks(keys)
}

pub(crate) fn key_set(keys: &[&SigningKey]) -> KeySet {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
    KeySet::from_jwks(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes()).unwrap()
}

/// The claims of an honest token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "ana", "aud": "api", "client_id": "dashboards", "tenant": "acme",
        "scope": "rfis:read drawings:read", "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 600, "jti": "t1",
    })
}

/// Honest claims but for one.
pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

pub(crate) fn claims_without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// A signed token of any text as header and claims.
pub(crate) fn write(header: &str, claims: &str, key: &SigningKey) -> String {
    write_with(header, claims, |message| key.signature(message).unwrap())
}

pub(crate) fn write_with(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    base64url::encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    base64url::decode(text).unwrap()
}
