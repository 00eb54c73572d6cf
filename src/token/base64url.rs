//! Base64url as JOSE writes it (RFC 7515 §2): no padding, no spare bits, no white space, one text for one value.

use base64::Engine as _;
use base64::engine::general_purpose::NO_PAD;

pub(crate) use base64::{DecodeError, DecodeSliceError};

/// The engine for this machine's vector instructions; without them, the portable one.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: std::sync::LazyLock<base64::engine::Simd> =
    std::sync::LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: base64::engine::GeneralPurpose =
    base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD);

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    ENGINE.decode(text)
}

/// Decodes to the beginning of `buffer` and returns the length.
pub(crate) fn decode_slice(text: &str, buffer: &mut [u8]) -> Result<usize, DecodeSliceError> {
    ENGINE.decode_slice(text, buffer)
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    ENGINE.encode(bytes)
}

/// Encodes to the end of `text`.
pub(crate) fn encode_onto(bytes: impl AsRef<[u8]>, text: &mut String) {
    ENGINE.encode_string(bytes, text);
}

/// The same where the text is put together as bytes.
pub(crate) fn encode_onto_bytes(bytes: &[u8], text: &mut Vec<u8>) {
    let at = text.len();
    text.resize(at + encoded_len(bytes.len()), 0);
    let written = match text.get_mut(at..) {
        Some(place) => ENGINE.encode_slice(bytes, place),
        None => Ok(0),
    };
    debug_assert_eq!(written.ok(), Some(text.len() - at));
}

/// How many characters so many bytes become.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes / 3 * 4 + (bytes % 3 * 4).div_ceil(3)
}

#[cfg(test)]
#[path = "base64url_tests.rs"]
mod tests;
