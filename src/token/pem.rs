//! Public keys in PEM: `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 7468 §13) and `RSA PUBLIC KEY` (PKCS#1, RFC 8017 §A.1.1).
//!
//! A certificate is not taken for its key: it says who may use the key for what and until when, and nobody would check
//! that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::RsaPublicKeyComponents;

use super::algorithm::Algorithm;
use super::jwk::is_rsa;
use super::key::Material;
use super::strength;

/// Reads the one key of a PEM text for that algorithm; the error follows "the PEM text".
pub(crate) fn read(algorithm: Algorithm, text: &str) -> Result<Material, String> {
    if algorithm.is_symmetric() {
        return Err(format!(
            "cannot hold a key for {algorithm}, which needs a shared secret"
        ));
    }
    let block = Block::find(text)?;
    let spki = match block.label {
        "PUBLIC KEY" => block.decode()?,
        "RSA PUBLIC KEY" if is_rsa(algorithm) => return rsa(&block.decode()?),
        "RSA PUBLIC KEY" => return Err(format!("holds an RSA key, which {algorithm} cannot use")),
        label if label.ends_with("PRIVATE KEY") => {
            return Err(
                "holds a private key, which must not be here; `openssl pkey -pubout` writes its public part"
                    .to_owned(),
            );
        }
        "CERTIFICATE" => {
            return Err(
                "holds a certificate; `openssl x509 -pubkey -noout` writes its public key".to_owned(),
            );
        }
        _ => return Err("holds neither `PUBLIC KEY` nor `RSA PUBLIC KEY`".to_owned()),
    };
    let unfit = || format!("holds no key of the type or curve that {algorithm} needs");
    match algorithm {
        Algorithm::EdDsa => {
            let key = after(&spki, &ED25519).ok_or_else(unfit)?;
            Ok(Material::Ed25519(strength::ed25519(&key)?.into()))
        }
        Algorithm::Es256 => {
            let point = after(&spki, &P256).ok_or_else(unfit)?;
            strength::p256(&point)?;
            Ok(Material::P256(point))
        }
        Algorithm::Es384 => {
            let point = after(&spki, &P384).ok_or_else(unfit)?;
            strength::p384(&point)?;
            Ok(Material::P384(point))
        }
        _ => rsa(rsa_key(&spki).ok_or_else(unfit)?),
    }
}

/// Everything of a SubjectPublicKeyInfo before the key: its DER has one form for each curve (RFC 8410 §4).
const ED25519: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The same for an uncompressed point on a named curve (RFC 5480 §2).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const P384: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
    0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];

/// `rsaEncryption` with its NULL (RFC 3279 §2.3.1).
const RSA: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

fn after<const LENGTH: usize>(spki: &[u8], prefix: &[u8]) -> Option<[u8; LENGTH]> {
    spki.strip_prefix(prefix)?.try_into().ok()
}

/// The PKCS#1 key within a SubjectPublicKeyInfo.
fn rsa_key(spki: &[u8]) -> Option<&[u8]> {
    let (content, rest) = element(spki, SEQUENCE)?;
    let (bits, end) = element(content.strip_prefix(&RSA)?, BIT_STRING)?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    bits.strip_prefix(&[0])
}

fn rsa(pkcs1: &[u8]) -> Result<Material, String> {
    let numbers = || {
        let (content, rest) = element(pkcs1, SEQUENCE)?;
        let (n, after) = element(content, INTEGER)?;
        let (e, end) = element(after, INTEGER)?;
        if !rest.is_empty() || !end.is_empty() {
            return None;
        }
        Some((magnitude(n)?, magnitude(e)?))
    };
    let (n, e) = numbers().ok_or("holds an RSA key that is not well-formed")?;
    strength::rsa(n, e)?;
    let (n, e) = (n.into(), e.into());
    Ok(Material::Rsa(RsaPublicKeyComponents { n, e }))
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// The content of a DER element of that tag and what follows it; none for another tag, and for a length that is not in
/// its shortest form or beyond what is there.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der {
        [found, length @ 0..=0x7f, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, 0x81, length @ 0x80..=0xff, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, 0x82, high @ 1..=0xff, low, rest @ ..] if *found == tag => {
            (usize::from(*high) << 8 | usize::from(*low), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A positive integer without the zero that keeps its sign.
fn magnitude(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [0, magnitude @ ..] if magnitude.first().is_some_and(|first| *first >= 0x80) => Some(magnitude),
        [1..=0x7f, ..] => Some(integer),
        _ => None,
    }
}

/// One encapsulated text.
struct Block<'t> {
    label: &'t str,
    body: &'t str,
}

impl<'t> Block<'t> {
    /// The only block of the text; explanatory text around it is allowed (RFC 7468 §2).
    fn find(text: &'t str) -> Result<Self, String> {
        const BEGIN: &str = "-----BEGIN ";
        let none = "has no line `-----BEGIN PUBLIC KEY-----`";
        let (_, opened) = text.split_once(BEGIN).ok_or(none)?;
        let (label, content) = opened.split_once("-----").ok_or(none)?;
        let end = format!("-----END {label}-----");
        let (body, rest) = content
            .split_once(&end)
            .ok_or("has a beginning, but no end with the same label")?;
        if body.contains("-----") || rest.contains(BEGIN) {
            return Err("holds more than one key; give each of them a key set of its own".to_owned());
        }
        Ok(Self { label, body })
    }

    fn decode(&self) -> Result<Vec<u8>, String> {
        let joined: String = self.body.split_ascii_whitespace().collect();
        STANDARD
            .decode(joined)
            .map_err(|_| "is not base64 between its lines".to_owned())
    }
}

#[cfg(test)]
#[path = "pem_tests.rs"]
mod tests;
