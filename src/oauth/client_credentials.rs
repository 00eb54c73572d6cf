//! Client credentials: a service account, or an app through its own, gets a token for itself (RFC 6749 §4.4).

use crate::platform::{App, Caller, Change, GrantType, Refusal, ServiceAccount, TenantId};
use crate::token::Lineage;

use super::authentication::{Authenticated, Client};
use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::issue::Issuance;
use super::request::{ClientCredentials, scopes};
use super::server::{Plan, Server};
use super::view::View;

impl Server {
    /// Plans a token for the client itself.
    pub(crate) fn client_credentials(&self, view: &View<'_>, request: &ClientCredentials) -> Plan<Issuance> {
        match self.authenticate(view, &request.client) {
            Ok(mut authenticated) => {
                let used_up = std::mem::take(&mut authenticated.changes);
                Plan::after(used_up, |changes| {
                    self.plan_client_credentials(view, request, authenticated, changes)
                })
            }
            Err(error) => Plan::refused(vec![], error),
        }
    }

    fn plan_client_credentials(
        &self,
        view: &View<'_>,
        request: &ClientCredentials,
        authenticated: Authenticated<'_>,
        changes: Vec<Change>,
    ) -> OAuthResult<(Vec<Change>, Issuance)> {
        let Authenticated {
            client,
            secret,
            is_confidential,
            ..
        } = authenticated;
        if !is_confidential {
            return Err(OAuthError::invalid_client());
        }
        let account = match client {
            Client::Account(account) => account,
            Client::App(app) => account_of(view, app, request.tenant.as_deref())?,
        };
        if request
            .tenant
            .as_deref()
            .is_some_and(|tenant| tenant != account.tenant.as_str())
        {
            return Err(OAuthError::new(
                OAuthErrorCode::UnauthorizedClient,
                "the service account belongs to another tenant",
            ));
        }
        check_manifest(view, account)?;
        let caller = Caller {
            tenant: Some(account.tenant.clone()),
            account: Some(account.id.clone()),
            ..Caller::default()
        };
        let standing = view
            .standing(caller, |provenance| provenance.secret.clone_from(&secret))
            .map_err(refused)?;
        let asked = request.scope.as_deref().map(scopes).transpose()?;
        let approved = account
            .installation
            .as_ref()
            .and_then(|id| view.state.installation(id.as_str()))
            .map(|installation| &installation.scopes);
        let scopes = view.choose(asked, approved.or(account.boundary.as_ref()), &standing)?;
        let sequence = view.state.sequence().saturating_add(changes.len() as u64);
        let issuance = Issuance {
            subject: account.id.as_str().to_owned(),
            client_id: account.id.as_str().to_owned(),
            tenant: account.tenant.as_str().to_owned(),
            scopes,
            audiences: self.choose_audiences(&request.audiences, &self.settings.audiences)?,
            lineage: Lineage {
                installation: account.installation.as_ref().map(ToString::to_string),
                installation_epoch: account.installation.as_ref().map(|_| sequence),
                account: Some(account.id.to_string()),
                account_epoch: Some(sequence),
                secret: secret.as_ref().map(ToString::to_string),
                ..Lineage::default()
            },
            grant_type: GrantType::ClientCredentials.name(),
            expires_by: None,
            act: None,
            refresh: None,
            issued_token_type: None,
        };
        Ok((changes, issuance))
    }
}

/// The service account of an app's installation in a tenant.
fn account_of<'s>(view: &View<'s>, app: &App, tenant: Option<&str>) -> OAuthResult<&'s ServiceAccount> {
    let tenant = tenant.ok_or_else(|| {
        OAuthError::invalid_request("tenant is missing: an app acts for itself in one tenant at a time")
    })?;
    let installation = view.state.installed(&TenantId::from(tenant), &app.id);
    installation
        .and_then(|installation| {
            view.state
                .accounts_of_installation(installation.id.as_str())
                .next()
        })
        .ok_or_else(|| {
            OAuthError::new(
                OAuthErrorCode::UnauthorizedClient,
                "the app has no service account in this tenant",
            )
        })
}

/// An app's own account may do what the version that was approved says.
fn check_manifest(view: &View<'_>, account: &ServiceAccount) -> OAuthResult<()> {
    let Some(installation) = &account.installation else {
        return Ok(());
    };
    let allowed = view
        .state
        .installation(installation.as_str())
        .is_some_and(|installation| {
            let app = view.state.app(installation.app.as_str());
            app.and_then(|app| app.version(installation.version))
                .is_some_and(|version| {
                    version
                        .manifest
                        .grant_types
                        .contains(&GrantType::ClientCredentials)
                })
        });
    if allowed {
        return Ok(());
    }
    Err(not_in_manifest(GrantType::ClientCredentials))
}

pub(super) fn not_in_manifest(grant_type: GrantType) -> OAuthError {
    OAuthError::new(
        OAuthErrorCode::UnauthorizedClient,
        format!(
            "the version of the app that was approved does not ask for the grant type {}",
            grant_type.name()
        ),
    )
}

/// The client is who it says, and may do nothing at present. Only it learns why.
pub(super) fn refused(refusal: Refusal) -> OAuthError {
    OAuthError::new(OAuthErrorCode::UnauthorizedClient, refusal.message)
}

#[cfg(test)]
#[path = "client_credentials_tests.rs"]
mod tests;
