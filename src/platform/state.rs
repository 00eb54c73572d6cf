//! The state of a platform at one moment, and the one way to change it.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DISPLAY_NAME_BYTES;

use super::app::App;
use super::authorization_code::AuthorizationCode;
use super::change::Change;
use super::client_secret::{ClientSecret, SecretOwner};
use super::epoch::Epoch;
use super::grant::{ConsentKey, Grant};
use super::ids::{
    AccountId, AppId, AssignmentId, CodeId, FamilyId, GrantId, InstallationId, KeyId, Named, ProjectId,
    RequestId, SecretId, TenantId, TokenId, UserId,
};
use super::install_request::InstallRequest;
use super::installation::{Installation, InstalledKey};
use super::map::{Index, Map};
use super::membership::{MemberKey, Membership};
use super::project::Project;
use super::refuse::{invalid, unknown};
use super::revocation::AccountToken;
use super::role::{Assignee, Place, RoleAssignment};
use super::service_account::ServiceAccount;
use super::signing_key::SigningKey;
use super::tenant::Tenant;
use super::token_family::TokenFamily;

/// Everything the platform knows: tenants, apps, accounts, grants and what became of them.
///
/// A clone costs a few reference counts and clones do not see each other's changes, so each change yields the next
/// snapshot at the price of the change, however large the state is. [`apply`](Self::apply) is the only way to change it.
///
/// ```
/// use bailiwick::platform::{State, TenantChange};
///
/// let before = State::new();
/// let mut after = before.clone();
/// after.apply(&TenantChange::Created { id: "acme".into(), name: "Acme".into(), at: 1_800_000_000 }.into())?;
/// assert!(after.tenant("acme").is_some());
/// assert!(before.tenant("acme").is_none());
/// assert_eq!(after.sequence(), 1);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct State {
    pub(super) sequence: u64,
    pub(super) operator: Option<TenantId>,

    pub(super) tenants: Map<TenantId, Arc<Tenant>>,
    pub(super) projects: Map<ProjectId, Arc<Project>>,
    pub(super) memberships: Map<MemberKey, Arc<Membership>>,
    /// When users left whose tokens from before may still be about.
    pub(super) former_members: Map<MemberKey, Epoch>,
    pub(super) apps: Map<AppId, Arc<App>>,
    pub(super) installations: Map<InstallationId, Arc<Installation>>,
    pub(super) accounts: Map<AccountId, Arc<ServiceAccount>>,
    pub(super) secrets: Map<SecretId, Arc<ClientSecret>>,
    pub(super) grants: Map<GrantId, Arc<Grant>>,
    pub(super) codes: Map<CodeId, Arc<AuthorizationCode>>,
    pub(super) families: Map<FamilyId, Arc<TokenFamily>>,
    pub(super) keys: Map<KeyId, Arc<SigningKey>>,
    pub(super) assignments: Map<AssignmentId, Arc<RoleAssignment>>,
    pub(super) requests: Map<RequestId, Arc<InstallRequest>>,
    /// Revoked access tokens with the time at which they expire anyway.
    pub(super) revoked_tokens: Map<TokenId, i64>,
    pub(super) revoked_account_tokens: Map<AccountToken, i64>,

    // What follows from the above, for look-ups and listings.
    pub(super) projects_by_tenant: Index<TenantId, ProjectId>,
    pub(super) members_by_tenant: Index<TenantId, UserId>,
    pub(super) tenants_by_user: Index<UserId, TenantId>,
    pub(super) apps_by_owner: Index<TenantId, AppId>,
    pub(super) installed: Map<InstalledKey, InstallationId>,
    pub(super) installations_by_tenant: Index<TenantId, InstallationId>,
    pub(super) installations_by_app: Index<AppId, InstallationId>,
    pub(super) accounts_by_tenant: Index<TenantId, AccountId>,
    pub(super) accounts_by_installation: Index<InstallationId, AccountId>,
    pub(super) secrets_by_owner: Index<SecretOwner, SecretId>,
    pub(super) consents: Map<ConsentKey, GrantId>,
    pub(super) grants_by_user: Index<UserId, GrantId>,
    pub(super) grants_by_installation: Index<InstallationId, GrantId>,
    pub(super) families_by_grant: Index<GrantId, FamilyId>,
    pub(super) assignments_by_assignee: Index<Assignee, AssignmentId>,
    pub(super) assignments_by_place: Index<Place, AssignmentId>,
    pub(super) open_requests_by_tenant: Index<TenantId, RequestId>,
}

