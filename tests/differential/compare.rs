//! Both sides of one case: cedar-policy's answer and ours.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use bailiwick::cedar::{Authorizer, Request as OurRequest, Response};
use bailiwick::{Context, Entity, EntityRef};
use cedar_policy::{EntityUid, PolicyId, PolicySet, SlotId};

use crate::generate::{Case, Request};

/// Decision, determining policies, erring policies.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub allowed: bool,
    pub determining: BTreeSet<String>,
    pub erring: BTreeSet<String>,
}

impl Answer {
    pub fn of_ours(response: &Response<'_>) -> Self {
        let answer = Self {
            allowed: response.allowed(),
            determining: response
                .determining()
                .map(|policy| policy.id().to_owned())
                .collect(),
            erring: response
                .erring()
                .map(|(policy, _)| policy.id().to_owned())
                .collect(),
        };
        assert_eq!(
            answer.determining.len(),
            response.determining().count(),
            "a policy counts once"
        );
        assert_eq!(
            answer.erring.len(),
            response.erring().count(),
            "a policy errs once"
        );
        answer
    }

    pub fn of_cedar(response: &cedar_policy::Response) -> Self {
        Self {
            allowed: response.decision() == cedar_policy::Decision::Allow,
            determining: response.diagnostics().reason().map(ToString::to_string).collect(),
            erring: response
                .diagnostics()
                .errors()
                .map(|error| match error {
                    cedar_policy::AuthorizationError::PolicyEvaluationError(error) => {
                        error.policy_id().to_string()
                    }
                })
                .collect(),
        }
    }
}

fn cedar_uid(uid: &(String, String)) -> EntityUid {
    EntityUid::from_type_name_and_id(
        cedar_policy::EntityTypeName::from_str(&uid.0).unwrap(),
        cedar_policy::EntityId::new(&uid.1),
    )
}

pub fn our_uid(uid: &(String, String)) -> EntityRef<'_> {
    EntityRef::new(&uid.0, &uid.1)
}

/// Nothing when Cedar itself does not accept the text.
pub fn policy_set(case: &Case) -> Option<PolicySet> {
    let mut set = PolicySet::new();
    for policy in &case.policies {
        let id = Some(PolicyId::new(&policy.id));
        if policy.slots == (false, false) {
            set.add(cedar_policy::Policy::parse(id, &policy.text).ok()?)
                .unwrap();
        } else {
            set.add_template(cedar_policy::Template::parse(id, &policy.text).ok()?)
                .unwrap();
        }
    }
    for link in &case.links {
        let mut slots = std::collections::HashMap::new();
        slots.extend(
            link.principal
                .iter()
                .map(|uid| (SlotId::principal(), cedar_uid(uid))),
        );
        slots.extend(
            link.resource
                .iter()
                .map(|uid| (SlotId::resource(), cedar_uid(uid))),
        );
        set.link(PolicyId::new(&link.template), PolicyId::new(&link.id), slots)
            .unwrap();
    }
    Some(set)
}

/// The entities of the case with those of the request laid over them.
fn merged(case: &Case, request: &Request) -> Vec<serde_json::Value> {
    let mut merged: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for entity in case.entities.iter().chain(&request.brought) {
        merged.insert(entity["uid"].to_string(), entity.clone());
    }
    merged.into_values().collect()
}

fn cedar_entities(entities: Vec<serde_json::Value>) -> cedar_policy::Entities {
    cedar_policy::Entities::from_json_value(serde_json::Value::Array(entities), None).unwrap()
}

pub struct Sides {
    cedar: cedar_policy::Authorizer,
    policies: PolicySet,
    entities: cedar_policy::Entities,
    pub ours: Authorizer,
}

impl Sides {
    pub fn new(case: &Case) -> Option<Self> {
        let policies = policy_set(case)?;
        let entities = cedar_entities(case.entities.clone());
        let ours = Authorizer::compile(&policies, None).unwrap();
        let mut edit = ours.edit();
        for entity in &case.entities {
            edit.upsert_entity(&Entity::from_json(entity).unwrap()).unwrap();
        }
        Some(Self {
            cedar: cedar_policy::Authorizer::new(),
            policies,
            ours: edit.commit(),
            entities,
        })
    }

    pub fn with_cedar_entities(&self) -> Authorizer {
        self.ours.with_entities(&self.entities).unwrap()
    }

    /// The request as Cedar takes it, with the entities that it sees.
    pub fn cedar_question(
        &self,
        case: &Case,
        request: &Request,
    ) -> (cedar_policy::Request, Cow<'_, cedar_policy::Entities>) {
        let context = cedar_policy::Context::from_json_value(request.context.clone(), None).unwrap();
        let uids = [&request.principal, &request.action, &request.resource].map(cedar_uid);
        let [principal, action, resource] = uids;
        let question = cedar_policy::Request::new(principal, action, resource, context, None).unwrap();
        let entities = if request.brought.is_empty() {
            Cow::Borrowed(&self.entities)
        } else {
            Cow::Owned(cedar_entities(merged(case, request)))
        };
        (question, entities)
    }

    pub fn cedar_answer(&self, case: &Case, request: &Request) -> Answer {
        let (question, entities) = self.cedar_question(case, request);
        Answer::of_cedar(&self.cedar.is_authorized(&question, &self.policies, &entities))
    }
}

/// Our answer by every way that leads to one.
pub fn our_answers(ours: &Authorizer, request: &Request) -> Vec<Answer> {
    let context = Context::from_json(&request.context).unwrap();
    let brought: Vec<Entity<'_>> = request
        .brought
        .iter()
        .map(|entity| Entity::from_json(entity).unwrap())
        .collect();
    let (principal, action, resource) = (
        our_uid(&request.principal),
        our_uid(&request.action),
        our_uid(&request.resource),
    );
    let single = OurRequest::new(principal, action, resource, &context).with_entities(&brought);
    let object = ours.object(resource, &brought);
    let two_steps = ours.decide_resolved(&ours.subject(principal), &ours.subject(action), &object, &context);
    vec![
        Answer::of_ours(&ours.is_authorized(&single)),
        Answer::of_ours(&two_steps),
    ]
}
