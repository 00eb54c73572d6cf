//! Memberships: a user in a tenant and in its projects. Active ⇄ deactivated → ended.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::change::Change;
use super::epoch::Epoch;
use super::grant::GrantChange;
use super::ids::{Named, ProjectId, TenantId, UserId};
use super::refuse::{conflict, unknown};
use super::role::{Assignee, Place, RoleChange};
use super::state::{State, update};

/// Which user in which tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MemberKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
}

/// A user's place in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Membership {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// A guest belongs to projects of the tenant only, not to the tenant itself.
    pub guest: bool,
    /// The projects that the user is in.
    pub projects: BTreeSet<ProjectId>,
    /// A deactivated user may do nothing in the tenant, and nothing acts for them.
    pub deactivated: bool,
    /// When the user was last deactivated, or had left the tenant.
    pub epoch: Epoch,
}

impl Named for MemberKey {
    fn noun(&self) -> &'static str {
        "member"
    }

    fn name(&self) -> &str {
        self.user.as_str()
    }
}

impl Membership {
    fn key(&self) -> MemberKey {
        MemberKey {
            tenant: self.tenant.clone(),
            user: self.user.clone(),
        }
    }
}

/// What can happen to a membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum MembershipChange {
    /// The user belongs to the tenant from now on; a guest only to the projects joined later.
    Joined {
        tenant: TenantId,
        user: UserId,
        guest: bool,
    },
    /// The user is in a project.
    ProjectJoined {
        tenant: TenantId,
        user: UserId,
        project: ProjectId,
    },
    /// The user is out of a project.
    ProjectLeft {
        tenant: TenantId,
        user: UserId,
        project: ProjectId,
    },
    /// The user may do nothing, and nothing acts for them.
    Deactivated { tenant: TenantId, user: UserId, at: i64 },
    /// The user is back; tokens from before are not.
    Reactivated { tenant: TenantId, user: UserId },
    /// The user has left the tenant. Should they come back, tokens from before stay dead.
    Left {
        tenant: TenantId,
        user: UserId,
        #[serde(default)]
        at: i64,
    },
}

impl State {
    /// A user's membership in a tenant.
    #[must_use]
    pub fn membership(&self, tenant: &TenantId, user: &UserId) -> Option<&Membership> {
        let key = MemberKey {
            tenant: tenant.clone(),
            user: user.clone(),
        };
        self.memberships.get(&key).map(|it| &**it)
    }

    /// When somebody who is not a member of a tenant has left it.
    pub(super) fn left(&self, tenant: &TenantId, user: &UserId) -> Epoch {
        let key = MemberKey {
            tenant: tenant.clone(),
            user: user.clone(),
        };
        self.former_members.get(&key).copied().unwrap_or_default()
    }

    /// The members of a tenant, guests included, sorted by user.
    pub fn members_of(&self, tenant: &TenantId) -> impl Iterator<Item = &Membership> {
        let users = self.members_by_tenant.of(tenant);
        users.into_iter().filter_map(|user| self.membership(tenant, user))
    }

    pub(crate) fn member(&self, tenant: &TenantId, user: &UserId) -> Result<&Membership> {
        self.membership(tenant, user).ok_or_else(|| {
            unknown("member", user.as_str()).help(format!("add them to tenant `{tenant}` first"))
        })
    }

    /// The changes by which a user leaves a project, with the roles that they hold in it.
    pub fn leave_project(
        &self,
        tenant: &TenantId,
        user: &UserId,
        project: &ProjectId,
    ) -> Result<Vec<Change>> {
        if !self.member(tenant, user)?.projects.contains(project) {
            return Err(unknown("member of the project", user.as_str()));
        }
        let place = Place::Project(project.clone());
        let mut changes: Vec<Change> = self
            .assignments_of(&Assignee::User(user.clone()))
            .filter(|assignment| assignment.place == place)
            .map(|assignment| {
                RoleChange::Withdrawn {
                    id: assignment.id.clone(),
                }
                .into()
            })
            .collect();
        changes.push(
            MembershipChange::ProjectLeft {
                tenant: tenant.clone(),
                user: user.clone(),
                project: project.clone(),
            }
            .into(),
        );
        Ok(changes)
    }

