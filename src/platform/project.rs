//! Projects: created → removed. A removed project stays known, so that its id is never reused.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::change::Change;
use super::ids::{ProjectId, TenantId};
use super::membership::MembershipChange;
use super::refuse::{conflict, taken, unknown};
use super::role::{Place, RoleChange};
use super::scopes::Scopes;
use super::state::{State, check_name, update};

/// A container of resources inside one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Project {
    /// Its id, unique on the platform.
    pub id: ProjectId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// Caps everything in it; none when only the tenant caps it.
    pub boundary: Option<Scopes>,
    /// Nothing is in a removed project any more.
    pub removed: bool,
}

/// What can happen to a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum ProjectChange {
    /// It exists from now on. No installation with a list of projects gets into it by that.
    Created {
        id: ProjectId,
        tenant: TenantId,
        name: String,
    },
    /// It is gone for good.
    Removed { id: ProjectId },
}

impl State {
    /// A project, removed or not.
    #[must_use]
    pub fn project(&self, id: &str) -> Option<&Project> {
        self.projects.get(id).map(|it| &**it)
    }

    /// The projects of a tenant that are not removed, sorted by id.
    pub fn projects_of(&self, tenant: &str) -> impl Iterator<Item = &Project> {
        let ids = self.projects_by_tenant.of(tenant);
        ids.into_iter().filter_map(|id| self.project(id.as_str()))
    }

    /// The project, which must exist in this tenant.
    pub(crate) fn live_project(&self, id: &ProjectId, tenant: &TenantId) -> Result<&Project> {
        // A project of another tenant is as unknown as one that does not exist.
        self.project(id.as_str())
            .filter(|project| !project.removed && project.tenant == *tenant)
            .ok_or_else(|| unknown(ProjectId::NOUN, id.as_str()))
    }

    /// The changes that remove a project together with the roles that were assigned in it and the memberships in it.
    pub fn remove_project(&self, id: &ProjectId) -> Result<Vec<Change>> {
        let project = self
            .project(id.as_str())
            .ok_or_else(|| unknown(ProjectId::NOUN, id.as_str()))?;
        self.live_project(id, &project.tenant)?;
        let mut changes: Vec<Change> = self
            .assignments_at(&Place::Project(id.clone()))
            .map(|assignment| {
                RoleChange::Withdrawn {
                    id: assignment.id.clone(),
                }
                .into()
            })
            .collect();
        changes.extend(
            self.members_of(&project.tenant)
                .filter(|member| member.projects.contains(id))
                .map(|member| {
                    Change::from(MembershipChange::ProjectLeft {
                        tenant: member.tenant.clone(),
                        user: member.user.clone(),
                        project: id.clone(),
                    })
                }),
        );
        changes.push(ProjectChange::Removed { id: id.clone() }.into());
        Ok(changes)
    }

    pub(super) fn apply_project(&mut self, change: &ProjectChange) -> Result<()> {
        match change {
            ProjectChange::Created { id, tenant, name } => {
                id.check()?;
                check_name(name)?;
                self.active_tenant(tenant)?;
                if self.project(id.as_str()).is_some() {
                    return Err(taken(ProjectId::NOUN, id.as_str()));
                }
                let project = Project {
                    id: id.clone(),
                    tenant: tenant.clone(),
                    name: name.clone(),
                    boundary: None,
                    removed: false,
                };
                self.projects.insert(id.clone(), project.into());
                self.projects_by_tenant.insert(tenant, id.clone());
                Ok(())
            }
            ProjectChange::Removed { id } => {
                if self.assignments_at(&Place::Project(id.clone())).next().is_some() {
                    return Err(conflict(format!("roles are still assigned in project `{id}`"))
                        .help("withdraw them first"));
                }
                let mut tenant = None;
                update(&mut self.projects, id, |project| {
                    if project.removed {
                        return Err(unknown(ProjectId::NOUN, id.as_str()));
                    }
                    project.removed = true;
                    tenant = Some(project.tenant.clone());
                    Ok(())
                })?;
                if let Some(tenant) = tenant {
                    self.projects_by_tenant.remove(&tenant, id);
                }
                Ok(())
            }
        }
    }
}
