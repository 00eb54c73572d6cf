//! Encrypted tokens in compact serialization (RFC 7516 §3.1): five segments of base64url, joined by four dots.
//!
//! Whatever is wrong with a token once its header is acceptable, the error is the same one: what differs between
//! failures is what attacks on encryption are made of.

use std::borrow::Cow;

use ring::aead::{Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_TOKEN_BYTES, MAX_TOKEN_HEADER_BYTES, MAX_TOKEN_HEADER_MEMBERS};

use super::base64url;
use super::compact;
use super::encryption_key::{Encryption, EncryptionKey};
use super::header::{refused, text};
use super::json;
use super::signing_key::{ACCESS_TOKEN_TYPE, no_randomness};
use super::wiped::Wiped;

const TAG_LEN: usize = MAX_TAG_LEN;
const MAX_KEY_LEN: usize = 32;

/// Whether a token has the five segments of an encrypted one.
pub(crate) fn is_encrypted(token: &str) -> bool {
    memchr::memchr_iter(b'.', token.as_bytes()).take(6).count() == 4
}

/// A token cut into its segments, none of them decoded yet.
pub(crate) struct Compact<'t> {
    header: &'t str,
    encrypted_key: &'t str,
    iv: &'t str,
    ciphertext: &'t str,
    tag: &'t str,
}

impl<'t> Compact<'t> {
    /// Cuts a token at its four dots, without allocation and after the limit on its length.
    pub(crate) fn split(token: &'t str) -> Result<Self> {
        compact::check_length(token, MAX_TOKEN_BYTES)?;
        let mut segments = token.split('.');
        let mut next = || segments.next();
        let parts = (next(), next(), next(), next(), next(), next());
        let (Some(header), Some(encrypted_key), Some(iv), Some(ciphertext), Some(tag), None) = parts else {
            return Err(Error::new(
                ErrorKind::TokenMalformed,
                "a compact JWE has five segments joined by four dots",
            ));
        };
        Ok(Self {
            header,
            encrypted_key,
            iv,
            ciphertext,
            tag,
        })
    }

    /// The decoded header, within `buffer`.
    pub(crate) fn header<'b>(&self, buffer: &'b mut [u8; MAX_TOKEN_HEADER_BYTES]) -> Result<&'b [u8]> {
        compact::decode_within("header", self.header, buffer)
    }

    /// The plaintext. It is wiped when dropped, and no byte of it survives a tag that does not fit.
    pub(crate) fn open(&self, header: &Header<'_>, key: &EncryptionKey) -> Result<Zeroizing<Vec<u8>>> {
        self.try_open(header, key).ok_or_else(undecryptable)
    }

    fn try_open(&self, header: &Header<'_>, key: &EncryptionKey) -> Option<Zeroizing<Vec<u8>>> {
        if header.encryption != key.encryption() {
            return None;
        }
        let iv = exactly::<NONCE_LEN>(self.iv)?;
        let tag = exactly::<TAG_LEN>(self.tag)?;
        let mut buffer = Zeroizing::new(base64url::decode(self.ciphertext).ok()?);
        let aad = self.header.as_bytes();
        if !header.encryption.is_wrapped() {
            // RFC 7518 §4.5: the encrypted key is empty.
            let is_direct = self.encrypted_key.is_empty() && header.iv.is_none() && header.tag.is_none();
            return (is_direct && open_in_place(key.cipher(), iv, aad, tag, &mut buffer)).then_some(buffer);
        }
        let mut unwrapped = Zeroizing::new([0; MAX_KEY_LEN]);
        let content_key = unwrapped.get_mut(..header.encryption.key_len())?;
        let length = base64url::decode_slice(self.encrypted_key, content_key).ok()?;
        let key_iv = exactly::<NONCE_LEN>(header.iv.as_deref()?)?;
        let key_tag = exactly::<TAG_LEN>(header.tag.as_deref()?)?;
        if length != content_key.len() || !open_in_place(key.cipher(), key_iv, &[], key_tag, content_key) {
            return None;
        }
        let cipher = header.encryption.cipher(content_key)?;
        open_in_place(&cipher, iv, aad, tag, &mut buffer).then_some(buffer)
    }
}

/// Decrypts `buffer`; on failure wipes it and returns false.
fn open_in_place(
    cipher: &LessSafeKey,
    iv: [u8; NONCE_LEN],
    aad: &[u8],
    tag: [u8; TAG_LEN],
    buffer: &mut [u8],
) -> bool {
    let nonce = Nonce::assume_unique_for_key(iv);
    let opened = cipher.open_in_place_separate_tag(nonce, Aad::from(aad), tag.into(), buffer, 0..);
    let is_open = opened.is_ok();
    if !is_open {
        buffer.zeroize();
    }
    is_open
}

/// Exactly `N` bytes.
fn exactly<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    (base64url::decode_slice(text, &mut bytes).ok()? == N).then_some(bytes)
}

