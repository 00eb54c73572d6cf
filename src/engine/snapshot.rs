//! The engine's state at one revision. Immutable; a change makes the next one.

use std::sync::Arc;

use crate::decide::Authorizer;
use crate::error::Result;
use crate::policy::{Policies, Vocabulary, on_parser_stack};

pub(super) struct Snapshot {
    pub(super) revision: u64,
    pub(super) authorizer: Authorizer,
    pub(super) vocabulary: Arc<Vocabulary>,
    pub(super) policies: Arc<Policies>,
}

impl Snapshot {
    pub(super) fn of(policies: Policies, revision: u64) -> Result<Self> {
        let authorizer = on_parser_stack(|| {
            Authorizer::compile(policies.policy_set(), policies.schema())?.with_entities(policies.entities())
        })??;
        let vocabulary = Arc::new(policies.vocabulary().clone());
        Ok(Self {
            revision,
            authorizer,
            vocabulary,
            policies: Arc::new(policies),
        })
    }
}
