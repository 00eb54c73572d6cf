use serde_json::json;

use super::*;
use crate::SigningKey;
use crate::token::fixture::{keys, write};

fn read(keys: Value) -> Result<KeySet> {
    KeySet::from_jwks(json!({"keys": keys}).to_string().as_bytes())
}

fn refusal(keys: Value) -> Error {
    let error = read(keys).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyInvalid, "{}", error.message());
    error
}

fn jwk(key: &SigningKey) -> Value {
    serde_json::from_str(&key.jwk()).unwrap()
}

/// The key with one member more or changed; null takes it away.
fn with(key: &SigningKey, name: &str, value: Value) -> Value {
    let mut jwk = jwk(key);
    let members = jwk.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    jwk
}

#[test]
fn keys_of_all_algorithms_are_read_and_each_is_bound_to_one() {
    let all = keys();
    let set = read(all.iter().map(jwk).collect()).unwrap();
    let mut found: Vec<_> = set.iter().map(|(_, algorithm)| algorithm).collect();
    found.sort();
    let public = Algorithm::ALL.iter().copied();
    assert!(
        found
            .into_iter()
            .eq(public.filter(|algorithm| !algorithm.is_symmetric()))
    );
    assert!(set.warnings().is_empty());
}

#[test]
fn a_key_without_alg_is_bound_to_what_its_type_implies() {
    let [ed25519, p256, rsa, ..] = keys();
    for (key, algorithm) in [
        (ed25519, Algorithm::EdDsa),
        (p256, Algorithm::Es256),
        (rsa, Algorithm::Rs256),
    ] {
        let set = read(json!([with(&key, "alg", Value::Null)])).unwrap();
        assert_eq!(set.iter().next().unwrap().1, algorithm);
    }
}

