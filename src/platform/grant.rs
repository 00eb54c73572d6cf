//! Grants: a user's consent. Active → revoked; consent given again is another grant, unless one is active.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::change::Change;
use super::epoch::Epoch;
use super::ids::{GrantId, InstallationId, TenantId, UserId};
use super::refuse::{conflict, exceeded, taken, unknown};
use super::scopes::Scopes;
use super::state::{State, update};

/// Which user with which installation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConsentKey {
    pub(crate) user: UserId,
    pub(crate) installation: InstallationId,
}

/// A user's consent that an installed app act for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Who consented.
    pub user: UserId,
    /// The installation that acts for them.
    pub installation: InstallationId,
    /// The tenant of the installation.
    pub tenant: TenantId,
    /// What they consented to.
    pub scopes: Scopes,
    /// When it was given, in seconds since the Unix epoch.
    pub given: i64,
    /// When it was revoked; none while it is active.
    pub revoked: Option<i64>,
    /// When an earlier consent of the user to the app in the tenant was last revoked. A token of another issuer names no
    /// consent: what was issued under an earlier one stays dead.
    #[serde(default)]
    pub epoch: Epoch,
}

/// What can happen to a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum GrantChange {
    /// The user consents.
    Given {
        id: GrantId,
        user: UserId,
        installation: InstallationId,
        scopes: Scopes,
        at: i64,
    },
    /// The user consents to something else; tokens keep at most that.
    ScopesSet { id: GrantId, scopes: Scopes },
    /// The consent is over, with everything that came of it.
    Revoked { id: GrantId, at: i64 },
}

impl State {
    /// A grant, revoked or not.
    #[must_use]
    pub fn grant(&self, id: &str) -> Option<&Grant> {
        self.grants.get(id).map(|it| &**it)
    }

    /// The active grant of a user to an installation.
    #[must_use]
    pub fn consent_of(&self, user: &UserId, installation: &InstallationId) -> Option<&Grant> {
        let key = ConsentKey {
            user: user.clone(),
            installation: installation.clone(),
        };
        self.grant(self.consents.get(&key)?.as_str())
    }

    /// The grants of a user in a tenant, sorted by id: their connected apps.
    pub fn grants_of_user(&self, tenant: &TenantId, user: &UserId) -> impl Iterator<Item = &Grant> {
        let tenant = tenant.clone();
        let ids = self.grants_by_user.of(user);
        ids.into_iter()
            .filter_map(|id| self.grant(id.as_str()))
            .filter(move |grant| grant.tenant == tenant)
    }

    /// The grants to an installation, sorted by id.
    pub fn grants_of_installation(&self, installation: &str) -> impl Iterator<Item = &Grant> {
        let ids = self.grants_by_installation.of(installation);
        ids.into_iter().filter_map(|id| self.grant(id.as_str()))
    }

    /// The grant, which must not be revoked.
    pub(crate) fn live_grant(&self, id: &GrantId) -> Result<&Grant> {
        let grant = self
            .grant(id.as_str())
            .ok_or_else(|| unknown(GrantId::NOUN, id.as_str()))?;
        if grant.revoked.is_some() {
            return Err(conflict(format!("grant `{id}` is revoked")));
        }
        Ok(grant)
    }

    /// The change by which a user consents to an installation: a new grant, or more of the active one.
    pub fn consent(
        &self,
        new_id: GrantId,
        user: &UserId,
        installation: &InstallationId,
        scopes: &Scopes,
        at: i64,
    ) -> Change {
        let scopes = scopes.clone();
        match self.consent_of(user, installation) {
            Some(grant) => GrantChange::ScopesSet {
                id: grant.id.clone(),
                scopes,
            }
            .into(),
            None => GrantChange::Given {
                id: new_id,
                user: user.clone(),
                installation: installation.clone(),
                scopes,
                at,
            }
            .into(),
        }
    }

    /// When a consent of the user to the app of an installation was last revoked in the tenant, this installation's or one
    /// that is gone.
    fn revoked_before(&self, tenant: &TenantId, user: &UserId, installation: &InstallationId) -> Epoch {
        let app_of = |id: &InstallationId| Some(&self.installation(id.as_str())?.app);
        let app = app_of(installation);
        let earlier = self
            .grants_of_user(tenant, user)
            .filter(|grant| app_of(&grant.installation) == app);
        match earlier.filter_map(|grant| grant.revoked).max() {
            Some(at) => Epoch {
                number: self.sequence,
                at,
            },
            None => Epoch::default(),
        }
    }

    fn check_consent(&self, installation: &InstallationId, scopes: &Scopes) -> Result<TenantId> {
        let installation = self.live_installation(installation)?;
        self.active_tenant(&installation.tenant)?;
        let outside = scopes.difference(&installation.scopes);
        if !outside.is_empty() {
            return Err(exceeded(format!(
                "installation `{}` is not approved for {outside}",
                installation.id
            )));
        }
        Ok(installation.tenant.clone())
    }

    pub(super) fn apply_grant(&mut self, change: &GrantChange) -> Result<()> {
        match change {
            GrantChange::Given {
                id,
                user,
                installation,
                scopes,
                at,
            } => {
                id.check()?;
                let tenant = self.check_consent(installation, scopes)?;
                if self.member(&tenant, user)?.deactivated {
                    return Err(conflict(format!("user `{user}` is deactivated")));
                }
                if self.grant(id.as_str()).is_some() {
                    return Err(taken(GrantId::NOUN, id.as_str()));
                }
                if self.consent_of(user, installation).is_some() {
                    return Err(conflict(format!(
                        "user `{user}` has a grant to installation `{installation}` already"
                    )));
                }
                let epoch = self.revoked_before(&tenant, user, installation);
                let grant = Grant {
                    id: id.clone(),
                    user: user.clone(),
                    installation: installation.clone(),
                    tenant,
                    scopes: scopes.clone(),
                    given: *at,
                    revoked: None,
                    epoch,
                };
                self.index_grant(&grant);
                self.grants.insert(id.clone(), grant.into());
                Ok(())
            }
            GrantChange::ScopesSet { id, scopes } => {
                let installation = self.live_grant(id)?.installation.clone();
                self.check_consent(&installation, scopes)?;
                update(&mut self.grants, id, |grant| {
                    grant.scopes = scopes.clone();
                    Ok(())
                })
            }
            GrantChange::Revoked { id, at } => {
                let grant = self.live_grant(id)?;
                let key = ConsentKey {
                    user: grant.user.clone(),
                    installation: grant.installation.clone(),
                };
                self.consents.remove(&key);
                update(&mut self.grants, id, |grant| {
                    grant.revoked = Some(*at);
                    Ok(())
                })
            }
        }
    }

    pub(super) fn index_grant(&mut self, grant: &Grant) {
        if grant.revoked.is_none() {
            let key = ConsentKey {
                user: grant.user.clone(),
                installation: grant.installation.clone(),
            };
            self.consents.insert(key, grant.id.clone());
        }
        self.grants_by_user.insert(&grant.user, grant.id.clone());
        self.grants_by_installation
            .insert(&grant.installation, grant.id.clone());
    }
}
