//! What clients ask of the token, revocation and introspection endpoints.

use std::fmt;

use zeroize::Zeroizing;

use crate::platform::{GrantType, Scopes};

use super::client::ClientAuthentication;
use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::parameters::Parameters;

/// The token types of RFC 8693 §3 that are exchanged here.
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// A request of a client for a token for itself (RFC 6749 §4.4).
///
/// ```
/// use bailiwick::oauth::ClientCredentials;
///
/// let request = ClientCredentials::basic("Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW")?.scope("rfis:read");
/// assert_eq!(format!("{request:?}").contains("gX1fBat3bV"), false);
/// # Ok::<(), bailiwick::oauth::OAuthError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    pub(crate) client: ClientAuthentication,
    pub(crate) scope: Option<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) tenant: Option<String>,
}

impl ClientCredentials {
    /// With any method of authentication.
    #[must_use]
    pub fn new(client: ClientAuthentication) -> Self {
        Self {
            client,
            scope: None,
            audiences: vec![],
            tenant: None,
        }
    }

    /// With the header `Authorization: Basic …`.
    ///
    /// # Errors
    ///
    /// Those of [`ClientAuthentication::basic`].
    pub fn basic(header: &str) -> OAuthResult<Self> {
        ClientAuthentication::basic(header).map(Self::new)
    }

    /// With an id and a secret.
    ///
    /// # Errors
    ///
    /// Those of [`ClientAuthentication::post`].
    pub fn secret(id: &str, secret: &str) -> OAuthResult<Self> {
        ClientAuthentication::post(id, secret).map(Self::new)
    }

    /// The scopes that are asked for, separated by spaces.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Adds an audience that the token is to be for; without any it is for all of the server's.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The tenant, for an app that authenticates as itself: it acts through its own service account there. A service
    /// account has but one tenant and leaves it out.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }
}

/// An authorization code to be redeemed (RFC 6749 §4.1.3, RFC 7636 §4.5).
#[derive(Clone)]
pub struct CodeRedemption {
    pub(crate) client: ClientAuthentication,
    pub(crate) code: Zeroizing<String>,
    pub(crate) redirect_uri: String,
    pub(crate) code_verifier: Zeroizing<String>,
}

impl CodeRedemption {
    /// A code, the redirect URI of the request that it answers, and the verifier behind that request's challenge.
    #[must_use]
    pub fn new(client: ClientAuthentication, code: &str, redirect_uri: &str, code_verifier: &str) -> Self {
        Self {
            client,
            code: Zeroizing::new(code.to_owned()),
            redirect_uri: redirect_uri.to_owned(),
            code_verifier: Zeroizing::new(code_verifier.to_owned()),
        }
    }
}

impl fmt::Debug for CodeRedemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeRedemption")
            .field("client", &self.client)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// A refresh token to be replaced (RFC 6749 §6).
#[derive(Clone)]
pub struct Refresh {
    pub(crate) client: ClientAuthentication,
    pub(crate) refresh_token: Zeroizing<String>,
    pub(crate) scope: Option<String>,
    pub(crate) audiences: Vec<String>,
}

impl Refresh {
    /// A refresh token of this client.
    #[must_use]
    pub fn new(client: ClientAuthentication, refresh_token: &str) -> Self {
        Self {
            client,
            refresh_token: Zeroizing::new(refresh_token.to_owned()),
            scope: None,
            audiences: vec![],
        }
    }

    /// Fewer scopes than the refresh token has, for this access token alone.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresh")
            .field("client", &self.client)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// An access token to be exchanged for one that may do less (RFC 8693).
#[derive(Clone)]
pub struct Exchange {
    pub(crate) client: ClientAuthentication,
    pub(crate) subject_token: Zeroizing<String>,
    pub(crate) scope: Option<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) projects: Vec<String>,
}

impl Exchange {
    /// Exchanges an access token that this server issued.
    #[must_use]
    pub fn new(client: ClientAuthentication, subject_token: &str) -> Self {
        Self {
            client,
            subject_token: Zeroizing::new(subject_token.to_owned()),
            scope: None,
            audiences: vec![],
            projects: vec![],
        }
    }

    /// The scopes of the new token, separated by spaces; those of the old one unless told.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Adds an audience of the new token; those of the old one unless told.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Adds a project in which the new token is good; those of the old one unless told. In a form it is the parameter
    /// `projects` of this library, ids separated by spaces.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.projects.push(project.into());
        self
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("client", &self.client)
            .field("scope", &self.scope)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

/// A request to the token endpoint, told apart by its `grant_type`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TokenRequest {
    /// For the client itself.
    ClientCredentials(ClientCredentials),
    /// For a user who consented.
    AuthorizationCode(CodeRedemption),
    /// Once more.
    RefreshToken(Refresh),
    /// Less of it.
    TokenExchange(Exchange),
}

impl TokenRequest {
    /// Reads a request: the `Authorization` header, if there is one, and the body.
    ///
    /// # Errors
    ///
    /// `invalid_request` for what is missing, repeated or malformed; `unsupported_grant_type` for flows that are not
    /// carried out here, such as `password`; those of [`ClientAuthentication::from_request`].
    pub fn from_form(authorization: Option<&str>, body: impl AsRef<[u8]>) -> OAuthResult<Self> {
        Self::from_parameters(authorization, &Parameters::parse(body)?)
    }

