//! Where a resource lies.

use smallvec::SmallVec;

use crate::decide::{Above, Object};

use super::snapshot::Snapshot;

/// The tenant and the projects above a resource or that it is itself, found in one walk.
pub(super) struct Placement<'r> {
    pub(super) owner: Owner<'r>,
    pub(super) projects: SmallVec<[Above<'r>; 2]>,
}

/// The tenant that a resource belongs to.
#[derive(Clone, Copy)]
pub(super) enum Owner<'r> {
    None,
    One(Above<'r>),
    Several,
}

impl<'r> Placement<'r> {
    #[inline]
    pub(super) fn of(snapshot: &Snapshot, object: &Object<'r>) -> Self {
        let mut placement = Self {
            owner: Owner::None,
            projects: SmallVec::new(),
        };
        let (tenant, project) = (snapshot.tenant_type(), snapshot.project_type());
        object.each_above(&mut |above| {
            if tenant.is_some_and(|tenant| above.is_of(tenant)) {
                placement.owner = match placement.owner {
                    Owner::None => Owner::One(above),
                    _ => Owner::Several,
                };
            } else if project.is_some_and(|project| above.is_of(project)) {
                placement.projects.push(above);
            }
        });
        placement
    }

    /// The ids of the projects.
    pub(super) fn project_ids(&self) -> impl Iterator<Item = &'r str> {
        self.projects.iter().map(|project| project.uid().id)
    }
}
