use super::*;

fn key(byte: u8) -> SealingKey {
    let mut bytes = [byte; 32];
    bytes[0] ^= 0xff;
    SealingKey::from_bytes(&bytes).unwrap()
}

fn refusal(key: &SealingKey, place: (&str, &str, u64), sealed: &[u8]) -> Error {
    key.open(place.0, place.1, place.2, sealed).unwrap_err()
}

#[test]
fn a_sealed_value_opens_at_its_place_alone() {
    let sealed = key(1).seal("signing-key", "k1", 1, b"private").unwrap();
    assert_eq!(
        key(1).open("signing-key", "k1", 1, &sealed).unwrap().as_slice(),
        b"private"
    );
    let elsewhere = [
        ("pepper", "k1", 1),
        ("signing-key", "k2", 1),
        ("signing-key", "k1", 2),
        ("signing-keyk", "1", 1),
    ];
    for place in elsewhere {
        let error = refusal(&key(1), place, &sealed);
        assert_eq!(error.kind(), ErrorKind::SealInvalid);
        assert!(error.message().contains("another place"), "{error}");
    }
}

#[test]
fn another_key_is_told_from_damage() {
    let sealed = key(1).seal("signing-key", "k1", 1, b"private").unwrap();
    let error = refusal(&key(2), ("signing-key", "k1", 1), &sealed);
    assert_eq!(error.kind(), ErrorKind::SealInvalid);
    assert!(error.message().contains("another key"), "{error}");
    assert!(error.help_text().unwrap().contains("sealing key"));
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let sealed = key(1).seal("signing-key", "k1", 1, b"private").unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut damaged = sealed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = refusal(&key(1), ("signing-key", "k1", 1), &damaged);
        assert_eq!(error.kind(), ErrorKind::SealInvalid, "bit {bit}");
    }
    for len in 0..sealed.len() {
        let error = refusal(&key(1), ("signing-key", "k1", 1), &sealed[..len]);
        assert_eq!(error.kind(), ErrorKind::SealInvalid, "length {len}");
    }
}

#[test]
fn a_value_sealed_twice_looks_different() {
    let seal = || key(1).seal("signing-key", "k1", 1, b"private").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn a_sealed_value_shows_nothing_of_it() {
    let sealed = key(1).seal("signing-key", "k1", 1, b"private").unwrap();
    assert!(!sealed.windows(4).any(|window| window == b"priv"));
}

#[test]
fn weak_keys_are_refused() {
    for bytes in [&[1; 32][..], &[0; 32], &[1, 2, 3], &[]] {
        assert_eq!(
            SealingKey::from_bytes(bytes).unwrap_err().kind(),
            ErrorKind::KeyInvalid
        );
    }
}

#[test]
fn a_sealing_key_is_never_printed() {
    assert_eq!(format!("{:?}", key(7)), "SealingKey(…)");
}
