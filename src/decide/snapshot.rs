//! One immutable state of policies and entities, and the path from a request to a verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fault::Fault;
use super::import;
use super::machine::{Asked, Layers, Machine};
use super::reach::KeptPrincipal;
use super::request::Request;
use super::response::{Response, Verdict};
use crate::compile::index::{Actions, Candidate, Side};
use crate::compile::policies::Policies;
use crate::compile::program::{Effect, RuleId, Template};
use crate::compile::scope::Key;
use crate::entities::graph::{Graph, TypeId};
use crate::entities::handles::Handle;
use crate::entities::overlay::{Above, Resolved, View};
use crate::error::Result;
use crate::value::{Context, Entity, EntityRef, EntityUid};

/// Policies and entities of one moment. A clone is a few reference counts.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) version: Version,
    pub(crate) graph: Graph,
    pub(crate) policies: Policies,
    pub(crate) actions: Arc<SchemaActions>,
}

/// Tells snapshots of different content apart, within a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version(u64);

impl Version {
    /// One that no other snapshot has.
    pub(crate) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// The actions that the schema declares, sorted by uid.
#[derive(Default)]
pub(crate) struct SchemaActions {
    pub(crate) entities: Vec<Entity<'static>>,
    pub(crate) handles: Vec<Handle>,
}

/// A principal or an action, looked up in one snapshot: the first of two steps, for callers that ask several questions
/// about it.
pub struct Subject<'s> {
    pub(crate) resolved: Resolved<'s>,
}

/// A resource, looked up in one snapshot together with the entities that the request brings along.
pub struct Object<'s> {
    pub(crate) view: View<'s>,
    pub(crate) resolved: Resolved<'s>,
}

/// An entity that was looked up once and kept beside its snapshot; it means nothing to another snapshot.
pub(crate) struct Kept {
    pub(crate) uid: EntityUid<'static>,
    handle: Option<Handle>,
    /// The type, if a schema, policy or entity names it.
    pub(crate) type_id: Option<TypeId>,
}

impl Kept {
    #[inline]
    pub(super) fn within<'e>(&'e self, view: &View<'e>) -> Resolved<'e> {
        let node = self.handle.and_then(|handle| view.graph.node(handle));
        view.resolve_node(self.uid.as_ref(), node)
    }
}

impl<'s> Subject<'s> {
    /// The uid it was looked up by.
    #[must_use]
    pub fn uid(&self) -> EntityRef<'s> {
        self.resolved.uid
    }

    /// Whether the snapshot has an entity of this uid.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.resolved.found().is_some()
    }
}

impl<'s> Object<'s> {
    /// The uid it was looked up by.
    #[must_use]
    pub fn uid(&self) -> EntityRef<'s> {
        self.resolved.uid
    }

    /// Whether the request or the snapshot has an entity of this uid.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.resolved.found().is_some()
    }

    /// Visits the resource itself and its ancestors.
    #[inline]
    pub(crate) fn each_above(&self, visit: &mut impl FnMut(Above<'s>)) {
        self.resolved.each_above(self.view.graph, visit);
    }

    /// The type of the resource, if a schema, policy or entity names it.
    pub(crate) fn type_id(&self) -> Option<TypeId> {
        self.resolved.type_id
    }

    /// A uid that what the request brings along makes its own ancestor, if there is one.
    pub(crate) fn cycle(&self) -> Option<EntityRef<'s>> {
        self.view.cycle()
    }

    /// Whether an entity of the same view is another or lies below it.
    pub(crate) fn lies_in(&self, uid: EntityRef<'s>, above: EntityRef<'_>) -> bool {
        let handle = || self.view.graph.find(above).map(|node| node.handle);
        uid == above || self.view.resolve(uid).is_below(above, handle())
    }

    /// Whether the snapshot has an entity of this uid, whatever the request brings along.
    pub(crate) fn is_stored(&self, uid: EntityRef<'_>) -> bool {
        self.view.graph.find(uid).is_some_and(|node| node.data.is_some())
    }

    /// Whether the resource is an entity or lies below it.
    #[must_use]
    pub fn is_in(&self, uid: EntityRef<'_>) -> bool {
        let handle = || self.view.graph.find(uid).map(|node| node.handle);
        self.resolved.uid == uid || self.resolved.is_below(uid, handle())
    }
}

impl Snapshot {
    /// Nothing but the actions of the schema, if there is one.
    pub(crate) fn new(schema: Option<&cedar_policy::Schema>) -> Result<Self> {
        let mut snapshot = Self {
            version: Version::new(),
            graph: Graph::new(),
            policies: Policies::new(),
            actions: Arc::default(),
        };
        if let Some(schema) = schema {
            snapshot.actions = Arc::new(import::schema_actions(schema, &mut snapshot.graph)?);
        }
        Ok(snapshot)
    }

    pub(crate) fn subject<'e>(&'e self, uid: EntityRef<'e>) -> Subject<'e> {
        Subject {
            resolved: View::new(&self.graph, &[]).resolve(uid),
        }
    }

