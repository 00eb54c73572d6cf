//! The protected header (RFC 7515 §4): which algorithm, which key, which type of token, and nothing that asks for trust.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_TOKEN_HEADER_MEMBERS;

use super::algorithm::{self, Algorithm};
use super::json::{self, Json};

/// What a header says once everything untrustworthy in it was refused.
///
/// `x5t` and `x5t#S256` are hints at a key that the issuer's set holds anyway; they and parameters this library does not
/// know are ignored, as RFC 7515 §4 demands.
pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<Cow<'a, str>>,
    pub(crate) token_type: Option<Cow<'a, str>>,
}

impl<'a> Header<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut algorithm = None;
        let mut key_id = None;
        let mut token_type = None;
        for (name, value) in json::object("header", bytes, MAX_TOKEN_HEADER_MEMBERS)?.into_members() {
            match name.as_ref() {
                "alg" => algorithm = Some(text("alg", value)?),
                "kid" => key_id = Some(text("kid", value)?),
                "typ" => token_type = Some(text("typ", value)?),
                "jwk" | "jku" | "x5u" | "x5c" => {
                    return Err(refused(&name, "a token cannot bring its own key"));
                }
                "crit" => return Err(refused(&name, "no critical extension is understood")),
                "b64" => return Err(refused(&name, "claims are always base64url")),
                _ => {}
            }
        }
        Ok(Self {
            algorithm: known(algorithm.as_deref())?,
            key_id,
            token_type,
        })
    }
}

pub(crate) fn text<'a>(name: &str, value: Json<'a>) -> Result<Cow<'a, str>> {
    match value {
        Json::Text(text) => Ok(text),
        other => Err(Error::new(
            ErrorKind::TokenMalformed,
            format!("the header's `{name}` is {}, not a string", other.type_name()),
        )),
    }
}

pub(crate) fn refused(name: &str, reason: &str) -> Error {
    Error::new(
        ErrorKind::TokenHeader,
        format!("the header has `{name}`, which is never accepted: {reason}"),
    )
}

fn known(name: Option<&str>) -> Result<Algorithm> {
    let Some(name) = name else {
        return Err(Error::new(
            ErrorKind::TokenAlgorithm,
            "the header names no algorithm (`alg`)",
        ));
    };
    Algorithm::from_name(name).ok_or_else(|| {
        Error::new(
            ErrorKind::TokenAlgorithm,
            format!(
                "the header's algorithm is {}; expected one of {}",
                algorithm::shown(name),
                list(Algorithm::ALL)
            ),
        )
    })
}

/// Names of algorithms as a message lists them.
pub(crate) fn list(algorithms: &[Algorithm]) -> String {
    let names: Vec<_> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
    names.join(", ")
}
