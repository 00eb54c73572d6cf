use super::*;
use crate::token::fixture::{NOW, claims, keys, profile};
use crate::{Clock, Verifier};

#[test]
fn what_is_signed_verifies_under_the_published_key() {
    let keys = keys();
    let all: Vec<_> = keys.iter().collect();
    let verifier = Verifier::new([profile(&all)]).unwrap();
    for key in &keys {
        let token = key.sign(&claims(), "at+jwt").unwrap();
        let claims = verifier.verify(&token, Clock::fixed(NOW).now()).unwrap();
        assert_eq!(claims.key_id(), Some(key.key_id()));
    }
}

#[test]
fn neither_debug_nor_the_published_key_shows_the_private_key() {
    let pkcs8 = SigningKey::generate_pkcs8(Algorithm::EdDsa).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, "k1", &pkcs8).unwrap();
    let seed = pkcs8.last_chunk::<32>().unwrap();
    let printed = format!("{key:?} {} {}", key.jwk(), key.jwks());
    assert!(!printed.contains(&base64url::encode(seed)));
    assert!(!printed.contains("\"d\""));
    assert!(!printed.contains(&format!("{seed:?}")));
    assert_eq!(
        format!("{key:?}"),
        "SigningKey { key_id: \"k1\", algorithm: EdDsa, .. }"
    );
}

#[test]
fn kept_keys_sign_again() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let pkcs8 = SigningKey::generate_pkcs8(algorithm).unwrap();
        let one = SigningKey::from_pkcs8(algorithm, "k1", &pkcs8).unwrap();
        let again = SigningKey::from_pkcs8(algorithm, "k1", &pkcs8).unwrap();
        assert_eq!(one.thumbprint(), again.thumbprint());
    }
    let rsa = SigningKey::generate_pkcs8(Algorithm::Rs256);
    assert_eq!(rsa.unwrap_err().kind(), ErrorKind::KeyInvalid);
}

#[test]
fn two_generated_keys_differ() {
    let thumbprint = |key: Result<SigningKey>| key.unwrap().thumbprint();
    assert_ne!(
        thumbprint(SigningKey::generate_ed25519("k")),
        thumbprint(SigningKey::generate_ed25519("k"))
    );
    assert_ne!(
        thumbprint(SigningKey::generate_es256("k")),
        thumbprint(SigningKey::generate_es256("k"))
    );
}

#[test]
fn keys_that_are_weak_or_of_another_algorithm_are_refused() {
    let weak = include_bytes!("../../tests/data/rsa-1024.test-key.pk8");
    let rsa = include_bytes!("../../tests/data/rsa-2048.test-key.pk8");
    let p256 = SigningKey::generate_pkcs8(Algorithm::Es256).unwrap();
    let cases: [(Algorithm, &[u8]); 6] = [
        (Algorithm::Rs256, weak),
        (Algorithm::Es256, rsa),
        (Algorithm::EdDsa, &p256),
        (Algorithm::Rs256, &p256),
        (Algorithm::EdDsa, b""),
        (Algorithm::Es256, b"-----BEGIN PRIVATE KEY-----"),
    ];
    for (algorithm, bytes) in cases {
        let error = SigningKey::from_pkcs8(algorithm, "k", bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeyInvalid);
    }
}

#[test]
fn an_empty_or_overlong_key_id_is_refused() {
    for id in ["", &"k".repeat(4_097)] {
        assert_eq!(
            SigningKey::generate_ed25519(id).unwrap_err().kind(),
            ErrorKind::KeyInvalid
        );
    }
}

#[test]
fn claims_that_are_no_object_are_refused() {
    let key = SigningKey::generate_ed25519("k").unwrap();
    for claims in [json!(null), json!([]), json!("claims")] {
        assert_eq!(
            key.sign(&claims, "at+jwt").unwrap_err().kind(),
            ErrorKind::ArgumentInvalid
        );
    }
}
