//! Administration of service accounts and client secrets.

use crate::error::Result;
use crate::platform::{
    AccountId, ClientSecretChange, InstallationId, Projects, Secret, SecretId, SecretKind, SecretOwner,
    ServiceAccount, ServiceAccountChange, TenantId, fresh_id, unknown,
};

use super::{Admin, Target};

/// A service account to be created.
#[derive(Clone, Debug)]
pub struct NewServiceAccount {
    name: String,
    projects: Projects,
    installation: Option<InstallationId>,
}

impl NewServiceAccount {
    /// An account of this name, without projects.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            projects: Projects::none(),
            installation: None,
        }
    }

    /// Permits one more project.
    #[must_use]
    pub fn project(mut self, project: &str) -> Self {
        let listed: Vec<&str> = match &self.projects {
            Projects::Listed(projects) => projects.iter().map(|project| project.as_str()).collect(),
            Projects::All => return self,
        };
        self.projects = Projects::listed(listed.into_iter().chain([project]));
        self
    }

    /// Permits every project of the tenant, present and future, and what belongs to the tenant directly.
    #[must_use]
    pub fn all_projects(mut self) -> Self {
        self.projects = Projects::All;
        self
    }

    /// Permits these projects, instead of those named so far.
    #[must_use]
    pub fn projects(mut self, projects: Projects) -> Self {
        self.projects = projects;
        self
    }

    /// Makes it the own account of an installation, which dies with it.
    #[must_use]
    pub fn installation(mut self, id: impl Into<InstallationId>) -> Self {
        self.installation = Some(id.into());
        self
    }
}

impl Admin<'_> {
    /// Creates a service account with its first secret, which is shown here and never again.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn create_service_account(
        &self,
        tenant: impl Into<TenantId>,
        new: NewServiceAccount,
    ) -> Result<(AccountId, Secret)> {
        let (tenant, at) = (tenant.into(), self.now());
        let id = AccountId::from(fresh_id("svc_")?);
        let (secret, secret_id, digest) = self.draw_secret()?;
        self.change(
            "service_accounts.create",
            |state| Target::tenant(state, &tenant),
            |_| {
                let created = ServiceAccountChange::Created {
                    id: id.clone(),
                    name: new.name,
                    tenant: tenant.clone(),
                    installation: new.installation,
                    projects: new.projects,
                    at,
                };
                let owner = SecretOwner::ServiceAccount(id.clone());
                let added = ClientSecretChange::Added {
                    id: secret_id,
                    owner,
                    digest,
                    at,
                };
                Ok((vec![created.into(), added.into()], (id, secret)))
            },
        )
    }

    fn draw_secret(&self) -> Result<(Secret, SecretId, crate::platform::Digest)> {
        let secret = Secret::generate(SecretKind::ClientSecret)?;
        let digest = self
            .engine
            .inner
            .pepper
            .digest(SecretKind::ClientSecret, secret.expose());
        Ok((secret, SecretId::from(fresh_id("sec_")?), digest))
    }

    /// Gives an owner a further secret, which is shown here and never again.
    ///
    /// # Errors
    ///
    /// Those of every change; [`PlatformConflict`](crate::ErrorKind::PlatformConflict) when two are usable already.
    pub fn create_secret(&self, owner: SecretOwner) -> Result<(SecretId, Secret)> {
        let (secret, id, digest) = self.draw_secret()?;
        let target = owner.clone();
        let change = ClientSecretChange::Added {
            id: id.clone(),
            owner,
            digest,
            at: self.now(),
        };
        self.make(
            "secrets.create",
            |state| Target::secret_owner(state, &target),
            change,
        )?;
        Ok((id, secret))
    }

    /// Replaces an owner's secret: the old one stays good for the overlap, in seconds, and touches neither roles nor
    /// projects. The new one is shown here and never again.
    ///
    /// # Errors
    ///
    /// Those of every change; [`PlatformConflict`](crate::ErrorKind::PlatformConflict) while an earlier overlap lasts,
    /// unless the new one is 0.
    pub fn rotate_secret(&self, owner: &SecretOwner, overlap: i64) -> Result<(SecretId, Secret)> {
        let (secret, id, digest) = self.draw_secret()?;
        let at = self.now();
        self.change(
            "secrets.rotate",
            |state| Target::secret_owner(state, owner),
            |snapshot| {
                let changes = snapshot
                    .platform
                    .rotate_secret(owner, (id.clone(), digest), overlap, at)?;
                Ok((changes, (id, secret)))
            },
        )
    }

    /// Revokes a secret; with `with_tokens`, also every token that was obtained with it, and no other.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn revoke_secret(&self, id: impl Into<SecretId>, with_tokens: bool) -> Result<()> {
        let id = id.into();
        let change = ClientSecretChange::Revoked {
            id: id.clone(),
            at: self.now(),
            with_tokens,
        };
        self.make(
            "secrets.revoke",
            |state| {
                let secret = state.client_secret(id.as_str());
                Target::secret(
                    state,
                    secret.ok_or_else(|| unknown("client secret", id.as_str()))?,
                )
            },
            change,
        )
    }

    /// Permits other projects.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn set_account_projects(&self, id: impl Into<AccountId>, projects: Projects) -> Result<()> {
        let id = id.into();
        let change = ServiceAccountChange::ProjectsSet {
            id: id.clone(),
            projects,
        };
        self.make(
            "service_accounts.configure",
            |state| Target::account(state, &id),
            change,
        )
    }

    /// Disables an account: it does nothing, and its tokens die.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn disable_account(&self, id: impl Into<AccountId>) -> Result<()> {
        let id = id.into();
        let change = ServiceAccountChange::Disabled {
            id: id.clone(),
            at: self.now(),
        };
        self.make(
            "service_accounts.disable",
            |state| Target::account(state, &id),
            change,
        )
    }

    /// Enables an account again; tokens from before stay dead.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn enable_account(&self, id: impl Into<AccountId>) -> Result<()> {
        let id = id.into();
        let change = ServiceAccountChange::Enabled { id: id.clone() };
        self.make(
            "service_accounts.enable",
            |state| Target::account(state, &id),
            change,
        )
    }

    /// Deletes an account for good, with its roles and secrets.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn delete_account(&self, id: impl Into<AccountId>) -> Result<()> {
        let (id, at) = (id.into(), self.now());
        self.change(
            "service_accounts.delete",
            |state| Target::account(state, &id),
            |snapshot| Ok((snapshot.platform.delete_account(&id, at)?, ())),
        )
    }

    /// The service accounts of a tenant, sorted by id.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden).
    pub fn service_accounts(&self, tenant: impl Into<TenantId>) -> Result<Vec<ServiceAccount>> {
        let tenant = tenant.into();
        self.view(
            "service_accounts.view",
            |state| Target::tenant(state, &tenant),
            |state| state.accounts_in(tenant.as_str()).cloned().collect(),
        )
    }
}