#[test]
fn keys_of_no_use_here_are_skipped_with_a_warning() {
    let [ed25519, p256, rsa, rs384, ..] = keys();
    let set = read(json!([
        jwk(&ed25519),
        with(&p256, "use", json!("enc")),
        with(&rsa, "alg", json!("RSA-OAEP-256")),
        with(&rs384, "key_ops", json!(["encrypt"])),
        {"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "x"},
        {"kty": "EC", "crv": "P-521", "alg": "ES512", "x": "AA", "y": "AA", "kid": "p521"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "pq"},
    ]))
    .unwrap();
    assert_eq!(set.iter().count(), 1);
    assert_eq!(set.warnings().len(), 6, "{:?}", set.warnings());
    assert!(set.warnings()[0].starts_with("key 2 (`ES256`) is not for signatures"));
}

#[test]
fn a_key_that_may_verify_is_used() {
    let [ed25519, ..] = keys();
    let usable = with(&ed25519, "key_ops", json!(["verify"]));
    assert!(read(json!([usable])).unwrap().warnings().is_empty());
}

#[test]
fn threat_11_two_keys_of_one_kid_are_refused_even_if_one_is_skipped() {
    let [one, other, ..] = keys();
    let twin = with(&other, "kid", json!("EdDSA"));
    assert!(
        refusal(json!([jwk(&one), twin]))
            .message()
            .contains("earlier key")
    );
    let mut skipped = twin;
    skipped["use"] = json!("enc");
    assert!(
        refusal(json!([jwk(&one), skipped]))
            .message()
            .contains("earlier key")
    );
}

#[test]
fn threat_11_a_set_that_mixes_in_a_symmetric_secret_is_refused_without_repeating_it() {
    let [key, ..] = keys();
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
    let error = refusal(json!([jwk(&key), {"kty": "oct", "k": secret, "kid": "s"}]));
    assert!(error.message().contains("symmetric"));
    assert!(!format!("{error:?} {}", error.report()).contains(secret));
}

#[test]
fn private_key_material_is_refused_without_repeating_it() {
    let [ed25519, p256, rsa, ..] = keys();
    for (key, member) in [(ed25519, "d"), (p256, "d"), (rsa, "qi")] {
        let error = refusal(json!([with(&key, member, json!("aHVudGVyMg"))]));
        assert!(error.message().contains("private"));
        assert!(!format!("{error:?} {}", error.report()).contains("aHVudGVyMg"));
    }
}

#[test]
fn a_broken_document_is_refused_without_repeating_it() {
    for text in [
        "{\"keys\":[{\"d\":\"aHVudGVyMg\" x",
        "{\"keys\":[], \"keys\":[\"aHVudGVyMg\"]}",
    ] {
        let error = KeySet::from_jwks(text.as_bytes()).unwrap_err();
        assert!(
            !format!("{error:?} {}", error.report()).contains("aHVudGVyMg"),
            "{error:?}"
        );
        assert!(error.location().is_some());
    }
}

#[test]
fn an_algorithm_that_contradicts_the_key_is_refused() {
    let [ed25519, p256, rsa, ..] = keys();
    for (key, algorithm) in [
        (&ed25519, "ES256"),
        (&p256, "RS256"),
        (&rsa, "EdDSA"),
        (&p256, "EdDSA"),
    ] {
        refusal(json!([with(key, "alg", json!(algorithm))]));
    }
    let p384 = json!({"kty": "EC", "crv": "P-384", "alg": "ES256", "x": "AA", "y": "AA"});
    assert!(refusal(json!([p384])).message().contains("ES256"));
}

#[test]
fn threat_37_38_weak_and_off_curve_keys_are_refused_at_load() {
    let [ed25519, p256, rsa, ..] = keys();
    let zeros = crate::token::fixture::encode([0; 32]);
    let short = crate::token::fixture::encode([0xff; 128]);
    refusal(json!([with(&rsa, "n", json!(short))]));
    refusal(json!([with(&rsa, "e", json!("Aw"))]));
    refusal(json!([with(&p256, "y", json!(zeros))]));
    refusal(json!([with(&ed25519, "x", json!(zeros))]));
}

#[test]
fn malformed_members_are_refused() {
    let [ed25519, p256, rsa, ..] = keys();
    for bad in [
        with(&ed25519, "x", json!("AA")),
        with(&ed25519, "x", json!(7)),
        with(&ed25519, "x", Value::Null),
        with(&ed25519, "crv", Value::Null),
        with(&ed25519, "kty", Value::Null),
        with(&ed25519, "kid", json!("")),
        with(&ed25519, "kid", json!(["k1"])),
        with(&ed25519, "kid", json!("k".repeat(4_097))),
        with(&ed25519, "key_ops", json!("verify")),
        with(&p256, "x", json!("*")),
        with(&rsa, "e", json!("AQAB=")),
        json!("key"),
    ] {
        refusal(json!([bad]));
    }
}

#[test]
fn a_set_without_usable_keys_or_with_too_many_is_refused() {
    assert!(refusal(json!([])).message().contains("no key"));
    let skipped = refusal(json!([{"kty": "AKP", "kid": "a"}]));
    assert_eq!(skipped.related().len(), 1);
    let many: Vec<_> = (0..=MAX_KEYS)
        .map(|at| json!({"kty": "AKP", "kid": at.to_string()}))
        .collect();
    assert!(refusal(many.into()).message().contains("at most"));
    for text in ["[]", "{}", "{\"keys\":{}}"] {
        assert_eq!(
            KeySet::from_jwks(text.as_bytes()).unwrap_err().kind(),
            ErrorKind::KeyInvalid
        );
    }
}

#[test]
fn leading_zeros_of_a_modulus_mean_nothing() {
    let [_, _, rsa, ..] = keys();
    let n = crate::token::fixture::decode(jwk(&rsa)["n"].as_str().unwrap());
    let padded = crate::token::fixture::encode([vec![0], n].concat());
    let set = read(json!([with(&rsa, "n", json!(padded))])).unwrap();
    let token = write("{}", "{}", &rsa);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = set.select(Some("RS256"), Algorithm::Rs256).unwrap();
    assert!(key.verifies(signed.as_bytes(), &crate::token::fixture::decode(signature)));
}

#[test]
fn a_token_without_kid_finds_the_only_key_of_its_algorithm() {
    let [ed25519, p256, rsa, ..] = keys();
    let set = read(json!([jwk(&ed25519), jwk(&rsa), with(&p256, "kid", Value::Null)])).unwrap();
    assert_eq!(set.select(None, Algorithm::Es256).unwrap().id(), None);
    assert_eq!(set.select(None, Algorithm::Rs256).unwrap().id(), Some("RS256"));
    assert_eq!(
        set.select(None, Algorithm::Rs512).unwrap_err().kind(),
        ErrorKind::TokenUnknownKey
    );

    let second = SigningKey::generate_ed25519("second").unwrap();
    let set = read(json!([jwk(&ed25519), jwk(&second)])).unwrap();
    assert_eq!(
        set.select(None, Algorithm::EdDsa).unwrap_err().kind(),
        ErrorKind::TokenUnknownKey
    );
}

#[test]
fn a_kid_selects_exactly_its_key() {
    let many: Vec<_> = (0..100)
        .map(|at| SigningKey::generate_ed25519(&format!("k{at}")).unwrap())
        .collect();
    let set = read(many.iter().map(jwk).collect()).unwrap();
    for key in &many {
        let found = set.select(Some(key.key_id()), Algorithm::EdDsa).unwrap();
        assert_eq!(found.thumbprint(), key.thumbprint());
    }
    for id in ["", "k", "k100", "K1", "k1 ", "k1\0"] {
        assert_eq!(
            set.select(Some(id), Algorithm::EdDsa).unwrap_err().kind(),
            ErrorKind::TokenUnknownKey
        );
    }
    assert_eq!(
        set.select(Some("k1"), Algorithm::Es256).unwrap_err().kind(),
        ErrorKind::TokenAlgorithm
    );
}

#[test]
fn a_file_is_read_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let error = KeySet::from_jwks_file(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("jwks.json"));

    std::fs::write(&path, SigningKey::generate_ed25519("k1").unwrap().jwks()).unwrap();
    assert_eq!(KeySet::from_jwks_file(&path).unwrap().iter().count(), 1);

    std::fs::write(&path, "{\"keys\":[]}").unwrap();
    let error = KeySet::from_jwks_file(&path).unwrap_err();
    assert_eq!(error.location().unwrap().file, path);
}

