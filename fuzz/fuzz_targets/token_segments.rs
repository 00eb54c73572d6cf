//! A header and claims of any text, rightly signed: what lies behind the signature is parsed and mapped.
#![no_main]

use std::sync::LazyLock;

use bailiwick::{Algorithm, ClaimType, KeySet, Profile, Provider, SigningKey, Verifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let pkcs8 = SigningKey::generate_pkcs8(Algorithm::EdDsa).expect("a key");
    SigningKey::from_pkcs8(Algorithm::EdDsa, "k1", &pkcs8).expect("the same key")
});

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let profiles = Provider::ALL.iter().map(|provider| {
        let keys = KeySet::from_jwks(KEY.jwks().as_bytes()).expect("its set");
        let issuer = match provider {
            Provider::Spiffe => "spiffe://example.org".to_owned(),
            provider => format!("https://{}.example.com", provider.name()),
        };
        Profile::of(*provider, issuer)
            .audience("api")
            .jwks(keys)
            .context_claim("mfa", "amr", ClaimType::contains("mfa"))
            .context_claim("roles", "/realm_access/roles", ClaimType::Strings)
            .context_claim("born", "born", ClaimType::Datetime)
    });
    Verifier::new(profiles).expect("a verifier")
});

fuzz_target!(|claims: &str| {
    // The library signs objects alone; the rest is refused before it would be signed.
    let Ok(claims) = bailiwick::json::parse("", claims.as_bytes()) else {
        let encoded = URL_SAFE_NO_PAD.encode(claims);
        assert!(
            VERIFIER
                .verify(&format!("{encoded}.{encoded}.AA"), 1_800_000_000)
                .is_err()
        );
        return;
    };
    for token_type in ["at+jwt", "JWT"] {
        if let Ok(token) = KEY.sign(&claims, token_type)
            && let Ok(read) = VERIFIER.verify(&token, 1_800_000_000)
        {
            assert!(!read.subject().is_empty() && read.valid_until() > 1_800_000_000);
        }
    }
});
