//! A state as rows, one for each record, so that a store can begin its log anew after it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

use super::app::App;
use super::authorization_code::AuthorizationCode;
use super::client_secret::ClientSecret;
use super::epoch::Epoch;
use super::grant::Grant;
use super::ids::{AccountId, TenantId, TokenId};
use super::install_request::{InstallRequest, RequestStatus};
use super::installation::Installation;
use super::membership::{MemberKey, Membership};
use super::project::Project;
use super::revocation::AccountToken;
use super::role::RoleAssignment;
use super::service_account::ServiceAccount;
use super::signing_key::SigningKey;
use super::state::State;
use super::tenant::Tenant;
use super::token_family::TokenFamily;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Sequence(u64),
    Operator(TenantId),
    Tenant(Arc<Tenant>),
    Project(Arc<Project>),
    Membership(Arc<Membership>),
    FormerMember(MemberKey, Epoch),
    App(Arc<App>),
    Installation(Arc<Installation>),
    ServiceAccount(Arc<ServiceAccount>),
    ClientSecret(Arc<ClientSecret>),
    Grant(Arc<Grant>),
    AuthorizationCode(Arc<AuthorizationCode>),
    TokenFamily(Arc<TokenFamily>),
    SigningKey(Arc<SigningKey>),
    RoleAssignment(Arc<RoleAssignment>),
    InstallRequest(Arc<InstallRequest>),
    RevokedToken(TokenId, i64),
    RevokedAccountToken(AccountId, TokenId, i64),
}

impl State {
    /// The state as rows for a store's snapshot, in no particular order; [`restore`](Self::restore) reads them.
    ///
    /// ```
    /// use bailiwick::platform::{State, TenantChange};
    ///
    /// let mut state = State::new();
    /// state.apply(&TenantChange::Created { id: "acme".into(), name: "Acme".into(), at: 1_800_000_000 }.into())?;
    /// let mut copy = State::new();
    /// for row in state.rows()? {
    ///     copy.restore(&row)?;
    /// }
    /// assert_eq!(copy.tenant("acme"), state.tenant("acme"));
    /// assert_eq!(copy.sequence(), 1);
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] for a record that cannot be written as JSON.
    pub fn rows(&self) -> Result<Vec<Vec<u8>>> {
        let mut rows = Rows::default();
        rows.push(&Row::Sequence(self.sequence));
        if let Some(operator) = &self.operator {
            rows.push(&Row::Operator(operator.clone()));
        }
        macro_rules! records {
            ($($map:ident => $row:ident),* $(,)?) => {
                $(self.$map.for_each(&mut |_, record| rows.push(&Row::$row(Arc::clone(record))));)*
            };
        }
        records! {
            tenants => Tenant,
            projects => Project,
            memberships => Membership,
            apps => App,
            installations => Installation,
            accounts => ServiceAccount,
            secrets => ClientSecret,
            grants => Grant,
            codes => AuthorizationCode,
            families => TokenFamily,
            keys => SigningKey,
            assignments => RoleAssignment,
            requests => InstallRequest,
        }
        self.former_members
            .for_each(&mut |key, epoch| rows.push(&Row::FormerMember(key.clone(), *epoch)));
        self.revoked_tokens
            .for_each(&mut |token, expires| rows.push(&Row::RevokedToken(token.clone(), *expires)));
        self.revoked_account_tokens.for_each(&mut |key, expires| {
            let (account, token) = (key.account.clone(), key.token.clone());
            rows.push(&Row::RevokedAccountToken(account, token, *expires));
        });
        rows.finish()
    }

    /// Takes in one row of an earlier state. Meant for an empty state, which becomes that state row by row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreVersion`] for a row that this version cannot read.
    pub fn restore(&mut self, row: &[u8]) -> Result<()> {
        let row: Row = serde_json::from_slice(row).map_err(|error| {
            Error::new(
                ErrorKind::StoreVersion,
                format!("a row of the snapshot cannot be read: {error}"),
            )
            .help("use the version of the library that wrote the store, or a newer one")
        })?;
        match row {
            Row::Sequence(sequence) => self.sequence = sequence,
            Row::Operator(tenant) => self.operator = Some(tenant),
            Row::Tenant(it) => self.tenants.insert(it.id.clone(), it),
            Row::Project(it) => self.restore_project(it),
            Row::Membership(it) => self.restore_membership(it),
            Row::FormerMember(key, epoch) => self.former_members.insert(key, epoch),
            Row::App(it) => {
                self.apps_by_owner.insert(&it.owner, it.id.clone());
                self.apps.insert(it.id.clone(), it);
            }
            Row::Installation(it) => {
                if !it.removed {
                    self.index_installation(&it);
                }
                self.installations.insert(it.id.clone(), it);
            }
            Row::ServiceAccount(it) => {
                if !it.deleted {
                    self.index_account(&it);
                }
                self.accounts.insert(it.id.clone(), it);
            }
            Row::ClientSecret(it) => {
                self.secrets_by_owner.insert(&it.owner, it.id.clone());
                self.secrets.insert(it.id.clone(), it);
            }
            Row::Grant(it) => {
                self.index_grant(&it);
                self.grants.insert(it.id.clone(), it);
            }
            Row::AuthorizationCode(it) => self.codes.insert(it.id.clone(), it),
            Row::TokenFamily(it) => {
                self.families_by_grant.insert(&it.grant, it.id.clone());
                self.families.insert(it.id.clone(), it);
            }
            Row::SigningKey(it) => self.keys.insert(it.id.clone(), it),
            Row::RoleAssignment(it) => {
                self.index_assignment(&it);
                self.assignments.insert(it.id.clone(), it);
            }
            Row::InstallRequest(it) => {
                if it.status == RequestStatus::Open {
                    self.open_requests_by_tenant.insert(&it.tenant, it.id.clone());
                }
                self.requests.insert(it.id.clone(), it);
            }
            Row::RevokedToken(token, expires) => self.revoked_tokens.insert(token, expires),
            Row::RevokedAccountToken(account, token, expires) => self
                .revoked_account_tokens
                .insert(AccountToken { account, token }, expires),
        }
        Ok(())
    }

    fn restore_project(&mut self, project: Arc<Project>) {
        if !project.removed {
            self.projects_by_tenant
                .insert(&project.tenant, project.id.clone());
        }
        self.projects.insert(project.id.clone(), project);
    }

    fn restore_membership(&mut self, membership: Arc<Membership>) {
        let (tenant, user) = (membership.tenant.clone(), membership.user.clone());
        self.members_by_tenant.insert(&tenant, user.clone());
        self.tenants_by_user.insert(&user, tenant.clone());
        self.memberships.insert(MemberKey { tenant, user }, membership);
    }
}

/// Rows as they are written; remembers the first failure.
#[derive(Default)]
struct Rows {
    rows: Vec<Vec<u8>>,
    failed: bool,
}

impl Rows {
    fn push(&mut self, row: &Row) {
        match serde_json::to_vec(row) {
            Ok(row) => self.rows.push(row),
            Err(_) => self.failed = true,
        }
    }

    fn finish(self) -> Result<Vec<Vec<u8>>> {
        if self.failed {
            return Err(Error::new(
                ErrorKind::Internal,
                "a record of the platform cannot be written as JSON",
            ));
        }
        Ok(self.rows)
    }
}
