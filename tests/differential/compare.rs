//! Both sides of one case: cedar-policy's answer and ours.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;
use std::sync::LazyLock;

use bailiwick::cedar::{Authorizer, Request as OurRequest, Response};
use bailiwick::{Context, Entity, EntityRef};
use cedar_policy::{EntityUid, PolicyId, PolicySet, SlotId};

use crate::generate::{Case, Link, Policy, Request};
use crate::rng::Rng;

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

/// One case on both sides, ours in every form that it can take.
pub struct Sides {
    cedar: cedar_policy::Authorizer,
    policies: PolicySet,
    entities: cedar_policy::Entities,
    /// Compiled from the set, with the entities as they are given.
    pub compiled: Authorizer,
    /// The same with Cedar's entities.
    imported: Authorizer,
    /// The same after many changes, precompiled and loaded.
    loaded: Authorizer,
    /// The policies with the actions of a schema; of every fourth case.
    with_schema: Option<Authorizer>,
}

static SCHEMA: LazyLock<cedar_policy::Schema> = LazyLock::new(|| {
    let actions = r#"
        entity User, Group, Doc, Folder;
        action "all", "none";
        action "edit" in ["all"];
        action "view" in ["edit", "none"] appliesTo { principal: User, resource: Doc };
        action "read only" in ["view"];
    "#;
    cedar_policy::Schema::from_str(actions).unwrap()
});

