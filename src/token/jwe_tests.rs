use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::token::fixture::{NOW, claims, encode};
use crate::token::vector_tests::vectors;
use crate::token::{Algorithm, KeyPurpose, KeyRing, Profile, Verifier};

const ISSUER: &str = "https://id.example.com";

fn key(encryption: Encryption) -> EncryptionKey {
    EncryptionKey::generate(encryption, "e1").unwrap()
}

fn sealed(key: &EncryptionKey, plaintext: &str) -> String {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).unwrap();
    seal(key, Wiped::new(plaintext.as_bytes().to_vec()), nonce).unwrap()
}

fn open(token: &str, key: &EncryptionKey) -> Result<Zeroizing<Vec<u8>>> {
    let parts = Compact::split(token)?;
    let mut buffer = [0; MAX_TOKEN_HEADER_BYTES];
    let header = Header::parse(parts.header(&mut buffer)?)?;
    parts.open(&header, key)
}

/// A verifier whose own profile decrypts with this key.
fn verifier(key: EncryptionKey) -> Verifier {
    let ring = KeyRing::new();
    ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), NOW).unwrap();
    let profile = Profile::own(ISSUER, &ring).audience("api");
    ring.source().publish(ring.source().keys(), vec![Arc::new(key)]);
    Verifier::new([profile]).unwrap()
}

fn kind(token: &str, key: &EncryptionKey) -> ErrorKind {
    open(token, key).unwrap_err().kind()
}

#[test]
fn every_supported_encryption_comes_back_as_it_went() {
    for encryption in Encryption::ALL {
        let key = key(*encryption);
        let token = sealed(&key, "{\"sub\":\"ana\"}");
        assert_eq!(token.split('.').count(), 5);
        assert_eq!(open(&token, &key).unwrap().as_slice(), b"{\"sub\":\"ana\"}");
        // The same bytes under the same id are needed.
        let other = EncryptionKey::generate(*encryption, "e1").unwrap();
        assert_eq!(kind(&token, &other), ErrorKind::TokenDecryption);
    }
}

#[test]
fn an_encrypted_token_is_judged_by_the_same_claim_rules_as_a_signed_one() {
    let key = key(Encryption::DirectA256Gcm);
    let token = |claims: &Value| sealed(&key, &claims.to_string());
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        token(&claims)
    };
    let honest = token(&claims());
    let expired = with("exp", json!(NOW - 61));
    let foreign = with("aud", json!("other"));
    let stranger = with("iss", json!("https://evil.example.com"));
    let bound = with("cnf", json!({"jkt": "x"}));
    let verifier = verifier(key);
    let judged = |token: &str| verifier.verify(token, NOW).map_err(|error| error.kind());
    let claims = judged(&honest).unwrap();
    assert_eq!((claims.subject(), claims.tenant()), ("ana", Some("acme")));
    assert_eq!(claims.key_id(), Some("e1"));
    assert_eq!(judged(&expired), Err(ErrorKind::TokenExpired));
    assert_eq!(judged(&foreign), Err(ErrorKind::TokenAudience));
    assert_eq!(judged(&stranger), Err(ErrorKind::TokenIssuer));
    assert_eq!(judged(&bound), Err(ErrorKind::TokenBinding));
}

#[test]
fn plaintext_that_is_no_object_of_claims_is_refused() {
    let key = key(Encryption::DirectA256Gcm);
    let tokens: Vec<_> = ["[]", "", "eyJhbGciOiJub25lIn0.e30.", "{\"a\":1,\"a\":2}", "\u{1}"]
        .map(|plaintext| sealed(&key, plaintext))
        .into();
    let verifier = verifier(key);
    for token in tokens {
        assert_eq!(
            verifier.verify(&token, NOW).unwrap_err().kind(),
            ErrorKind::TokenMalformed
        );
    }
}

#[test]
fn an_encrypted_token_means_nothing_to_foreign_profiles() {
    let key = key(Encryption::DirectA256Gcm);
    let token = sealed(&key, &claims().to_string());
    let fixture = crate::token::fixture::Fixture::new();
    assert_eq!(fixture.verify_token(&token), Err(ErrorKind::TokenMalformed));
}

