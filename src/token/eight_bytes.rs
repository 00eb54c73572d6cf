//! Tests of text for certain bytes, eight bytes at a time (Warren, Hacker's Delight, §6).
//!
//! Each test sets the highest bit of every byte that meets it, or of some byte behind one that does: whether any is set
//! says whether any byte does.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = 0x8080_8080_8080_8080;

/// Whether any byte of a text meets a test, which must not be met by `a`.
#[inline]
pub(crate) fn any_byte(text: &str, test: impl Fn(u64) -> u64) -> bool {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut last = *b"aaaaaaaa";
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let met = words
        .iter()
        .fold(0, |met, word| met | test(u64::from_le_bytes(*word)));
    met | test(u64::from_le_bytes(last)) != 0
}

/// Bytes below `limit`, which is at most 0x80.
#[inline]
pub(crate) fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGHEST
}

/// Bytes above `limit`, which is below 0x80.
#[inline]
pub(crate) fn above(word: u64, limit: u8) -> u64 {
    // A carry out of one byte can only come from a byte of 0x80 and more, which is met itself.
    (word.wrapping_add(ONES * u64::from(0x7f - limit)) | word) & HIGHEST
}

/// Bytes equal to `byte`.
#[inline]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_found_wherever_it_stands() {
        for len in 1..20 {
            for at in 0..len {
                for byte in 0..0x80_u8 {
                    let mut text = vec![b'a'; len];
                    text[at] = byte;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(any_byte(&text, |it| below(it, 0x20)), byte < 0x20);
                    assert_eq!(any_byte(&text, |it| above(it, 0x7e)), byte > 0x7e);
                    assert_eq!(any_byte(&text, |it| equal(it, b'"')), byte == b'"');
                }
            }
        }
        for text in ["é", "aaaaaaaé", "日本語", "\u{10ffff}aaaaaaaaaaaaa"] {
            assert!(any_byte(text, |it| above(it, 0x7e)));
            assert!(!any_byte(text, |it| below(it, 0x20)));
        }
    }
}
