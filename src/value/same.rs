//! Equality of short texts: names of attributes and types, ids and states.
//!
//! They are compared several times in a decision and are rarely longer than two words, so a call of the library's
//! comparison of any length would cost more than the comparison.

/// Whether two texts are equal.
#[inline]
pub(crate) fn same_text(a: &str, b: &str) -> bool {
    same_bytes(a.as_bytes(), b.as_bytes())
}

/// The same of their bytes.
#[inline]
pub(crate) fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => words(a, b, u64::from_le_bytes),
        4..8 => words(a, b, u32::from_le_bytes),
        0..4 => a.iter().zip(b).all(|(a, b)| a == b),
        _ => a == b,
    }
}

/// Compares the first and the last word, which overlap or meet.
#[inline]
fn words<const N: usize, W: PartialEq>(a: &[u8], b: &[u8], word: fn([u8; N]) -> W) -> bool {
    let first = |text: &[u8]| text.first_chunk().copied().map(word);
    let last = |text: &[u8]| text.last_chunk().copied().map(word);
    first(a) == first(b) && last(a) == last(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_exactly_when_they_are_equal() {
        let long = "abcdefghijklmnopqrstuvwxyz";
        for len in 0..long.len() {
            let text = &long[..len];
            assert!(same_text(text, text));
            assert!(!same_text(text, &long[..=len]));
            for at in 0..len {
                let mut other = text.to_owned();
                other.replace_range(at..=at, "#");
                assert!(!same_text(text, &other), "{text} {other}");
            }
        }
    }
}
