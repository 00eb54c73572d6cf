//! Revocation: a client gives back a token that was issued to it (RFC 7009).

use crate::platform::{Change, EndReason, RevocationChange, TenantId, TokenId};

use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::refresh::ended;
use super::refresh_token;
use super::request::TokenQuery;
use super::response::Revoked;
use super::server::{Plan, Server};
use super::view::View;

impl Server {
    /// Plans a revocation. A refresh token takes its whole family along, an access token itself alone. What is no token,
    /// has expired or was revoked before needs nothing done, and looks the same (RFC 7009 §2.2).
    pub(crate) fn revoke(&self, view: &View<'_>, request: &TokenQuery) -> Plan<Revoked> {
        match self.authenticate(view, &request.client) {
            Ok(authenticated) => {
                let client = authenticated.client.id();
                Plan::after(authenticated.changes, |changes| {
                    self.plan_revocation(view, request, client, changes)
                })
            }
            Err(error) => Plan::refused(vec![], error),
        }
    }

    fn plan_revocation(
        &self,
        view: &View<'_>,
        request: &TokenQuery,
        client: &str,
        mut changes: Vec<Change>,
    ) -> OAuthResult<(Vec<Change>, Revoked)> {
        let owner_is = |owner: &str| {
            if owner == client {
                return Ok(());
            }
            Err(OAuthError::new(
                OAuthErrorCode::UnauthorizedClient,
                "the token was issued to another client",
            ))
        };
        if request.token.starts_with(refresh_token::PREFIX) {
            if let Some((family, app)) = self.family_of(view, &request.token) {
                owner_is(app)?;
                if family.ended.is_none() {
                    changes.push(ended(&family.id, EndReason::Revoked, view.now));
                }
            }
        } else if let Some(token) = self.read_token(&request.token, view.now) {
            let installed_app = token.claims.lineage().installation.as_deref();
            let installed_app = installed_app.and_then(|id| view.state.installation(id));
            // An app may give back what its own service account got.
            if installed_app.is_none_or(|installation| installation.app.as_str() != client) {
                owner_is(token.client_id())?;
            }
            if let Some(id) = token.claims.token_id()
                && !view.state.is_token_revoked(id)
            {
                let revoked = RevocationChange::TokenRevoked {
                    token: TokenId::from(id),
                    expires: token.claims.valid_until(),
                    tenant: token.claims.tenant().map(TenantId::from),
                };
                changes.push(revoked.into());
            }
        }
        Ok((changes, Revoked(())))
    }
}

#[cfg(test)]
#[path = "revocation_tests.rs"]
mod tests;
