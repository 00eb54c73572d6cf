//! From one snapshot to the next: changes of the platform, and what follows from them for policies and entities.

use std::sync::Arc;

use crate::decide::Edit;
use crate::error::{Error, ErrorKind, Result};
use crate::platform::{
    Assignee, BoundaryChange, Bounded, Change, Map, MembershipChange, Place, ProjectChange, Projects,
    RoleAssignment, RoleChange, RoleSet, ServiceAccountChange, State,
};
use crate::policy::Vocabulary;
use crate::value::{EntityRef, EntityUid};

use super::snapshot::Snapshot;

/// The entity above all tenants in `policies/platform`.
const PLATFORM_TYPE: &str = "Bailiwick::Platform";
const PLATFORM_ID: &str = "main";

impl Snapshot {
    /// The snapshot after some changes, all of them or none, with the next revision.
    pub(super) fn after(&self, changes: &[Change]) -> Result<Self> {
        let mut next = self.successor(self.revision + 1);
        let mut host = Plane::new(
            self.authorizer.edit(),
            Arc::clone(&self.vocabulary),
            RoleSet::Host,
        );
        let mut administration = self.administration.as_ref().map(|plane| {
            let vocabulary = Arc::clone(&plane.vocabulary);
            (
                plane,
                Plane::new(plane.authorizer.edit(), vocabulary, RoleSet::Administration),
            )
        });
        for change in changes {
            // What is withdrawn or replaced is known to the state before the change only.
            host.retract(change, &next.platform)?;
            if let Some((_, plane)) = &mut administration {
                plane.retract(change, &next.platform)?;
            }
            next.platform.apply(change)?;
            host.assert(change, &next.platform)?;
            if let Some((_, plane)) = &mut administration {
                plane.assert(change, &next.platform)?;
            }
            next.note_boundary(change);
        }
        next.authorizer = host.edit.commit();
        next.administration = administration.map(|(old, plane)| {
            let mut administration = old.successor(next.revision);
            administration.authorizer = plane.edit.commit();
            administration.platform = next.platform.clone();
            changes
                .iter()
                .for_each(|change| administration.note_boundary(change));
            Arc::new(administration)
        });
        Ok(next)
    }

    /// The snapshot of freshly loaded policies, with everything that follows from a state.
    pub(super) fn with_platform(
        mut self,
        platform: &State,
        administration: Option<Arc<Snapshot>>,
    ) -> Result<Self> {
        self.platform = platform.clone();
        let mut plane = Plane::new(
            self.authorizer.edit(),
            Arc::clone(&self.vocabulary),
            RoleSet::Host,
        );
        plane.assert_all(platform)?;
        self.authorizer = plane.edit.commit();
        self.note_boundaries();
        self.administration = match administration {
            None => None,
            Some(plane) => {
                let mut fresh = plane.successor(self.revision);
                fresh = fresh.with_administration(platform)?;
                Some(Arc::new(fresh))
            }
        };
        Ok(self)
    }

    fn with_administration(mut self, platform: &State) -> Result<Self> {
        self.platform = platform.clone();
        let mut plane = Plane::new(
            self.authorizer.edit(),
            Arc::clone(&self.vocabulary),
            RoleSet::Administration,
        );
        plane.assert_all(platform)?;
        self.authorizer = plane.edit.commit();
        self.note_boundaries();
        Ok(self)
    }

    /// What the boundaries of all projects leave, from the state.
    fn note_boundaries(&mut self) {
        let platform = self.platform.clone();
        self.project_caps = Map::new();
        for tenant in platform.tenants() {
            for project in platform.projects_of(tenant.id.as_str()) {
                if let Some(scopes) = &project.boundary {
                    let actions = Arc::new(self.vocabulary.covered_by(scopes.iter()));
                    self.project_caps.insert(project.id.clone(), actions);
                }
            }
        }
    }

    fn note_boundary(&mut self, change: &Change) {
        match change {
            Change::Boundary(BoundaryChange::Set {
                on: Bounded::Project(id),
                scopes,
            }) => match scopes {
                Some(scopes) => {
                    let actions = Arc::new(self.vocabulary.covered_by(scopes.iter()));
                    self.project_caps.insert(id.clone(), actions);
                }
                None => {
                    self.project_caps.remove(id.as_str());
                }
            },
            Change::Project(ProjectChange::Removed { id }) => {
                self.project_caps.remove(id.as_str());
            }
            _ => {}
        }
    }
}

