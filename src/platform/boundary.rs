//! Boundaries: scopes attached to a tenant, project, installation or account, which cap everything beneath.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::ids::{AccountId, InstallationId, ProjectId, TenantId};
use super::refuse::unknown;
use super::scopes::Scopes;
use super::state::{State, update};

/// What a boundary is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bounded {
    /// A tenant.
    Tenant(TenantId),
    /// A project.
    Project(ProjectId),
    /// An installation.
    Installation(InstallationId),
    /// A service account.
    ServiceAccount(AccountId),
}

/// What can happen to a boundary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum BoundaryChange {
    /// These scopes cap it; without scopes nothing does, and with an empty set nothing is left.
    Set { on: Bounded, scopes: Option<Scopes> },
}

impl State {
    /// The boundary of something; none when it has none.
    #[must_use]
    pub fn boundary(&self, on: &Bounded) -> Option<&Scopes> {
        match on {
            Bounded::Tenant(id) => self.tenant(id.as_str())?.boundary.as_ref(),
            Bounded::Project(id) => self.project(id.as_str())?.boundary.as_ref(),
            Bounded::Installation(id) => self.installation(id.as_str())?.boundary.as_ref(),
            Bounded::ServiceAccount(id) => self.account(id.as_str())?.boundary.as_ref(),
        }
    }

    pub(super) fn apply_boundary(&mut self, change: &BoundaryChange) -> Result<()> {
        let BoundaryChange::Set { on, scopes } = change;
        let scopes = scopes.clone();
        match on {
            Bounded::Tenant(id) => {
                self.active_tenant(id)?;
                update(&mut self.tenants, id, |tenant| {
                    tenant.boundary = scopes;
                    Ok(())
                })
            }
            Bounded::Project(id) => update(&mut self.projects, id, |project| {
                if project.removed {
                    return Err(unknown(ProjectId::NOUN, id.as_str()));
                }
                project.boundary = scopes;
                Ok(())
            }),
            Bounded::Installation(id) => {
                self.live_installation(id)?;
                update(&mut self.installations, id, |installation| {
                    installation.boundary = scopes;
                    Ok(())
                })
            }
            Bounded::ServiceAccount(id) => {
                self.live_account(id)?;
                update(&mut self.accounts, id, |account| {
                    account.boundary = scopes;
                    Ok(())
                })
            }
        }
    }
}
