//! The OAuth flows on an engine: planned on its snapshot, committed on its one commit path.

use std::sync::Arc;

use crate::audit::{self, Audit, Decided, Party};
use crate::error::{Error, ErrorKind};
use crate::oauth::{
    AuthorizationError, AuthorizationRequest, AuthorizationResponse, ClientAuthentication, ClientCredentials,
    CodeRedemption, Exchange, IntrospectionResponse, Issuance, OAuthError, OAuthErrorCode, OAuthResult,
    Parameters, Plan, Refresh, Reply, Revoked, Server, ServerMetadata, TokenQuery, TokenRequest,
    TokenResponse, View, jwks_reply,
};
use crate::token::Claims;
use crate::value::EntityUid;

use super::Engine;
use super::admin::Actor;
use super::decision::Reason;
use super::session::Session;
use super::snapshot::Snapshot;

impl Engine {
    /// Issues a token to a client for itself (RFC 6749 §4.4).
    ///
    /// # Errors
    ///
    /// `invalid_client` for an unknown client and for wrong credentials alike, `temporarily_unavailable` once too many
    /// attempts have failed in a client's name, `unauthorized_client` for one that is out of service, `invalid_scope`,
    /// `invalid_target`, and `server_error` for an engine that was built without
    /// [`oauth`](crate::EngineBuilder::oauth).
    pub fn client_credentials(&self, request: &ClientCredentials) -> OAuthResult<TokenResponse> {
        self.issue("oauth.client_credentials", &request.client, |server, view| {
            server.client_credentials(view, request)
        })
    }

    /// Redeems an authorization code (RFC 6749 §4.1.3), once under any concurrency. A code that is presented again ends
    /// what it yielded.
    ///
    /// # Errors
    ///
    /// `invalid_grant` for a code that is unknown, expired, used, another client's, or presented with another redirect
    /// URI or verifier than its own, and those of [`client_credentials`](Self::client_credentials).
    pub fn redeem_code(&self, request: &CodeRedemption) -> OAuthResult<TokenResponse> {
        self.issue("oauth.redeem_code", &request.client, |server, view| {
            server.redeem(view, request)
        })
    }

    /// Replaces a refresh token by its successor and issues an access token (RFC 6749 §6).
    ///
    /// # Errors
    ///
    /// `invalid_grant` for a refresh token that is unknown, expired, revoked, another client's, or was replaced longer
    /// ago than the grace, which ends its family; and those of [`client_credentials`](Self::client_credentials).
    pub fn refresh(&self, request: &Refresh) -> OAuthResult<TokenResponse> {
        self.issue("oauth.refresh", &request.client, |server, view| {
            server.refresh(view, request)
        })
    }

    /// Exchanges an access token for one that may do less (RFC 8693).
    ///
    /// # Errors
    ///
    /// `invalid_grant` for a subject token that an API of this platform would refuse, or of another tenant than the
    /// client; `invalid_scope` and `invalid_target` for more than it has; and those of
    /// [`client_credentials`](Self::client_credentials).
    pub fn exchange(&self, request: &Exchange) -> OAuthResult<TokenResponse> {
        self.issue("oauth.exchange", &request.client, |server, view| {
            server.exchange(view, request)
        })
    }

    /// Answers a request to the token endpoint, whichever its grant type is.
    ///
    /// # Errors
    ///
    /// Those of the flow.
    pub fn token(&self, request: &TokenRequest) -> OAuthResult<TokenResponse> {
        match request {
            TokenRequest::ClientCredentials(request) => self.client_credentials(request),
            TokenRequest::AuthorizationCode(request) => self.redeem_code(request),
            TokenRequest::RefreshToken(request) => self.refresh(request),
            TokenRequest::TokenExchange(request) => self.exchange(request),
        }
    }

    /// The token endpoint: `Authorization` header, if the request has one, and body in, HTTP response out.
    #[must_use]
    pub fn token_endpoint(&self, authorization: Option<&str>, body: impl AsRef<[u8]>) -> Reply {
        TokenRequest::from_form(authorization, body)
            .and_then(|request| self.token(&request))
            .into()
    }

