//! Administration of tenants, projects and members.

use crate::error::Result;
use crate::platform::{
    Membership, MembershipChange, Project, ProjectChange, ProjectId, TenantChange, TenantId, UserId,
};

use super::{Admin, Target};

/// A tenant to be created.
#[derive(Clone, Debug)]
pub struct NewTenant {
    name: String,
    admin: Option<UserId>,
    roles: Vec<String>,
}

impl NewTenant {
    /// A tenant of this name; say who is its first admin.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            admin: None,
            roles: Vec::new(),
        }
    }

    /// The first admin. Without one nobody could ever administer it, so creating it fails.
    #[must_use]
    pub fn admin(mut self, user: impl Into<UserId>) -> Self {
        self.admin = Some(user.into());
        self
    }

    /// A role of the host's policies that the first admin begins with, on the whole tenant; further roles are handed on
    /// from there.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }
}

impl Admin<'_> {
    /// Creates a tenant with its first admin; for the platform's operator.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden), [`PlatformConflict`](crate::ErrorKind::PlatformConflict)
    /// for an id that is in use, [`PlatformInvalid`](crate::ErrorKind::PlatformInvalid).
    pub fn create_tenant(&self, id: impl Into<TenantId>, new: NewTenant) -> Result<()> {
        let (id, at) = (id.into(), self.now());
        self.change("tenants.create", Target::operator, |snapshot| {
            let admin = new.admin.as_ref().ok_or_else(|| {
                crate::Error::new(
                    crate::ErrorKind::PlatformInvalid,
                    "a tenant without a first admin",
                )
                .help("name one with NewTenant::admin")
            })?;
            let state = &snapshot.platform;
            Ok((state.create_tenant((&id, &new.name), admin, &new.roles, at), ()))
        })
    }

    /// Says whether a user's consent installs apps in a tenant.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn allow_user_installs(&self, tenant: impl Into<TenantId>, allowed: bool) -> Result<()> {
        let id = tenant.into();
        let change = TenantChange::UserInstallsSet {
            id: id.clone(),
            allowed,
        };
        self.make(
            "tenants.allow_user_installs",
            |state| Target::tenant(state, &id),
            change,
        )
    }

    /// Disables a tenant: nothing is allowed in it.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn disable_tenant(&self, tenant: impl Into<TenantId>) -> Result<()> {
        let id = tenant.into();
        let change = TenantChange::Disabled { id, at: self.now() };
        self.make("tenants.disable", Target::operator, change)
    }

    /// Enables a tenant again; tokens from before stay dead. Decided, like disabling it, on the operator's own tenant.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn enable_tenant(&self, tenant: impl Into<TenantId>) -> Result<()> {
        let change = TenantChange::Enabled { id: tenant.into() };
        self.make("tenants.enable", Target::operator, change)
    }

    /// Creates a project in a tenant.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn create_project(
        &self,
        tenant: impl Into<TenantId>,
        id: impl Into<ProjectId>,
        name: impl Into<String>,
    ) -> Result<()> {
        let (tenant, id, name) = (tenant.into(), id.into(), name.into());
        let change = ProjectChange::Created {
            id,
            tenant: tenant.clone(),
            name,
        };
        self.make("projects.create", |state| Target::tenant(state, &tenant), change)
    }

    /// Removes a project for good, with the roles that were assigned in it.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn remove_project(&self, id: impl Into<ProjectId>) -> Result<()> {
        let id = id.into();
        self.change(
            "projects.remove",
            |state| Target::project(state, &id),
            |snapshot| Ok((snapshot.platform.remove_project(&id)?, ())),
        )
    }

    /// Makes a user a member of a tenant.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn add_member(&self, tenant: impl Into<TenantId>, user: impl Into<UserId>) -> Result<()> {
        self.join(tenant.into(), user.into(), false)
    }

    /// Makes a user a guest of a tenant, who belongs to the projects they join and not to the tenant itself.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn add_guest(&self, tenant: impl Into<TenantId>, user: impl Into<UserId>) -> Result<()> {
        self.join(tenant.into(), user.into(), true)
    }

    fn join(&self, tenant: TenantId, user: UserId, guest: bool) -> Result<()> {
        let change = MembershipChange::Joined {
            tenant: tenant.clone(),
            user,
            guest,
        };
        self.make("members.add", |state| Target::tenant(state, &tenant), change)
    }

    /// Takes a user out of a tenant: their roles there are withdrawn, their consents revoked.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn remove_member(&self, tenant: impl Into<TenantId>, user: impl Into<UserId>) -> Result<()> {
        let (tenant, user, at) = (tenant.into(), user.into(), self.now());
        self.change(
            "members.remove",
            |state| Target::tenant(state, &tenant),
            |snapshot| Ok((snapshot.platform.leave_tenant(&tenant, &user, at)?, ())),
        )
    }

    /// Puts a member into a project.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn add_to_project(
        &self,
        tenant: impl Into<TenantId>,
        user: impl Into<UserId>,
        project: impl Into<ProjectId>,
    ) -> Result<()> {
        let (tenant, user, project) = (tenant.into(), user.into(), project.into());
        let change = MembershipChange::ProjectJoined {
            tenant,
            user,
            project: project.clone(),
        };
        self.make("members.add", |state| Target::project(state, &project), change)
    }

    /// Takes a member out of a project, with the roles that they hold in it.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn remove_from_project(
        &self,
        tenant: impl Into<TenantId>,
        user: impl Into<UserId>,
        project: impl Into<ProjectId>,
    ) -> Result<()> {
        let (tenant, user, project) = (tenant.into(), user.into(), project.into());
        self.change(
            "members.remove",
            |state| Target::project(state, &project),
            |snapshot| Ok((snapshot.platform.leave_project(&tenant, &user, &project)?, ())),
        )
    }

    /// Deactivates a user in a tenant: they may do nothing there, and nothing acts for them.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn deactivate_user(&self, tenant: impl Into<TenantId>, user: impl Into<UserId>) -> Result<()> {
        let (tenant, user) = (tenant.into(), user.into());
        let change = MembershipChange::Deactivated {
            tenant: tenant.clone(),
            user,
            at: self.now(),
        };
        self.make(
            "members.deactivate",
            |state| Target::tenant(state, &tenant),
            change,
        )
    }

    /// Reactivates a user; tokens from before stay dead.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn reactivate_user(&self, tenant: impl Into<TenantId>, user: impl Into<UserId>) -> Result<()> {
        let (tenant, user) = (tenant.into(), user.into());
        let change = MembershipChange::Reactivated {
            tenant: tenant.clone(),
            user,
        };
        self.make(
            "members.reactivate",
            |state| Target::tenant(state, &tenant),
            change,
        )
    }

    /// The projects of a tenant, sorted by id.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden).
    pub fn projects(&self, tenant: impl Into<TenantId>) -> Result<Vec<Project>> {
        let tenant = tenant.into();
        self.view(
            "tenants.view",
            |state| Target::tenant(state, &tenant),
            |state| state.projects_of(tenant.as_str()).cloned().collect(),
        )
    }

    /// The members and guests of a tenant, sorted by user.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden).
    pub fn members(&self, tenant: impl Into<TenantId>) -> Result<Vec<Membership>> {
        let tenant = tenant.into();
        self.view(
            "members.view",
            |state| Target::tenant(state, &tenant),
            |state| state.members_of(&tenant).cloned().collect(),
        )
    }
}
