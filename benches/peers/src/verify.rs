//! A token of 800 bytes verified for the first time, against jsonwebtoken: the same key, the same checks, and claims as a
//! structure of strings.

use std::hint::black_box;

use bailiwick::{Algorithm, Clock, Engine, KeySet, Profile, SigningKey, Tenant};
use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;

use crate::measure::Row;
use crate::token::{NOW, token};

const BACKEND: &str = if cfg!(feature = "aws-lc") {
    "jsonwebtoken (aws-lc-rs)"
} else {
    "jsonwebtoken"
};

/// What a service reads of a token.
#[derive(Deserialize)]
#[allow(dead_code, reason = "read for the sake of reading")]
struct Claims {
    iss: String,
    sub: String,
    aud: Vec<String>,
    client_id: String,
    tenant: String,
    scope: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
}

/// `verify/jsonwebtoken/EdDSA`, `verify/jsonwebtoken/ES256` and `verify/jsonwebtoken/RS256`.
pub(crate) fn rows() -> Vec<Row> {
    let rsa = include_bytes!("../../../tests/data/rsa-2048.test-key.pk8");
    [
        SigningKey::generate_ed25519("2026-01").unwrap(),
        SigningKey::generate_es256("2026-01").unwrap(),
        SigningKey::from_pkcs8(Algorithm::Rs256, "2026-01", rsa).unwrap(),
    ]
    .iter()
    .map(row)
    .collect()
}

fn row(key: &SigningKey) -> Row {
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
    let profile = Profile::issuer("https://id.example.com")
        .audience("https://api.example.com")
        .jwks(keys);
    let engine = Engine::builder()
        .policies(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../policies/construction"
        ))
        .unwrap()
        .issuer(profile)
        .token_cache(0, 1 << 20)
        .clock(Clock::fixed(NOW))
        .build()
        .unwrap();
    let token = token(key);
    let ours = |token: &str| engine.authenticate(token, Tenant::id("acme")).is_ok();
    let theirs = theirs(key);
    let tampered = token.replacen('e', "f", 1);
    assert!(ours(&token) && !ours(&tampered));
    assert!(theirs(&token) && !theirs(&tampered));
    let name = if cfg!(feature = "aws-lc") {
        format!("verify/jsonwebtoken/aws-lc/{}", key.algorithm())
    } else {
        format!("verify/jsonwebtoken/{}", key.algorithm())
    };
    Row::measure(
        name,
        || {
            black_box(ours(black_box(&token)));
        },
        BACKEND,
        || {
            black_box(theirs(black_box(&token)));
        },
    )
}

/// Whether a token verifies.
type Check = Box<dyn Fn(&str) -> bool>;

fn theirs(key: &SigningKey) -> Check {
    let jwk: Value = serde_json::from_str(&key.jwk()).unwrap();
    let member = |name: &str| jwk[name].as_str().unwrap();
    let (key, algorithm) = match key.algorithm() {
        Algorithm::EdDsa => (
            DecodingKey::from_ed_components(member("x")).unwrap(),
            jsonwebtoken::Algorithm::EdDSA,
        ),
        Algorithm::Es256 => (
            DecodingKey::from_ec_components(member("x"), member("y")).unwrap(),
            jsonwebtoken::Algorithm::ES256,
        ),
        _ => (
            DecodingKey::from_rsa_components(member("n"), member("e")).unwrap(),
            jsonwebtoken::Algorithm::RS256,
        ),
    };
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["https://api.example.com"]);
    validation.set_issuer(&["https://id.example.com"]);
    // Its clock is the machine's, which reads another time than the token's: as costly to compare, and never late.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    Box::new(move |token| jsonwebtoken::decode::<Claims>(token, &key, &validation).is_ok())
}
