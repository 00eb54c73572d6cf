//! The record that a change is about, for whoever wants to see it before and after.

use serde::Serialize;
use serde_json::Value as Json;

use super::app::AppChange;
use super::app_version::AppVersionChange;
use super::authorization_code::AuthorizationCodeChange;
use super::boundary::BoundaryChange;
use super::change::Change;
use super::client_secret::ClientSecretChange;
use super::grant::GrantChange;
use super::ids::{GrantId, TenantId};
use super::install_request::InstallRequestChange;
use super::installation::InstallationChange;
use super::membership::MembershipChange;
use super::project::ProjectChange;
use super::revocation::RevocationChange;
use super::role::{RoleAssignment, RoleChange};
use super::service_account::ServiceAccountChange;
use super::signing_key::SigningKeyChange;
use super::state::State;
use super::tenant::TenantChange;
use super::token_family::TokenFamilyChange;

fn json<T: Serialize>(record: Option<&T>) -> Json {
    let mut json = record
        .and_then(|record| serde_json::to_value(record).ok())
        .unwrap_or(Json::Null);
    // What only the store needs to see.
    if let Some(members) = json.as_object_mut() {
        members.remove("digest");
        members.remove("sealed");
    }
    json
}

impl State {
    /// The record that a change is about, as JSON without hashes and sealed keys; null when there is none.
    #[must_use]
    pub fn record_of(&self, change: &Change) -> Json {
        match change {
            Change::Founding(_) => json(self.operator()),
            Change::Tenant(
                TenantChange::Created { id, .. }
                | TenantChange::UserInstallsSet { id, .. }
                | TenantChange::Disabled { id, .. }
                | TenantChange::Enabled { id },
            ) => json(self.tenant(id.as_str())),
            Change::Project(ProjectChange::Created { id, .. } | ProjectChange::Removed { id }) => {
                json(self.project(id.as_str()))
            }
            Change::Membership(
                MembershipChange::Joined { tenant, user, .. }
                | MembershipChange::ProjectJoined { tenant, user, .. }
                | MembershipChange::ProjectLeft { tenant, user, .. }
                | MembershipChange::Deactivated { tenant, user, .. }
                | MembershipChange::Reactivated { tenant, user }
                | MembershipChange::Left { tenant, user, .. },
            ) => json(self.membership(tenant, user)),
            Change::App(
                AppChange::Registered { id, .. }
                | AppChange::DeveloperAdded { id, .. }
                | AppChange::DeveloperRemoved { id, .. }
                | AppChange::KeysSet { id, .. }
                | AppChange::Blocked { id, .. }
                | AppChange::Unblocked { id }
                | AppChange::Retired { id },
            ) => json(self.app(id.as_str())),
            Change::AppVersion(
                AppVersionChange::Drafted { app, number, .. }
                | AppVersionChange::Published { app, number, .. },
            ) => json(self.app(app.as_str()).and_then(|app| app.version(*number))),
            Change::Installation(
                InstallationChange::Installed { id, .. }
                | InstallationChange::ProjectsSet { id, .. }
                | InstallationChange::VersionApproved { id, .. }
                | InstallationChange::Suspended { id, .. }
                | InstallationChange::Unsuspended { id, .. }
                | InstallationChange::Removed { id },
            ) => json(self.installation(id.as_str())),
            Change::ServiceAccount(
                ServiceAccountChange::Created { id, .. }
                | ServiceAccountChange::ProjectsSet { id, .. }
                | ServiceAccountChange::KeysSet { id, .. }
                | ServiceAccountChange::Disabled { id, .. }
                | ServiceAccountChange::Enabled { id }
                | ServiceAccountChange::Deleted { id },
            ) => json(self.account(id.as_str())),
            Change::ClientSecret(
                ClientSecretChange::Added { id, .. }
                | ClientSecretChange::Retiring { id, .. }
                | ClientSecretChange::Revoked { id, .. },
            ) => json(self.client_secret(id.as_str())),
            Change::Grant(
                GrantChange::Given { id, .. }
                | GrantChange::ScopesSet { id, .. }
                | GrantChange::Revoked { id, .. },
            ) => json(self.grant(id.as_str())),
            Change::AuthorizationCode(
                AuthorizationCodeChange::Issued { id, .. } | AuthorizationCodeChange::Redeemed { id, .. },
            ) => json(self.code(id.as_str())),
            Change::TokenFamily(
                TokenFamilyChange::Opened { id, .. }
                | TokenFamilyChange::Rotated { id, .. }
                | TokenFamilyChange::Ended { id, .. },
            ) => json(self.family(id.as_str())),
            Change::SigningKey(
                SigningKeyChange::Staged { id, .. }
                | SigningKeyChange::Promoted { id, .. }
                | SigningKeyChange::Demoted { id, .. }
                | SigningKeyChange::Retired { id, .. }
                | SigningKeyChange::Compromised { id, .. },
            ) => json(self.signing_key(id.as_str())),
            Change::Boundary(BoundaryChange::Set { on, .. }) => json(self.boundary(on)),
            Change::Role(RoleChange::Assigned {
                assignee,
                set,
                role,
                place,
            }) => {
                let id = RoleAssignment::new(assignee.clone(), *set, role, place.clone()).id;
                json(self.assignment(id.as_str()))
            }
            Change::Role(RoleChange::Withdrawn { id }) => json(self.assignment(id.as_str())),
            Change::InstallRequest(
                InstallRequestChange::Filed { id, .. } | InstallRequestChange::Closed { id, .. },
            ) => json(self.install_request(id.as_str())),
            Change::Revocation(RevocationChange::TokenRevoked { token, .. }) => {
                Json::Bool(self.is_token_revoked(token.as_str()))
            }
            Change::Revocation(RevocationChange::AccountTokenRevoked { account, token, .. }) => {
                Json::Bool(self.is_account_token_revoked(account, token))
            }
            Change::Revocation(RevocationChange::Forgotten { .. }) => Json::Null,
        }
    }

    /// The tenant that a change is about, where the records before and after it do not say.
    pub(crate) fn tenant_behind<'s>(&'s self, change: &'s Change) -> Option<&'s TenantId> {
        let of_grant = |grant: &GrantId| self.grant(grant.as_str()).map(|grant| &grant.tenant);
        match change {
            Change::AuthorizationCode(
                AuthorizationCodeChange::Issued { id, .. } | AuthorizationCodeChange::Redeemed { id, .. },
            ) => self.code(id.as_str()).and_then(|code| of_grant(&code.grant)),
            Change::TokenFamily(
                TokenFamilyChange::Opened { id, .. }
                | TokenFamilyChange::Rotated { id, .. }
                | TokenFamilyChange::Ended { id, .. },
            ) => self
                .family(id.as_str())
                .and_then(|family| of_grant(&family.grant)),
            Change::Revocation(RevocationChange::TokenRevoked { tenant, .. }) => tenant.as_ref(),
            Change::Revocation(RevocationChange::AccountTokenRevoked { account, .. }) => {
                self.account(account.as_str()).map(|account| &account.tenant)
            }
            _ => None,
        }
    }
}
