//! The fast Cedar authorizer.

use std::sync::Arc;

use cedar_policy::pst;

use super::edit::Edit;
use super::import;
use super::machine::Layers;
use super::reach::KeptPrincipal;
use super::request::Request;
use super::response::{PolicyRef, Response, Verdict};
use super::snapshot::{Kept, Object, Snapshot, Subject, Version};
use crate::compile::policies::Named;
use crate::compile::program::{RuleId, Template};
use crate::entities::graph::{Node, TypeId};
use crate::entities::handles::Handle;
use crate::error::Result;
use crate::value::{Context, Entity, EntityRef, EntityUid};

/// Policies and entities, compiled: gives Cedar's answers at memory speed.
///
/// It is immutable; [`edit`](Authorizer::edit) yields the next one and leaves readers of this one undisturbed. A clone
/// is one reference count.
///
/// ```
/// use bailiwick::cedar::{Authorizer, Request};
/// use bailiwick::{Context, EntityRef};
///
/// let policies = r#"
///     permit(principal == User::"ana", action == Action::"view", resource in Project::"p1");
/// "#.parse()?;
/// let entities = cedar_policy::Entities::from_json_str(
///     r#"[{"uid": {"type": "Drawing", "id": "d7"}, "attrs": {}, "parents": [{"type": "Project", "id": "p1"}]}]"#,
///     None,
/// )?;
/// let authorizer = Authorizer::compile(&policies, None)?.with_entities(&entities)?;
///
/// let context = Context::new();
/// let ask = |principal| {
///     let (action, drawing) = (EntityRef::new("Action", "view"), EntityRef::new("Drawing", "d7"));
///     authorizer.is_authorized(&Request::new(EntityRef::new("User", principal), action, drawing, &context)).allowed()
/// };
/// assert!(ask("ana"));
/// assert!(!ask("bob"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Authorizer {
    pub(crate) snapshot: Arc<Snapshot>,
}

impl Authorizer {
    /// Compiles policies, templates and links. The schema, if there is one, brings the action entities.
    ///
    /// Policies are not validated against the schema here; cedar-policy's `Validator` does that.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PolicyUnsupported`](crate::ErrorKind::PolicyUnsupported) for a construct that this version cannot
    /// decide exactly as Cedar does.
    pub fn compile(
        policies: &cedar_policy::PolicySet,
        schema: Option<&cedar_policy::Schema>,
    ) -> Result<Self> {
        let mut snapshot = Snapshot::new(schema)?;
        import::add_policy_set(policies, &mut snapshot)?;
        Ok(Self {
            snapshot: Arc::new(snapshot),
        })
    }

