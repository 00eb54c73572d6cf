//! A token of 800 bytes verified for the first time and a session made of it, against ring's signature check of the same bytes alone.

use std::hint::black_box;

use bailiwick::{Algorithm, Clock, Engine, KeySet, Profile, SigningKey, Tenant};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use crate::measure::Row;
use crate::token::{NOW, token};

/// `verify/EdDSA`, `verify/ES256` and `verify/RS256`.
pub(crate) fn rows() -> Vec<Row> {
    let rsa = include_bytes!("../../tests/data/rsa-2048.test-key.pk8");
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
        .policies("policies/construction")
        .unwrap()
        .issuer(profile)
        .token_cache(0, 1 << 20)
        .clock(Clock::fixed(NOW))
        .build()
        .unwrap();
    let token = token(key);
    let tampered = token.replacen('e', "f", 1);
    let authenticate = |token: &str| engine.authenticate(token, Tenant::id("acme"));
    assert_eq!(authenticate(&token).unwrap().scopes().unwrap().len(), 4);
    assert!(authenticate(&tampered).is_err());

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let bare = bare(key);
    assert!(bare(signed.as_bytes(), &signature));
    assert!(!bare(b"something else", &signature));

    Row::measure(
        format!("verify/{}", key.algorithm()),
        || {
            black_box(authenticate(black_box(&token)).is_ok());
        },
        "ring",
        || {
            black_box(bare(black_box(signed.as_bytes()), black_box(&signature)));
        },
    )
}

/// Whether a signature over a message verifies.
type Check = Box<dyn Fn(&[u8], &[u8]) -> bool>;

/// ring alone, with the key ready and the signature decoded.
fn bare(key: &SigningKey) -> Check {
    let jwk: Value = serde_json::from_str(&key.jwk()).unwrap();
    let member = |name: &str| {
        let text = jwk.get(name).and_then(Value::as_str).unwrap();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    match key.algorithm() {
        Algorithm::EdDsa => {
            let key = UnparsedPublicKey::new(&signature::ED25519, member("x"));
            Box::new(move |message, signature| key.verify(message, signature).is_ok())
        }
        Algorithm::Es256 => {
            let point = [vec![4], member("x"), member("y")].concat();
            let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
            Box::new(move |message, signature| key.verify(message, signature).is_ok())
        }
        _ => {
            let key = RsaPublicKeyComponents {
                n: member("n"),
                e: member("e"),
            };
            let form = &signature::RSA_PKCS1_2048_8192_SHA256;
            Box::new(move |message, signature| key.verify(form, message, signature).is_ok())
        }
    }
}
