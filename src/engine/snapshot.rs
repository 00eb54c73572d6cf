//! The engine's state at one revision. Immutable; a change makes the next one.

use std::sync::Arc;

use crate::decide::{Authorizer, EntityType, Kept, TypeId};
use crate::error::Result;
use crate::platform::{Map, ProjectId, State};
use crate::policy::{ActionIndex, ActionSet, Policies, Vocabulary};

pub(super) struct Snapshot {
    pub(super) revision: u64,
    pub(super) authorizer: Authorizer,
    pub(super) vocabulary: Arc<Vocabulary>,
    pub(super) policies: Arc<Policies>,
    /// Tenants, apps, accounts and what became of them.
    pub(super) platform: State,
    /// What the boundaries of projects leave.
    pub(super) project_caps: Map<ProjectId, Arc<ActionSet>>,
    /// The policies by which the platform is administered, with its roles; none in those policies themselves.
    pub(super) administration: Option<Arc<Snapshot>>,
    /// By the number of the action.
    actions: Arc<[TargetAction]>,
    /// Types whose ids the schema enumerates.
    enumerated: Arc<[TypeId]>,
    /// The numbers of the types that stand for tenants and projects, if the schema has them.
    tenant_type: Option<TypeId>,
    project_type: Option<TypeId>,
}

/// An action of the schema as this revision knows it.
pub(super) struct TargetAction {
    pub(super) kept: Kept,
    principals: Vec<TypeId>,
    resources: Vec<TypeId>,
}

impl TargetAction {
    pub(super) fn takes_principal(&self, id: TypeId) -> bool {
        self.principals.contains(&id)
    }

    pub(super) fn takes_resource(&self, id: TypeId) -> bool {
        self.resources.contains(&id)
    }
}

impl Snapshot {
    pub(super) fn of(policies: Policies, revision: u64) -> Result<Self> {
        let authorizer = policies.authorizer().clone();
        let vocabulary = Arc::new(policies.vocabulary().clone());
        let types = |names: &[Box<str>]| names.iter().filter_map(|name| authorizer.type_id(name)).collect();
        let actions = vocabulary
            .actions()
            .map(|(action, uid)| {
                let (principals, resources) = vocabulary.applies_to(action);
                TargetAction {
                    kept: authorizer.keep(uid.clone()),
                    principals: types(principals),
                    resources: types(resources),
                }
            })
            .collect();
        let enumerated = vocabulary
            .enumerated()
            .filter_map(|name| authorizer.type_id(name));
        let number = |name: Option<&str>| name.and_then(|name| authorizer.type_id(name));
        Ok(Self {
            revision,
            tenant_type: number(vocabulary.tenant_type()),
            project_type: number(vocabulary.project_type()),
            actions,
            enumerated: enumerated.collect(),
            authorizer,
            vocabulary,
            policies: Arc::new(policies),
            platform: State::new(),
            project_caps: Map::new(),
            administration: None,
        })
    }

    /// A copy with another revision, to be changed. Actions and types keep their numbers through every edit.
    pub(super) fn successor(&self, revision: u64) -> Self {
        Self {
            revision,
            authorizer: self.authorizer.clone(),
            vocabulary: Arc::clone(&self.vocabulary),
            policies: Arc::clone(&self.policies),
            platform: self.platform.clone(),
            project_caps: self.project_caps.clone(),
            administration: self.administration.clone(),
            actions: Arc::clone(&self.actions),
            enumerated: Arc::clone(&self.enumerated),
            tenant_type: self.tenant_type,
            project_type: self.project_type,
        }
    }

    /// Whether these are the policies by which the platform is administered.
    pub(super) fn is_administration(&self) -> bool {
        self.administration.is_none()
    }

    /// The type that stands for tenants, if the schema has one.
    #[inline]
    pub(super) fn tenant_type(&self) -> Option<EntityType<'_>> {
        let name = self.vocabulary.tenant_type()?;
        let id = self.tenant_type;
        Some(EntityType { name, id })
    }

    /// The type that stands for projects, if the schema has one.
    #[inline]
    pub(super) fn project_type(&self) -> Option<EntityType<'_>> {
        let name = self.vocabulary.project_type()?;
        let id = self.project_type;
        Some(EntityType { name, id })
    }

    #[inline]
    pub(super) fn action(&self, action: ActionIndex) -> Option<&TargetAction> {
        self.actions.get(action.number())
    }

    #[inline]
    pub(super) fn is_enumerated(&self, id: TypeId) -> bool {
        self.enumerated.contains(&id)
    }
}
