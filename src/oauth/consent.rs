//! What a user's consent does: a grant and a code where the app is installed, an installation where the tenant lets
//! users install, and otherwise a request that an admin sees.

use crate::error::{Error, ErrorKind};
use crate::platform::{
    AuthorizationCodeChange, Change, CodeId, InstallRequestChange, Installation, InstallationId,
    NewInstallation, Projects, Scopes, Secret, SecretKind, State, TenantId, UserId,
};

use super::authorization::{AuthorizationRequest, AuthorizationResponse};
use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::redirect;
use super::server::{Plan, Server, fresh_id};
use super::view::View;

impl Server {
    /// Plans what follows from a user's consent in a tenant.
    pub(crate) fn consent(
        &self,
        view: &View<'_>,
        request: &AuthorizationRequest,
        tenant: &TenantId,
        user: &UserId,
    ) -> Plan<AuthorizationResponse> {
        match self.plan_consent(view, request, tenant, user) {
            Ok(plan) => plan,
            Err(error) => Plan::refused(vec![], error),
        }
    }

    fn plan_consent(
        &self,
        view: &View<'_>,
        request: &AuthorizationRequest,
        tenant: &TenantId,
        user: &UserId,
    ) -> OAuthResult<Plan<AuthorizationResponse>> {
        check_member(view.state, tenant, user)?;
        let mut changes = vec![];
        let installed = view.state.installed(tenant, &request.app).map(|it| it.id.clone());
        let id = match installed {
            Some(id) => id,
            None if !view
                .state
                .tenant(tenant.as_str())
                .is_some_and(|it| it.user_installs) =>
            {
                return file_request(view, request, tenant, user);
            }
            None => {
                let (id, installed) = install(view, request, tenant, user)?;
                changes.extend(installed);
                id
            }
        };
        let installed = with(view.state, &changes)?;
        let next = View {
            state: &installed,
            ..*view
        };
        let installation = installed
            .installation(id.as_str())
            .ok_or_else(|| denied("the app is not installed in the tenant"))?;
        check_redirect(&installed, installation, request)?;
        let scopes = chosen(&next, installation, request)?;
        let grant = fresh_id("gra_")?.into();
        let consent = installed.consent(grant, user, &id, &scopes, view.now);
        let consented = with(&installed, std::slice::from_ref(&consent))?;
        changes.push(consent);
        let grant = consented
            .consent_of(user, &id)
            .ok_or_else(|| denied("the user has not consented to the app"))?;
        let next = View {
            state: &consented,
            ..*view
        };
        self.user_standing(&next, grant, installation, None)?;
        let code = Secret::generate(SecretKind::AuthorizationCode).map_err(OAuthError::server)?;
        let issued = AuthorizationCodeChange::Issued {
            id: self.code_id(code.expose()),
            grant: grant.id.clone(),
            scopes,
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.to_string(),
            expires: view.now.saturating_add(self.settings.code_seconds),
            at: view.now,
        };
        changes.push(issued.into());
        with(view.state, &changes)?;
        Ok(Plan {
            changes,
            outcome: Ok(request.accept(code.expose())),
        })
    }

    /// The name under which a code is kept: its keyed hash.
    pub(super) fn code_id(&self, code: &str) -> CodeId {
        self.pepper
            .digest(SecretKind::AuthorizationCode, code)
            .to_hex()
            .into()
    }
}

fn check_member(state: &State, tenant: &TenantId, user: &UserId) -> OAuthResult<()> {
    match state.membership(tenant, user) {
        Some(member) if !member.deactivated => Ok(()),
        Some(_) => Err(denied("the user is deactivated")),
        None => Err(denied("the user is not a member of the tenant")),
    }
}

/// The redirect URI must be one of the version that was approved: a pending version changes nothing.
fn check_redirect(
    state: &State,
    installation: &Installation,
    request: &AuthorizationRequest,
) -> OAuthResult<()> {
    let version = state
        .app(installation.app.as_str())
        .and_then(|app| app.version(installation.version));
    let uris = version.map(|version| version.manifest.redirect_uris.as_slice());
    let is_approved = |uri: &String| redirect::matches(uri, &request.redirect_uri);
    if uris.unwrap_or_default().iter().any(is_approved) {
        return Ok(());
    }
    Err(OAuthError::new(
        OAuthErrorCode::UnauthorizedClient,
        "the redirect_uri is not one of the version of the app that was approved in the tenant",
    ))
}

