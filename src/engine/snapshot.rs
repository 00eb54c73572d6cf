//! The engine's state at one revision. Immutable; a change makes the next one.

use std::sync::Arc;

use crate::decide::{Authorizer, Kept, TypeId};
use crate::error::Result;
use crate::policy::{ActionIndex, Policies, Vocabulary, on_parser_stack};

pub(super) struct Snapshot {
    pub(super) revision: u64,
    pub(super) authorizer: Authorizer,
    pub(super) vocabulary: Arc<Vocabulary>,
    pub(super) policies: Arc<Policies>,
    /// By the number of the action.
    actions: Vec<TargetAction>,
    /// Types whose ids the schema enumerates.
    enumerated: Vec<TypeId>,
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
        let authorizer = on_parser_stack(|| {
            Authorizer::compile(policies.policy_set(), policies.schema())?.with_entities(policies.entities())
        })??;
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
        Ok(Self {
            revision,
            actions,
            enumerated: enumerated.collect(),
            authorizer,
            vocabulary,
            policies: Arc::new(policies),
        })
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
