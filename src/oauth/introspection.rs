//! Introspection: whether a token is good at this moment, and what it says (RFC 7662).

use crate::platform::{FamilyId, TokenFamily};

use super::authentication::{Authenticated, Client};
use super::error::{OAuthError, OAuthResult};
use super::refresh_token;
use super::request::TokenQuery;
use super::response::IntrospectionResponse;
use super::server::{Plan, Server};
use super::view::View;

impl Server {
    /// Plans an introspection. Callers authenticate; they learn of the tokens that were issued to them, and the
    /// operator's own service accounts, which serve the APIs, of all. Anything else is inactive.
    pub(crate) fn introspect(&self, view: &View<'_>, request: &TokenQuery) -> Plan<IntrospectionResponse> {
        let mut authenticated = match self.authenticate(view, &request.client) {
            Ok(authenticated) => authenticated,
            Err(error) => return Plan::refused(vec![], error),
        };
        Plan::after(std::mem::take(&mut authenticated.changes), |changes| {
            if !authenticated.is_confidential {
                return Err(OAuthError::invalid_client());
            }
            let described = self.describe(view, &authenticated, &request.token)?;
            let response = described.unwrap_or_else(IntrospectionResponse::inactive);
            Ok((changes, response))
        })
    }

    /// None for a token that is not good, or is none of the caller's business.
    fn describe(
        &self,
        view: &View<'_>,
        caller: &Authenticated<'_>,
        token: &str,
    ) -> OAuthResult<Option<IntrospectionResponse>> {
        if token.starts_with(refresh_token::PREFIX) {
            return Ok(self.describe_refresh_token(view, caller, token));
        }
        let Some(token) = self.read_token(token, view.now) else {
            return Ok(None);
        };
        if !may_see(view, caller, token.client_id()) || token.standing(view.state).is_err() {
            return Ok(None);
        }
        let claims = &token.claims;
        Ok(Some(IntrospectionResponse {
            active: true,
            scope: Some(claims.scopes().join(" ")),
            client_id: claims.client_id().map(str::to_owned),
            token_type: Some("Bearer"),
            exp: Some(claims.expires()),
            iat: claims.issued_at(),
            sub: Some(claims.subject().to_owned()),
            aud: Some(token.audiences.clone()),
            iss: Some(claims.issuer().to_owned()),
            jti: claims.token_id().map(str::to_owned),
            tenant: claims.tenant().map(str::to_owned),
        }))
    }

    fn describe_refresh_token(
        &self,
        view: &View<'_>,
        caller: &Authenticated<'_>,
        token: &str,
    ) -> Option<IntrospectionResponse> {
        let (_, generation) = self.refresh_key.read(token)?;
        let (family, app) = self.family_of(view, token)?;
        let grant = view.state.grant(family.grant.as_str())?;
        let installation = view.state.installation(grant.installation.as_str())?;
        let is_good = family.ended.is_none() && view.now < family.expires && generation == family.generation;
        if !is_good || !may_see(view, caller, app) {
            return None;
        }
        self.user_standing(view, grant, installation, Some(&family.id))
            .ok()?;
        Some(IntrospectionResponse {
            active: true,
            scope: Some(family.scopes.to_string()),
            client_id: Some(app.to_owned()),
            exp: Some(family.expires),
            sub: Some(grant.user.to_string()),
            iss: Some(self.settings.issuer.clone()),
            tenant: Some(grant.tenant.to_string()),
            ..IntrospectionResponse::default()
        })
    }

    /// The family that a refresh token belongs to, and the app that it was issued to.
    pub(super) fn family_of<'s>(&self, view: &View<'s>, token: &str) -> Option<(&'s TokenFamily, &'s str)> {
        let (family, _): (FamilyId, u32) = self.refresh_key.read(token)?;
        let family = view.state.family(family.as_str())?;
        let grant = view.state.grant(family.grant.as_str())?;
        let installation = view.state.installation(grant.installation.as_str())?;
        Some((family, installation.app.as_str()))
    }
}

fn may_see(view: &View<'_>, caller: &Authenticated<'_>, owner: &str) -> bool {
    let is_operators = match caller.client {
        Client::Account(account) => {
            view.state.operator() == Some(&account.tenant)
                && !account.disabled
                && account.installation.is_none()
        }
        Client::App(_) => false,
    };
    is_operators || caller.client.id() == owner
}

#[cfg(test)]
#[path = "introspection_tests.rs"]
mod tests;