    /// Revokes a token on behalf of the client it was issued to (RFC 7009). It counts from the very next decision.
    ///
    /// # Errors
    ///
    /// `unauthorized_client` for another client's token, and those of authentication. A token that is unknown, expired
    /// or revoked already is no error.
    pub fn revoke(&self, request: &TokenQuery) -> OAuthResult<Revoked> {
        self.carry_out("oauth.revoke", &request.client, |server, view| {
            server.revoke(view, request)
        })
    }

    /// The revocation endpoint: `Authorization` header, if the request has one, and body in, HTTP response out.
    #[must_use]
    pub fn revocation_endpoint(&self, authorization: Option<&str>, body: impl AsRef<[u8]>) -> Reply {
        TokenQuery::from_form(authorization, body)
            .and_then(|request| self.revoke(&request))
            .into()
    }

    /// Says whether a token is good at this moment, and what it says (RFC 7662). Clients learn of their own tokens, the
    /// operator's service accounts of all; anything else is inactive.
    ///
    /// # Errors
    ///
    /// Those of authentication.
    pub fn introspect(&self, request: &TokenQuery) -> OAuthResult<IntrospectionResponse> {
        self.carry_out("oauth.introspect", &request.client, |server, view| {
            server.introspect(view, request)
        })
    }

    /// What an access token says that this server issued; none for one that it did not, and for one that has expired.
    /// Whether it was revoked is not asked.
    ///
    /// # Errors
    ///
    /// As [`metadata`](Self::metadata).
    pub fn issued_claims(&self, token: &str) -> OAuthResult<Option<Claims>> {
        Ok(self.server()?.claims_of(token, self.inner.clock.now()))
    }

    /// The introspection endpoint: `Authorization` header, if the request has one, and body in, HTTP response out.
    #[must_use]
    pub fn introspection_endpoint(&self, authorization: Option<&str>, body: impl AsRef<[u8]>) -> Reply {
        TokenQuery::from_form(authorization, body)
            .and_then(|request| self.introspect(&request))
            .into()
    }

    /// Checks a request to the authorization endpoint (RFC 6749 §4.1.1). The host then asks the signed-in user, and says
    /// what they decided with [`consent`](Self::consent) or [`decline`](Self::decline).
    ///
    /// # Errors
    ///
    /// What is wrong, and whether it may be sent back to the app: never to an address that the app has not registered.
    pub fn authorize(&self, query: &Parameters) -> Result<AuthorizationRequest, AuthorizationError> {
        let server = self.server().map_err(AuthorizationError::shown)?;
        let snapshot = self.inner.snapshot.load();
        server.authorization(&self.view(&snapshot), query)
    }

    /// The user of a first-party session consents: the app gets a code. Where the app is not installed it is installed,
    /// if the tenant lets users install; otherwise an admin sees that the user asked, and nothing else happens.
    ///
    /// # Errors
    ///
    /// `access_denied` without an installation, and for anybody but an active member of the tenant; `invalid_scope` for
    /// more than was approved or the tenant's boundary covers, naming it.
    pub fn consent(
        &self,
        request: &AuthorizationRequest,
        session: &Session,
    ) -> Result<AuthorizationResponse, AuthorizationError> {
        let consented = self
            .server()
            .and_then(|server| self.act_as(session).consent_by_code(server, request));
        consented.map_err(|error| request.refuse(error))
    }

    /// The user declines: the app learns so.
    #[must_use]
    pub fn decline(&self, request: &AuthorizationRequest) -> AuthorizationError {
        request.refuse(OAuthError::new(OAuthErrorCode::AccessDenied, "the user declined"))
    }

    /// The server's metadata document (RFC 8414), for `/.well-known/oauth-authorization-server`.
    ///
    /// # Errors
    ///
    /// `server_error` for an engine that was built without [`oauth`](crate::EngineBuilder::oauth).
    pub fn metadata(&self) -> OAuthResult<ServerMetadata> {
        let snapshot = self.inner.snapshot.load();
        Ok(self.server()?.metadata(&self.view(&snapshot)))
    }

    /// The public keys as a key set (RFC 7517 §5), for APIs that verify tokens themselves.
    ///
    /// # Errors
    ///
    /// As [`metadata`](Self::metadata).
    pub fn jwks(&self) -> OAuthResult<String> {
        self.server().map(Server::jwks)
    }

