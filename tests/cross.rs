//! Tokens between this library and those of other languages: ours verify there, theirs verify here.
//!
//! `make test-cross` runs both halves with the scripts of `tests/cross` between them; alone they are ignored. The folder
//! that `BAILIWICK_CROSS` names holds what is exchanged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;

use bailiwick::{Algorithm, KeySet, Profile, SigningKey, Verifier};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.example.com";
const SECRET: [u8; 64] = {
    let mut secret = [0; 64];
    let mut state: u32 = 0x9e37_79b9;
    let mut at = 0;
    while at < secret.len() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        secret[at] = (state >> 24) as u8;
        at += 1;
    }
    secret
};

const SIGNED: [Algorithm; 9] = [
    Algorithm::EdDsa,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];
const HASHED: [(Algorithm, hmac::Algorithm); 3] = [
    (Algorithm::Hs256, hmac::HMAC_SHA256),
    (Algorithm::Hs384, hmac::HMAC_SHA384),
    (Algorithm::Hs512, hmac::HMAC_SHA512),
];

fn folder() -> PathBuf {
    std::env::var_os("BAILIWICK_CROSS")
        .expect("BAILIWICK_CROSS names a folder")
        .into()
}

/// An unencrypted PKCS#8 key for the algorithm; of no use to anybody.
fn private_key(algorithm: Algorithm) -> Vec<u8> {
    match algorithm {
        Algorithm::EdDsa => {
            let prefix = [
                0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
                0x20,
            ];
            [&prefix[..], b"bailiwick key for cross testing!"].concat()
        }
        Algorithm::Es256 => include_bytes!("data/p256.test-key.pk8").to_vec(),
        Algorithm::Es384 => include_bytes!("data/p384.test-key.pk8").to_vec(),
        _ => include_bytes!("data/rsa-2048.test-key.pk8").to_vec(),
    }
}

fn signing_key(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_pkcs8(algorithm, algorithm.name(), &private_key(algorithm)).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "api", "sub": "ana \u{2603}", "client_id": "dashboards", "tenant": "acme",
        "scope": "rfis:read rfis:write", "iat": NOW - 10, "exp": NOW + 600, "jti": "t1", "n": {"a": [1, 2.5, null, true]},
    })
}

/// HMAC tokens are not made by the library; this is what an issuer does that shares a secret with us.
fn hashed(algorithm: Algorithm, hash: hmac::Algorithm) -> String {
    let header = json!({"alg": algorithm.name(), "typ": "at+jwt", "kid": algorithm.name()});
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims()));
    let tag = hmac::sign(&hmac::Key::new(hash, &SECRET), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[test]
#[ignore = "writes for the scripts of tests/cross; run `make test-cross`"]
fn ours() {
    let mut tokens = Vec::new();
    for algorithm in SIGNED {
        let key = signing_key(algorithm);
        let jwk: Value = serde_json::from_str(&key.jwk()).unwrap();
        let private = STANDARD.encode(private_key(algorithm));
        let token = key.sign(&claims(), "at+jwt").unwrap();
        tokens.push(json!({"alg": algorithm.name(), "jwk": jwk, "pkcs8": private, "token": token}));
    }
    for (algorithm, hash) in HASHED {
        let secret = STANDARD.encode(SECRET);
        tokens.push(json!({"alg": algorithm.name(), "secret": secret, "token": hashed(algorithm, hash)}));
    }
    let document = json!({"now": NOW, "claims": claims(), "tokens": tokens});
    std::fs::write(folder().join("ours.json"), document.to_string()).unwrap();
}

#[test]
#[ignore = "reads what the scripts of tests/cross wrote; run `make test-cross`"]
fn theirs() {
    let public: Vec<Value> = SIGNED
        .iter()
        .map(|algorithm| serde_json::from_str(&signing_key(*algorithm).jwk()).unwrap())
        .collect();
    let public = KeySet::from_jwks(json!({ "keys": public }).to_string().as_bytes()).unwrap();
    let secret = |(algorithm, _): (Algorithm, _)| {
        KeySet::from_secret(algorithm, Some(algorithm.name()), &SECRET).unwrap()
    };
    let secrets = KeySet::merged(HASHED.map(secret)).unwrap();
    let verifier = |keys| Verifier::new([Profile::issuer(ISSUER).audience("api").jwks(keys)]).unwrap();
    let (public, secrets) = (verifier(public), verifier(secrets));

    let mut makers = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(maker) = name
            .strip_prefix("theirs-")
            .and_then(|name| name.strip_suffix(".json"))
        else {
            continue;
        };
        makers += 1;
        let tokens: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let tokens = tokens.as_object().unwrap();
        assert!(tokens.len() >= 8, "{maker} knows {} algorithms", tokens.len());
        for (name, token) in tokens {
            let algorithm = Algorithm::from_name(name).unwrap();
            let (right, wrong) = if algorithm.is_symmetric() {
                (&secrets, &public)
            } else {
                (&public, &secrets)
            };
            let token = token.as_str().unwrap();
            let claims = right
                .verify(token, NOW)
                .unwrap_or_else(|error| panic!("{maker} {name}: {error}"));
            assert_eq!(claims.subject(), "ana \u{2603}");
            assert_eq!(claims.scopes(), ["rfis:read", "rfis:write"]);
            assert!(wrong.verify(token, NOW).is_err(), "{maker} {name}");
            let altered = token.replacen("ey", "ez", 1);
            assert!(right.verify(&altered, NOW).is_err(), "{maker} {name}");
        }
        println!("{maker}: {} algorithms", tokens.len());
    }
    assert!(makers > 0, "no script wrote any token");
}
