//! One JSON Web Key (RFC 7517 §4): usable, of no use here, or unacceptable.

use ring::signature::RsaPublicKeyComponents;
use serde_json::{Map, Value};

use crate::limits::MAX_NAME_BYTES;

use super::algorithm::Algorithm;
use super::base64url;
use super::key::{Key, Material};
use super::strength;

/// What a key set does with one of its keys.
pub(crate) enum Jwk {
    Usable(Key),
    /// Not for verifying tokens here; why, in words that follow "the key".
    Skipped(String),
}

/// Reads a JWK; the error says what is wrong in words that follow "the key".
pub(crate) fn read(jwk: &Map<String, Value>) -> Result<Jwk, String> {
    let kty = text(jwk, "kty")?.ok_or("has no `kty`")?;
    if kty == "oct" {
        return Err("is a symmetric secret, which has no place in a set of public keys".to_owned());
    }
    if let Some(member) = PRIVATE_MEMBERS.iter().find(|member| jwk.contains_key(**member)) {
        return Err(format!("holds private key material (`{member}`)"));
    }
    let id = id(jwk)?;
    let named = text(jwk, "alg")?;
    if let Some(reason) = other_purpose(jwk)? {
        return Ok(Jwk::Skipped(reason));
    }
    let curve = text(jwk, "crv")?;
    let default = match (kty, curve) {
        ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
        ("EC", Some("P-256")) => Algorithm::Es256,
        // What RFC 7518 §3.1 recommends, and what every provider means that leaves `alg` out.
        ("RSA", _) => Algorithm::Rs256,
        ("OKP" | "EC", None) => return Err("has no `crv`".to_owned()),
        _ => {
            // A curve that contradicts the algorithm is no mere novelty.
            return match named.and_then(Algorithm::from_name) {
                Some(algorithm) => Err(contradiction(algorithm, kty)),
                None => Ok(Jwk::Skipped(
                    "is of a type or curve that is not supported".to_owned(),
                )),
            };
        }
    };
    let algorithm = match named {
        None => default,
        Some(name) => match Algorithm::from_name(name) {
            Some(algorithm) if fits(algorithm, default) => algorithm,
            Some(algorithm) => return Err(contradiction(algorithm, kty)),
            None => {
                return Ok(Jwk::Skipped(
                    "is for an algorithm that is not supported".to_owned(),
                ));
            }
        },
    };
    let material = match default {
        Algorithm::EdDsa => ed25519(jwk)?,
        Algorithm::Es256 => p256(jwk)?,
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => rsa(jwk)?,
    };
    Ok(Jwk::Usable(Key::new(algorithm, id, material)))
}

const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The key's `kid`, if it has one.
pub(crate) fn id(jwk: &Map<String, Value>) -> Result<Option<&str>, String> {
    match text(jwk, "kid")? {
        Some(id) if id.is_empty() || id.len() > MAX_NAME_BYTES => Err(format!(
            "has a `kid` that is empty or longer than {MAX_NAME_BYTES} bytes"
        )),
        id => Ok(id),
    }
}

fn fits(algorithm: Algorithm, default: Algorithm) -> bool {
    let is_rsa = |algorithm| matches!(algorithm, Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512);
    algorithm == default || is_rsa(algorithm) && is_rsa(default)
}

fn contradiction(algorithm: Algorithm, kty: &str) -> String {
    let kty = match kty {
        "RSA" | "EC" | "OKP" => kty,
        _ => "another",
    };
    format!("is for {algorithm}, which its type ({kty}) or curve does not fit")
}

/// Why `use` or `key_ops` keep the key from verifying signatures (RFC 7517 §4.2, §4.3).
fn other_purpose(jwk: &Map<String, Value>) -> Result<Option<String>, String> {
    if text(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Ok(Some("is not for signatures (`use`)".to_owned()));
    }
    match jwk.get("key_ops") {
        None => Ok(None),
        Some(Value::Array(operations)) if operations.iter().all(Value::is_string) => {
            let verifies = operations.iter().any(|operation| operation == "verify");
            Ok((!verifies).then(|| "is not for verifying (`key_ops`)".to_owned()))
        }
        Some(_) => Err("has a `key_ops` that is not an array of strings".to_owned()),
    }
}

fn ed25519(jwk: &Map<String, Value>) -> Result<Material, String> {
    let key = coordinate(jwk, "x")?;
    strength::ed25519(&key)?;
    Ok(Material::Ed25519(key))
}

fn p256(jwk: &Map<String, Value>) -> Result<Material, String> {
    let mut point = [4; 65];
    let (x, y) = point.split_at_mut(33);
    x.get_mut(1..)
        .unwrap_or_default()
        .copy_from_slice(&coordinate(jwk, "x")?);
    y.copy_from_slice(&coordinate(jwk, "y")?);
    strength::p256(&point)?;
    Ok(Material::P256(point))
}

fn rsa(jwk: &Map<String, Value>) -> Result<Material, String> {
    let (n, e) = (number(jwk, "n")?, number(jwk, "e")?);
    strength::rsa(&n, &e)?;
    Ok(Material::Rsa(RsaPublicKeyComponents { n, e }))
}

/// A member that holds exactly 32 bytes.
fn coordinate(jwk: &Map<String, Value>, name: &str) -> Result<[u8; 32], String> {
    bytes(jwk, name)?
        .try_into()
        .map_err(|bytes: Vec<u8>| format!("has a `{name}` of {} bytes; 32 are expected", bytes.len()))
}

/// A big-endian number. RFC 7518 §6.3.1 forbids the leading zeros that some libraries write; they mean nothing.
fn number(jwk: &Map<String, Value>, name: &str) -> Result<Box<[u8]>, String> {
    Ok(bytes(jwk, name)?
        .into_iter()
        .skip_while(|byte| *byte == 0)
        .collect())
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, String> {
    let text = text(jwk, name)?.ok_or_else(|| format!("has no `{name}`"))?;
    base64url::decode(text).map_err(|_| format!("has a `{name}` that is not base64url without padding"))
}

fn text<'j>(jwk: &'j Map<String, Value>, name: &str) -> Result<Option<&'j str>, String> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("has a `{name}` that is not a string")),
    }
}
