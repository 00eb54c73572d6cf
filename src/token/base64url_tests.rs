use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn every_value_has_one_text(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = encode(&bytes);
        prop_assert_eq!(&text, &URL_SAFE_NO_PAD.encode(&bytes));
        prop_assert_eq!(decode(&text).unwrap(), bytes);
    }

    #[test]
    fn any_text_is_judged_as_by_the_portable_engine(text in "[A-Za-z0-9_=+/ \\n-]{0,150}") {
        prop_assert_eq!(decode(&text).ok(), URL_SAFE_NO_PAD.decode(&text).ok());
    }
}

#[test]
fn one_byte_outside_the_alphabet_is_refused_at_every_place_of_every_length() {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    for length in (0..200).filter(|length| length % 4 != 1) {
        let text = "A".repeat(length);
        assert!(decode(&text).is_ok());
        for at in 0..length {
            for byte in (0..128).filter(|byte| !alphabet(*byte)) {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = byte;
                assert!(
                    decode(std::str::from_utf8(&bytes).unwrap()).is_err(),
                    "{length} {at} {byte}"
                );
            }
        }
        assert!(decode(&text.replacen("A", "é", 1)).is_err() || length == 0);
    }
}

#[test]
fn spare_bits_and_impossible_lengths_are_refused() {
    for text in ["AB", "AAB", "A", "AAAAA", "AA==", "AAA="] {
        assert!(decode(text).is_err(), "{text}");
        let long = "A".repeat(96) + text;
        assert!(decode(&long).is_err(), "{long}");
    }
}

#[test]
fn every_symbol_has_its_value() {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (value, symbol) in alphabet.chars().enumerate() {
        let value = u8::try_from(value).unwrap();
        let expected = [
            value << 2 | value >> 4,
            value << 4 | value >> 2,
            value << 6 | value,
        ]
        .repeat(40);
        assert_eq!(decode(&symbol.to_string().repeat(160)).unwrap(), expected);
    }
}
