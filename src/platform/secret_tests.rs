use super::*;

/// Whether a text has the form of a secret of this kind, checksum included. Says nothing of whether it is known.
fn is_well_formed(kind: SecretKind, text: &str) -> bool {
    let prefix = kind.prefix();
    let Some(rest) = text.strip_prefix(prefix) else {
        return false;
    };
    if rest.len() != BODY + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let (Some(signed), Some(given)) = (text.get(..prefix.len() + BODY), rest.get(BODY..)) else {
        return false;
    };
    let mut expected = String::with_capacity(CHECKSUM);
    push_base62(&mut expected, &crc32(signed.as_bytes()).to_be_bytes(), CHECKSUM);
    expected == given
}

#[test]
fn a_secret_has_prefix_length_and_checksum() {
    let secret = Secret::generate(SecretKind::ClientSecret).unwrap();
    assert!(secret.expose().starts_with("bws_"));
    assert_eq!(secret.expose().len(), 4 + BODY + CHECKSUM);
    assert!(is_well_formed(SecretKind::ClientSecret, secret.expose()));
    assert!(!is_well_formed(SecretKind::AuthorizationCode, secret.expose()));
}

#[test]
fn every_mistyped_character_is_noticed() {
    let secret = Secret::from_bytes(SecretKind::ClientSecret, &[0x5A; 32]);
    for at in 0..secret.expose().len() {
        let mut text = secret.expose().as_bytes().to_vec();
        text[at] = if text[at] == b'x' { b'y' } else { b'x' };
        let text = String::from_utf8(text).unwrap();
        assert!(!is_well_formed(SecretKind::ClientSecret, &text), "{at}");
        assert!(
            !is_well_formed(SecretKind::ClientSecret, &secret.expose()[..at]),
            "{at}"
        );
    }
}

#[test]
fn base62_keeps_all_256_bits_apart() {
    let text = |bytes: [u8; 32]| {
        let mut text = String::new();
        push_base62(&mut text, &bytes, BODY);
        text
    };
    assert_eq!(text([0; 32]), "0".repeat(43));
    let mut highest = [0; 32];
    highest[0] = 0x80;
    let mut lowest = [0; 32];
    lowest[31] = 1;
    assert_ne!(text(highest), text([0; 32]));
    assert_eq!(text(lowest), format!("{}1", "0".repeat(42)));
    assert_ne!(text([0xFF; 32]), text([0xFE; 32]));
}

#[test]
fn the_checksum_is_the_known_crc32() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
}

#[test]
fn neither_secret_digest_nor_pepper_show_themselves() {
    let secret = Secret::generate(SecretKind::ClientSecret).unwrap();
    let pepper = Pepper::derive(&[7; 32]);
    let digest = pepper.digest(SecretKind::ClientSecret, secret.expose());
    let shown = format!("{secret:?} {pepper:?} {digest:?}");
    assert!(!shown.contains(&secret.expose()[4..12]));
    assert!(!shown.contains(&digest.to_hex()[..8]));
}

#[test]
fn a_digest_depends_on_key_kind_and_secret_and_survives_json() {
    let (one, two) = (Pepper::derive(&[1; 32]), Pepper::derive(&[2; 32]));
    let digest = one.digest(SecretKind::ClientSecret, "s");
    assert_eq!(digest, one.digest(SecretKind::ClientSecret, "s"));
    assert_ne!(digest, two.digest(SecretKind::ClientSecret, "s"));
    assert_ne!(digest, one.digest(SecretKind::AuthorizationCode, "s"));
    assert_ne!(digest, one.digest(SecretKind::ClientSecret, "t"));
    let json = serde_json::to_string(&digest).unwrap();
    assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    for bad in ["\"\"", "\"zz\"", "7"] {
        assert!(serde_json::from_str::<Digest>(bad).is_err(), "{bad}");
    }
}