    /// Reads a request whose body the host has parsed.
    ///
    /// # Errors
    ///
    /// As [`TokenRequest::from_form`].
    pub fn from_parameters(authorization: Option<&str>, body: &Parameters) -> OAuthResult<Self> {
        let grant_type = body.require("grant_type")?;
        let known = [
            GrantType::ClientCredentials,
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::TokenExchange,
        ];
        let Some(grant_type) = known.into_iter().find(|known| known.name() == grant_type) else {
            return Err(OAuthError::new(
                OAuthErrorCode::UnsupportedGrantType,
                "this server carries out client_credentials, authorization_code, refresh_token and token exchange",
            ));
        };
        let client = ClientAuthentication::from_request(authorization, body)?;
        let scope = body.get("scope").map(str::to_owned);
        let audiences = audiences(body);
        match grant_type {
            GrantType::AuthorizationCode => Ok(Self::AuthorizationCode(CodeRedemption::new(
                client,
                body.require("code")?,
                body.require("redirect_uri")?,
                body.require("code_verifier")?,
            ))),
            GrantType::RefreshToken => Ok(Self::RefreshToken(Refresh {
                scope,
                audiences,
                ..Refresh::new(client, body.require("refresh_token")?)
            })),
            GrantType::TokenExchange => {
                check_exchange(body)?;
                Ok(Self::TokenExchange(Exchange {
                    scope,
                    audiences,
                    projects: projects(body),
                    ..Exchange::new(client, body.require("subject_token")?)
                }))
            }
            _ => Ok(Self::ClientCredentials(ClientCredentials {
                client,
                scope,
                audiences,
                tenant: body.get("tenant").map(str::to_owned),
            })),
        }
    }
}

/// Whom the token is to be for: `audience` (RFC 8693 §2.1) and `resource` (RFC 8707 §2) mean the same here.
fn audiences(body: &Parameters) -> Vec<String> {
    body.all("audience")
        .chain(body.all("resource"))
        .map(str::to_owned)
        .collect()
}

/// Where the token is to be good.
fn projects(body: &Parameters) -> Vec<String> {
    let listed = body.get("projects").unwrap_or_default().split(' ');
    listed.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

fn check_exchange(body: &Parameters) -> OAuthResult<()> {
    if !matches!(body.require("subject_token_type")?, ACCESS_TOKEN | JWT) {
        return Err(OAuthError::invalid_request(
            "subject_token_type must be that of an access token or a JWT",
        ));
    }
    if !matches!(body.get("requested_token_type"), None | Some(ACCESS_TOKEN | JWT)) {
        return Err(OAuthError::invalid_request(
            "requested_token_type must be that of an access token or a JWT",
        ));
    }
    // The actor is the client, which has authenticated; another one's token would add nothing but confusion.
    if body.get("actor_token").is_some() || body.get("actor_token_type").is_some() {
        return Err(OAuthError::invalid_request(
            "actor_token is not accepted: the actor is the client that authenticates",
        ));
    }
    Ok(())
}

/// A token to be revoked (RFC 7009) or inspected (RFC 7662), and who asks.
#[derive(Clone)]
pub struct TokenQuery {
    pub(crate) client: ClientAuthentication,
    pub(crate) token: Zeroizing<String>,
}

impl TokenQuery {
    /// A token, of whatever kind, and the client that asks.
    #[must_use]
    pub fn new(client: ClientAuthentication, token: &str) -> Self {
        Self {
            client,
            token: Zeroizing::new(token.to_owned()),
        }
    }

    /// Reads a request to the revocation or the introspection endpoint. `token_type_hint` needs no reading: a token says
    /// itself of which kind it is.
    ///
    /// # Errors
    ///
    /// `invalid_request` without `token`, and those of [`ClientAuthentication::from_request`].
    pub fn from_form(authorization: Option<&str>, body: impl AsRef<[u8]>) -> OAuthResult<Self> {
        Self::from_parameters(authorization, &Parameters::parse(body)?)
    }

    /// Reads a request whose body the host has parsed.
    ///
    /// # Errors
    ///
    /// As [`TokenQuery::from_form`].
    pub fn from_parameters(authorization: Option<&str>, body: &Parameters) -> OAuthResult<Self> {
        let client = ClientAuthentication::from_request(authorization, body)?;
        Ok(Self::new(client, body.require("token")?))
    }
}

impl fmt::Debug for TokenQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenQuery")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Reads a list of scopes (RFC 6749 §3.3): tokens of printable ASCII with single spaces between them, nothing else.
pub(crate) fn scopes(scope: &str) -> OAuthResult<Scopes> {
    let malformed = scope.split(' ').any(str::is_empty);
    match scope.parse::<Scopes>() {
        Ok(scopes) if !malformed => Ok(scopes),
        _ => Err(OAuthError::invalid_scope(
            "scope is not a list of scope tokens with single spaces between them",
        )),
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
