//! Token exchange: an access token for one that may do less (RFC 8693).

use serde_json::{Value, json};

use crate::platform::{GrantType, Scopes, Standing, TenantId};
use crate::token::lineage::MAX_LISTED;

use super::authentication::{Authenticated, Client};
use super::client_credentials::{not_in_manifest, refused};
use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::issue::Issuance;
use super::issued_token::IssuedToken;
use super::redemption::grant_types;
use super::request::{ACCESS_TOKEN, Exchange, scopes};
use super::server::{Plan, Server};
use super::view::View;

/// Most actors behind one another in one token.
const MAX_ACTORS: usize = 4;

impl Server {
    /// Plans an exchange. The new token acts for the same principal in the same tenant; scopes, projects, audience and expiry
    /// are within those of the old one, which is verified and looked up as if it had been presented to an API.
    pub(crate) fn exchange(&self, view: &View<'_>, request: &Exchange) -> Plan<Issuance> {
        match self.authenticate(view, &request.client) {
            Ok(mut authenticated) => {
                let used_up = std::mem::take(&mut authenticated.changes);
                Plan::after(used_up, |changes| {
                    Ok((changes, self.plan_exchange(view, request, &authenticated)?))
                })
            }
            Err(error) => Plan::refused(vec![], error),
        }
    }

    fn plan_exchange(
        &self,
        view: &View<'_>,
        request: &Exchange,
        authenticated: &Authenticated<'_>,
    ) -> OAuthResult<Issuance> {
        if !authenticated.is_confidential {
            return Err(OAuthError::new(
                OAuthErrorCode::UnauthorizedClient,
                "a public client exchanges no tokens",
            ));
        }
        let subject = self.read_token(&request.subject_token, view.now).ok_or_else(|| {
            OAuthError::invalid_grant("the subject_token is no access token of this server, or has expired")
        })?;
        check_client(view, authenticated.client, &subject)?;
        let standing = subject.standing(view.state).map_err(|refusal| {
            OAuthError::invalid_grant(format!("the subject_token is not good: {}", refusal.message))
        })?;
        let parent = subject.claims.scopes().iter().map(String::as_str);
        let parent = Scopes::new(parent).map_err(OAuthError::server)?;
        let asked = request.scope.as_deref().map(scopes).transpose()?;
        if let Some(outside) = asked
            .iter()
            .flat_map(|asked| asked.iter())
            .find(|scope| !view.covers(&parent, scope))
        {
            return Err(OAuthError::invalid_scope(format!(
                "the subject_token does not cover {outside}"
            )));
        }
        let scopes = view.choose(asked, Some(&parent), &standing)?;
        let mut lineage = subject.claims.lineage().clone();
        lineage
            .parents
            .extend(subject.claims.token_id().map(str::to_owned));
        lineage.projects = narrow(&request.projects, lineage.projects, &standing)?;
        Ok(Issuance {
            subject: subject.claims.subject().to_owned(),
            client_id: subject.client_id().to_owned(),
            tenant: subject.tenant().to_owned(),
            scopes,
            audiences: self.choose_audiences(&request.audiences, &subject.audiences)?,
            // Nothing that ends the parent spares its child, epochs included.
            lineage,
            grant_type: GrantType::TokenExchange.name(),
            expires_by: Some(subject.claims.expires()),
            act: Some(act(authenticated.client.id(), subject.act.as_ref())?),
            refresh: None,
            issued_token_type: Some(ACCESS_TOKEN),
        })
    }
}

/// The projects of the new token: those that are asked for, each of which the old one may act in, or the old one's.
fn narrow(
    asked: &[String],
    parent: Option<Vec<String>>,
    standing: &Standing<'_>,
) -> OAuthResult<Option<Vec<String>>> {
    if asked.is_empty() {
        return Ok(parent);
    }
    let is_permitted = |project: &String| {
        parent.as_ref().is_none_or(|listed| listed.contains(project))
            && standing
                .projects
                .iter()
                .all(|(_, listed)| listed.permits(project))
    };
    if asked.len() > MAX_LISTED || !asked.iter().all(is_permitted) {
        return Err(OAuthError::new(
            OAuthErrorCode::InvalidTarget,
            format!(
                "the subject_token does not cover one of the projects, or there are more than {MAX_LISTED}"
            ),
        ));
    }
    Ok(Some(asked.to_vec()))
}

/// Who may exchange a token: the app that it was issued to, another one that is installed in the same tenant, or a
/// service account of that tenant. It must be in service itself.
fn check_client(view: &View<'_>, client: Client<'_>, subject: &IssuedToken) -> OAuthResult<()> {
    let foreign = || OAuthError::invalid_grant("the subject_token is of another tenant than the client");
    let tenant = TenantId::from(subject.tenant());
    match client {
        Client::Account(account) => {
            if account.tenant != tenant {
                return Err(foreign());
            }
            let caller = crate::platform::Caller {
                tenant: Some(tenant),
                account: Some(account.id.clone()),
                ..Default::default()
            };
            view.standing(caller, |_| {}).map_err(refused).map(drop)
        }
        Client::App(app) => {
            let installation = view.state.installed(&tenant, &app.id).ok_or_else(foreign)?;
            if app.blocked || app.retired || !installation.suspended.is_empty() {
                return Err(OAuthError::new(
                    OAuthErrorCode::UnauthorizedClient,
                    "the app is blocked, or its installation is suspended",
                ));
            }
            if !grant_types(app, installation).any(|it| it == GrantType::TokenExchange) {
                return Err(not_in_manifest(GrantType::TokenExchange));
            }
            Ok(())
        }
    }
}

/// Who acts now, and behind them who acted before (RFC 8693 §4.1).
fn act(actor: &str, before: Option<&Value>) -> OAuthResult<Value> {
    let mut depth = 0;
    let mut link = before;
    while let Some(value) = link {
        depth += 1;
        link = value.get("act");
    }
    if depth >= MAX_ACTORS {
        return Err(OAuthError::invalid_grant(format!(
            "the subject_token was exchanged {MAX_ACTORS} times already"
        )));
    }
    Ok(match before {
        Some(before) => json!({"sub": actor, "act": before}),
        None => json!({"sub": actor}),
    })
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
