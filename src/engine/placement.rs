//! Where a resource lies.

use smallvec::SmallVec;

use crate::decide::Object;
use crate::value::EntityRef;

use super::snapshot::Snapshot;

/// The tenant and the projects above a resource or that it is itself, found in one walk.
pub(super) struct Placement<'r> {
    pub(super) owner: Owner<'r>,
    /// The ids of the projects.
    pub(super) projects: SmallVec<[&'r str; 2]>,
}

/// The tenant that a resource belongs to.
#[derive(Clone, Copy)]
pub(super) enum Owner<'r> {
    None,
    One(EntityRef<'r>),
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
                    Owner::None => Owner::One(above.uid()),
                    _ => Owner::Several,
                };
            } else if project.is_some_and(|project| above.is_of(project)) {
                placement.projects.push(above.uid().id);
            }
        });
        placement
    }
}
