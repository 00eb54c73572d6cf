//! Install requests: open → approved, declined or withdrawn. A user asks, an admin answers.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::ids::{AppId, RequestId, TenantId, UserId};
use super::refuse::{conflict, taken, unknown};
use super::scopes::Scopes;
use super::state::{State, update};

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// Nobody has answered yet.
    Open,
    /// An admin installed the app.
    Approved,
    /// An admin declined.
    Declined,
    /// The user no longer asks.
    Withdrawn,
}

/// A user's wish that an admin install an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InstallRequest {
    /// Its id.
    pub id: RequestId,
    /// Where.
    pub tenant: TenantId,
    /// Which app.
    pub app: AppId,
    /// Who asks.
    pub user: UserId,
    /// What the app asked the user for.
    pub scopes: Scopes,
    /// Where it stands.
    pub status: RequestStatus,
    /// When it was filed, in seconds since the Unix epoch.
    pub filed: i64,
}

/// What can happen to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum InstallRequestChange {
    /// A user asks.
    Filed {
        id: RequestId,
        tenant: TenantId,
        app: AppId,
        user: UserId,
        scopes: Scopes,
        at: i64,
    },
    /// An admin has answered, or the user no longer asks.
    Closed { id: RequestId, status: RequestStatus },
}

impl State {
    /// An install request.
    #[must_use]
    pub fn install_request(&self, id: &str) -> Option<&InstallRequest> {
        self.requests.get(id).map(|it| &**it)
    }

    /// The open requests of a tenant, sorted by id.
    pub fn install_requests_in(&self, tenant: &str) -> impl Iterator<Item = &InstallRequest> {
        let ids = self.open_requests_by_tenant.of(tenant);
        ids.into_iter().filter_map(|id| self.install_request(id.as_str()))
    }

    /// The open request of a user for an app.
    pub(crate) fn open_request(
        &self,
        tenant: &TenantId,
        app: &AppId,
        user: &UserId,
    ) -> Option<&InstallRequest> {
        self.install_requests_in(tenant.as_str())
            .find(|request| request.app == *app && request.user == *user)
    }

    pub(super) fn apply_install_request(&mut self, change: &InstallRequestChange) -> Result<()> {
        match change {
            InstallRequestChange::Filed {
                id,
                tenant,
                app,
                user,
                scopes,
                at,
            } => {
                id.check()?;
                self.active_tenant(tenant)?;
                self.live_app(app)?;
                self.member(tenant, user)?;
                if self.install_request(id.as_str()).is_some() {
                    return Err(taken(RequestId::NOUN, id.as_str()));
                }
                if self.installed(tenant, app).is_some() || self.open_request(tenant, app, user).is_some() {
                    return Err(conflict(format!(
                        "app `{app}` is installed in tenant `{tenant}` already, or user `{user}` has asked for it"
                    )));
                }
                let request = InstallRequest {
                    id: id.clone(),
                    tenant: tenant.clone(),
                    app: app.clone(),
                    user: user.clone(),
                    scopes: scopes.clone(),
                    status: RequestStatus::Open,
                    filed: *at,
                };
                self.requests.insert(id.clone(), request.into());
                self.open_requests_by_tenant.insert(tenant, id.clone());
                Ok(())
            }
            InstallRequestChange::Closed { id, status } => {
                let request = self
                    .install_request(id.as_str())
                    .ok_or_else(|| unknown(RequestId::NOUN, id.as_str()))?;
                if request.status != RequestStatus::Open || *status == RequestStatus::Open {
                    return Err(conflict(format!("install request `{id}` is closed already")));
                }
                let tenant = request.tenant.clone();
                self.open_requests_by_tenant.remove(&tenant, id);
                update(&mut self.requests, id, |request| {
                    request.status = *status;
                    Ok(())
                })
            }
        }
    }
}
