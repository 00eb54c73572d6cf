use super::*;
use crate::token::fixture::keys;
use crate::{Algorithm, ErrorKind, KeySet};

const RSA_SPKI: &str = include_str!("../../tests/data/rsa-2048.spki.pem");
const RSA_PKCS1: &str = include_str!("../../tests/data/rsa-2048.pkcs1.pem");
const RSA_1024: &str = include_str!("../../tests/data/rsa-1024.spki.pem");
const P256_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHSXNq+DSLC4LHa/3IE/1mAcDtbDt
pd37vTHaNW2Cv9xmOhAErMB7nQCfKgo8i6sY6xTSY46C0fMO4ae78mFd2Q==
-----END PUBLIC KEY-----
";
const P384_KEY: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE0zWU3zaza8cFZprxlgajAl9qynDqBKNm
2PycGiYIaIrdZsBinTg1yk6JMB7grZ/8kS/ymLoDS/GnwIZlj9CmcbUKMobb61Bh
1ax1hA4vXtjFp/oIwSD1/IxASD9lLzwZ
-----END PUBLIC KEY-----
";
const ED25519_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAWjD9hEQmtn0UeP9Ky1ONW3gj1D1hZHQYy4rXyVV9phY=
-----END PUBLIC KEY-----
";

fn refusal(algorithm: Algorithm, text: &str) -> String {
    let error = KeySet::from_pem(algorithm, None, text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyInvalid);
    error.message().to_owned()
}

#[test]
fn a_pem_key_is_the_same_key_as_its_jwk() {
    for key in keys() {
        let text = match key.algorithm() {
            algorithm if is_rsa(algorithm) => RSA_SPKI,
            Algorithm::Es384 => P384_KEY,
            _ => continue,
        };
        let set = KeySet::from_pem(key.algorithm(), Some("k"), text).unwrap();
        let read = set.select(Some("k"), key.algorithm()).unwrap();
        assert_eq!(read.thumbprint(), key.thumbprint(), "{}", key.algorithm());
    }
    for (algorithm, text) in [(Algorithm::Es256, P256_KEY), (Algorithm::EdDsa, ED25519_KEY)] {
        assert_eq!(KeySet::from_pem(algorithm, None, text).unwrap().iter().count(), 1);
    }
}

#[test]
fn both_forms_of_an_rsa_key_are_read_and_text_around_them_is_allowed() {
    let of = |text: &str| {
        let set = KeySet::from_pem(Algorithm::Ps256, None, text).unwrap();
        set.select(None, Algorithm::Ps256).unwrap().thumbprint()
    };
    assert_eq!(of(RSA_SPKI), of(RSA_PKCS1));
    assert_eq!(
        of(RSA_SPKI),
        of(&format!("Key of 2026:\r\n{}", RSA_SPKI.replace('\n', "\r\n")))
    );
}

#[test]
fn a_key_that_does_not_fit_the_algorithm_is_refused() {
    for (algorithm, text) in [
        (Algorithm::EdDsa, P256_KEY),
        (Algorithm::Es256, P384_KEY),
        (Algorithm::Es384, P256_KEY),
        (Algorithm::Es256, RSA_SPKI),
        (Algorithm::Es256, RSA_PKCS1),
        (Algorithm::Rs256, P256_KEY),
        (Algorithm::Rs256, ED25519_KEY),
    ] {
        assert!(refusal(algorithm, text).contains(algorithm.name()), "{algorithm}");
    }
}

#[test]
fn no_pem_text_becomes_an_hmac_secret() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        for text in [RSA_SPKI, RSA_PKCS1, P256_KEY, ED25519_KEY] {
            assert!(refusal(algorithm, text).contains("shared secret"));
            for text in [text.to_owned(), format!(" {text}"), format!("\n{text}")] {
                let error = KeySet::from_secret(algorithm, None, text.as_bytes()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::KeyInvalid);
            }
        }
    }
}

#[test]
fn private_keys_and_certificates_are_refused_and_the_message_says_what_to_do() {
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
    ] {
        let text = format!("-----BEGIN {label}-----\naHVudGVyMg==\n-----END {label}-----\n");
        let message = refusal(Algorithm::EdDsa, &text);
        assert!(
            message.contains("private") && message.contains("-pubout"),
            "{message}"
        );
        assert!(!message.contains("aHVudGVyMg"));
    }
    let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    assert!(refusal(Algorithm::EdDsa, certificate).contains("openssl x509"));
}

#[test]
fn weak_keys_are_refused() {
    assert!(refusal(Algorithm::Rs256, RSA_1024).contains("1024 bits"));
    let zero = STANDARD.encode([&ED25519[..], &[0; 32]].concat());
    let text = format!("-----BEGIN PUBLIC KEY-----\n{zero}\n-----END PUBLIC KEY-----\n");
    assert!(refusal(Algorithm::EdDsa, &text).contains("small order"));
    let off = STANDARD.encode([&P256[..], &[4], &[1; 64]].concat());
    let text = format!("-----BEGIN PUBLIC KEY-----\n{off}\n-----END PUBLIC KEY-----\n");
    assert!(refusal(Algorithm::Es256, &text).contains("curve"));
}

#[test]
fn other_text_is_refused() {
    let compressed = "-----BEGIN PUBLIC KEY-----
MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADHSXNq+DSLC4LHa/3IE/1mAcDtbDt
pd37vTHaNW2Cv9w=
-----END PUBLIC KEY-----
";
    assert!(refusal(Algorithm::Es256, compressed).contains("ES256"));
    for text in [
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n-----END RSA PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----",
    ] {
        refusal(Algorithm::Es256, text);
    }
    let two = format!("{P256_KEY}{P256_KEY}");
    assert!(refusal(Algorithm::Es256, &two).contains("more than one"));
}

#[test]
fn der_in_other_than_its_shortest_form_and_every_prefix_are_refused() {
    let spki = Block::find(RSA_SPKI).unwrap().decode().unwrap();
    assert!(rsa(rsa_key(&spki).unwrap()).is_ok());
    for length in 0..spki.len() {
        assert_eq!(rsa_key(&spki[..length]), None, "{length}");
    }
    assert_eq!(rsa_key(&[&spki[..], &[0]].concat()), None);
    assert_eq!(element(&[0x30, 0x81, 0x01, 0x00], SEQUENCE), None);
    assert_eq!(element(&[0x30, 0x82, 0x00, 0x80], SEQUENCE), None);
    assert_eq!(element(&[0x30, 0x80, 0x00, 0x00], SEQUENCE), None);
    assert_eq!(element(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], SEQUENCE), None);
    for integer in [&[][..], &[0], &[0, 0], &[0, 1], &[0x80], &[0xff, 1]] {
        assert_eq!(magnitude(integer), None, "{integer:?}");
    }
    assert_eq!(magnitude(&[0, 0x80]), Some(&[0x80][..]));
}
