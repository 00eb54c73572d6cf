use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::token::KeySet;
use crate::token::fixture::{Fixture, ISSUER, NOW, claims, claims_with, keys, profile};
use crate::{Algorithm, SigningKey};

#[test]
fn every_prefix_of_a_valid_token_is_refused() {
    for key in keys() {
        let fixture = Fixture::with(key, |profile| profile);
        let token = fixture.key.sign(&claims(), "at+jwt").unwrap();
        assert!(fixture.verify_token(&token).is_ok());
        for length in 0..token.len() {
            assert!(fixture.verify_token(&token[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn every_single_byte_replaced_or_added_is_refused() {
    for key in keys() {
        let fixture = Fixture::with(key, |profile| profile);
        let token = fixture.key.sign(&claims(), "at+jwt").unwrap();
        for at in 0..token.len() {
            for with in ["A", "_", ".", "=", " ", "\n", "\0", "é"] {
                if &token[at..=at] != with {
                    let changed = format!("{}{with}{}", &token[..at], &token[at + 1..]);
                    assert!(fixture.verify_token(&changed).is_err(), "{at} {with:?}");
                }
            }
            let inserted = format!("{}A{}", &token[..at], &token[at..]);
            assert!(fixture.verify_token(&inserted).is_err(), "{at}");
        }
        assert!(fixture.verify_token(&format!("{token}A")).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn mutated_tokens_are_refused(at in any::<prop::sample::Index>(), byte in 0_u8..128, signer in 0_usize..3) {
        let key = keys().into_iter().nth(signer).unwrap();
        let fixture = Fixture::with(key, |profile| profile);
        let token = fixture.key.sign(&claims(), "at+jwt").unwrap();
        let at = at.index(token.len());
        let mut bytes = token.clone().into_bytes();
        bytes[at] = byte;
        let mutated = String::from_utf8(bytes).unwrap();
        prop_assume!(mutated != token);
        prop_assert!(fixture.verify_token(&mutated).is_err());
    }

    #[test]
    fn any_text_is_refused_without_panic(text in "\\PC{0,200}") {
        prop_assert!(Fixture::new().verify_token(&text).is_err());
    }

    #[test]
    fn any_signed_header_and_claims_are_judged_without_panic(
        header in "[{}\\[\\]\",:a-z0-9 ]{0,60}",
        claims in "[{}\\[\\]\",:a-z0-9 ]{0,60}",
    ) {
        let fixture = Fixture::new();
        let token = crate::token::fixture::write(&header, &claims, &fixture.key);
        prop_assert!(fixture.verify_token(&token).is_err());
    }
}

#[test]
fn threat_28_a_token_of_another_issuer_is_refused_by_its_exact_name() {
    let fixture = Fixture::new();
    for issuer in [
        "https://id.example.co",
        "https://id.example.com/",
        "https://ID.example.com",
        "https://id.example.com.evil.test",
        "http://id.example.com",
    ] {
        let refused = fixture.verify(&claims_with("iss", json!(issuer)));
        assert_eq!(refused, Err(ErrorKind::TokenIssuer), "{issuer}");
    }
    let missing = fixture.verify(&crate::token::fixture::claims_without("iss"));
    assert_eq!(missing, Err(ErrorKind::TokenClaimMissing));
    let wrong = fixture.verify(&claims_with("iss", json!([ISSUER])));
    assert_eq!(wrong, Err(ErrorKind::TokenClaimInvalid));
}

#[test]
fn several_issuers_are_verified_each_by_its_own_profile() {
    let one = SigningKey::generate_ed25519("k1").unwrap();
    let other = SigningKey::generate_es256("k1").unwrap();
    let mut second = profile(&[&other]);
    second.issuer = "https://other.example.com".to_owned();
    second.audiences = vec!["billing".to_owned()];
    let verifier = Verifier::new([second, profile(&[&one])]).unwrap();
    assert_eq!(
        verifier.issuers().collect::<Vec<_>>(),
        [ISSUER, "https://other.example.com"]
    );

    let mut foreign = claims_with("iss", json!("https://other.example.com"));
    foreign["aud"] = json!("billing");
    let verify = |key: &SigningKey, claims: &serde_json::Value| {
        let token = key.sign(claims, "at+jwt").unwrap();
        verifier
            .verify(&token, NOW)
            .map(drop)
            .map_err(|error| error.kind())
    };
    assert_eq!(verify(&one, &claims()), Ok(()));
    assert_eq!(verify(&other, &foreign), Ok(()));
    assert_eq!(verify(&one, &foreign), Err(ErrorKind::TokenAlgorithm));
    assert_eq!(verify(&other, &claims()), Err(ErrorKind::TokenAlgorithm));
}

#[test]
fn types_are_compared_without_case_and_prefix_and_others_are_refused() {
    let fixture = Fixture::new();
    let typed =
        |fixture: &Fixture, name: &str| fixture.verify_header(&fixture.header_with("typ", json!(name)));
    for name in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert!(typed(&fixture, name).is_ok(), "{name}");
    }
    for name in [
        "JWT",
        "",
        "at+jwt ",
        "at",
        "dpop+jwt",
        "application/application/at+jwt",
        "text/at+jwt",
    ] {
        assert_eq!(typed(&fixture, name), Err(ErrorKind::TokenType), "{name}");
    }
    let untyped = r#"{"alg":"EdDSA","kid":"k1"}"#;
    assert_eq!(fixture.verify_header(untyped), Err(ErrorKind::TokenType));

    let chosen = Fixture::profiled(|profile| profile.token_types(["JWT"]).accept_untyped());
    assert!(typed(&chosen, "jwt").is_ok());
    assert!(chosen.verify_header(untyped).is_ok());
    assert_eq!(typed(&chosen, "at+jwt"), Err(ErrorKind::TokenType));
}

#[test]
fn an_algorithm_outside_the_profile_is_refused_though_a_key_has_it() {
    let key = SigningKey::generate_es256("k1").unwrap();
    let fixture = Fixture::with(key, |profile| profile.algorithms([Algorithm::EdDsa]));
    assert_eq!(fixture.verify(&claims()), Err(ErrorKind::TokenAlgorithm));
}

#[test]
fn the_name_ed25519_means_eddsa() {
    let fixture = Fixture::new();
    assert!(
        fixture
            .verify_header(&fixture.header_with("alg", json!("Ed25519")))
            .is_ok()
    );
}

#[test]
fn unknown_header_parameters_and_thumbprints_are_ignored() {
    let fixture = Fixture::new();
    for name in ["x5t", "x5t#S256", "cty", "nonce"] {
        assert!(
            fixture
                .verify_header(&fixture.header_with(name, json!("anything")))
                .is_ok(),
            "{name}"
        );
    }
}

#[test]
fn header_parameters_of_the_wrong_type_are_refused() {
    let fixture = Fixture::new();
    for name in ["alg", "kid", "typ"] {
        for value in [json!(null), json!(1), json!(["EdDSA"]), json!({})] {
            let refused = fixture.verify_header(&fixture.header_with(name, value));
            assert_eq!(refused, Err(ErrorKind::TokenMalformed), "{name}");
        }
    }
    assert_eq!(
        fixture.verify_header(r#"{"kid":"k1"}"#),
        Err(ErrorKind::TokenAlgorithm)
    );
}

#[test]
fn no_error_repeats_text_of_the_token() {
    let fixture = Fixture::new();
    let secret = "hunter2";
    let mut refusals = vec![];
    for name in ["alg", "typ", "kid", "jwk", "crit", "jku"] {
        let header = fixture.header_with(name, json!(secret));
        refusals.push(crate::token::fixture::write(
            &header,
            &claims().to_string(),
            &fixture.key,
        ));
    }
    for name in ["iss", "aud", "exp", "nbf", "cnf", "client_id"] {
        let mut claims = claims_with(name, json!(secret));
        claims["azp"] = json!("hunter2 too");
        refusals.push(fixture.key.sign(&claims, "at+jwt").unwrap());
    }
    refusals.push(format!("{secret}.{secret}.{secret}"));
    refusals.push(secret.to_owned());
    for token in refusals {
        let error = fixture.verifier.verify(&token, NOW).unwrap_err();
        assert!(error.kind().is_token(), "{error:?}");
        assert!(
            !format!("{error} {error:?} {}", error.report()).contains(secret),
            "{error:?}"
        );
    }
}

#[test]
fn a_verifier_is_shared_between_threads() {
    let fixture = Fixture::new();
    let token = fixture.key.sign(&claims(), "at+jwt").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(fixture.verifier.clone().verify(&token, NOW).is_ok()));
        }
    });
}

/// An issuer that shares a secret with us, and a token of its making.
fn hashed(algorithm: Algorithm, hash: ring::hmac::Algorithm) -> (Verifier, String) {
    let secret: Vec<u8> = (0..64_u8)
        .map(|at| at.wrapping_mul(151).wrapping_add(at / 7))
        .collect();
    let keys = KeySet::from_secret(algorithm, Some("s1"), &secret).unwrap();
    let verifier = Verifier::new([Profile::issuer(ISSUER).audience("api").jwks(keys)]).unwrap();
    let header = json!({"alg": algorithm.name(), "typ": "at+jwt", "kid": "s1"}).to_string();
    let token = crate::token::fixture::write_with(&header, &claims().to_string(), |message| {
        let key = ring::hmac::Key::new(hash, &secret);
        ring::hmac::sign(&key, message).as_ref().to_vec()
    });
    (verifier, token)
}

#[test]
fn a_token_hashed_with_the_shared_secret_is_accepted_and_no_other() {
    for (algorithm, hash) in [
        (Algorithm::Hs256, ring::hmac::HMAC_SHA256),
        (Algorithm::Hs384, ring::hmac::HMAC_SHA384),
        (Algorithm::Hs512, ring::hmac::HMAC_SHA512),
    ] {
        let (verifier, token) = hashed(algorithm, hash);
        assert_eq!(verifier.verify(&token, NOW).unwrap().subject(), "ana");
        for length in 0..token.len() {
            assert!(verifier.verify(&token[..length], NOW).is_err(), "{length}");
        }
        let other = SigningKey::generate_ed25519("s1").unwrap();
        let signed = other.sign(&claims(), "at+jwt").unwrap();
        assert_eq!(
            verifier.verify(&signed, NOW).unwrap_err().kind(),
            ErrorKind::TokenAlgorithm
        );
    }
}
