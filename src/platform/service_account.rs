//! Service accounts: active ⇄ disabled → deleted. Ids are never reused.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::change::Change;
use super::client_secret::{ClientSecretChange, SecretOwner};
use super::epoch::Epoch;
use super::ids::{AccountId, InstallationId, TenantId};
use super::projects::Projects;
use super::refuse::{conflict, taken, unknown};
use super::role::{Assignee, RoleChange};
use super::scopes::Scopes;
use super::state::{State, check_name, update};

/// A principal that is nobody's: an integration of a tenant, or an app's own in an installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceAccount {
    /// Its id, which is its `client_id`.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// The tenant it acts in.
    pub tenant: TenantId,
    /// The installation it belongs to; none for an account of the tenant itself.
    pub installation: Option<InstallationId>,
    /// Where in the tenant.
    pub projects: Projects,
    /// A disabled account does nothing.
    pub disabled: bool,
    /// A deleted account does nothing, for good.
    pub deleted: bool,
    /// When it was last disabled.
    pub epoch: Epoch,
    /// Caps it; none when only its roles do.
    pub boundary: Option<Scopes>,
    /// Public keys as a JWK set (RFC 7517) for `private_key_jwt`.
    pub jwks: Option<String>,
    /// When it was created, in seconds since the Unix epoch.
    pub created: i64,
}

/// What can happen to a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum ServiceAccountChange {
    /// It exists from now on, without roles and secrets.
    Created {
        id: AccountId,
        name: String,
        tenant: TenantId,
        installation: Option<InstallationId>,
        projects: Projects,
        at: i64,
    },
    /// Other projects are permitted.
    ProjectsSet { id: AccountId, projects: Projects },
    /// Its public keys for `private_key_jwt`.
    KeysSet { id: AccountId, jwks: Option<String> },
    /// It does nothing.
    Disabled { id: AccountId, at: i64 },
    /// It is back; tokens from before are not.
    Enabled { id: AccountId },
    /// It is gone for good.
    Deleted { id: AccountId },
}

impl State {
    /// A service account, deleted or not.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&ServiceAccount> {
        self.accounts.get(id).map(|it| &**it)
    }

    /// The service accounts of a tenant that are not deleted, those of installations included, sorted by id.
    pub fn accounts_in(&self, tenant: &str) -> impl Iterator<Item = &ServiceAccount> {
        let ids = self.accounts_by_tenant.of(tenant);
        ids.into_iter().filter_map(|id| self.account(id.as_str()))
    }

    /// The service accounts of an installation that are not deleted, sorted by id.
    pub fn accounts_of_installation(&self, installation: &str) -> impl Iterator<Item = &ServiceAccount> {
        let ids = self.accounts_by_installation.of(installation);
        ids.into_iter().filter_map(|id| self.account(id.as_str()))
    }

    /// The account, which must not be deleted.
    pub(crate) fn live_account(&self, id: &AccountId) -> Result<&ServiceAccount> {
        self.account(id.as_str())
            .filter(|account| !account.deleted)
            .ok_or_else(|| unknown(AccountId::NOUN, id.as_str()))
    }

    /// The changes that delete an account: its roles are withdrawn and its secrets revoked.
    pub fn delete_account(&self, id: &AccountId, at: i64) -> Result<Vec<Change>> {
        self.live_account(id)?;
        let mut changes: Vec<Change> = self
            .assignments_of(&Assignee::ServiceAccount(id.clone()))
            .map(|assignment| {
                RoleChange::Withdrawn {
                    id: assignment.id.clone(),
                }
                .into()
            })
            .collect();
        let owner = SecretOwner::ServiceAccount(id.clone());
        changes.extend(
            self.secrets_of(&owner)
                .filter(|secret| secret.is_usable(at))
                .map(|secret| {
                    let id = secret.id.clone();
                    Change::from(ClientSecretChange::Revoked {
                        id,
                        at,
                        with_tokens: true,
                    })
                }),
        );
        changes.push(ServiceAccountChange::Deleted { id: id.clone() }.into());
        Ok(changes)
    }

    fn update_account(
        &mut self,
        id: &AccountId,
        change: impl FnOnce(&mut ServiceAccount) -> Result<()>,
    ) -> Result<()> {
        self.live_account(id)?;
        update(&mut self.accounts, id, change)
    }

    pub(super) fn apply_service_account(&mut self, change: &ServiceAccountChange) -> Result<()> {
        let sequence = self.sequence;
        match change {
            ServiceAccountChange::Created {
                id,
                name,
                tenant,
                installation,
                projects,
                at,
            } => {
                id.check()?;
                check_name(name)?;
                self.active_tenant(tenant)?;
                self.check_projects(projects, tenant)?;
                if let Some(installation) = installation {
                    let installation = self.live_installation(installation)?;
                    if installation.tenant != *tenant {
                        return Err(unknown(InstallationId::NOUN, installation.id.as_str()));
                    }
                    if self.accounts_by_installation.count(&installation.id) > 0 {
                        return Err(conflict(format!(
                            "installation `{}` has a service account already",
                            installation.id
                        )));
                    }
                }
                if self.account(id.as_str()).is_some() || self.app(id.as_str()).is_some() {
                    return Err(taken(AccountId::NOUN, id.as_str()));
                }
                let account = ServiceAccount {
                    id: id.clone(),
                    name: name.clone(),
                    tenant: tenant.clone(),
                    installation: installation.clone(),
                    projects: projects.clone(),
                    disabled: false,
                    deleted: false,
                    epoch: Epoch::default(),
                    boundary: None,
                    jwks: None,
                    created: *at,
                };
                self.index_account(&account);
                self.accounts.insert(id.clone(), account.into());
                Ok(())
            }
            ServiceAccountChange::ProjectsSet { id, projects } => {
                let tenant = self.live_account(id)?.tenant.clone();
                self.check_projects(projects, &tenant)?;
                self.update_account(id, |account| {
                    account.projects = projects.clone();
                    Ok(())
                })
            }
            ServiceAccountChange::KeysSet { id, jwks } => self.update_account(id, |account| {
                account.jwks.clone_from(jwks);
                Ok(())
            }),
            ServiceAccountChange::Disabled { id, at } => self.update_account(id, |account| {
                if account.disabled {
                    return Err(conflict(format!("service account `{id}` is disabled already")));
                }
                account.disabled = true;
                account.epoch = Epoch {
                    number: sequence,
                    at: *at,
                };
                Ok(())
            }),
            ServiceAccountChange::Enabled { id } => self.update_account(id, |account| {
                if !account.disabled {
                    return Err(conflict(format!("service account `{id}` is not disabled")));
                }
                account.disabled = false;
                Ok(())
            }),
            ServiceAccountChange::Deleted { id } => {
                if self
                    .assignments_of(&Assignee::ServiceAccount(id.clone()))
                    .next()
                    .is_some()
                {
                    return Err(conflict(format!("service account `{id}` still holds roles"))
                        .help("withdraw them in the same transaction"));
                }
                let account = self.live_account(id)?.clone();
                self.update_account(id, |account| {
                    account.deleted = true;
                    Ok(())
                })?;
                self.accounts_by_tenant.remove(&account.tenant, id);
                if let Some(installation) = &account.installation {
                    self.accounts_by_installation.remove(installation, id);
                }
                Ok(())
            }
        }
    }

    pub(super) fn index_account(&mut self, account: &ServiceAccount) {
        self.accounts_by_tenant
            .insert(&account.tenant, account.id.clone());
        if let Some(installation) = &account.installation {
            self.accounts_by_installation
                .insert(installation, account.id.clone());
        }
    }
}
