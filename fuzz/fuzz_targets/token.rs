//! Any text as a token: refused without a panic, and the error does not repeat it.
#![no_main]

use std::sync::LazyLock;

use bailiwick::{Encryption, EncryptionKey, KeySet, Profile, SigningKey, Verifier};
use libfuzzer_sys::fuzz_target;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let key = SigningKey::generate_ed25519("k1").expect("a key");
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).expect("its set");
    let spiffe = Profile::spiffe("example.org").audience("api").jwks(keys.clone());
    let oauth = Profile::issuer("https://id.example.com")
        .audience("api")
        .jwks(keys)
        .encryption_keys(Encryption::ALL.iter().map(|encryption| {
            EncryptionKey::generate(*encryption, &encryption.to_string()).expect("a key")
        }));
    Verifier::new([spiffe, oauth]).expect("a verifier")
});

fuzz_target!(|text: &str| {
    let error = VERIFIER
        .verify(text, 1_800_000_000)
        .expect_err("nobody can sign by chance");
    assert!(error.kind().is_token());
    // A fuzzer finds out that a text may be the error's own words, which have spaces; a token has none.
    let is_like_a_token = text.len() >= 32 && !text.contains(char::is_whitespace);
    assert!(!is_like_a_token || !error.report().contains(text));
});
