//! The founding of a platform: the one change that nobody has to authorise, because nobody is there yet.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::change::Change;
use super::ids::{TenantId, UserId};
use super::membership::MembershipChange;
use super::refuse::{conflict, unknown};
use super::role::{Assignee, Place, RoleChange, RoleSet};
use super::state::State;
use super::tenant::TenantChange;

/// The role of the platform's operator, in `policies/platform/roles.cedar`.
pub(crate) const OPERATOR_ROLE: &str = "platform-operator";
/// The role of a tenant's admin, in `policies/platform/roles.cedar`.
pub(crate) const TENANT_ADMIN_ROLE: &str = "tenant-admin";

/// What can happen to the platform itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum FoundingChange {
    /// The platform exists, and this tenant is its operator's. From now on tenants that it does not know are refused.
    Founded { operator: TenantId, at: i64 },
}

impl State {
    /// The operator's tenant; none before the founding.
    #[must_use]
    pub fn operator(&self) -> Option<&TenantId> {
        self.operator.as_ref()
    }

    /// The changes that found a platform: the operator's tenant, and a first operator in it.
    pub fn found(&self, tenant: TenantId, name: &str, user: UserId, at: i64) -> Result<Vec<Change>> {
        self.check_unfounded()?;
        Ok(vec![
            TenantChange::Created {
                id: tenant.clone(),
                name: name.to_owned(),
                at,
            }
            .into(),
            FoundingChange::Founded {
                operator: tenant.clone(),
                at,
            }
            .into(),
            MembershipChange::Joined {
                tenant,
                user: user.clone(),
                guest: false,
            }
            .into(),
            RoleChange::Assigned {
                assignee: Assignee::User(user),
                set: RoleSet::Administration,
                role: OPERATOR_ROLE.to_owned(),
                place: Place::Platform,
            }
            .into(),
        ])
    }

    /// The changes that create a tenant with its first admin, and the roles of the host that the admin begins with.
    ///
    /// Nobody can hold authority in a tenant that does not exist yet, so this is where it comes from; afterwards it is
    /// only handed on.
    pub fn create_tenant(
        &self,
        (id, name): (&TenantId, &str),
        admin: &UserId,
        roles: &[String],
        at: i64,
    ) -> Vec<Change> {
        let role = |set, role: &str| {
            Change::from(RoleChange::Assigned {
                assignee: Assignee::User(admin.clone()),
                set,
                role: role.to_owned(),
                place: Place::Tenant(id.clone()),
            })
        };
        let mut changes: Vec<Change> = vec![
            TenantChange::Created {
                id: id.clone(),
                name: name.to_owned(),
                at,
            }
            .into(),
            MembershipChange::Joined {
                tenant: id.clone(),
                user: admin.clone(),
                guest: false,
            }
            .into(),
            role(RoleSet::Administration, TENANT_ADMIN_ROLE),
        ];
        changes.extend(roles.iter().map(|name| role(RoleSet::Host, name)));
        changes
    }

    fn check_unfounded(&self) -> Result<()> {
        match &self.operator {
            None => Ok(()),
            Some(operator) => Err(conflict(format!(
                "the platform is founded already; its operator is tenant `{operator}`"
            ))
            .help("let an operator assign the role to somebody else")),
        }
    }

    pub(super) fn apply_founding(&mut self, change: &FoundingChange) -> Result<()> {
        let FoundingChange::Founded { operator, .. } = change;
        self.check_unfounded()?;
        if self.tenant(operator.as_str()).is_none() {
            return Err(unknown(TenantId::NOUN, operator.as_str()));
        }
        self.operator = Some(operator.clone());
        Ok(())
    }
}
