//! What a flow gives back when it succeeds.

use std::fmt;

use serde::Serialize;
use zeroize::Zeroizing;

use super::reply::Reply;

/// A token that was issued: the response of RFC 6749 §5.1, for an exchange that of RFC 8693 §2.2.1.
///
/// Serialises as the response's JSON. `Debug` shows no token; tokens are wiped from memory when dropped.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    #[serde(serialize_with = "plain")]
    pub(crate) access_token: Zeroizing<String>,
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional")]
    pub(crate) refresh_token: Option<Zeroizing<String>>,
    pub(crate) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_token_type: Option<&'static str>,
}

fn plain<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn optional<S: serde::Serializer>(
    text: &Option<Zeroizing<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => serializer.serialize_str(text),
        None => serializer.serialize_none(),
    }
}

impl TokenResponse {
    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// How it is presented: `Bearer`.
    #[must_use]
    pub fn token_type(&self) -> &str {
        self.token_type
    }

    /// For how many seconds it is good.
    #[must_use]
    pub fn expires_in(&self) -> i64 {
        self.expires_in
    }

    /// The refresh token; none for a client that acts for itself, and for an exchange.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(|token| token.as_str())
    }

    /// The scopes, separated by spaces.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }
}

impl From<TokenResponse> for Reply {
    fn from(response: TokenResponse) -> Self {
        Self::json(200, &response)
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .field("has_refresh_token", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}

/// What an inspected token says (RFC 7662 §2.2). Serialises as the response's JSON.
///
/// A token that is expired, revoked, malformed, or none of the caller's business is inactive, and nothing more is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IntrospectionResponse {
    /// Whether the token is good at this moment.
    pub active: bool,
    /// Its scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The client it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How it is presented; none for a refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// When it expires, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was issued, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// On whose behalf it acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Vec<String>>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The tenant in which it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

impl IntrospectionResponse {
    /// All that is said of a token that is not good, or is none of the caller's business.
    pub(crate) fn inactive() -> Self {
        Self::default()
    }
}

impl From<IntrospectionResponse> for Reply {
    fn from(response: IntrospectionResponse) -> Self {
        Self::json(200, &response)
    }
}

/// A revocation was carried out, or there was nothing to revoke (RFC 7009 §2.2): both look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked(pub(crate) ());

impl From<Revoked> for Reply {
    fn from(_: Revoked) -> Self {
        Self::empty()
    }
}
