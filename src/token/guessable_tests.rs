use ring::rand::{SecureRandom as _, SystemRandom};

use super::*;

fn refusal(secret: &str) -> String {
    check(Algorithm::Hs256, secret.as_bytes()).unwrap_err()
}

#[test]
fn threat_33_a_secret_shorter_than_the_hash_is_refused() {
    let random = random::<64>();
    for (algorithm, least) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        assert_eq!(check(algorithm, &random[..least]), Ok(()));
        let message = check(algorithm, &random[..least - 1]).unwrap_err();
        assert!(message.contains(&least.to_string()), "{message}");
        assert!(check(algorithm, b"").is_err());
    }
}

#[test]
fn threat_34_a_secret_of_words_is_refused() {
    for secret in [
        "your-256-bit-secret-your-secret-256-bit",
        "change-this-secret-before-production!!",
        "SuperSecretPasswordForTheProductionServer",
        "please_change_me_please_change_this_key",
        "correct horse battery staple with password",
        "a-string-secret-at-least-256-bits-long",
        "this is a very long secret for signing tokens",
    ] {
        assert_eq!(refusal(secret), "is made of words", "{secret}");
    }
}

#[test]
fn threat_34_a_secret_that_repeats_itself_or_has_few_characters_is_refused() {
    for secret in [
        "a".repeat(64),
        "\0".repeat(32),
        "01".repeat(32),
        "abcabc1".repeat(5),
    ] {
        assert!(refusal(&secret).contains("different bytes"), "{secret}");
    }
    for secret in [
        "hunter2-is-it!".repeat(4),
        "Tr0ub4dor&3Tr0ub4dor&3Tr0ub4dor&3".to_owned(),
        "k9f3x7q1a-k9f3x7q1b-k9f3x7q1c-k9f3x7q1d".to_owned(),
        "aaaabbbbccccddddeeeeffffgggghhhhiiii".to_owned(),
    ] {
        assert!(refusal(&secret).contains("repeats"), "{secret}");
    }
}

#[test]
fn a_sequence_is_refused() {
    for secret in [
        "abcdefghijklmnopqrstuvwxyz012345",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "zyxwvutsrqponmlkjihgfedcba987654",
    ] {
        assert!(refusal(secret).contains("runs through"), "{secret}");
    }
    let counted: Vec<u8> = (0..32).collect();
    assert!(check(Algorithm::Hs256, &counted).is_err());
}

#[test]
fn threat_03_a_public_key_is_no_secret() {
    for secret in [
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA2m84gs490\n-----END PUBLIC KEY-----\n",
        " -----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAvqagTrQh\n-----END RSA PUBLIC KEY-----",
        r#"{"kty":"OKP","crv":"Ed25519","x":"2m84gs490-e-oOGoHxqNTxBWxVwUWYzIWN3ORL8c9wE"}"#,
    ] {
        assert!(refusal(secret).contains("is a key"), "{secret}");
    }
}

#[test]
fn random_secrets_pass_however_they_are_written() {
    for _ in 0..200 {
        let random = random::<32>();
        let hexadecimal: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let base64 = crate::token::base64url::encode(random);
        assert_eq!(check(Algorithm::Hs256, &random), Ok(()), "{hexadecimal}");
        for text in [hexadecimal, base64] {
            assert_eq!(check(Algorithm::Hs256, text.as_bytes()), Ok(()), "{text}");
        }
    }
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).unwrap();
    bytes
}