impl State {
    /// The state of a platform that does not exist yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of changes that led to this state. It only grows.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Makes one change. Deterministic: it depends on nothing but the state and the change.
    ///
    /// # Errors
    ///
    /// A kind of 4xx ([`ErrorKind::is_platform`]) with the reason, when the state does not allow the change. The state is
    /// then as it was.
    pub fn apply(&mut self, change: &Change) -> Result<()> {
        let sequence = self
            .sequence
            .checked_add(1)
            .ok_or_else(|| Error::new(ErrorKind::LimitExceeded, "the changes can be numbered no further"))?;
        // Each noun checks everything before it changes anything; an epoch takes the number of its own change.
        self.sequence = sequence;
        let applied = match change {
            Change::Founding(change) => self.apply_founding(change),
            Change::Tenant(change) => self.apply_tenant(change),
            Change::Project(change) => self.apply_project(change),
            Change::Membership(change) => self.apply_membership(change),
            Change::App(change) => self.apply_app(change),
            Change::AppVersion(change) => self.apply_app_version(change),
            Change::Installation(change) => self.apply_installation(change),
            Change::ServiceAccount(change) => self.apply_service_account(change),
            Change::ClientSecret(change) => self.apply_client_secret(change),
            Change::Grant(change) => self.apply_grant(change),
            Change::AuthorizationCode(change) => self.apply_authorization_code(change),
            Change::TokenFamily(change) => self.apply_token_family(change),
            Change::SigningKey(change) => self.apply_signing_key(change),
            Change::Boundary(change) => self.apply_boundary(change),
            Change::Role(change) => self.apply_role(change),
            Change::InstallRequest(change) => self.apply_install_request(change),
            Change::Revocation(change) => self.apply_revocation(change),
        };
        if applied.is_err() {
            self.sequence = sequence - 1;
        }
        applied
    }

    /// The state after several changes, all of them or none.
    ///
    /// # Errors
    ///
    /// Those of [`apply`](Self::apply), for the first change that fails.
    pub fn with(&self, changes: &[Change]) -> Result<Self> {
        let mut next = self.clone();
        changes.iter().try_for_each(|change| next.apply(change))?;
        Ok(next)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("sequence", &self.sequence)
            .field("tenants", &self.tenants.len())
            .field("apps", &self.apps.len())
            .field("installations", &self.installations.len())
            .field("accounts", &self.accounts.len())
            .field("assignments", &self.assignments.len())
            .finish_non_exhaustive()
    }
}

/// Replaces a record by a changed copy; leaves it as it was when the change fails.
pub(super) fn update<K, V>(
    map: &mut Map<K, Arc<V>>,
    id: &K,
    change: impl FnOnce(&mut V) -> Result<()>,
) -> Result<()>
where
    K: Clone + Eq + Hash + Named,
    V: Clone,
{
    let mut record = V::clone(map.get(id).ok_or_else(|| unknown(id.noun(), id.name()))?);
    change(&mut record)?;
    map.insert(id.clone(), Arc::new(record));
    Ok(())
}

/// A name for people: not empty, not overlong, without control characters.
pub(super) fn check_name(name: &str) -> Result<()> {
    if !name.trim().is_empty() && name.len() <= MAX_DISPLAY_NAME_BYTES && !name.chars().any(char::is_control)
    {
        return Ok(());
    }
    Err(invalid(format!(
        "the name is empty, longer than {MAX_DISPLAY_NAME_BYTES} bytes, or has control characters"
    )))
}