/// The error of every decryption that fails, whatever the reason.
pub(crate) fn undecryptable() -> Error {
    Error::new(ErrorKind::TokenDecryption, "the token does not decrypt")
        .help("the token was altered, or encrypted with a key that this platform does not or no longer use")
}

/// What the header of an encrypted token says once everything untrustworthy or unsupported in it was refused.
pub(crate) struct Header<'a> {
    pub(crate) encryption: Encryption,
    pub(crate) key_id: Option<Cow<'a, str>>,
    pub(crate) token_type: Option<Cow<'a, str>>,
    /// Nonce and tag of the wrapped content key (RFC 7518 §4.7.1).
    iv: Option<Cow<'a, str>>,
    tag: Option<Cow<'a, str>>,
}

impl<'a> Header<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let (mut alg, mut enc) = (None, None);
        let (mut key_id, mut token_type, mut iv, mut tag) = (None, None, None, None);
        for (name, value) in json::object("header", bytes, MAX_TOKEN_HEADER_MEMBERS)?.into_members() {
            match name.as_ref() {
                "alg" => alg = Some(text("alg", value)?),
                "enc" => enc = Some(text("enc", value)?),
                "kid" => key_id = Some(text("kid", value)?),
                "typ" => token_type = Some(text("typ", value)?),
                "iv" => iv = Some(text("iv", value)?),
                "tag" => tag = Some(text("tag", value)?),
                "zip" => return Err(refused(&name, "compressed claims are not read")),
                "cty" => {
                    return Err(refused(
                        &name,
                        "the claims of an encrypted token lie in it directly",
                    ));
                }
                "jwk" | "jku" | "x5u" | "x5c" => {
                    return Err(refused(&name, "a token cannot bring its own key"));
                }
                "crit" => return Err(refused(&name, "no critical extension is understood")),
                "b64" => return Err(refused(&name, "claims are always base64url")),
                _ => {}
            }
        }
        let encryption = Encryption::from_names(
            alg.as_deref().unwrap_or_default(),
            enc.as_deref().unwrap_or_default(),
        )
        .ok_or_else(|| {
            let known: Vec<_> = Encryption::ALL.iter().map(ToString::to_string).collect();
            Error::new(
                ErrorKind::TokenAlgorithm,
                format!(
                    "the token is encrypted in a way that is not supported; expected one of {}",
                    known.join(", ")
                ),
            )
        })?;
        Ok(Self {
            encryption,
            key_id,
            token_type,
            iv,
            tag,
        })
    }
}

/// Encrypts claims to an access token, with `nonce` fresh from the system's randomness.
pub(crate) fn seal(key: &EncryptionKey, claims: Wiped, nonce: [u8; NONCE_LEN]) -> Result<String> {
    if !key.encryption().is_wrapped() {
        return seal_with(key.cipher(), key.header(), &[], claims, nonce);
    }
    let mut header = header_of(key.encryption(), key.key_id());
    let mut content_key = Zeroizing::new(vec![0; key.encryption().key_len()]);
    let mut key_nonce = [0; NONCE_LEN];
    let random = SystemRandom::new();
    random.fill(&mut content_key).map_err(|_| no_randomness())?;
    random.fill(&mut key_nonce).map_err(|_| no_randomness())?;
    let cipher = key.encryption().cipher(&content_key).ok_or_else(unsealed)?;
    let tag = key
        .cipher()
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(key_nonce),
            Aad::empty(),
            &mut content_key,
        )
        .map_err(|_| unsealed())?;
    for (name, value) in [
        ("iv", base64url::encode(key_nonce)),
        ("tag", base64url::encode(tag)),
    ] {
        if let Some(members) = header.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    }
    let header = base64url::encode(header.to_string());
    seal_with(&cipher, &header, &content_key, claims, nonce)
}

/// What the header of an access token says before its content key is wrapped.
pub(crate) fn header_of(encryption: Encryption, key_id: &str) -> serde_json::Value {
    let (alg, enc) = encryption.names();
    serde_json::json!({"alg": alg, "enc": enc, "typ": ACCESS_TOKEN_TYPE, "kid": key_id})
}

/// Encrypts under a header that is encoded already.
pub(crate) fn seal_with(
    cipher: &LessSafeKey,
    header: &str,
    encrypted_key: &[u8],
    mut claims: Wiped,
    nonce: [u8; NONCE_LEN],
) -> Result<String> {
    let aad = Aad::from(header.as_bytes());
    let tag = cipher
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut claims)
        .map_err(|_| unsealed())?;
    // Nobody reads out of them what they were.
    let ciphertext = claims.harmless();
    compact::join(header, &[encrypted_key, &nonce, &ciphertext, tag.as_ref()])
}

/// AES-GCM refuses only what is longer than any token.
fn unsealed() -> Error {
    Error::new(ErrorKind::Internal, "the token could not be encrypted")
}

#[cfg(test)]
#[path = "jwe_tests.rs"]
mod tests;