/// Policies and entities of one set of roles while they change.
struct Plane {
    edit: Edit,
    vocabulary: Arc<Vocabulary>,
    set: RoleSet,
}

impl Plane {
    fn new(edit: Edit, vocabulary: Arc<Vocabulary>, set: RoleSet) -> Self {
        Self {
            edit,
            vocabulary,
            set,
        }
    }

    /// Takes out what a change ends.
    fn retract(&mut self, change: &Change, before: &State) -> Result<()> {
        match change {
            Change::Role(RoleChange::Withdrawn { id }) => {
                if let Some(assignment) = before.assignment(id.as_str())
                    && assignment.set == self.set
                {
                    self.edit.remove_policy(id.as_str())?;
                }
                Ok(())
            }
            Change::ServiceAccount(
                ServiceAccountChange::ProjectsSet { id, .. } | ServiceAccountChange::Deleted { id },
            ) if self.set == RoleSet::Host => {
                let Some(account) = before.account(id.as_str()) else {
                    return Ok(());
                };
                let Some(uid) = self.part(self.vocabulary.service_account_type(), id.as_str()) else {
                    return Ok(());
                };
                if let Projects::Listed(projects) = &account.projects {
                    for project in projects.iter() {
                        let project = self.part(self.vocabulary.project_type(), project.as_str());
                        self.leave(&uid, project)?;
                    }
                }
                if matches!(
                    change,
                    Change::ServiceAccount(ServiceAccountChange::Deleted { .. })
                ) {
                    let tenant = self.part(self.vocabulary.tenant_type(), account.tenant.as_str());
                    self.leave(&uid, tenant)?;
                }
                Ok(())
            }
            Change::Membership(MembershipChange::Left { tenant, user, .. }) if self.set == RoleSet::Host => {
                let Some(uid) = self.part(self.vocabulary.user_type(), user.as_str()) else {
                    return Ok(());
                };
                if let Some(membership) = before.membership(tenant, user) {
                    for project in &membership.projects {
                        let project = self.part(self.vocabulary.project_type(), project.as_str());
                        self.leave(&uid, project)?;
                    }
                }
                let tenant = self.part(self.vocabulary.tenant_type(), tenant.as_str());
                self.leave(&uid, tenant)
            }
            _ => Ok(()),
        }
    }

