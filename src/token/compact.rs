//! The compact serialization (RFC 7515 §3.1): three segments of base64url, joined by two dots.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_TOKEN_BYTES, MAX_TOKEN_HEADER_BYTES};

use super::base64url;
use super::key::{Key, MAX_SIGNATURE_BYTES};

/// Room for a dot and a signature of the usual 64 bytes behind what was joined.
const SIGNATURE_SEGMENT: usize = 1 + base64url::encoded_len(64);

/// A token cut into its segments, none of them decoded yet.
pub(crate) struct Compact<'t> {
    header: &'t str,
    claims: &'t str,
    signature: &'t str,
    signed: &'t [u8],
}

impl<'t> Compact<'t> {
    /// Cuts a token at its two dots, without allocation and after the limit on its length.
    pub(crate) fn split(token: &'t str) -> Result<Self> {
        Self::split_within(token, MAX_TOKEN_BYTES)
    }

    /// The same with a limit of its own.
    pub(crate) fn split_within(token: &'t str, limit: usize) -> Result<Self> {
        check_length(token, limit)?;
        Self::cut(token).ok_or_else(|| {
            let dots = token.bytes().filter(|byte| *byte == b'.').count();
            malformed(format!(
                "a compact JWS has three segments joined by two dots; found {dots} dots"
            ))
            .help("pass the token alone, without `Bearer` and without JSON around it")
        })
    }

    fn cut(token: &'t str) -> Option<Self> {
        let mut dots = memchr::memchr_iter(b'.', token.as_bytes());
        let (first, second) = (dots.next()?, dots.next()?);
        if dots.next().is_some() {
            return None;
        }
        Some(Self {
            header: token.get(..first)?,
            claims: token.get(first + 1..second)?,
            signature: token.get(second + 1..)?,
            signed: token.as_bytes().get(..second)?,
        })
    }

    /// The decoded header, within `buffer`.
    pub(crate) fn header<'b>(&self, buffer: &'b mut [u8; MAX_TOKEN_HEADER_BYTES]) -> Result<&'b [u8]> {
        decode_within("header", self.header, buffer)
    }

    /// The decoded claims.
    pub(crate) fn claims(&self) -> Result<Vec<u8>> {
        base64url::decode(self.claims).map_err(|_| not_canonical("claims"))
    }

    /// Checks the signature over header and claims.
    pub(crate) fn verify(&self, key: &Key) -> Result<()> {
        let mut buffer = [0; MAX_SIGNATURE_BYTES];
        let signature = decode_within("signature", self.signature, &mut buffer)?;
        if key.verifies(self.signed, signature) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TokenSignature,
            format!("the token's {} signature does not verify", key.algorithm()),
        )
        .help("the token was altered, or signed by another key than the issuer's"))
    }
}

/// A header that is encoded already and segments that are not, joined by dots.
pub(crate) fn join(header: &str, segments: &[&[u8]]) -> Result<String> {
    let encoded = segments
        .iter()
        .map(|segment| base64url::encoded_len(segment.len()) + 1);
    let mut token = Vec::with_capacity(header.len() + encoded.sum::<usize>() + SIGNATURE_SEGMENT);
    token.extend_from_slice(header.as_bytes());
    for segment in segments {
        token.push(b'.');
        base64url::encode_onto_bytes(segment, &mut token);
    }
    String::from_utf8(token).map_err(|_| Error::new(ErrorKind::Internal, "base64url is not ASCII"))
}

/// The limit on a token's length.
pub(crate) fn check_length(token: &str, limit: usize) -> Result<()> {
    if token.len() <= limit {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::TokenTooLarge,
        format!("a token of {} bytes; at most {limit} are accepted", token.len()),
    ))
}

/// Decodes into `buffer`; what does not fit is too large.
pub(crate) fn decode_within<'b>(segment: &str, text: &str, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    let limit = buffer.len();
    // Four characters carry three bytes.
    if text.len() / 4 * 3 > limit {
        return Err(too_large(segment, limit));
    }
    let length = base64url::decode_slice(text, buffer).map_err(|error| match error {
        base64url::DecodeSliceError::OutputSliceTooSmall => too_large(segment, limit),
        base64url::DecodeSliceError::DecodeError(_) => not_canonical(segment),
    })?;
    buffer.get(..length).ok_or_else(|| too_large(segment, limit))
}

fn too_large(segment: &str, limit: usize) -> Error {
    Error::new(
        ErrorKind::TokenTooLarge,
        format!("the token's {segment} is longer than {limit} bytes"),
    )
}

fn not_canonical(segment: &str) -> Error {
    malformed(format!(
        "the token's {segment} is not base64url without padding, spare bits and line breaks"
    ))
}

fn malformed(message: String) -> Error {
    Error::new(ErrorKind::TokenMalformed, message)
}
