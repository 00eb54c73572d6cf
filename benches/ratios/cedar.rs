//! The other side of most rows: cedar-policy's authorizer over prebuilt policies and entities, and the means to ask
//! both sides the same.

use std::str::FromStr as _;

use bailiwick::EntityRef;
use bailiwick::cedar::Response;
use cedar_policy::{Context, Decision, Entities, EntityId, EntityTypeName, PolicySet};

pub(crate) struct Cedar {
    authorizer: cedar_policy::Authorizer,
    policies: PolicySet,
    entities: Entities,
}

impl Cedar {
    pub(crate) fn new(policies: PolicySet, entities: Entities) -> Self {
        Self {
            authorizer: cedar_policy::Authorizer::new(),
            policies,
            entities,
        }
    }

    pub(crate) fn decide(&self, request: &cedar_policy::Request) -> cedar_policy::Response {
        self.decide_with(request, &self.entities)
    }

    /// With other entities than the prebuilt ones.
    pub(crate) fn decide_with(
        &self,
        request: &cedar_policy::Request,
        entities: &Entities,
    ) -> cedar_policy::Response {
        self.authorizer.is_authorized(request, &self.policies, entities)
    }
}

pub(crate) fn uid(type_name: &str, id: &str) -> cedar_policy::EntityUid {
    let type_name = EntityTypeName::from_str(type_name).unwrap();
    cedar_policy::EntityUid::from_type_name_and_id(type_name, EntityId::new(id))
}

/// A request for cedar-policy.
pub(crate) fn request(
    principal: EntityRef<'_>,
    action: EntityRef<'_>,
    resource: EntityRef<'_>,
    context: Context,
) -> cedar_policy::Request {
    let [principal, action, resource] =
        [principal, action, resource].map(|entity| uid(entity.type_name, entity.id));
    cedar_policy::Request::new(principal, action, resource, context, None).unwrap()
}

/// Fails unless both answers have the same decision and the same determining policies.
pub(crate) fn assert_same(ours: &Response<'_>, theirs: &cedar_policy::Response) {
    assert_eq!(ours.allowed(), theirs.decision() == Decision::Allow);
    let mut our_reasons: Vec<String> = ours.determining().map(|policy| policy.id().to_owned()).collect();
    let mut their_reasons: Vec<String> = theirs.diagnostics().reason().map(ToString::to_string).collect();
    our_reasons.sort_unstable();
    their_reasons.sort_unstable();
    assert_eq!(our_reasons, their_reasons);
    assert_eq!(ours.erring().count(), theirs.diagnostics().errors().count());
}
