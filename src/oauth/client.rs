//! How a client says who it is: the credentials of a request, read but not yet believed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::limits::{MAX_PLATFORM_ID_BYTES, MAX_SECRET_BYTES, MAX_TOKEN_BYTES};

use super::error::{OAuthError, OAuthResult};
use super::parameters::{Parameters, decode};

/// The `client_assertion_type` of RFC 7523 §2.2.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client presents to authenticate, by one of the methods of RFC 6749 §2.3.1 and RFC 7523 §2.2.
///
/// `Debug` shows the method alone; secrets are wiped from memory when dropped.
#[derive(Clone)]
pub struct ClientAuthentication(Presented);

#[derive(Clone)]
enum Presented {
    Secret {
        id: String,
        secret: Zeroizing<String>,
        in_header: bool,
    },
    Assertion {
        id: Option<String>,
        assertion: Zeroizing<String>,
    },
    /// A public client names itself and proves nothing.
    Public { id: String },
}

/// What to check, by the method that the client chose.
pub(crate) enum Proof<'a> {
    Secret(&'a str),
    Assertion(&'a str),
    None,
}

impl ClientAuthentication {
    /// `client_secret_basic`: the value of the header `Authorization: Basic …`. The scheme's letter case is free (RFC 9110
    /// §11.1); id and secret are form-encoded within it (RFC 6749 §2.3.1).
    ///
    /// # Errors
    ///
    /// `invalid_client` for anything else than that, and for overlong values.
    pub fn basic(header: &str) -> OAuthResult<Self> {
        let read = || {
            if header.len() > 8 + 4 * (MAX_PLATFORM_ID_BYTES + MAX_SECRET_BYTES) {
                return None;
            }
            let (scheme, encoded) = header.split_once(' ')?;
            if !scheme.eq_ignore_ascii_case("Basic") {
                return None;
            }
            let decoded = Zeroizing::new(STANDARD.decode(encoded).ok()?);
            let colon = decoded.iter().position(|byte| *byte == b':')?;
            let (id, secret) = decoded.split_at(colon);
            let (id, secret) = (decode(id)?, decode(secret.get(1..)?)?);
            Self::checked(&id, &secret, true)
        };
        read().ok_or_else(|| {
            OAuthError::new(
                super::OAuthErrorCode::InvalidClient,
                "the Authorization header is not Basic with form-encoded client id and secret",
            )
        })
    }

    /// `client_secret_post`: id and secret as parameters of the body.
    ///
    /// # Errors
    ///
    /// `invalid_client` for empty and overlong values.
    pub fn post(id: &str, secret: &str) -> OAuthResult<Self> {
        Self::checked(id, secret, false).ok_or_else(OAuthError::invalid_client)
    }

    /// `private_key_jwt`: a JWT that the client signed (RFC 7523 §2.2).
    ///
    /// # Errors
    ///
    /// `invalid_client` for one longer than [`MAX_TOKEN_BYTES`].
    pub fn private_key_jwt(assertion: &str) -> OAuthResult<Self> {
        if assertion.len() > MAX_TOKEN_BYTES {
            return Err(OAuthError::invalid_client());
        }
        Ok(Self(Presented::Assertion {
            id: None,
            assertion: Zeroizing::new(assertion.to_owned()),
        }))
    }

    /// A public client, which has no secret: an app on a phone, in a browser or on a command line.
    ///
    /// # Errors
    ///
    /// `invalid_client` for an empty or overlong id.
    pub fn public(id: &str) -> OAuthResult<Self> {
        if id.is_empty() || id.len() > MAX_PLATFORM_ID_BYTES {
            return Err(OAuthError::invalid_client());
        }
        Ok(Self(Presented::Public { id: id.to_owned() }))
    }

    /// Reads the credentials of a request to the token, revocation or introspection endpoint: its `Authorization` header,
    /// if it has one, and its body.
    ///
    /// # Errors
    ///
    /// `invalid_request` for more than one method at once (RFC 6749 §2.3) and for ids that contradict each other;
    /// `invalid_client` for no method at all, and those of the methods.
    pub fn from_request(authorization: Option<&str>, body: &Parameters) -> OAuthResult<Self> {
        let (id, secret) = (body.get("client_id"), body.get("client_secret"));
        let (assertion, kind) = (body.get("client_assertion"), body.get("client_assertion_type"));
        if usize::from(authorization.is_some())
            + usize::from(secret.is_some())
            + usize::from(assertion.is_some())
            > 1
        {
            return Err(OAuthError::invalid_request(
                "the client authenticates in more than one way",
            ));
        }
        match (authorization, secret, assertion, id) {
            (Some(header), ..) => {
                let client = Self::basic(header)?;
                match id {
                    Some(id) if client.id() != Some(id) => Err(OAuthError::invalid_request(
                        "client_id and the Authorization header name different clients",
                    )),
                    _ => Ok(client),
                }
            }
            (_, Some(secret), _, Some(id)) => Self::post(id, secret),
            (_, Some(_), _, None) => Err(OAuthError::invalid_request("client_id is missing")),
            (_, _, Some(assertion), id) => {
                if kind != Some(JWT_BEARER) {
                    return Err(OAuthError::invalid_request(
                        "client_assertion_type must be that of a JWT bearer assertion",
                    ));
                }
                let Self(presented) = Self::private_key_jwt(assertion)?;
                match presented {
                    Presented::Assertion { assertion, .. } => Ok(Self(Presented::Assertion {
                        id: id.map(str::to_owned),
                        assertion,
                    })),
                    other => Ok(Self(other)),
                }
            }
            (_, _, None, Some(id)) => Self::public(id),
            (_, _, None, None) => Err(OAuthError::invalid_client()),
        }
    }

    fn checked(id: &str, secret: &str, in_header: bool) -> Option<Self> {
        let fits = |text: &str, longest: usize| {
            !text.is_empty() && text.len() <= longest && !text.chars().any(char::is_control)
        };
        (fits(id, MAX_PLATFORM_ID_BYTES) && fits(secret, MAX_SECRET_BYTES)).then(|| {
            Self(Presented::Secret {
                id: id.to_owned(),
                secret: Zeroizing::new(secret.to_owned()),
                in_header,
            })
        })
    }

    /// The id that the client claims to have; a signed assertion may leave it to its own claims.
    pub(crate) fn id(&self) -> Option<&str> {
        match &self.0 {
            Presented::Secret { id, .. } | Presented::Public { id } => Some(id),
            Presented::Assertion { id, .. } => id.as_deref(),
        }
    }

    pub(crate) fn proof(&self) -> Proof<'_> {
        match &self.0 {
            Presented::Secret { secret, .. } => Proof::Secret(secret),
            Presented::Assertion { assertion, .. } => Proof::Assertion(assertion),
            Presented::Public { .. } => Proof::None,
        }
    }

    /// Whether it shows a credential; a public client only names itself.
    pub(crate) fn proves_something(&self) -> bool {
        !matches!(self.proof(), Proof::None)
    }

    /// The method's name in the registry of RFC 7591 §2.
    pub(crate) fn method(&self) -> &'static str {
        match &self.0 {
            Presented::Secret { in_header: true, .. } => "client_secret_basic",
            Presented::Secret { in_header: false, .. } => "client_secret_post",
            Presented::Assertion { .. } => "private_key_jwt",
            Presented::Public { .. } => "none",
        }
    }
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuthentication")
            .field("method", &self.method())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