/// What the app may do for the user at most: what it asks for, all of it within what was approved.
fn chosen(
    view: &View<'_>,
    installation: &Installation,
    request: &AuthorizationRequest,
) -> OAuthResult<Scopes> {
    let Some(asked) = &request.scopes else {
        return Ok(installation.scopes.clone());
    };
    if let Some(unknown) = asked.iter().find(|scope| !view.knows(scope)) {
        return Err(OAuthError::invalid_scope(format!("there is no scope {unknown}")));
    }
    let outside = asked.difference(&installation.scopes);
    if outside.is_empty() {
        return Ok(asked.clone());
    }
    Err(OAuthError::invalid_scope(format!(
        "the app is not approved for {outside} in the tenant"
    )))
}

/// The changes by which the user installs the app: its latest version, for no more than it asks the user for.
fn install(
    view: &View<'_>,
    request: &AuthorizationRequest,
    tenant: &TenantId,
    user: &UserId,
) -> OAuthResult<(InstallationId, Vec<Change>)> {
    let version = view
        .state
        .app(request.app.as_str())
        .and_then(|app| app.published())
        .ok_or_else(|| denied("the app has no published version"))?;
    let scopes = request.scopes.as_ref().unwrap_or(&version.manifest.scopes);
    let outside = view.beyond_boundary(tenant, scopes);
    if !outside.is_empty() {
        return Err(OAuthError::invalid_scope(format!(
            "the app asks for {}, which the boundary of the tenant does not cover",
            outside.join(" ")
        )));
    }
    let id = InstallationId::from(fresh_id("ins_")?);
    let changes = view.state.install(NewInstallation {
        id: id.clone(),
        app: &request.app,
        tenant,
        scopes: scopes.clone(),
        // It acts for users alone, so wherever they may act themselves.
        projects: Projects::All,
        by_user: Some(user.clone()),
        at: view.now,
    });
    Ok((id, changes.map_err(refused)?))
}

/// The consent installs nothing: an admin will see that the user asked.
fn file_request(
    view: &View<'_>,
    request: &AuthorizationRequest,
    tenant: &TenantId,
    user: &UserId,
) -> OAuthResult<Plan<AuthorizationResponse>> {
    let app = view.state.app(request.app.as_str()).filter(|app| !app.blocked);
    let version = app.and_then(|app| app.published());
    let version = version.ok_or_else(|| denied("the app has no published version"))?;
    let mut changes = vec![];
    if view.state.open_request(tenant, &request.app, user).is_none() {
        let filed = InstallRequestChange::Filed {
            id: fresh_id("req_")?.into(),
            tenant: tenant.clone(),
            app: request.app.clone(),
            user: user.clone(),
            scopes: request
                .scopes
                .clone()
                .unwrap_or_else(|| version.manifest.scopes.clone()),
            at: view.now,
        };
        changes.push(filed.into());
        with(view.state, &changes)?;
    }
    Ok(Plan {
        changes,
        outcome: Err(denied(
            "the app is not installed in the tenant; an administrator sees that the user asked for it",
        )),
    })
}

fn denied(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthErrorCode::AccessDenied, description)
}

/// The state after some changes; what it does not allow is refused with its reason.
pub(super) fn with(state: &State, changes: &[Change]) -> OAuthResult<State> {
    state.with(changes).map_err(refused)
}

fn refused(error: Error) -> OAuthError {
    let code = match error.kind() {
        ErrorKind::PlatformExceeded => OAuthErrorCode::InvalidScope,
        _ => OAuthErrorCode::AccessDenied,
    };
    OAuthError::new(code, error.message().to_owned()).because(error)
}

#[cfg(test)]
#[path = "consent_tests.rs"]
mod tests;
