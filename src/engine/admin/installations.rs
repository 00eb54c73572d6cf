//! Administration of installations, install requests and users' consents.

use crate::engine::snapshot::Snapshot;
use crate::error::{Error, ErrorKind, Result};
use crate::platform::{
    AppId, Grant, GrantChange, GrantId, InstallRequest, InstallRequestChange, Installation,
    InstallationChange, InstallationId, NewInstallation, Projects, RequestId, RequestStatus, Scopes, Side,
    State, TenantId, UserId, exceeded, fresh_id, unknown,
};

use super::{Admin, Target};

/// What came of a user's consent to an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The app acts for the user from now on.
    Given(GrantId),
    /// The app is not installed and users may not install: an admin will see this request.
    Requested(RequestId),
}

impl Admin<'_> {
    /// Installs an app with the scopes that are approved, in the projects that are permitted.
    ///
    /// # Errors
    ///
    /// Those of every change; and [`PlatformExceeded`](crate::ErrorKind::PlatformExceeded) for scopes that the version
    /// does not ask for or the tenant's boundary does not leave.
    pub fn install(
        &self,
        tenant: impl Into<TenantId>,
        app: impl Into<AppId>,
        scopes: Scopes,
        projects: Projects,
    ) -> Result<InstallationId> {
        let (tenant, app, at) = (tenant.into(), app.into(), self.now());
        let id = InstallationId::from(fresh_id("ins_")?);
        self.change(
            "installations.install",
            |state| Target::install(state, &tenant, &app),
            |snapshot| {
                self.check_boundary(snapshot, &tenant, &scopes)?;
                let changes = snapshot.platform.install(NewInstallation {
                    id: id.clone(),
                    app: &app,
                    tenant: &tenant,
                    scopes,
                    projects,
                    by_user: None,
                    at,
                });
                Ok((changes?, id))
            },
        )
    }

    /// The session's user consents that an app act for them.
    ///
    /// Where the app is not installed, the tenant's setting decides: with user installs on, the consent installs it, for
    /// no more than the scopes consented to and inside the tenant's boundary; with user installs off, nothing is installed
    /// and an admin sees a request.
    ///
    /// # Errors
    ///
    /// Those of every change; and [`PlatformExceeded`](crate::ErrorKind::PlatformExceeded) for scopes beyond what is
    /// approved or the boundary leaves, naming them.
    pub fn consent(&self, app: impl Into<AppId>, scopes: Scopes) -> Result<Consent> {
        let app = app.into();
        let caller = &self.session.inner.caller;
        let (Some(tenant), Some(user)) = (caller.tenant.clone(), caller.user.clone()) else {
            return Err(Error::new(
                ErrorKind::PlatformForbidden,
                "only a user in a tenant consents",
            ));
        };
        if self.session.scopes().is_some() {
            return Err(Error::new(
                ErrorKind::PlatformForbidden,
                "a consent is given on the platform's own pages, not through a token",
            ));
        }
        let state = self.engine.platform();
        if state.installed(&tenant, &app).is_some() {
            return self.consent_to_installed(&tenant, &app, &user, &scopes);
        }
        if state
            .tenant(tenant.as_str())
            .is_some_and(|tenant| tenant.user_installs)
        {
            return self.install_by_consent(&tenant, &app, &user, scopes);
        }
        self.request_install(app, scopes).map(Consent::Requested)
    }

    fn consent_to_installed(
        &self,
        tenant: &TenantId,
        app: &AppId,
        user: &UserId,
        scopes: &Scopes,
    ) -> Result<Consent> {
        let (new_id, at) = (GrantId::from(fresh_id("gra_")?), self.now());
        // One's own consent to what an admin has installed needs membership only, as asking for an app does.
        self.change(
            "installations.request",
            |state| Target::install(state, tenant, app),
            |snapshot| {
                let state = &snapshot.platform;
                let installation = state
                    .installed(tenant, app)
                    .ok_or_else(|| unknown("installation of the app", app.as_str()))?;
                let given = state
                    .consent_of(user, &installation.id)
                    .map(|grant| grant.id.clone());
                let change = state.consent(new_id.clone(), user, &installation.id, scopes, at);
                Ok((vec![change], Consent::Given(given.unwrap_or(new_id))))
            },
        )
    }

    fn install_by_consent(
        &self,
        tenant: &TenantId,
        app: &AppId,
        user: &UserId,
        scopes: Scopes,
    ) -> Result<Consent> {
        let (grant, at) = (GrantId::from(fresh_id("gra_")?), self.now());
        let id = InstallationId::from(fresh_id("ins_")?);
        self.change(
            "installations.consent",
            |state| Target::install(state, tenant, app),
            |snapshot| {
                self.check_boundary(snapshot, tenant, &scopes)?;
                let mut changes = snapshot.platform.install(NewInstallation {
                    id: id.clone(),
                    app,
                    tenant,
                    scopes: scopes.clone(),
                    // It acts for users only, so everywhere that they may act; it has no service account of its own.
                    projects: Projects::All,
                    by_user: Some(user.clone()),
                    at,
                })?;
                let given = GrantChange::Given {
                    id: grant.clone(),
                    user: user.clone(),
                    installation: id,
                    scopes,
                    at,
                };
                changes.push(given.into());
                Ok((changes, Consent::Given(grant)))
            },
        )
    }

    /// Scopes that a tenant's boundary does not cover are not approved in the first place.
    fn check_boundary(&self, snapshot: &Snapshot, tenant: &TenantId, scopes: &Scopes) -> Result<()> {
        let view = self.engine.view(snapshot);
        let outside = view.beyond_boundary(tenant, scopes);
        if outside.is_empty() {
            return Ok(());
        }
        Err(exceeded(format!(
            "the boundary of the tenant does not cover {}",
            outside.join(" ")
        ))
        .help("ask for fewer scopes, or let an admin widen the boundary"))
    }

    /// Asks an admin to install an app; asking again changes nothing.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn request_install(&self, app: impl Into<AppId>, scopes: Scopes) -> Result<RequestId> {
        let (app, at) = (app.into(), self.now());
        let caller = &self.session.inner.caller;
        let (Some(tenant), Some(user)) = (caller.tenant.clone(), caller.user.clone()) else {
            return Err(Error::new(
                ErrorKind::PlatformForbidden,
                "only a user in a tenant asks for apps",
            ));
        };
        let id = RequestId::from(fresh_id("req_")?);
        self.change(
            "installations.request",
            |state| Target::install(state, &tenant, &app),
            |snapshot| {
                if let Some(open) = snapshot.platform.open_request(&tenant, &app, &user) {
                    return Ok((Vec::new(), open.id.clone()));
                }
                let change = InstallRequestChange::Filed {
                    id: id.clone(),
                    tenant: tenant.clone(),
                    app: app.clone(),
                    user,
                    scopes,
                    at,
                };
                Ok((vec![change.into()], id))
            },
        )
    }

    /// Declines a request.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn decline_request(&self, id: impl Into<RequestId>) -> Result<()> {
        let id = id.into();
        let change = InstallRequestChange::Closed {
            id: id.clone(),
            status: RequestStatus::Declined,
        };
        self.make(
            "installations.install",
            |state| {
                let request = state
                    .install_request(id.as_str())
                    .ok_or_else(|| unknown("install request", id.as_str()))?;
                Target::install(state, &request.tenant, &request.app)
            },
            change,
        )
    }

    /// Permits other projects.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn configure_projects(&self, id: impl Into<InstallationId>, projects: Projects) -> Result<()> {
        let id = id.into();
        let change = InstallationChange::ProjectsSet {
            id: id.clone(),
            projects,
        };
        self.make(
            "installations.configure",
            |state| Target::installation(state, &id),
            change,
        )
    }

    /// Approves a later version with the scopes it may have; the permitted projects stay.
    ///
    /// # Errors
    ///
    /// As for [`install`](Self::install).
    pub fn approve_version(&self, id: impl Into<InstallationId>, version: u32, scopes: Scopes) -> Result<()> {
        let id = id.into();
        self.change(
            "installations.approve_version",
            |state| Target::installation(state, &id),
            |snapshot| {
                let installation = snapshot.platform.installation(id.as_str());
                let tenant = installation.map(|installation| installation.tenant.clone());
                let tenant = tenant.ok_or_else(|| unknown("installation", id.as_str()))?;
                self.check_boundary(snapshot, &tenant, &scopes)?;
                let change = InstallationChange::VersionApproved {
                    id: id.clone(),
                    version,
                    scopes,
                };
                Ok((vec![change.into()], ()))
            },
        )
    }

    /// Suspends an installation from one side.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn suspend(&self, id: impl Into<InstallationId>, side: Side) -> Result<()> {
        let id = id.into();
        let change = InstallationChange::Suspended {
            id: id.clone(),
            side,
            at: self.now(),
        };
        let action = match side {
            Side::TenantAdmin => "installations.suspend_for_tenant",
            Side::Developer => "installations.suspend_for_developer",
            Side::Platform => "installations.suspend_for_platform",
        };
        self.make(action, |state| Target::installation(state, &id), change)
    }

    /// Lifts one side's suspension; the others stand, and tokens from before stay dead.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn unsuspend(&self, id: impl Into<InstallationId>, side: Side) -> Result<()> {
        let id = id.into();
        let change = InstallationChange::Unsuspended { id: id.clone(), side };
        let action = match side {
            Side::TenantAdmin => "installations.unsuspend_for_tenant",
            Side::Developer => "installations.unsuspend_for_developer",
            Side::Platform => "installations.unsuspend_for_platform",
        };
        self.make(action, |state| Target::installation(state, &id), change)
    }

    /// Removes an installation for good, with its consents and its service account.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn uninstall(&self, id: impl Into<InstallationId>) -> Result<()> {
        let (id, at) = (id.into(), self.now());
        self.change(
            "installations.uninstall",
            |state| Target::installation(state, &id),
            |snapshot| Ok((snapshot.platform.uninstall(&id, at)?, ())),
        )
    }

    /// Revokes a consent, with every token that came of it.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn revoke_grant(&self, id: impl Into<GrantId>) -> Result<()> {
        let id = id.into();
        let change = GrantChange::Revoked {
            id: id.clone(),
            at: self.now(),
        };
        self.make(
            "grants.revoke",
            |state| Target::grant(state, grant(state, &id)?),
            change,
        )
    }

    /// The installations of a tenant, sorted by id.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden).
    pub fn installations(&self, tenant: impl Into<TenantId>) -> Result<Vec<Installation>> {
        let tenant = tenant.into();
        self.view(
            "installations.view",
            |state| Target::tenant(state, &tenant),
            |state| state.installations_in(tenant.as_str()).cloned().collect(),
        )
    }

    /// The open install requests of a tenant, sorted by id.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden).
    pub fn install_requests(&self, tenant: impl Into<TenantId>) -> Result<Vec<InstallRequest>> {
        let tenant = tenant.into();
        self.view(
            "installations.view",
            |state| Target::tenant(state, &tenant),
            |state| state.install_requests_in(tenant.as_str()).cloned().collect(),
        )
    }

    /// The session's user's own active consents in the session's tenant, sorted by id: their connected apps, as far as
    /// the policies let the session see them.
    #[must_use]
    pub fn connected_apps(&self) -> Vec<Grant> {
        let snapshot = self.engine.inner.snapshot.load();
        let state = &snapshot.platform;
        let caller = &self.session.inner.caller;
        let (Some(tenant), Some(user)) = (&caller.tenant, &caller.user) else {
            return Vec::new();
        };
        state
            .grants_of_user(tenant, user)
            .filter(|grant| grant.revoked.is_none())
            .filter(|grant| {
                Target::grant(state, grant)
                    .and_then(|target| self.authorize(&snapshot, "grants.view", target))
                    .is_ok()
            })
            .cloned()
            .collect()
    }
}

pub(super) fn grant<'s>(state: &'s State, id: &GrantId) -> Result<&'s Grant> {
    state
        .grant(id.as_str())
        .ok_or_else(|| unknown("grant", id.as_str()))
}