    /// The endpoint that publishes the public keys.
    #[must_use]
    pub fn jwks_endpoint(&self) -> Reply {
        self.jwks().map(jwks_reply).into()
    }

    fn server(&self) -> OAuthResult<&Server> {
        self.inner.oauth.as_ref().ok_or_else(|| {
            let cause = Error::new(ErrorKind::Configuration, "the engine is no authorization server")
                .help("build it with `.oauth(Settings::new(\"https://…\").audience(\"…\"))`");
            OAuthError::server(cause)
        })
    }

    pub(super) fn view<'s>(&self, snapshot: &'s Snapshot) -> View<'s> {
        let administration = snapshot.administration.as_ref();
        View {
            state: &snapshot.platform,
            vocabularies: [
                Some(&snapshot.vocabulary),
                administration.map(|it| &*it.vocabulary),
            ],
            now: self.inner.clock.now(),
        }
    }

    fn issue(
        &self,
        action: &'static str,
        client: &ClientAuthentication,
        plan: impl Fn(&Server, &View<'_>) -> Plan<Issuance>,
    ) -> OAuthResult<TokenResponse> {
        let issuance = self.carry_out(action, client, plan)?;
        self.server()?.issue(&issuance, self.inner.clock.now())
    }

    /// Carries out a flow and leaves the record of it, refused or not.
    fn carry_out<T>(
        &self,
        action: &'static str,
        client: &ClientAuthentication,
        plan: impl Fn(&Server, &View<'_>) -> Plan<T>,
    ) -> OAuthResult<T> {
        let outcome = self.plan_and_commit(action, plan);
        if let Some(audit) = &self.inner.audit {
            let reason = match &outcome {
                Ok(_) => Reason::Permitted.name(),
                Err(error) => error.code().as_str(),
            };
            let is_authentic = !matches!(
                outcome.as_ref().map_err(OAuthError::code),
                Err(OAuthErrorCode::InvalidClient
                    | OAuthErrorCode::TemporarilyUnavailable
                    | OAuthErrorCode::ServerError)
            );
            let is_proven = is_authentic && client.proves_something();
            self.note(audit, action, client.id().unwrap_or_default(), reason, is_proven);
        }
        outcome
    }

    /// Carries out what needs no change without waiting for any writer; what does is planned again on the state that it
    /// changes, alone.
    fn plan_and_commit<T>(
        &self,
        action: &'static str,
        plan: impl Fn(&Server, &View<'_>) -> Plan<T>,
    ) -> OAuthResult<T> {
        let server = self.server()?;
        let first = plan(server, &self.view(&self.inner.snapshot.load()));
        if first.changes.is_empty() {
            return first.outcome;
        }
        let committed = self.inner.commit(Actor::Nobody(action), |snapshot| {
            let view = self.view(snapshot);
            Ok(server.settle(plan(server, &view), view.now))
        });
        committed.map_err(OAuthError::server)?
    }

    /// Records what a client asked for under the id that it claimed. What it is of is known only where it exists: a service
    /// account's tenant, an app's organisation.
    fn note(&self, audit: &Audit, action: &'static str, client: &str, reason: &'static str, is_proven: bool) {
        let snapshot = self.inner.snapshot.load();
        let state = &snapshot.platform;
        let shown = crate::value::shorten(client);
        let (party, tenant) = match (state.account(client), state.app(client)) {
            (Some(account), _) => (Party::ServiceAccount(shown.to_string()), account.tenant.as_str()),
            (None, Some(app)) => (Party::App(shown.to_string()), app.owner.as_str()),
            (None, None) => (Party::App(shown.to_string()), ""),
        };
        let uid = EntityUid::new(CLIENT_TYPE, shown.to_string());
        let decided = Decided {
            at: self.inner.clock.now(),
            revision: snapshot.revision,
            action,
            action_is_known: true,
            resource: uid.as_ref(),
            project: "",
            allowed: reason == Reason::Permitted.name(),
            reason,
            administration: false,
        };
        let actor = Arc::new(audit::Actor::new(uid.clone(), tenant, party));
        if is_proven {
            audit.noted(&actor, &decided);
        } else {
            audit.noted_of_stranger(&actor, &decided);
        }
    }
}

/// What a record calls the client of a flow, which nobody has authenticated where the flow is refused.
const CLIENT_TYPE: &str = "Bailiwick::Client";

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
