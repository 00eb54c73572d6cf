//! What a token is bound to (`cnf`; RFC 7800 §3.1, RFC 8705 §3.1, RFC 9449 §6.1).

use crate::error::{Error, ErrorKind, Result};

use super::base64url;
use super::json::{Json, Members};

/// SHA-256 thumbprints of what the bearer must prove to hold. At least one is there; every one must be proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Confirmation {
    /// `jkt`: the key of the DPoP proof (RFC 7638).
    pub(crate) key: Option<[u8; 32]>,
    /// `x5t#S256`: the client's certificate.
    pub(crate) certificate: Option<[u8; 32]>,
}

impl Confirmation {
    /// The confirmation of a token; none if it has no `cnf`. One that is not understood refuses the token: what nobody
    /// can check is not proven.
    pub(crate) fn of(claims: &Members<'_>) -> Result<Option<Self>> {
        let members = match claims.get("cnf") {
            None => return Ok(None),
            Some(Json::Object(members)) => members,
            Some(other) => {
                return Err(unproven(format!(
                    "the claim `cnf` is {}; expected an object",
                    other.type_name()
                )));
            }
        };
        let (mut key, mut certificate) = (None, None);
        for (name, value) in members.iter() {
            match name {
                "jkt" => key = Some(thumbprint(name, value)?),
                "x5t#S256" => certificate = Some(thumbprint(name, value)?),
                _ => {
                    return Err(unproven(
                        "the token is bound (`cnf`) in another way than `jkt` or `x5t#S256`".to_owned(),
                    ));
                }
            }
        }
        if key.is_none() && certificate.is_none() {
            return Err(unproven("the claim `cnf` is empty".to_owned()));
        }
        Ok(Some(Self { key, certificate }))
    }
}

fn thumbprint(name: &str, value: &Json<'_>) -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    match value {
        Json::Text(text) if base64url::decode_slice(text, &mut bytes) == Ok(32) => Ok(bytes),
        _ => Err(unproven(format!(
            "the token is bound (`cnf`) to a `{name}` that is no SHA-256 in base64url"
        ))),
    }
}

pub(crate) fn unproven(message: String) -> Error {
    Error::new(ErrorKind::TokenBinding, message)
}