    /// The changes by which a user leaves a tenant: their roles there are withdrawn and their grants revoked.
    pub fn leave_tenant(&self, tenant: &TenantId, user: &UserId, at: i64) -> Result<Vec<Change>> {
        self.member(tenant, user)?;
        let mut changes: Vec<Change> = self
            .assignments_of(&Assignee::User(user.clone()))
            .filter(|assignment| self.tenant_of(&assignment.place) == Some(tenant))
            .map(|assignment| {
                RoleChange::Withdrawn {
                    id: assignment.id.clone(),
                }
                .into()
            })
            .collect();
        changes.extend(
            self.grants_of_user(tenant, user)
                .filter(|grant| grant.revoked.is_none())
                .map(|grant| {
                    Change::from(GrantChange::Revoked {
                        id: grant.id.clone(),
                        at,
                    })
                }),
        );
        changes.push(
            MembershipChange::Left {
                tenant: tenant.clone(),
                user: user.clone(),
                at,
            }
            .into(),
        );
        Ok(changes)
    }

    fn update_member(
        &mut self,
        tenant: &TenantId,
        user: &UserId,
        change: impl FnOnce(&mut Membership) -> Result<()>,
    ) -> Result<()> {
        let key = self.member(tenant, user)?.key();
        update(&mut self.memberships, &key, change)
    }

    pub(super) fn apply_membership(&mut self, change: &MembershipChange) -> Result<()> {
        let sequence = self.sequence;
        match change {
            MembershipChange::Joined { tenant, user, guest } => {
                user.check()?;
                self.active_tenant(tenant)?;
                if self.membership(tenant, user).is_some() {
                    return Err(conflict(format!(
                        "user `{user}` is a member of tenant `{tenant}` already"
                    )));
                }
                let mut membership = Membership {
                    tenant: tenant.clone(),
                    user: user.clone(),
                    guest: *guest,
                    projects: BTreeSet::new(),
                    deactivated: false,
                    epoch: Epoch::default(),
                };
                let key = membership.key();
                membership.epoch = self.former_members.remove(&key).unwrap_or_default();
                self.memberships.insert(key, membership.into());
                self.members_by_tenant.insert(tenant, user.clone());
                self.tenants_by_user.insert(user, tenant.clone());
                Ok(())
            }
            MembershipChange::ProjectJoined {
                tenant,
                user,
                project,
            } => {
                self.live_project(project, tenant)?;
                self.update_member(tenant, user, |member| {
                    if !member.projects.insert(project.clone()) {
                        return Err(conflict(format!(
                            "user `{user}` is in project `{project}` already"
                        )));
                    }
                    Ok(())
                })
            }
            MembershipChange::ProjectLeft {
                tenant,
                user,
                project,
            } => self.update_member(tenant, user, |member| {
                if !member.projects.remove(project) {
                    return Err(unknown("member of the project", user.as_str()));
                }
                Ok(())
            }),
            MembershipChange::Deactivated { tenant, user, at } => {
                self.update_member(tenant, user, |member| {
                    if member.deactivated {
                        return Err(conflict(format!("user `{user}` is deactivated already")));
                    }
                    member.deactivated = true;
                    member.epoch = Epoch {
                        number: sequence,
                        at: *at,
                    };
                    Ok(())
                })
            }
            MembershipChange::Reactivated { tenant, user } => self.update_member(tenant, user, |member| {
                if !member.deactivated {
                    return Err(conflict(format!("user `{user}` is not deactivated")));
                }
                member.deactivated = false;
                Ok(())
            }),
            MembershipChange::Left { tenant, user, at } => {
                let key = self.member(tenant, user)?.key();
                let has_role = self
                    .assignments_of(&Assignee::User(user.clone()))
                    .any(|assignment| self.tenant_of(&assignment.place) == Some(tenant));
                let has_grant = self
                    .grants_of_user(tenant, user)
                    .any(|grant| grant.revoked.is_none());
                if has_role || has_grant {
                    return Err(conflict(format!(
                        "user `{user}` still holds roles or grants in tenant `{tenant}`"
                    ))
                    .help("withdraw and revoke them in the same transaction"));
                }
                self.memberships.remove(&key);
                let left = Epoch {
                    number: sequence,
                    at: *at,
                };
                self.former_members.insert(key, left);
                self.members_by_tenant.remove(tenant, user);
                self.tenants_by_user.remove(user, tenant);
                Ok(())
            }
        }
    }
}