#[test]
fn threat_43_every_failure_of_decryption_is_the_same_error() {
    let errors: std::collections::BTreeSet<String> = Encryption::ALL
        .iter()
        .flat_map(|encryption| {
            let key = key(*encryption);
            let token = sealed(&key, "{}");
            let segments: Vec<_> = token.split('.').collect();
            let replaced = |at: usize, by: &str| {
                let mut segments = segments.clone();
                segments[at] = by;
                segments.join(".")
            };
            let flipped = |at: usize| {
                let first = if segments[at].starts_with('A') { "B" } else { "A" };
                replaced(
                    at,
                    &format!("{first}{}", segments[at].get(1..).unwrap_or_default()),
                )
            };
            let tokens = [
                flipped(1),
                flipped(2),
                flipped(3),
                flipped(4),
                replaced(1, "AAAA"),
                replaced(1, "!"),
                replaced(2, &encode([1; 11])),
                replaced(2, &encode([1; 16])),
                replaced(3, ""),
                replaced(3, "A"),
                replaced(4, &encode([1; 15])),
                replaced(4, ""),
            ];
            tokens
                .iter()
                .map(|token| format!("{:?}", open(token, &key).unwrap_err()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors.first().unwrap().contains("TokenDecryption"));
}

#[test]
fn keys_of_two_issuers_that_are_named_alike_never_cross() {
    let signing = crate::SigningKey::generate_ed25519("k1").unwrap();
    let issuers = [ISSUER, "https://login.example.org"];
    let secrets = [[1_u8; 31], [2; 31]].map(|half| [half.as_slice(), &[7]].concat());
    let key = |at: usize| EncryptionKey::from_secret(Encryption::DirectA256Gcm, "e1", &secrets[at]).unwrap();
    let profiles = (0..2).map(|at| {
        let keys = crate::KeySet::from_jwks(signing.jwks().as_bytes()).unwrap();
        let profile = Profile::issuer(issuers[at]).audience("api").jwks(keys);
        profile.encryption_keys([key(at)])
    });
    let verifier = Verifier::new(profiles).unwrap();
    for (by, named) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
        let mut claims = claims();
        claims["iss"] = issuers[named].into();
        claims["bailiwick"] = json!({"grant": "g1"});
        let token = sealed(&key(by), &claims.to_string());
        match verifier.verify(&token, NOW) {
            Ok(claims) => {
                assert_eq!(by, named);
                assert_eq!(claims.issuer(), issuers[by]);
                assert!(claims.lineage().is_empty());
            }
            Err(error) => {
                assert_ne!(by, named);
                assert_eq!(error.kind(), ErrorKind::TokenIssuer);
            }
        }
    }
}

#[test]
fn two_encryption_keys_of_one_id_are_refused() {
    let signing = crate::SigningKey::generate_ed25519("k1").unwrap();
    let profile = crate::token::fixture::profile(&[&signing]);
    let keys = [Encryption::DirectA256Gcm, Encryption::DirectA128Gcm].map(key);
    let refused = Verifier::new([profile.encryption_keys(keys)]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Configuration);
}

#[test]
fn an_unknown_key_and_a_forged_token_are_not_told_apart() {
    let (known, unknown) = (key(Encryption::DirectA256Gcm), {
        EncryptionKey::generate(Encryption::DirectA256Gcm, "e2").unwrap()
    });
    let forged = {
        let twin = EncryptionKey::generate(Encryption::DirectA256Gcm, "e1").unwrap();
        sealed(&twin, &claims().to_string())
    };
    let strange = sealed(&unknown, &claims().to_string());
    let verifier = verifier(known);
    let told = |token: &str| format!("{:?}", verifier.verify(token, NOW).unwrap_err());
    assert_eq!(told(&forged), told(&strange));
}

#[test]
fn threat_41_a_tag_that_is_not_16_bytes_is_refused() {
    let key = key(Encryption::DirectA256Gcm);
    let token = sealed(&key, "{}");
    let (rest, tag) = token.rsplit_once('.').unwrap();
    let tag = crate::token::fixture::decode(tag);
    for length in 0..16 {
        let short = format!("{rest}.{}", encode(&tag[..length]));
        assert_eq!(kind(&short, &key), ErrorKind::TokenDecryption);
    }
    let long = format!("{rest}.{}", encode([tag.as_slice(), &[0]].concat()));
    assert_eq!(kind(&long, &key), ErrorKind::TokenDecryption);
}

#[test]
fn threat_42_plaintext_is_wiped_when_the_tag_does_not_fit() {
    let key = key(Encryption::DirectA256Gcm);
    let mut buffer = *b"a secret of somebody else";
    let nonce = [7; NONCE_LEN];
    let tag = key
        .cipher()
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut buffer)
        .unwrap();
    let mut wrong = [0; TAG_LEN];
    wrong.copy_from_slice(tag.as_ref());
    wrong[15] ^= 1;
    let mut forged = buffer;
    assert!(!open_in_place(key.cipher(), nonce, &[], wrong, &mut forged));
    assert_eq!(forged, [0; 25]);
    wrong[15] ^= 1;
    assert!(open_in_place(key.cipher(), nonce, &[], wrong, &mut buffer));
    assert_eq!(&buffer, b"a secret of somebody else");
}

#[test]
fn threat_44_an_emptied_segment_never_panics() {
    for encryption in Encryption::ALL {
        let key = key(*encryption);
        let token = sealed(&key, &claims().to_string());
        let verifier = verifier(EncryptionKey::from_secret(*encryption, "e1", key.secret()).unwrap());
        assert!(verifier.verify(&token, NOW).is_ok());
        let segments: Vec<_> = token.split('.').collect();
        for at in 0..5 {
            if segments[at].is_empty() {
                continue;
            }
            let mut emptied = segments.clone();
            emptied[at] = "";
            assert!(verifier.verify(&emptied.join("."), NOW).is_err());
        }
        assert!(verifier.verify("....", NOW).is_err());
    }
}

#[test]
fn threat_45_every_proper_prefix_of_an_opaque_token_is_refused() {
    let key = key(Encryption::DirectA256Gcm);
    let token = sealed(&key, &claims().to_string());
    let verifier = verifier(key);
    assert!(verifier.verify(&token, NOW).is_ok());
    for end in 0..token.len() {
        assert!(
            verifier.verify(&token[..end], NOW).is_err(),
            "prefix of {end} bytes"
        );
    }
}

/// A token of this header; what is behind the header is never looked at.
fn headed(header: &Value) -> String {
    format!("{}.AAAA.AAAA.AAAA.AAAA", encode(header.to_string()))
}

#[test]
fn threat_40_other_algorithms_are_refused_as_unsupported_before_any_work() {
    let key = key(Encryption::DirectA256Gcm);
    let epk = json!({"kty": "EC", "crv": "P-256", "x": encode([1; 32]), "y": encode([2; 32])});
    for (alg, enc, more) in [
        ("RSA1_5", "A128CBC-HS256", json!({})),
        ("RSA-OAEP", "A256GCM", json!({})),
        ("RSA-OAEP-256", "A256GCM", json!({})),
        ("A128KW", "A128GCM", json!({})),
        ("ECDH-ES", "A256GCM", json!({"epk": epk})),
        ("ECDH-ES+A256KW", "A256GCM", json!({"epk": epk})),
        (
            "PBES2-HS512+A256KW",
            "A256GCM",
            json!({"p2c": 2_000_000_000_u32, "p2s": "AAAA"}),
        ),
        ("dir", "A256CBC-HS512", json!({})),
        ("dir", "A192GCM", json!({})),
        ("DIR", "A256GCM", json!({})),
        ("none", "A256GCM", json!({})),
        ("", "", json!({})),
    ] {
        let mut header = json!({"alg": alg, "enc": enc, "kid": "e1"});
        header
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(
            kind(&headed(&header), &key),
            ErrorKind::TokenAlgorithm,
            "{alg} {enc}"
        );
    }
}

#[test]
fn threat_39_headers_that_ask_for_trust_or_compression_are_refused() {
    let key = key(Encryption::DirectA256Gcm);
    for name in ["zip", "crit", "jwk", "jku", "x5u", "x5c", "b64", "cty"] {
        for value in [json!("DEF"), json!(["exp"]), json!(false)] {
            let header = json!({"alg": "dir", "enc": "A256GCM", "kid": "e1", name: value});
            assert_eq!(kind(&headed(&header), &key), ErrorKind::TokenHeader, "{name}");
        }
    }
}

#[test]
fn a_key_is_bound_to_its_one_encryption() {
    let secret = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];
    let direct = EncryptionKey::from_secret(Encryption::DirectA128Gcm, "e1", &secret).unwrap();
    let wrapping = EncryptionKey::from_secret(Encryption::WrappedA128Gcm, "e1", &secret).unwrap();
    assert_eq!(
        kind(&sealed(&direct, "{}"), &wrapping),
        ErrorKind::TokenDecryption
    );
    assert_eq!(
        kind(&sealed(&wrapping, "{}"), &direct),
        ErrorKind::TokenDecryption
    );
    assert!(EncryptionKey::from_secret(Encryption::DirectA256Gcm, "e1", &secret).is_err());
    assert!(EncryptionKey::from_secret(Encryption::DirectA128Gcm, "e1", &[9; 16]).is_err());
    assert!(EncryptionKey::from_secret(Encryption::DirectA128Gcm, "", &secret).is_err());
    assert!(!format!("{direct:?}").contains("cipher"));
}

