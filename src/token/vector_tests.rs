//! Published examples, read where they lie: in the folder that `BAILIWICK_VECTORS` names, or next to the repository.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::fixture::decode;
use super::{Algorithm, KeySet, Profile, Verifier};

/// The JSON document at that place; says so when it is not there.
pub(crate) fn vectors(name: &str) -> Option<Value> {
    let folder = std::env::var_os("BAILIWICK_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
        PathBuf::from,
    );
    let path = folder.join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not tested: {} is not there", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// The public part of a JWK as a key set; a secret as a set of secrets.
fn public(key: &Value) -> Result<KeySet, crate::Error> {
    if key["kty"] == "oct" {
        return KeySet::from_secret_jwks(json!({"keys": [key]}).to_string().as_bytes());
    }
    let mut key = key.clone();
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(member);
    }
    KeySet::from_jwks(json!({"keys": [key]}).to_string().as_bytes())
}

/// The same for a key that does not name its algorithm.
fn bound(key: &Value, algorithm: Algorithm) -> KeySet {
    let mut key = key.clone();
    key["alg"] = json!(algorithm.name());
    public(&key).unwrap()
}

fn verifies(keys: &KeySet, algorithm: Algorithm, token: &str) -> bool {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let id = keys.iter().next().unwrap().0;
    let key = keys.select(id, algorithm).unwrap();
    key.verifies(signed.as_bytes(), &decode(signature))
}

#[test]
fn the_signatures_of_rfc_7515_verify() {
    let Some(examples) = vectors("rfc/rfc7515.json") else {
        return;
    };
    let mut verified = vec![];
    for example in examples.as_array().unwrap() {
        let (Some(name), Some(token)) = (example["alg"].as_str(), example["token"].as_str()) else {
            continue;
        };
        let Some(algorithm) = Algorithm::from_name(name) else {
            continue;
        };
        let keys = bound(&example["key"], algorithm);
        assert!(verifies(&keys, algorithm, token), "{}", example["id"]);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        assert!(!verifies(&keys, algorithm, &format!("{signed}A.{signature}")));
        verified.push(name.to_owned());
    }
    assert_eq!(verified, ["HS256", "RS256", "ES256"]);
}

#[test]
fn the_unsecured_and_critical_examples_of_rfc_7515_are_refused() {
    let Some(examples) = vectors("rfc/rfc7515.json") else {
        return;
    };
    for (id, kind) in [
        ("rfc7515-A5", crate::ErrorKind::TokenAlgorithm),
        ("rfc7515-E", crate::ErrorKind::TokenHeader),
    ] {
        let example = examples
            .as_array()
            .unwrap()
            .iter()
            .find(|example| example["id"] == id)
            .unwrap();
        assert_eq!(
            super::fixture::Fixture::new().verify_token(example["token"].as_str().unwrap()),
            Err(kind)
        );
    }
}

#[test]
fn the_signature_of_rfc_8037_verifies() {
    let Some(example) = vectors("jose-cookbook/curve25519/jws.json") else {
        return;
    };
    let keys = public(&example["input"]["key"]).unwrap();
    assert!(verifies(
        &keys,
        Algorithm::EdDsa,
        example["output"]["compact"].as_str().unwrap()
    ));
}

#[test]
fn the_signatures_of_the_cookbook_verify() {
    for name in [
        "4_1.rsa_v15_signature",
        "4_2.rsa-pss_signature",
        "4_4.hmac-sha2_integrity_protection",
    ] {
        let Some(example) = vectors(&format!("jose-cookbook/jws/{name}.json")) else {
            return;
        };
        let input = &example["input"];
        let algorithm = Algorithm::from_name(input["alg"].as_str().unwrap()).unwrap();
        let keys = bound(&input["key"], algorithm);
        let token = example["output"]["compact"].as_str().unwrap();
        assert!(verifies(&keys, algorithm, token), "{name}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        assert!(
            !verifies(&keys, algorithm, &format!("{signed}A.{signature}")),
            "{name}"
        );
    }
}

