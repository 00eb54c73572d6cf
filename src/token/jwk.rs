//! One JSON Web Key (RFC 7517 §4): usable, of no use here, or unacceptable.

use ring::signature::RsaPublicKeyComponents;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::limits::MAX_NAME_BYTES;

use super::algorithm::Algorithm;
use super::base64url;
use super::encryption_key::Encryption;
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
        ("EC", Some("P-384")) => Algorithm::Es384,
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
        Algorithm::Es256 => {
            let point = point(jwk)?;
            strength::p256(&point)?;
            Material::P256(point)
        }
        Algorithm::Es384 => {
            let point = point(jwk)?;
            strength::p384(&point)?;
            Material::P384(point)
        }
        _ => rsa(jwk)?,
    };
    Ok(Jwk::Usable(Key::new(algorithm, id, material)))
}

/// Reads a JWK of a SPIFFE bundle (the SPIFFE Trust Domain and Bundle standard, §4.2): keys for JWT-SVIDs say so.
pub(crate) fn read_svid(jwk: &Map<String, Value>) -> Result<Jwk, String> {
    if text(jwk, "use")? != Some("jwt-svid") {
        return Ok(Jwk::Skipped("is not for JWT-SVIDs (`use`)".to_owned()));
    }
    id(jwk)?.ok_or("has no `kid`")?;
    let mut jwk = jwk.clone();
    jwk.remove("use");
    read(&jwk)
}

/// Reads a JWK of a set of shared secrets; the error says what is wrong in words that follow "the key".
pub(crate) fn read_secret(jwk: &Map<String, Value>) -> Result<Jwk, String> {
    if text(jwk, "kty")?.ok_or("has no `kty`")? != "oct" {
        return Err("is no symmetric secret; public keys have no place in a set of secrets".to_owned());
    }
    let id = id(jwk)?;
    let named = text(jwk, "alg")?.ok_or("has no `alg`, which a secret must have")?;
    let algorithm = match Algorithm::from_name(named) {
        Some(algorithm) if algorithm.is_symmetric() => algorithm,
        Some(algorithm) => return Err(contradiction(algorithm, "oct")),
        None => {
            return Ok(Jwk::Skipped(
                "is for an algorithm that is not supported".to_owned(),
            ));
        }
    };
    if let Some(reason) = other_purpose(jwk)? {
        return Ok(Jwk::Skipped(reason));
    }
    let secret = Zeroizing::new(bytes(jwk, "k")?);
    Ok(Jwk::Usable(Key::from_secret(algorithm, id, &secret)?))
}

/// Reads a JWK that encrypts: its way of encrypting, id and secret. The error says what is wrong in words that follow
/// "the key".
pub(crate) fn read_encryption(
    jwk: &Map<String, Value>,
) -> Result<(Encryption, &str, Zeroizing<Vec<u8>>), String> {
    if text(jwk, "kty")?.ok_or("has no `kty`")? != "oct" {
        return Err("is no symmetric key".to_owned());
    }
    let id = id(jwk)?.ok_or("has no `kid`")?;
    let alg = text(jwk, "alg")?.ok_or("has no `alg`")?;
    let enc = match (text(jwk, "enc")?, alg) {
        (Some(enc), _) => enc,
        (None, "A128GCMKW") => "A128GCM",
        (None, "A256GCMKW") => "A256GCM",
        (None, _) => return Err("has no `enc`".to_owned()),
    };
    let encryption =
        Encryption::from_names(alg, enc).ok_or("is for another way of encrypting (`alg`, `enc`)")?;
    if text(jwk, "use")?.is_some_and(|purpose| purpose != "enc") {
        return Err("is not for encryption (`use`)".to_owned());
    }
    Ok((encryption, id, Zeroizing::new(bytes(jwk, "k")?)))
}

const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The key's `kid`, if it has one.
pub(crate) fn id(jwk: &Map<String, Value>) -> Result<Option<&str>, String> {
    checked_id(text(jwk, "kid")?)
}

/// The same id, if it is neither empty nor overlong.
pub(crate) fn checked_id(id: Option<&str>) -> Result<Option<&str>, String> {
    match id {
        Some(id) if id.is_empty() || id.len() > MAX_NAME_BYTES => Err(format!(
            "has a `kid` that is empty or longer than {MAX_NAME_BYTES} bytes"
        )),
        id => Ok(id),
    }
}

fn fits(algorithm: Algorithm, default: Algorithm) -> bool {
    algorithm == default || default == Algorithm::Rs256 && is_rsa(algorithm)
}

pub(crate) fn is_rsa(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512
    )
}

fn contradiction(algorithm: Algorithm, kty: &str) -> String {
    let kty = match kty {
        "RSA" | "EC" | "OKP" | "oct" => kty,
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
    let key = coordinate::<32>(jwk, "x")?;
    Ok(Material::Ed25519(strength::ed25519(&key)?.into()))
}

/// The uncompressed form of a point: 4, x, y.
fn point<const LENGTH: usize>(jwk: &Map<String, Value>) -> Result<[u8; LENGTH], String> {
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = bytes(jwk, name)?;
        if coordinate.len() != LENGTH / 2 {
            return Err(unexpected_length(name, coordinate.len(), LENGTH / 2));
        }
        point.extend_from_slice(&coordinate);
    }
    point
        .try_into()
        .map_err(|point: Vec<u8>| unexpected_length("x", point.len(), LENGTH))
}

fn rsa(jwk: &Map<String, Value>) -> Result<Material, String> {
    let (n, e) = (number(jwk, "n")?, number(jwk, "e")?);
    strength::rsa(&n, &e)?;
    Ok(Material::Rsa(RsaPublicKeyComponents { n, e }))
}

/// A member that holds exactly so many bytes.
fn coordinate<const LENGTH: usize>(jwk: &Map<String, Value>, name: &str) -> Result<[u8; LENGTH], String> {
    bytes(jwk, name)?
        .try_into()
        .map_err(|bytes: Vec<u8>| unexpected_length(name, bytes.len(), LENGTH))
}

fn unexpected_length(name: &str, found: usize, expected: usize) -> String {
    format!("has a `{name}` of {found} bytes; {expected} are expected")
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