impl Sides {
    /// Nothing when Cedar itself does not accept the policies. The seed chooses what is changed and changed back.
    pub fn new(case: &Case, seed: u64) -> Option<Self> {
        let policies = policy_set(case)?;
        let entities = cedar_entities(case.entities.clone());
        let mut edit = Authorizer::compile(&policies, None).unwrap().edit();
        for entity in &case.entities {
            edit.upsert_entity(&Entity::from_json(entity).unwrap()).unwrap();
        }
        let compiled = edit.commit();
        let file = changed(case, &compiled, &mut Rng::new(!seed))
            .to_artifact()
            .unwrap();
        Some(Self {
            cedar: cedar_policy::Authorizer::new(),
            with_schema: (seed.is_multiple_of(4))
                .then(|| Authorizer::compile(&policies, Some(&SCHEMA)).unwrap()),
            imported: compiled.with_entities(&entities).unwrap(),
            loaded: Authorizer::from_artifact(&file).unwrap(),
            compiled,
            policies,
            entities,
        })
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

    /// Our answer by every way that leads to one, with the name of the way.
    pub fn our_answers(&self, request: &Request) -> Vec<(&'static str, Answer)> {
        let context = Context::from_json(&request.context).unwrap();
        let brought: Vec<Entity<'_>> = request
            .brought
            .iter()
            .map(|entity| Entity::from_json(entity).unwrap())
            .collect();
        let uids = [&request.principal, &request.action, &request.resource].map(our_uid);
        let [principal, action, resource] = uids;
        let stored = OurRequest::new(principal, action, resource, &context);
        let single = stored.with_entities(&brought);
        let ours = &self.compiled;
        let object = ours.object(resource, &brought);
        let (subject, verb) = (ours.subject(principal), ours.subject(action));
        let mut answers = vec![
            ("compiled", Answer::of_ours(&ours.is_authorized(&single))),
            (
                "in two steps",
                Answer::of_ours(&ours.decide_resolved(&subject, &verb, &object, &context)),
            ),
            (
                "precompiled",
                Answer::of_ours(&self.loaded.is_authorized(&single)),
            ),
        ];
        for response in ours.decide_many(&[single, single]) {
            answers.push(("in a batch", Answer::of_ours(&response)));
        }
        if brought.is_empty() {
            answers.push(("imported", Answer::of_ours(&self.imported.is_authorized(&single))));
        } else {
            // What a request lays over the snapshot counts as if it lay in it.
            let mut edit = self.loaded.edit();
            for entity in &brought {
                edit.upsert_entity(entity).unwrap();
            }
            let laid_in = edit.commit();
            answers.push(("laid in", Answer::of_ours(&laid_in.is_authorized(&stored))));
        }
        answers
    }

    /// Asserts that questions about many resources or actions have the answers of the single ones.
    pub fn batches_agree(&self, case: &Case, seed: u64) {
        let resources: Vec<EntityRef<'_>> = case
            .requests
            .iter()
            .map(|request| our_uid(&request.resource))
            .collect();
        for request in &case.requests {
            let context = Context::from_json(&request.context).unwrap();
            let [principal, action] = [&request.principal, &request.action].map(our_uid);
            let allowed = |ours: &Authorizer, action: EntityRef<'_>, resource: EntityRef<'_>| {
                let request = OurRequest::new(principal, action, resource, &context);
                ours.is_authorized(&request).allowed()
            };
            let single = |resource: &EntityRef<'_>| allowed(&self.loaded, action, *resource);
            let expected: Vec<EntityRef<'_>> = resources.iter().copied().filter(single).collect();
            let filtered = self.loaded.filter(principal, action, &resources, &context);
            assert_eq!(filtered, expected, "filter, seed {seed}");

            let (Some(ours), resource) = (&self.with_schema, our_uid(&request.resource)) else {
                continue;
            };
            let single = |action: &EntityRef<'_>| allowed(ours, *action, resource);
            let expected: Vec<EntityRef<'_>> = ours.actions().filter(single).collect();
            let actions = ours.allowed_actions(principal, resource, &context);
            assert_eq!(actions, expected, "allowed actions, seed {seed}");
        }
    }
}

/// The authorizer of a case after changes that take much away and put it back, and others in between.
fn changed(case: &Case, compiled: &Authorizer, rng: &mut Rng) -> Authorizer {
    let mut edit = compiled.edit();
    let is_static = |policy: &&Policy| policy.slots == (false, false);
    let statics = case.policies.iter().filter(is_static).filter(|_| rng.chance(20));
    let statics: Vec<&Policy> = statics.collect();
    let links: Vec<&Link> = case.links.iter().filter(|_| rng.chance(50)).collect();
    for id in statics
        .iter()
        .map(|policy| &policy.id)
        .chain(links.iter().map(|link| &link.id))
    {
        assert!(edit.remove_policy(id).unwrap());
    }
    for entity in case.entities.iter().filter(|_| rng.chance(40)) {
        let entity = Entity::from_json(entity).unwrap();
        assert!(edit.remove_entity(entity.uid().as_ref()).unwrap());
    }
    let mut decoys = Vec::new();
    for (policy, request) in case
        .policies
        .iter()
        .zip(&case.requests)
        .filter(|(policy, _)| !is_static(policy))
    {
        for number in 0..rng.below(12) {
            let id = format!("decoy {} {number}", policy.id);
            let slot = |wanted: bool, uid| wanted.then(|| our_uid(uid));
            let (principal, resource) = (&request.principal, &request.resource);
            edit.link(
                &policy.id,
                &id,
                slot(policy.slots.0, principal),
                slot(policy.slots.1, resource),
            )
            .unwrap();
            decoys.push(id);
        }
    }
    let mut edit = edit.commit().edit();
    for policy in &statics {
        edit.add_policy(&policy.id, &policy.text).unwrap();
    }
    for entity in &case.entities {
        edit.upsert_entity(&Entity::from_json(entity).unwrap()).unwrap();
    }
    for link in links {
        let (principal, resource) = (link.principal.as_ref(), link.resource.as_ref());
        let (principal, resource) = (principal.map(our_uid), resource.map(our_uid));
        edit.link(&link.template, &link.id, principal, resource).unwrap();
    }
    for id in &decoys {
        assert!(edit.remove_policy(id).unwrap());
    }
    edit.commit()
}
