//! The error responses of OAuth 2.0: a registered code, a description without secrets, and how HTTP carries them.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::error::{Error, ErrorKind};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal;)*) => {
        /// An error code of the OAuth registry, as `error` in a response.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum OAuthErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl OAuthErrorCode {
            /// The code as a response spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The HTTP status that goes with the code.
            const fn status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                }
            }
        }
    };
}

codes! {
    /// A parameter is missing, repeated, malformed or contradicts another (RFC 6749 §5.2).
    InvalidRequest = "invalid_request", 400;
    /// The client is unknown, or did not prove who it is (RFC 6749 §5.2). One error for both.
    InvalidClient = "invalid_client", 401;
    /// The code, token or assertion is invalid, expired, revoked, or another client's (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant", 400;
    /// The client may not use this flow (RFC 6749 §5.2).
    UnauthorizedClient = "unauthorized_client", 400;
    /// The flow is not carried out here (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// A scope is malformed, unknown, or more than what may be had (RFC 6749 §5.2).
    InvalidScope = "invalid_scope", 400;
    /// The user or the server refused (RFC 6749 §4.1.2.1).
    AccessDenied = "access_denied", 403;
    /// Another response than a code was asked for (RFC 6749 §4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// The token is asked for somebody whom this server issues none for (RFC 8693 §2.2.2, RFC 8707 §2).
    InvalidTarget = "invalid_target", 400;
    /// The proof of possession is missing or wrong (RFC 9449 §5).
    InvalidDpopProof = "invalid_dpop_proof", 400;
    /// Too many failed attempts: try again later (RFC 6585 §4 for the status).
    TemporarilyUnavailable = "temporarily_unavailable", 429;
    /// The server failed; nothing was issued (RFC 6749 §4.1.2.1).
    ServerError = "server_error", 500;
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request to an OAuth endpoint was refused. Serialises as the JSON object of RFC 6749 §5.2.
///
/// The description never holds a secret, a code or a token, and tells an unauthenticated caller nothing about which
/// clients exist. What only the operator may know is in [`cause`](Self::cause), which no response shows.
///
/// ```
/// use bailiwick::oauth::ClientAuthentication;
///
/// let error = ClientAuthentication::basic("Basic !").unwrap_err();
/// assert_eq!(error.code().as_str(), "invalid_client");
/// assert_eq!(error.status(), 401);
/// let body = serde_json::to_value(&error)?;
/// assert_eq!(body["error"], "invalid_client");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct OAuthError {
    code: OAuthErrorCode,
    description: Cow<'static, str>,
    retry_after: Option<u32>,
    cause: Option<Error>,
}

/// Shorthand for what a flow returns.
pub type OAuthResult<T> = Result<T, OAuthError>;

impl OAuthError {
    /// An error with a description for the client's developer.
    pub(crate) fn new(code: OAuthErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            description: plain(description.into()),
            retry_after: None,
            cause: None,
        }
    }

    pub(crate) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(OAuthErrorCode::InvalidRequest, description)
    }

    /// The one answer to everything that is wrong with a client's authentication.
    pub(crate) fn invalid_client() -> Self {
        Self::new(
            OAuthErrorCode::InvalidClient,
            "the client is unknown or its authentication failed",
        )
    }

    pub(crate) fn invalid_grant(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(OAuthErrorCode::InvalidGrant, description)
    }

    pub(crate) fn invalid_scope(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(OAuthErrorCode::InvalidScope, description)
    }

    /// The library or its store failed: nothing was issued, and the caller learns no more than that.
    pub(crate) fn server(cause: Error) -> Self {
        Self::new(
            OAuthErrorCode::ServerError,
            "the server could not complete the request",
        )
        .because(cause)
    }

    /// Asks the caller to wait.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Keeps the reason for the operator.
    pub(crate) fn because(mut self, cause: Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The registered code.
    #[must_use]
    pub fn code(&self) -> OAuthErrorCode {
        self.code
    }

    /// What a developer of the client needs to know (`error_description`).
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The HTTP status to answer with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// For how many seconds the caller should wait before trying again.
    #[must_use]
    pub fn seconds_to_wait(&self) -> Option<u32> {
        self.retry_after
    }

    /// The reason within the library, for the operator's log; not for the response.
    #[must_use]
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_ref()
    }
}

/// RFC 6749 §5.2 allows printable ASCII without quotes and backslashes.
fn plain(description: Cow<'static, str>) -> Cow<'static, str> {
    let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    if description.chars().all(allowed) {
        return description;
    }
    let replaced = description.chars().map(|c| if allowed(c) { c } else { '?' });
    Cow::Owned(replaced.collect())
}

impl Serialize for OAuthError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("OAuthError", 2)?;
        body.serialize_field("error", self.code.as_str())?;
        body.serialize_field("error_description", &self.description)?;
        body.end()
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)
    }
}

impl fmt::Debug for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthError")
            .field("code", &self.code)
            .field("description", &self.description)
            .field("retry_after", &self.retry_after)
            .field("cause", &self.cause)
            .finish()
    }
}

impl std::error::Error for OAuthError {}

impl From<OAuthError> for Error {
    fn from(error: OAuthError) -> Self {
        let outer = Self::new(ErrorKind::OAuthRefused, error.to_string());
        match error.cause {
            Some(cause) => outer.with_related([cause]),
            None => outer,
        }
    }
}