#[test]
fn what_the_cookbook_writes_otherwise_than_compact_and_attached_is_refused() {
    let verify = |token: &str| super::fixture::Fixture::new().verify_token(token).map(drop);
    for name in [
        "4_5.signature_with_detached_content",
        "4_6.protecting_specific_header_fields",
        "4_7.protecting_content_only",
        "4_8.multiple_signatures",
    ] {
        let Some(example) = vectors(&format!("jose-cookbook/jws/{name}.json")) else {
            return;
        };
        let output = &example["output"];
        for form in ["compact", "json", "json_flat"] {
            let text = match &output[form] {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                json => json.to_string(),
            };
            assert_eq!(
                verify(&text),
                Err(crate::ErrorKind::TokenMalformed),
                "{name} {form}"
            );
        }
    }
    let Some(example) = vectors("jose-cookbook/jws/4_3.ecdsa_signature.json") else {
        return;
    };
    let p521 = example["output"]["compact"].as_str().unwrap();
    assert!(verify(p521).is_err());
}

#[test]
fn the_unencoded_payloads_of_rfc_7797_are_refused() {
    let Some(example) = vectors("jose-cookbook/rfc7797/hmac-sha2_b64_false.json") else {
        return;
    };
    let keys = bound(&example["input"]["key"], Algorithm::Hs256);
    let verifier = Verifier::new([Profile::issuer("joe").audience("api").jwks(keys)]).unwrap();
    let kind = |token: &str| verifier.verify(token, 0).unwrap_err().kind();
    let unencoded = example["output"]["compact"].as_str().unwrap();
    assert_eq!(kind(unencoded), crate::ErrorKind::TokenHeader);
    let detached = vectors("jose-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json").unwrap();
    let flat = detached["output"]["json_flat"].to_string();
    assert_eq!(kind(&flat), crate::ErrorKind::TokenMalformed);
}

#[test]
fn the_key_sets_of_rfc_7517_are_read_as_their_keys_deserve() {
    let Some(sets) = vectors("rfc/rfc7517_8037_jwk.json") else {
        return;
    };
    let read = |name: &str| KeySet::from_jwks(sets[name].to_string().as_bytes());
    let public = read("rfc7517_public").unwrap();
    assert_eq!(
        public.iter().collect::<Vec<_>>(),
        [(Some("2011-04-29"), Algorithm::Rs256)]
    );
    assert_eq!(public.warnings().len(), 1);
    for refused in ["rfc7517_private", "rfc7517_symmetric", "rfc8037_okp_private"] {
        assert_eq!(read(refused).unwrap_err().kind(), crate::ErrorKind::KeyInvalid);
    }
}

#[test]
fn thumbprints_are_those_of_rfc_7638_and_rfc_8037() {
    let Some(sets) = vectors("rfc/rfc7517_8037_jwk.json") else {
        return;
    };
    for (name, at, algorithm) in [
        ("rfc7517_public", 1, Algorithm::Rs256),
        ("rfc8037_okp_public", 0, Algorithm::EdDsa),
    ] {
        let keys = public(&sets[name]["keys"][at]).unwrap();
        let id = keys.iter().next().unwrap().0;
        let expected = sets[name]["thumbprints"][at].as_str().unwrap();
        assert_eq!(keys.select(id, algorithm).unwrap().thumbprint(), expected);
    }
    // The elliptic key is for encryption; its thumbprint is that of the same key without `use`.
    let mut key = sets["rfc7517_public"]["keys"][0].clone();
    key.as_object_mut().unwrap().remove("use");
    let expected = sets["rfc7517_public"]["thumbprints"][0].as_str().unwrap();
    let keys = public(&key).unwrap();
    assert_eq!(
        keys.select(Some("1"), Algorithm::Es256).unwrap().thumbprint(),
        expected
    );
}

