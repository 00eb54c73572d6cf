//! Tenants: active ⇄ disabled. They are never removed, so that their ids are never reused.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::epoch::Epoch;
use super::ids::TenantId;
use super::refuse::{conflict, taken, unknown};
use super::scopes::Scopes;
use super::state::{State, check_name, update};

/// A customer company, a developer's organisation, or the operator's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// Whether a user's consent installs an app that is not installed yet. Off unless an admin turns it on.
    pub user_installs: bool,
    /// Nothing is allowed in a disabled tenant.
    pub disabled: bool,
    /// When it was last disabled.
    pub epoch: Epoch,
    /// Caps everything in it; none when nothing is capped.
    pub boundary: Option<Scopes>,
    /// When it was created, in seconds since the Unix epoch.
    pub created: i64,
}

/// What can happen to a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum TenantChange {
    /// It exists from now on.
    Created { id: TenantId, name: String, at: i64 },
    /// Users may install apps from now on, or may not.
    UserInstallsSet { id: TenantId, allowed: bool },
    /// Nothing is allowed in it.
    Disabled { id: TenantId, at: i64 },
    /// It is back; tokens from before are not.
    Enabled { id: TenantId },
}

impl State {
    /// A tenant.
    #[must_use]
    pub fn tenant(&self, id: &str) -> Option<&Tenant> {
        self.tenants.get(id).map(|it| &**it)
    }

    /// Every tenant, sorted by id.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.sorted().into_iter().map(|(_, it)| &**it)
    }

    /// The tenant, which must exist and not be disabled.
    pub(crate) fn active_tenant(&self, id: &TenantId) -> Result<&Tenant> {
        let tenant = self
            .tenant(id.as_str())
            .ok_or_else(|| unknown(TenantId::NOUN, id.as_str()))?;
        if tenant.disabled {
            return Err(conflict(format!("tenant `{id}` is disabled")).help("enable it first"));
        }
        Ok(tenant)
    }

    pub(super) fn apply_tenant(&mut self, change: &TenantChange) -> Result<()> {
        let sequence = self.sequence;
        match change {
            TenantChange::Created { id, name, at } => {
                id.check()?;
                check_name(name)?;
                if self.tenant(id.as_str()).is_some() {
                    return Err(taken(TenantId::NOUN, id.as_str()));
                }
                let tenant = Tenant {
                    id: id.clone(),
                    name: name.clone(),
                    user_installs: false,
                    disabled: false,
                    epoch: Epoch::default(),
                    boundary: None,
                    created: *at,
                };
                self.tenants.insert(id.clone(), tenant.into());
                Ok(())
            }
            TenantChange::UserInstallsSet { id, allowed } => {
                self.active_tenant(id)?;
                update(&mut self.tenants, id, |tenant| {
                    tenant.user_installs = *allowed;
                    Ok(())
                })
            }
            TenantChange::Disabled { id, at } => {
                self.active_tenant(id)?;
                update(&mut self.tenants, id, |tenant| {
                    tenant.disabled = true;
                    tenant.epoch = Epoch {
                        number: sequence,
                        at: *at,
                    };
                    Ok(())
                })
            }
            TenantChange::Enabled { id } => update(&mut self.tenants, id, |tenant| {
                if !tenant.disabled {
                    return Err(conflict(format!("tenant `{id}` is not disabled")));
                }
                tenant.disabled = false;
                Ok(())
            }),
        }
    }
}