#[test]
fn the_direct_example_of_the_cookbook_decrypts() {
    let Some(example) = vectors("jose-cookbook/jwe/5_6.direct_encryption_using_aes-gcm.json") else {
        return;
    };
    let input = &example["input"];
    let secret = crate::token::fixture::decode(input["key"]["k"].as_str().unwrap());
    let id = input["key"]["kid"].as_str().unwrap();
    let key = EncryptionKey::from_secret(Encryption::DirectA128Gcm, id, &secret).unwrap();
    let token = example["output"]["compact"].as_str().unwrap();
    let plaintext = open(token, &key).unwrap();
    assert_eq!(
        std::str::from_utf8(&plaintext).unwrap(),
        input["plaintext"].as_str().unwrap()
    );
    // And the same nonce makes the same token.
    let parts = Compact::split(token).unwrap();
    let nonce = exactly(parts.iv).unwrap();
    assert_eq!(
        seal_with(
            key.cipher(),
            parts.header,
            &[],
            Wiped::new(plaintext.to_vec()),
            nonce
        )
        .unwrap(),
        token
    );
}

#[test]
fn the_other_examples_are_refused_as_unsupported() {
    let key = key(Encryption::DirectA256Gcm);
    let mut refused = 0;
    let folder = "jose-cookbook/jwe";
    for name in [
        "5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2",
        "5_2.key_encryption_using_rsa-oaep_with_aes-gcm",
        "5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2",
        "5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm",
        "5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2",
        "5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2",
        "5_8.key_wrap_using_aes-keywrap_with_aes-gcm",
        "5_9.compressed_content",
    ] {
        let Some(example) = vectors(&format!("{folder}/{name}.json")) else {
            return;
        };
        let found = kind(example["output"]["compact"].as_str().unwrap(), &key);
        assert!(
            matches!(found, ErrorKind::TokenAlgorithm | ErrorKind::TokenHeader),
            "{name}: {found}"
        );
        refused += 1;
    }
    assert_eq!(refused, 8);
    for example in vectors("rfc/rfc7516.json").unwrap().as_array().unwrap() {
        if let Some(token) = example["jwe"].as_str() {
            assert!(open(token, &key).is_err(), "{}", example["id"]);
        }
    }
}
