//! Role assignments: assigned → withdrawn. Each is one link of a template, so there may be millions.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::ids::{AccountId, AssignmentId, ProjectId, TenantId, UserId};
use super::refuse::{conflict, unknown};
use super::state::{State, check_name};

/// Who holds a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Assignee {
    /// A person.
    User(UserId),
    /// A service account.
    ServiceAccount(AccountId),
}

/// Where a role holds: there and in everything beneath.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// Everywhere; for the roles of the platform's operator.
    Platform,
    /// In a tenant.
    Tenant(TenantId),
    /// In a project.
    Project(ProjectId),
}

/// Which policies a role comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleSet {
    /// The host's: what may be done with its resources.
    Host,
    /// The platform's: what may be administered.
    Administration,
}

/// A role that somebody holds somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleAssignment {
    /// Its id, made of the other fields: the same assignment cannot be made twice.
    pub id: AssignmentId,
    /// Who holds it.
    pub assignee: Assignee,
    /// Which policies it comes from.
    pub set: RoleSet,
    /// The role: the id of a template.
    pub role: String,
    /// Where.
    pub place: Place,
}

impl RoleAssignment {
    /// An assignment with the id that follows from it.
    #[must_use]
    pub fn new(assignee: Assignee, set: RoleSet, role: &str, place: Place) -> Self {
        let mut id = String::with_capacity(64);
        if set == RoleSet::Administration {
            id.push_str("administration:");
        }
        push_escaped(&mut id, role);
        let (kind, who) = match &assignee {
            Assignee::User(id) => ("@user:", id.as_str()),
            Assignee::ServiceAccount(id) => ("@service_account:", id.as_str()),
        };
        id.push_str(kind);
        push_escaped(&mut id, who);
        let (kind, place_id) = match &place {
            Place::Platform => ("@platform", ""),
            Place::Tenant(id) => ("@tenant:", id.as_str()),
            Place::Project(id) => ("@project:", id.as_str()),
        };
        id.push_str(kind);
        push_escaped(&mut id, place_id);
        Self {
            id: AssignmentId::from(id),
            assignee,
            set,
            role: role.to_owned(),
            place,
        }
    }
}

/// Keeps parts of an id apart, whatever they hold.
fn push_escaped(id: &mut String, part: &str) {
    for c in part.chars() {
        match c {
            '@' => id.push_str("%40"),
            ':' => id.push_str("%3A"),
            '%' => id.push_str("%25"),
            c => id.push(c),
        }
    }
}

/// What can happen to a role assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum RoleChange {
    /// The role is held from now on.
    Assigned {
        assignee: Assignee,
        set: RoleSet,
        role: String,
        place: Place,
    },
    /// It is held no longer.
    Withdrawn { id: AssignmentId },
}

impl State {
    /// A role assignment.
    #[must_use]
    pub fn assignment(&self, id: &str) -> Option<&RoleAssignment> {
        self.assignments.get(id).map(|it| &**it)
    }

    /// Visits every role assignment, in no particular order.
    pub fn for_each_assignment<'s>(&'s self, visit: &mut impl FnMut(&'s RoleAssignment)) {
        self.assignments.for_each(&mut |_, assignment| visit(assignment));
    }

    /// The roles that somebody holds, sorted by id.
    pub fn assignments_of(&self, assignee: &Assignee) -> impl Iterator<Item = &RoleAssignment> {
        let ids = self.assignments_by_assignee.of(assignee);
        ids.into_iter().filter_map(|id| self.assignment(id.as_str()))
    }

    /// The roles that hold at a place itself, sorted by id.
    pub fn assignments_at(&self, place: &Place) -> impl Iterator<Item = &RoleAssignment> {
        let ids = self.assignments_by_place.of(place);
        ids.into_iter().filter_map(|id| self.assignment(id.as_str()))
    }

    /// The tenant that a place is or belongs to.
    pub(crate) fn tenant_of<'s>(&'s self, place: &'s Place) -> Option<&'s TenantId> {
        match place {
            Place::Platform => None,
            Place::Tenant(id) => Some(id),
            Place::Project(id) => self.project(id.as_str()).map(|project| &project.tenant),
        }
    }

    pub(super) fn apply_role(&mut self, change: &RoleChange) -> Result<()> {
        match change {
            RoleChange::Assigned {
                assignee,
                set,
                role,
                place,
            } => {
                check_name(role)?;
                self.check_assignment(assignee, *set, place)?;
                let assignment = RoleAssignment::new(assignee.clone(), *set, role, place.clone());
                if self.assignment(assignment.id.as_str()).is_some() {
                    return Err(conflict(format!(
                        "role assignment `{}` exists already",
                        assignment.id
                    )));
                }
                self.index_assignment(&assignment);
                self.assignments.insert(assignment.id.clone(), assignment.into());
                Ok(())
            }
            RoleChange::Withdrawn { id } => {
                let assignment = self
                    .assignments
                    .remove(id.as_str())
                    .ok_or_else(|| unknown(AssignmentId::NOUN, id.as_str()))?;
                self.assignments_by_assignee.remove(&assignment.assignee, id);
                self.assignments_by_place.remove(&assignment.place, id);
                Ok(())
            }
        }
    }

    /// A role is held by somebody of the tenant where it holds; roles across tenants are the operator's alone.
    fn check_assignment(&self, assignee: &Assignee, set: RoleSet, place: &Place) -> Result<()> {
        let tenant = match place {
            Place::Platform if set == RoleSet::Administration => {
                return match assignee {
                    Assignee::User(user) => user.check(),
                    Assignee::ServiceAccount(_) => {
                        Err(conflict("a service account holds no role on the whole platform"))
                    }
                };
            }
            Place::Platform => return Err(conflict("a host's role holds in a tenant or a project")),
            Place::Tenant(id) => self.active_tenant(id)?.id.clone(),
            Place::Project(id) => {
                let tenant = self
                    .project(id.as_str())
                    .map(|project| project.tenant.clone())
                    .ok_or_else(|| unknown(ProjectId::NOUN, id.as_str()))?;
                self.live_project(id, &tenant)?;
                tenant
            }
        };
        match assignee {
            Assignee::User(user) => self.member(&tenant, user).map(|_| ()),
            Assignee::ServiceAccount(id) => {
                if self.live_account(id)?.tenant != tenant {
                    return Err(unknown(AccountId::NOUN, id.as_str()));
                }
                Ok(())
            }
        }
    }

    pub(super) fn index_assignment(&mut self, assignment: &RoleAssignment) {
        self.assignments_by_assignee
            .insert(&assignment.assignee, assignment.id.clone());
        self.assignments_by_place
            .insert(&assignment.place, assignment.id.clone());
    }
}
