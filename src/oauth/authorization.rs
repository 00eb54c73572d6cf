//! The authorization endpoint: an app asks, the user consents or refuses, and the answer goes back through the browser
//! (RFC 6749 §4.1.1, §4.1.2).

use std::fmt;

use crate::platform::{App, AppId, GrantType, Scopes, State};

use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::parameters::Parameters;
use super::pkce::CodeChallenge;
use super::redirect;
use super::reply::Reply;
use super::request::scopes;
use super::server::Server;
use super::view::View;

/// An authorization request that is valid: what to ask the user.
///
/// The host shows it to the signed-in user with the app's name and scopes, and then says what they decided, within a
/// form of its own that is safe from forgery.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// The app that asks.
    pub app: AppId,
    /// What people call it.
    pub app_name: String,
    /// Where the answer goes, exactly as the request says it.
    pub redirect_uri: String,
    /// The scopes it asks for; none when it asks for all that was approved.
    pub scopes: Option<Scopes>,
    pub(super) challenge: CodeChallenge,
    recipient: Recipient,
}

/// An authorization request that is refused.
///
/// While it is uncertain where the answer belongs it is shown to the user and never sent anywhere (RFC 6749 §4.1.2.1).
#[derive(Clone)]
pub struct AuthorizationError {
    error: OAuthError,
    location: Option<String>,
}

impl AuthorizationError {
    /// Not to be sent anywhere.
    pub(crate) fn shown(error: OAuthError) -> Self {
        Self {
            error,
            location: None,
        }
    }

    /// What was wrong.
    #[must_use]
    pub fn error(&self) -> &OAuthError {
        &self.error
    }

    /// Where the browser is sent with the error; none when it is shown to the user instead.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

impl fmt::Debug for AuthorizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationError")
            .field("error", &self.error)
            .field("is_redirected", &self.location.is_some())
            .finish()
    }
}

impl fmt::Display for AuthorizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for AuthorizationError {}

impl From<AuthorizationError> for Reply {
    fn from(error: AuthorizationError) -> Self {
        match error.location {
            Some(location) => Self::redirect(location),
            // Whoever sent the browser here is not a client that could be challenged.
            None => Self::json(400, &error.error),
        }
    }
}

/// The answer to a consent: where the browser goes with the code.
#[derive(Clone)]
pub struct AuthorizationResponse {
    pub(super) location: String,
}

impl AuthorizationResponse {
    /// The redirect URI with `code`, `state` and `iss`. It holds the code: keep it out of logs.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationResponse").finish_non_exhaustive()
    }
}

impl From<AuthorizationResponse> for Reply {
    fn from(response: AuthorizationResponse) -> Self {
        Self::redirect(response.location)
    }
}

impl From<Result<AuthorizationResponse, AuthorizationError>> for Reply {
    fn from(result: Result<AuthorizationResponse, AuthorizationError>) -> Self {
        match result {
            Ok(response) => response.into(),
            Err(error) => error.into(),
        }
    }
}

impl AuthorizationRequest {
    /// Sends an error back to the app.
    pub(crate) fn refuse(&self, error: OAuthError) -> AuthorizationError {
        self.recipient.refuse(error)
    }

    /// Sends the code back to the app.
    pub(super) fn accept(&self, code: &str) -> AuthorizationResponse {
        AuthorizationResponse {
            location: self.recipient.answer([("code", code)]),
        }
    }
}

/// Where the answer goes, and what goes back with it whatever it is.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    redirect_uri: String,
    state: Option<String>,
    issuer: String,
}

impl Recipient {
    fn refuse(&self, error: OAuthError) -> AuthorizationError {
        let location = self.answer([
            ("error", error.code().as_str()),
            ("error_description", error.description()),
        ]);
        AuthorizationError {
            location: Some(location),
            error,
        }
    }

    /// `state` as it came, and `iss`, by which the app tells the servers apart that it talks to (RFC 9207 §2).
    fn answer<'p>(&'p self, parameters: impl IntoIterator<Item = (&'static str, &'p str)>) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let all = parameters
            .into_iter()
            .chain(state)
            .chain([("iss", self.issuer.as_str())]);
        redirect::with_parameters(&self.redirect_uri, all)
    }
}

impl Server {
    /// Checks an authorization request.
    pub(crate) fn authorization(
        &self,
        view: &View<'_>,
        query: &Parameters,
    ) -> Result<AuthorizationRequest, AuthorizationError> {
        let (app, redirect_uri) = recipient(view.state, query).map_err(AuthorizationError::shown)?;
        let recipient = Recipient {
            redirect_uri: redirect_uri.to_owned(),
            state: query.get("state").map(str::to_owned),
            issuer: self.settings.issuer.clone(),
        };
        // From here on it is certain where an error belongs.
        match asked(app, query) {
            Ok((scopes, challenge)) => Ok(AuthorizationRequest {
                app: app.id.clone(),
                app_name: app.name.clone(),
                redirect_uri: redirect_uri.to_owned(),
                scopes,
                challenge,
                recipient,
            }),
            Err(error) => Err(recipient.refuse(error)),
        }
    }
}

/// Who asks, and where the answer goes: only to a redirect URI that the app has registered.
fn recipient<'s, 'q>(state: &'s State, query: &'q Parameters) -> OAuthResult<(&'s App, &'q str)> {
    let app = state.app(query.require("client_id")?).filter(|app| !app.retired);
    let app = app.ok_or_else(|| OAuthError::invalid_request("there is no app with this client_id"))?;
    let presented = query.require("redirect_uri")?;
    let published = app.versions.iter().filter(|version| version.published.is_some());
    let mut registered = published.flat_map(|version| &version.manifest.redirect_uris);
    if registered.any(|registered| redirect::matches(registered, presented)) {
        return Ok((app, presented));
    }
    Err(OAuthError::invalid_request(
        "redirect_uri is not one that the app has registered",
    ))
}

fn asked(app: &App, query: &Parameters) -> OAuthResult<(Option<Scopes>, CodeChallenge)> {
    if query.get("response_type") != Some("code") {
        return Err(OAuthError::new(
            OAuthErrorCode::UnsupportedResponseType,
            "response_type must be code",
        ));
    }
    if !matches!(query.get("response_mode"), None | Some("query")) {
        return Err(OAuthError::invalid_request("response_mode must be query"));
    }
    if query.get("request").is_some() || query.get("request_uri").is_some() {
        return Err(OAuthError::invalid_request(
            "request objects are not read here: send the parameters as they are",
        ));
    }
    if app.blocked {
        return Err(OAuthError::new(
            OAuthErrorCode::UnauthorizedClient,
            "the platform has blocked the app",
        ));
    }
    let may = app.published().is_some_and(|version| {
        let grant_types = &version.manifest.grant_types;
        grant_types.contains(&GrantType::AuthorizationCode)
    });
    if !may {
        return Err(super::client_credentials::not_in_manifest(
            GrantType::AuthorizationCode,
        ));
    }
    let challenge = query.require("code_challenge")?;
    let challenge = CodeChallenge::new(challenge, query.get("code_challenge_method"))?;
    let scopes = query.get("scope").map(scopes).transpose()?;
    Ok((scopes, challenge))
}

#[cfg(test)]
#[path = "authorization_tests.rs"]
mod tests;