const SECRET: &[u8] = b"\x9d\x1f\x53\xa8\x02\xee\x71\xc4\x36\xbb\x0a\x8f\x64\xd9\x17\x5c\xe0\x3b\xf2\x48\x86\x2d\xa1\x7e\xcb\x50\x95\x0c\x6a\xf7\x33\xb8";

fn secrets(keys: Value) -> Result<KeySet> {
    KeySet::from_secret_jwks(json!({"keys": keys}).to_string().as_bytes())
}

fn oct(id: &str) -> Value {
    let k = crate::token::fixture::encode(SECRET);
    json!({"kty": "oct", "alg": "HS256", "kid": id, "k": k})
}

#[test]
fn a_secret_is_bound_to_its_algorithm_and_never_shown() {
    let set = KeySet::from_secret(Algorithm::Hs256, Some("s"), SECRET).unwrap();
    assert_eq!(set.iter().collect::<Vec<_>>(), [(Some("s"), Algorithm::Hs256)]);
    for algorithm in [Algorithm::Hs384, Algorithm::Hs512, Algorithm::Rs256] {
        let refused = set.select(Some("s"), algorithm).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TokenAlgorithm);
        assert!(
            KeySet::from_secret(algorithm, None, SECRET).is_err(),
            "{algorithm}"
        );
    }
    let shown = format!("{set:?}");
    assert!(!shown.contains("157") && !shown.contains("9d1f"), "{shown}");
}

#[test]
fn secrets_are_read_from_a_set_of_secrets_alone() {
    let set = secrets(json!([oct("a"), oct("b")])).unwrap();
    assert_eq!(set.iter().count(), 2);
    let public = jwk(&SigningKey::generate_ed25519("k").unwrap());
    for keys in [json!([oct("a"), public]), json!([oct("a"), oct("a")]), json!([])] {
        assert_eq!(secrets(keys).unwrap_err().kind(), ErrorKind::KeyInvalid);
    }
    assert!(refusal(json!([oct("a")])).message().contains("symmetric"));
}

#[test]
fn a_secret_in_a_set_says_its_algorithm_and_is_strong() {
    let with = |name: &str, value: Value| {
        let mut key = oct("a");
        key[name] = value;
        secrets(json!([key]))
    };
    for (name, value) in [
        ("alg", json!("RS256")),
        ("alg", json!("HS384")),
        ("alg", json!(null)),
        ("k", json!("c2VjcmV0")),
        ("k", json!(null)),
        ("kid", json!("")),
        ("key_ops", json!("verify")),
    ] {
        let error = with(name, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeyInvalid, "{name}");
        assert!(!format!("{error:?}").contains("c2VjcmV0"));
    }
    for (name, value) in [("alg", "A256GCM"), ("use", "enc")] {
        assert!(
            with(name, json!(value)).unwrap_err().related()[0]
                .message()
                .contains("skipped")
        );
    }
    let mut unnamed = oct("a");
    unnamed.as_object_mut().unwrap().remove("alg");
    assert!(secrets(json!([unnamed])).unwrap_err().message().contains("alg"));
}

#[test]
fn sets_merge_unless_their_keys_would_be_confused() {
    let set = |id: &str| {
        let key = SigningKey::generate_ed25519(id).unwrap();
        KeySet::from_jwks(key.jwks().as_bytes()).unwrap()
    };
    let merged = KeySet::merged([set("a"), set("b")]).unwrap();
    assert_eq!(
        merged.iter().filter_map(|(id, _)| id).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let secret = KeySet::from_secret(Algorithm::Hs256, Some("s"), SECRET).unwrap();
    for sets in [vec![set("a"), set("a")], vec![set("a"), secret], vec![]] {
        assert_eq!(KeySet::merged(sets).unwrap_err().kind(), ErrorKind::KeyInvalid);
    }
}
