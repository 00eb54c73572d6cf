//! Any text as a DPoP proof, and any address of a request, for a token that is bound.
#![no_main]

use std::sync::LazyLock;

use bailiwick::{KeySet, Profile, Proof, SigningKey, Verifier};
use libfuzzer_sys::fuzz_target;

static BOUND: LazyLock<(Verifier, String)> = LazyLock::new(|| {
    let key = SigningKey::generate_ed25519("k1").expect("a key");
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).expect("its set");
    let profile = Profile::issuer("https://id.example.com")
        .audience("api")
        .jwks(keys);
    let claims = r#"{"iss":"https://id.example.com","aud":"api","sub":"ana","tenant":"acme","exp":1800000600,
        "cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}"#;
    let claims = bailiwick::json::parse("", claims.as_bytes()).expect("claims");
    let token = key.sign(&claims, "at+jwt").expect("a token");
    (Verifier::new([profile]).expect("a verifier"), token)
});

fuzz_target!(|input: (&str, &str)| {
    let (verifier, token) = &*BOUND;
    for proof in [
        Proof::dpop(input.0, "GET", input.1),
        Proof::dpop(input.0, input.1, "https://api.example.com/"),
    ] {
        assert!(verifier.verify_bound(token, &proof, 1_800_000_000).is_err());
    }
});
