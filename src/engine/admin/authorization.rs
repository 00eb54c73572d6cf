//! A user's consent at the authorization endpoint: what it changes is decided like any other change.

use crate::error::{Error, ErrorKind};
use crate::oauth::{
    AuthorizationRequest, AuthorizationResponse, OAuthError, OAuthErrorCode, OAuthResult, Server,
};
use crate::platform::{AppId, State, TenantId, conflict};

use super::{Admin, Target};

impl Admin<'_> {
    /// The session's user consents to an authorization request. No app consents on anybody's behalf.
    pub(in crate::engine) fn consent_by_code(
        &self,
        server: &Server,
        request: &AuthorizationRequest,
    ) -> OAuthResult<AuthorizationResponse> {
        let caller = &self.session.inner.caller;
        let (Some(tenant), Some(user), None) = (&caller.tenant, &caller.user, self.session.scopes()) else {
            return Err(OAuthError::new(
                OAuthErrorCode::AccessDenied,
                "only a user consents, in a first-party session within a tenant",
            ));
        };
        let action = needed(&self.engine.platform(), tenant, &request.app);
        let consented = self.change(
            action,
            |state| Target::install(state, tenant, &request.app),
            |snapshot| {
                if needed(&snapshot.platform, tenant, &request.app) != action {
                    return Err(conflict("the installation has changed meanwhile").help("ask the user again"));
                }
                let view = self.engine.view(snapshot);
                Ok(server.settle(server.consent(&view, request, tenant, user), view.now))
            },
        );
        consented.map_err(refused)?
    }
}

/// What the user needs to be allowed: installing, or no more than asking, as every member may.
fn needed(state: &State, tenant: &TenantId, app: &AppId) -> &'static str {
    let may_install = state
        .tenant(tenant.as_str())
        .is_some_and(|tenant| tenant.user_installs);
    if may_install && state.installed(tenant, app).is_none() {
        "installations.consent"
    } else {
        "installations.request"
    }
}

fn refused(error: Error) -> OAuthError {
    if error.kind() == ErrorKind::Internal {
        return OAuthError::server(error);
    }
    OAuthError::new(
        OAuthErrorCode::AccessDenied,
        "the user may not install the app, or ask for it, in the tenant",
    )
    .because(error)
}