    pub(crate) fn object<'e>(&'e self, uid: EntityRef<'e>, entities: &'e [Entity<'e>]) -> Object<'e> {
        let mut object = Object {
            view: View::new(&self.graph, entities),
            resolved: Resolved::new(uid),
        };
        object.view.look_up(&mut object.resolved);
        object
    }

    /// The verdict on a request.
    #[inline]
    pub(crate) fn decide(&self, request: &Request<'_>) -> Response<'_> {
        let view = View::new(&self.graph, request.entities);
        let principal = view.resolve(request.principal);
        let mut resource = Resolved::new(request.resource);
        view.look_up(&mut resource);
        let action = view.resolve(request.action);
        let verdict = self.verdict(&Asked {
            view: &view,
            principal: &principal,
            action: &action,
            resource: &resource,
            context: Layers::of(request.context),
        });
        Response {
            policies: &self.policies,
            verdict,
        }
    }

    /// The verdict on what has been looked up already.
    pub(crate) fn decide_resolved<'e>(
        &self,
        subject: &Subject<'e>,
        action: &Subject<'e>,
        object: &Object<'e>,
        context: &'e Context<'e>,
    ) -> Response<'_> {
        let again;
        let principal = match object.view.covers(&subject.resolved) {
            false => &subject.resolved,
            true => {
                again = object.view.resolve(subject.resolved.uid);
                &again
            }
        };
        let action_again;
        let action = match object.view.covers(&action.resolved) {
            false => &action.resolved,
            true => {
                action_again = object.view.resolve(action.resolved.uid);
                &action_again
            }
        };
        let verdict = self.verdict(&Asked {
            view: &object.view,
            principal,
            action,
            resource: &object.resolved,
            context: Layers::of(context),
        });
        Response {
            policies: &self.policies,
            verdict,
        }
    }

    /// The verdict on entities that were kept and a resource that has been looked up; the action with its number.
    pub(crate) fn decide_kept<'e>(
        &'e self,
        principal: &'e KeptPrincipal,
        (number, action): (usize, &'e Kept),
        object: &Object<'e>,
        context: Layers<'e>,
    ) -> Verdict {
        let asked = Asked {
            view: &object.view,
            principal: &principal.kept.within(&object.view),
            action: &action.within(&object.view),
            resource: &object.resolved,
            context,
        };
        principal
            .verdict(self, &asked, number)
            .unwrap_or_else(|| self.verdict(&asked))
    }

    /// Looks up an entity to be kept as long as the snapshot lasts.
    pub(crate) fn keep(&self, uid: EntityUid<'static>) -> Kept {
        Kept {
            handle: self.graph.find(uid.as_ref()).map(|node| node.handle),
            type_id: self.graph.type_id(uid.type_name()),
            uid,
        }
    }

    /// Looks up the candidates and runs them.
    #[inline]
    pub(crate) fn verdict<'e>(&'e self, asked: &Asked<'e, '_>) -> Verdict {
        let mut tally = Tally::new(asked);
        self.candidates(asked, &mut |candidate, template| {
            tally.take(candidate.rule, template)
        });
        tally.verdict
    }

    /// Visits every rule whose scope matches.
    #[inline]
    pub(crate) fn candidates<'s>(
        &'s self,
        asked: &Asked<'_, '_>,
        visit: &mut impl FnMut(Candidate, &'s Template),
    ) {
        let principal = side(asked.principal);
        let resource = side(asked.resource);
        let actions = Actions::of(asked.action);
        self.policies
            .index
            .visit(&principal, &resource, &actions, &mut |candidate| {
                let Some(template) = self.policies.template(candidate.template) else {
                    return;
                };
                let matches = actions.within(&template.action)
                    && template.principal.accepts(
                        candidate.principal,
                        own(asked.principal),
                        asked.principal.type_id,
                    )
                    && template.resource.accepts(
                        candidate.resource,
                        own(asked.resource),
                        asked.resource.type_id,
                    );
                if matches {
                    visit(candidate, template);
                }
            });
    }
}

/// What comes out when candidates are run, one by one.
pub(super) struct Tally<'e, 'r> {
    asked: &'r Asked<'e, 'r>,
    /// Made for the first condition.
    machine: Option<Machine<'e, 'r>>,
    pub(super) verdict: Verdict,
}

impl<'e, 'r> Tally<'e, 'r> {
    #[inline]
    pub(super) fn new(asked: &'r Asked<'e, 'r>) -> Self {
        Self {
            asked,
            machine: None,
            verdict: Verdict::default(),
        }
    }

    /// Runs a rule whose scope matches.
    #[inline]
    pub(super) fn take(&mut self, rule: RuleId, template: &'e Template) {
        let satisfied: std::result::Result<bool, Fault> = match &template.condition {
            None => Ok(true),
            Some(condition) => self
                .machine
                .get_or_insert_with(|| Machine::new(self.asked))
                .run(condition, &mut ()),
        };
        match satisfied {
            Ok(false) => {}
            Ok(true) if template.effect == Effect::Permit => self.verdict.permits.push(rule),
            Ok(true) => self.verdict.forbids.push(rule),
            Err(fault) => self.verdict.faults.push((rule, fault)),
        }
    }
}

pub(super) fn side<'r>(resolved: &'r Resolved<'_>) -> Side<'r> {
    let named = resolved.node.filter(|node| node.is_named());
    Side {
        own: named.map(|node| node.handle),
        ancestors: resolved.ancestors(),
        of_type: resolved.type_id.map(Key::of_type),
    }
}

/// The key of an entity itself; one that no rule is filed under when it is not interned.
pub(super) fn own(resolved: &Resolved<'_>) -> Key {
    resolved.node.map_or(Key::ANY, |node| Key(node.handle))
}