#[test]
fn the_proofs_of_rfc_9449_are_accepted_at_their_time_for_their_request() {
    let Some(example) = vectors("rfc/rfc9449_dpop.json") else {
        return;
    };
    let text = |name: &str| example[name].as_str().unwrap();
    let thumbprint: [u8; 32] = decode(text("expected_jkt")).try_into().unwrap();
    let access_token = text("access_token_for_ath");
    assert_eq!(
        super::fixture::encode(super::proof::sha256(access_token.as_bytes())),
        text("expected_ath")
    );
    let mut accepted = 0;
    for vector in example["vectors"].as_array().unwrap() {
        let claims = &vector["payload"];
        let (Some(method), Some(uri)) = (claims["htm"].as_str(), claims["htu"].as_str()) else {
            continue;
        };
        let token = vector["token"].as_str().unwrap();
        let made = claims["iat"].as_i64().unwrap();
        let judge = |method, uri, access_token, now| {
            let proof = super::proof::DpopProof { token, method, uri };
            let checked = super::Dpop::new().check(&proof, access_token, &thumbprint, now);
            checked.map_err(|error| error.kind())
        };
        // The ones for the token endpoint come before there is an access token.
        let expected = match claims["ath"].as_str() {
            Some(_) => Ok(()),
            None => Err(crate::ErrorKind::ProofInvalid),
        };
        accepted += u32::from(expected.is_ok());
        assert_eq!(judge(method, uri, access_token, made), expected);
        let mismatch = Err(crate::ErrorKind::ProofMismatch);
        assert_eq!(judge("PUT", uri, access_token, made), mismatch);
        assert_eq!(
            judge(method, "https://other.example.com/", access_token, made),
            mismatch
        );
        if expected.is_ok() {
            assert_eq!(judge(method, uri, "another", made), mismatch);
            assert_eq!(
                judge(method, uri, access_token, made + 61),
                Err(crate::ErrorKind::ProofExpired)
            );
        }
    }
    assert_eq!(accepted, 1);
}

#[test]
fn the_encrypted_examples_of_rfc_7519_are_no_signed_tokens() {
    let Some(examples) = vectors("rfc/rfc7519.json") else {
        return;
    };
    for example in examples.as_array().unwrap() {
        let token = example["token"].as_str().unwrap();
        let refused = super::fixture::Fixture::new().verify_token(token).map(drop);
        assert!(refused.is_err(), "{}", example["id"]);
    }
}

/// The example of RFC 9068 §2.2.1, header and claims as they are printed there, but for the times.
#[test]
fn the_token_of_rfc_9068_is_read() {
    let key = super::fixture::keys().into_iter().nth(2).unwrap();
    let profile = Profile::issuer("https://authorization-server.example.com/")
        .audience("https://rs.example.com/")
        .tenant_from_request()
        .jwks(super::fixture::key_set(&[&key]));
    let claims = json!({
        "iss": "https://authorization-server.example.com/", "sub": "5ba552d67", "aud": "https://rs.example.com/",
        "exp": 1_639_528_912, "iat": 1_618_354_090, "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
        "client_id": "s6BhdRkqt3", "scope": "openid profile reademail",
    });
    let header = json!({"typ": "at+JWT", "alg": "RS256", "kid": "RS256"}).to_string();
    let token = super::fixture::write(&header, &claims.to_string(), &key);
    let read = Verifier::new([profile])
        .unwrap()
        .verify(&token, 1_618_354_090)
        .unwrap();
    assert_eq!(read.scopes(), ["openid", "profile", "reademail"]);
    assert_eq!(read.client_id(), Some("s6BhdRkqt3"));
    assert_eq!(read.token_id(), Some("dbe39bf3a3ba4238a513f51d6e1691c4"));
}

/// Chalkias et al., "Taming the many EdDSAs": twelve edge cases on which libraries differ. ring alone answers as
/// BoringSSL does; keys of small order and in non-canonical form (0, 1, 10, 11) are refused at load here.
#[test]
fn edge_cases_of_ed25519_are_judged_as_documented() {
    let Some(cases) = vectors("ed25519-speccheck/cases.json") else {
        return;
    };
    let bytes = |text: &Value| -> Vec<u8> {
        let text = text.as_str().unwrap();
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    };
    let mut ring = String::new();
    let mut ours = String::new();
    for case in cases.as_array().unwrap() {
        let (message, key) = (bytes(&case["message"]), bytes(&case["pub_key"]));
        let signature = bytes(&case["signature"]);
        let bare = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &key);
        ring.push(if bare.verify(&message, &signature).is_ok() {
            'V'
        } else {
            'X'
        });
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": super::fixture::encode(&key)});
        ours.push(match public(&jwk) {
            Err(_) => '-',
            Ok(keys)
                if keys
                    .select(None, Algorithm::EdDsa)
                    .unwrap()
                    .verifies(&message, &signature) =>
            {
                'V'
            }
            Ok(_) => 'X',
        });
    }
    assert_eq!(ring, "VVVVXXXXXXXV");
    assert_eq!(ours, "--VVXXXXXX--");
}