    /// The same of syntax trees, each with its text, and the links of a set.
    pub(crate) fn compile_trees<'t>(
        trees: impl Iterator<Item = (&'t pst::Template, Option<&'t str>)>,
        links: &cedar_policy::PolicySet,
        schema: Option<&cedar_policy::Schema>,
    ) -> Result<Self> {
        let mut snapshot = Snapshot::new(schema)?;
        for (tree, text) in trees {
            import::add_template(tree, text.map(str::to_owned), &mut snapshot)?;
        }
        import::add_links(links, &mut snapshot)?;
        Ok(Self {
            snapshot: Arc::new(snapshot),
        })
    }

    /// The same policies with other entities, which replace all that were there; the actions of the schema stay.
    ///
    /// Cedar's entities tell their ancestors, not which of them are parents. Those that follow from others are taken
    /// as indirect, which matters when an edit or a request changes parents later.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) for too many ancestors, too long names and too
    /// deeply nested values.
    pub fn with_entities(&self, entities: &cedar_policy::Entities) -> Result<Self> {
        let mut edit = self.edit();
        edit.replace_entities(entities)?;
        Ok(edit.commit())
    }

    /// Cedar's answer: allowed when a permit matches and no forbid does; policies that err are skipped and reported.
    ///
    /// Takes well under a microsecond with any number of policies, as long as few match; allocates nothing.
    #[inline]
    #[must_use]
    pub fn is_authorized<'s>(&'s self, request: &Request<'_>) -> Response<'s> {
        self.snapshot.decide(request)
    }

    /// Begins a change of policies, links and entities.
    #[must_use]
    pub fn edit(&self) -> Edit {
        Edit::new(Snapshot::clone(&self.snapshot))
    }

    /// Looks up a principal or action, for several decisions about it.
    #[must_use]
    pub fn subject<'s>(&'s self, uid: EntityRef<'s>) -> Subject<'s> {
        self.snapshot.subject(uid)
    }

    /// Looks up a resource together with the entities that a request brings along.
    #[must_use]
    pub fn object<'s>(&'s self, uid: EntityRef<'s>, entities: &'s [Entity<'s>]) -> Object<'s> {
        self.snapshot.object(uid, entities)
    }

    /// The answer for what has been looked up already: the second of two steps.
    #[inline]
    #[must_use]
    pub fn decide_resolved<'s>(
        &'s self,
        principal: &Subject<'s>,
        action: &Subject<'s>,
        object: &Object<'s>,
        context: &'s Context<'s>,
    ) -> Response<'s> {
        self.snapshot.decide_resolved(principal, action, object, context)
    }

    /// A verdict of this snapshot as a response.
    #[inline]
    pub(crate) fn response(&self, verdict: Verdict) -> Response<'_> {
        Response {
            policies: &self.snapshot.policies,
            verdict,
        }
    }

    /// The id of an entity type, if a schema, policy or entity names it.
    pub(crate) fn type_id(&self, name: &str) -> Option<TypeId> {
        self.snapshot.graph.type_id(name)
    }

    /// The version of its content: what is kept beside this authorizer means nothing to another one.
    pub(crate) fn version(&self) -> Version {
        self.snapshot.version
    }

    /// Looks up an entity to be kept beside this authorizer.
    pub(crate) fn keep(&self, uid: EntityUid<'static>) -> Kept {
        self.snapshot.keep(uid)
    }

    /// Looks up a principal to be kept beside this authorizer.
    /// It will be asked about actions with numbers below `actions`.
    pub(crate) fn keep_principal(&self, uid: EntityUid<'static>, actions: usize) -> KeptPrincipal {
        KeptPrincipal::new(self.keep(uid), actions)
    }

    /// The verdict on what was kept and looked up; the action comes with its number.
    #[inline]
    pub(crate) fn decide_kept<'s>(
        &'s self,
        principal: &'s KeptPrincipal,
        action: (usize, &'s Kept),
        object: &Object<'s>,
        context: Layers<'s>,
    ) -> Verdict {
        self.snapshot.decide_kept(principal, action, object, context)
    }

    /// A rule of this snapshot by its number.
    pub(crate) fn policy(&self, rule: RuleId) -> PolicyRef<'_> {
        PolicyRef::new(&self.snapshot.policies, rule)
    }

    /// The actions that the schema declares, sorted by uid.
    pub fn actions(&self) -> impl Iterator<Item = EntityRef<'_>> {
        let handles = self.snapshot.actions.handles.iter();
        handles.filter_map(|handle| Some(self.snapshot.graph.node(*handle)?.uid()))
    }

    /// A template with slots, by its id.
    pub(crate) fn template(&self, id: &str) -> Option<&Template> {
        match self.snapshot.policies.named(id)? {
            Named::Template(number) => self.snapshot.policies.template(number),
            Named::Rule(_) => None,
        }
    }

    /// The uid of a handle that a template mentions.
    pub(crate) fn uid(&self, handle: Handle) -> Option<EntityRef<'_>> {
        self.snapshot.graph.node(handle).map(Node::uid)
    }

    /// Every static policy and link, in no particular order.
    pub fn policies(&self) -> impl Iterator<Item = PolicyRef<'_>> {
        let rules = self.snapshot.policies.rules();
        rules.map(|(rule, _, _)| self.policy(rule))
    }

    /// Number of templates with slots.
    #[must_use]
    pub fn template_count(&self) -> usize {
        let templates = self.snapshot.policies.templates();
        templates.filter(|(_, template)| template.has_slots()).count()
    }

    /// Number of static policies and links.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.snapshot.policies.len()
    }

    /// Number of entities.
    #[must_use]
    pub fn entity_count(&self) -> usize {
        self.snapshot.graph.len()
    }
}

impl std::fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorizer")
            .field("policies", &self.policy_count())
            .field("entities", &self.entity_count())
            .finish()
    }
}
