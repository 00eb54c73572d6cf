use super::*;

const E: [u8; 3] = [1, 0, 1];

/// An odd number of that many bits without the fingerprint.
fn modulus(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= (8 - bits % 8) % 8;
    modulus
}

#[test]
fn an_rsa_key_below_2048_bits_or_beyond_what_ring_takes_is_refused() {
    assert_eq!(rsa(&modulus(2_048), &E), Ok(()));
    assert_eq!(rsa(&modulus(8_192), &E), Ok(()));
    for bits in [8, 1_024, 2_047, 8_193] {
        assert!(rsa(&modulus(bits), &E).unwrap_err().contains("modulus"), "{bits}");
    }
    assert!(rsa(&[], &E).is_err());
}

#[test]
fn an_even_modulus_is_refused() {
    let mut even = modulus(2_048);
    even[255] = 0xfe;
    assert!(rsa(&even, &E).unwrap_err().contains("even"));
}

#[test]
fn an_even_tiny_or_huge_exponent_is_refused() {
    let exponents: [&[u8]; 9] = [
        &[],
        &[1],
        &[3],
        &[17],
        &[0xff, 0xff],
        &[1, 0, 0],
        &[1, 0, 2],
        &[3, 0, 0, 0, 1],
        &[0xff; 9],
    ];
    for exponent in exponents {
        assert!(
            rsa(&modulus(2_048), exponent).unwrap_err().contains("exponent"),
            "{exponent:?}"
        );
    }
    assert_eq!(rsa(&modulus(2_048), &[1, 0xff, 0xff, 0xff, 0xff]), Ok(()));
}

#[test]
fn threat_37_a_modulus_with_the_roca_fingerprint_is_refused() {
    // One more than a multiple of all the primes is 65537 to the power of 0 modulo each of them.
    let product: u128 = ROCA_PRIMES.iter().map(|prime| u128::from(*prime)).product();
    let mut number = vec![0; 256];
    let top = (product << product.leading_zeros()).to_be_bytes();
    number[..16].copy_from_slice(&top);
    number[255] |= 1;
    assert!(rsa(&number, &E).unwrap_err().contains("ROCA"));
    // A multiple alone is not such a power.
    number[255] ^= 3;
    number[254] |= 1;
    assert!(!is_roca(&number));
}

#[test]
fn threat_38_a_point_off_the_curve_is_refused() {
    let key = crate::SigningKey::generate_es256("k").unwrap();
    let jwk: serde_json::Value = serde_json::from_str(&key.jwk()).unwrap();
    let mut point = [4; 65];
    point[1..33].copy_from_slice(&crate::token::fixture::decode(jwk["x"].as_str().unwrap()));
    point[33..].copy_from_slice(&crate::token::fixture::decode(jwk["y"].as_str().unwrap()));
    assert_eq!(p256(&point), Ok(()));
    point[64] ^= 1;
    assert!(p256(&point).unwrap_err().contains("curve"));
    let mut origin = [0; 65];
    origin[0] = 4;
    assert!(p256(&origin).is_err());
}

#[test]
fn a_point_off_the_larger_curve_is_refused() {
    let [.., key, _, _, _] = crate::token::fixture::keys();
    let jwk: serde_json::Value = serde_json::from_str(&key.jwk()).unwrap();
    let mut point = [4; 97];
    point[1..49].copy_from_slice(&crate::token::fixture::decode(jwk["x"].as_str().unwrap()));
    point[49..].copy_from_slice(&crate::token::fixture::decode(jwk["y"].as_str().unwrap()));
    assert_eq!(p384(&point), Ok(()));
    point[96] ^= 1;
    assert!(p384(&point).unwrap_err().contains("curve"));
}

/// The `y` coordinates of the points of small order, little-endian without the sign bit (Chalkias et al., table 5).
const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn bytes(hex: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
}

#[test]
fn ed25519_keys_of_small_order_are_refused_with_either_sign() {
    for hex in SMALL_ORDER {
        let mut key = bytes(hex);
        assert!(ed25519(&key).unwrap_err().contains("small order"), "{hex}");
        key[31] |= 0x80;
        assert!(ed25519(&key).is_err(), "{hex}");
    }
}

#[test]
fn ed25519_keys_in_non_canonical_form_are_refused() {
    let mut reasons = Vec::new();
    for low in 0xed..=0xff {
        let mut key = [0xff; 32];
        key[0] = low;
        reasons.push(ed25519(&key).unwrap_err());
        key[31] = 0x7f;
        reasons.push(ed25519(&key).unwrap_err());
    }
    for reason in ["canonical", "small order", "not a point"] {
        assert!(reasons.iter().any(|found| found.contains(reason)), "{reason}");
    }
}

#[test]
fn ed25519_keys_that_are_no_points_are_refused() {
    let mut key = [0; 32];
    key[0] = 2;
    assert!(ed25519(&key).unwrap_err().contains("not a point"));
}