    /// Puts in what a change begins.
    fn assert(&mut self, change: &Change, after: &State) -> Result<()> {
        match change {
            Change::Role(RoleChange::Assigned {
                assignee,
                set,
                role,
                place,
            }) if *set == self.set => {
                let assignment = RoleAssignment::new(assignee.clone(), *set, role, place.clone());
                self.link(&assignment)
            }
            // Administration builds its entities for each request.
            _ if self.set == RoleSet::Administration => Ok(()),
            Change::Project(ProjectChange::Created { id, tenant, .. }) => {
                let project = self.part(self.vocabulary.project_type(), id.as_str());
                let tenant = self.part(self.vocabulary.tenant_type(), tenant.as_str());
                self.join(project, tenant)
            }
            Change::Project(ProjectChange::Removed { id }) => {
                let tenant = after.project(id.as_str()).map(|project| project.tenant.as_str());
                let tenant = self.part(self.vocabulary.tenant_type(), tenant.unwrap_or_default());
                match self.part(self.vocabulary.project_type(), id.as_str()) {
                    Some(project) => self.leave(&project, tenant),
                    None => Ok(()),
                }
            }
            Change::Membership(MembershipChange::Joined {
                tenant,
                user,
                guest: false,
            }) => {
                let user = self.part(self.vocabulary.user_type(), user.as_str());
                let tenant = self.part(self.vocabulary.tenant_type(), tenant.as_str());
                self.join(user, tenant)
            }
            Change::Membership(MembershipChange::ProjectJoined { user, project, .. }) => {
                let user = self.part(self.vocabulary.user_type(), user.as_str());
                let project = self.part(self.vocabulary.project_type(), project.as_str());
                self.join(user, project)
            }
            Change::Membership(MembershipChange::ProjectLeft { user, project, .. }) => {
                let project = self.part(self.vocabulary.project_type(), project.as_str());
                match self.part(self.vocabulary.user_type(), user.as_str()) {
                    Some(user) => self.leave(&user, project),
                    None => Ok(()),
                }
            }
            Change::ServiceAccount(
                ServiceAccountChange::Created { id, .. } | ServiceAccountChange::ProjectsSet { id, .. },
            ) => match after.account(id.as_str()) {
                Some(account) => self.place_account(account),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Puts in everything that follows from a state.
    fn assert_all(&mut self, state: &State) -> Result<()> {
        let mut linked = Ok(());
        state.for_each_assignment(&mut |assignment| {
            if linked.is_ok() && assignment.set == self.set {
                linked = self.link(assignment);
            }
        });
        linked?;
        if self.set == RoleSet::Administration {
            return Ok(());
        }
        for tenant in state.tenants() {
            let above = self.part(self.vocabulary.tenant_type(), tenant.id.as_str());
            for project in state.projects_of(tenant.id.as_str()) {
                let project = self.part(self.vocabulary.project_type(), project.id.as_str());
                self.join(project, above.clone())?;
            }
            for member in state.members_of(&tenant.id) {
                let user = self.part(self.vocabulary.user_type(), member.user.as_str());
                if !member.guest {
                    self.join(user.clone(), above.clone())?;
                }
                for project in &member.projects {
                    let project = self.part(self.vocabulary.project_type(), project.as_str());
                    self.join(user.clone(), project)?;
                }
            }
            for account in state.accounts_in(tenant.id.as_str()) {
                self.place_account(account)?;
            }
        }
        Ok(())
    }

    fn place_account(&mut self, account: &crate::platform::ServiceAccount) -> Result<()> {
        let uid = self.part(self.vocabulary.service_account_type(), account.id.as_str());
        let tenant = self.part(self.vocabulary.tenant_type(), account.tenant.as_str());
        self.join(uid.clone(), tenant)?;
        if let Projects::Listed(projects) = &account.projects {
            for project in projects.iter() {
                let project = self.part(self.vocabulary.project_type(), project.as_str());
                self.join(uid.clone(), project)?;
            }
        }
        Ok(())
    }

    fn link(&mut self, assignment: &RoleAssignment) -> Result<()> {
        let missing = |part: &str| {
            Error::new(
                ErrorKind::Configuration,
                format!(
                    "no entity type of the schema plays the {part}, so no role can be assigned to or in one"
                ),
            )
        };
        let (part, type_name, id) = match &assignment.assignee {
            Assignee::User(id) => ("user", self.vocabulary.user_type(), id.as_str()),
            Assignee::ServiceAccount(id) => (
                "service account",
                self.vocabulary.service_account_type(),
                id.as_str(),
            ),
        };
        let principal = self.part(type_name, id).ok_or_else(|| missing(part))?;
        let (part, type_name, id) = match &assignment.place {
            Place::Platform => ("platform", Some(PLATFORM_TYPE), PLATFORM_ID),
            Place::Tenant(id) => ("tenant", self.vocabulary.tenant_type(), id.as_str()),
            Place::Project(id) => ("project", self.vocabulary.project_type(), id.as_str()),
        };
        let place = self.part(type_name, id).ok_or_else(|| missing(part))?;
        self.edit
            .link(
                &assignment.role,
                assignment.id.as_str(),
                Some(principal.as_ref()),
                Some(place.as_ref()),
            )
            .map_err(|error| match error.kind() {
                ErrorKind::LinkInvalid => Error::new(
                    ErrorKind::PlatformUnknown,
                    format!("there is no role `{}`", crate::value::shorten(&assignment.role)),
                )
                .help("a role is a template with a slot for the principal and one for the resource"),
                _ => error,
            })
    }

    /// The entity that plays a part, where a type of the schema does.
    fn part(&self, type_name: Option<&str>, id: &str) -> Option<EntityUid<'static>> {
        type_name.map(|type_name| EntityUid::new(type_name.to_owned(), id.to_owned()))
    }

    /// Puts an entity under another, where the schema declares that it can be.
    fn join(&mut self, child: Option<EntityUid<'static>>, parent: Option<EntityUid<'static>>) -> Result<()> {
        let (Some(child), Some(parent)) = (child, parent) else {
            return Ok(());
        };
        if !self.vocabulary.can_be_in(child.type_name(), parent.type_name()) {
            return Ok(());
        }
        self.edit.add_parent(child.as_ref(), parent.as_ref())
    }

    fn leave(&mut self, child: &EntityUid<'static>, parent: Option<EntityUid<'static>>) -> Result<()> {
        let parent: Option<EntityRef<'_>> = parent.as_ref().map(EntityUid::as_ref);
        match parent {
            Some(parent) => self.edit.remove_parent(child.as_ref(), parent).map(|_| ()),
            None => Ok(()),
        }
    }
}
