//! The path of one decision, from a request to an outcome.
//!
//! What is wrong with a request is found by the quick test first; only when that fails is it looked for in detail, for
//! the message.

use crate::decide::{Layers, Object};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_NAME_BYTES, MAX_REQUEST_ENTITIES, MAX_REQUEST_PARENTS};
use crate::policy::{ActionIndex, SessionAttributes};
use crate::value::{Context, Entity, EntityRef, EntityUid, same_text, shorten};

use super::bound::{Bound, BoundRef};
use super::decision::{Outcome, Reason};
use super::note::Note;
use super::placement::{Owner, Placement};
use super::resource::Resource;
use super::session::Session;
use super::snapshot::{Snapshot, TargetAction};

/// What a session asks about a resource, or about many: valid whatever the resource is.
#[derive(Clone, Copy)]
pub(super) struct Question<'r> {
    action: ActionIndex,
    target: &'r TargetAction,
    context: Layers<'r>,
}

/// A request that is valid. Its resource stays where it was looked up.
pub(super) struct Asked<'r> {
    pub(super) action: ActionIndex,
    pub(super) target: &'r TargetAction,
    pub(super) object: &'r Object<'r>,
    pub(super) context: Layers<'r>,
}

/// Why a session may not ask at all.
pub(super) type Refusal = (Reason, Option<Note>);

impl Session {
    /// What a session amounts to that may ask at all: it has not expired, and the platform does not refuse the caller.
    #[inline]
    pub(super) fn admitted(&self, snapshot: &Snapshot) -> Result<BoundRef, Refusal> {
        if self.is_expired() {
            return Err((Reason::Expired, None));
        }
        if self.engine.is_stale() {
            return Err((Reason::Stale, None));
        }
        let bound = self.bound(snapshot);
        match bound.ceilings.refusal() {
            Some((reason, note)) => Err((reason, Some(note))),
            None => Ok(bound),
        }
    }

    /// The rest of the path, for a session that may ask.
    pub(super) fn judge_admitted(
        &self,
        snapshot: &Snapshot,
        bound: &Bound,
        action: &str,
        resource: &Resource<'_>,
        context: &Context<'_>,
    ) -> Outcome {
        let object = look_up(snapshot, resource);
        let question = self.question(snapshot, bound, action, context);
        match question.and_then(|question| self.ask(snapshot, bound, question, resource, &object)) {
            Ok(asked) => judge_asked(snapshot, bound, &asked, &Placement::of(snapshot, &object)),
            Err(error) => Outcome::invalid(error),
        }
    }

    /// Everything that is wrong with action and context, whatever the policies say.
    #[inline]
    pub(super) fn question<'r>(
        &'r self,
        snapshot: &'r Snapshot,
        bound: &'r Bound,
        name: &str,
        context: &'r Context<'r>,
    ) -> Result<Question<'r>> {
        let found = snapshot.vocabulary.action(name);
        let Some((action, target)) = found.and_then(|action| Some((action, snapshot.action(action)?))) else {
            let message = format!("`{}` is no action of the schema", shorten(name));
            return Err(Error::new(ErrorKind::RequestInvalid, message)
                .help("name an action by its id, or by its full uid when two namespaces share the id"));
        };
        Ok(Question {
            action,
            target,
            context: self.layers(snapshot, bound, action, context)?,
        })
    }

    /// Everything that is wrong with the resource of a question, which was [looked up](look_up) before.
    #[inline]
    pub(super) fn ask<'r>(
        &self,
        snapshot: &'r Snapshot,
        bound: &Bound,
        question: Question<'r>,
        resource: &Resource<'_>,
        object: &'r Object<'r>,
    ) -> Result<Asked<'r>> {
        let Question {
            action,
            target,
            context,
        } = question;
        let (uid, entities) = (resource.uid(), resource.entities());
        if !is_bounded(entities) {
            let message = format!(
                "the request brings more than {MAX_REQUEST_ENTITIES} entities along, or entities that have more than \
                 {MAX_REQUEST_PARENTS} parents together"
            );
            return Err(Error::new(ErrorKind::RequestInvalid, message));
        }
        let plain = bound.principal_is_declared
            && bound
                .principal
                .kept
                .type_id
                .is_some_and(|id| target.takes_principal(id))
            && object
                .type_id()
                .is_some_and(|id| target.takes_resource(id) && !snapshot.is_enumerated(id))
            && (1..=MAX_NAME_BYTES).contains(&uid.id.len());
        if !plain {
            self.check_types(snapshot, action, resource)?;
        }
        if !entities.is_empty() {
            check_entities(snapshot, object, entities)?;
        }
        Ok(Asked {
            action,
            target,
            object,
            context,
        })
    }

    /// Whether principal and resource are what the schema declares for the action, and if not, why.
    fn check_types(&self, snapshot: &Snapshot, action: ActionIndex, resource: &Resource<'_>) -> Result<()> {
        let vocabulary = &snapshot.vocabulary;
        let (principal, uid) = (self.inner.principal.as_ref(), resource.uid());
        vocabulary.check_uid(principal)?;
        vocabulary.check_uid(uid)?;
        if vocabulary.applies(action, principal.type_name, uid.type_name) {
            return Ok(());
        }
        let name = vocabulary.action_uid(action).map_or("", EntityUid::id);
        let message = format!(
            "`{name}` does not apply to a {} acting on a {}",
            principal.type_name, uid.type_name
        );
        Err(Error::new(ErrorKind::RequestInvalid, message).help("see the action's appliesTo in the schema"))
    }

    /// The request's context with what the session adds to it where the action declares it.
    fn layers<'r>(
        &'r self,
        snapshot: &Snapshot,
        bound: &'r Bound,
        action: ActionIndex,
        given: &'r Context<'r>,
    ) -> Result<Layers<'r>> {
        let declared = snapshot.vocabulary.session_attributes(action);
        for (is_declared, name) in [
            (declared.app, SessionAttributes::APP),
            (declared.grant_type, SessionAttributes::GRANT_TYPE),
        ] {
            if is_declared && given.get(name).is_some() {
                return Err(sessions_own(name));
            }
        }
        let mut added = self.inner.supplied.to(declared);
        if let Some(shape) = snapshot
            .vocabulary
            .context(action)
            .filter(|_| !self.inner.attributes.is_empty())
        {
            let declared = || {
                let attributes = self.inner.attributes.iter();
                attributes.filter(|(name, _)| shape.attribute(name).is_some())
            };
            if let Some((name, _)) = declared().find(|(name, _)| given.get(name).is_some()) {
                return Err(sessions_own(name));
            }
            added = bound.added_to(action, added, declared);
        }
        snapshot.vocabulary.check_layers(action, given, added)?;
        Ok(Layers { given, added })
    }
}

/// The outcome of a valid request, by everything that a session may be denied for.
#[inline]
pub(super) fn judge_asked(
    snapshot: &Snapshot,
    bound: &Bound,
    asked: &Asked<'_>,
    placement: &Placement<'_>,
) -> Outcome {
    if let Err(reason) = check_tenant(snapshot, bound, placement.owner) {
        return Outcome::denied(reason, Some(asked.action));
    }
    if let Err((reason, note)) = bound.ceilings.check_project(snapshot, placement) {
        return Outcome::refused(reason, note, Some(asked.action));
    }
    if !bound.covers(asked.action) {
        return Outcome::denied(Reason::Scope, Some(asked.action));
    }
    if let Err((reason, note)) = bound.ceilings.check_caps(snapshot, asked.action, placement) {
        return Outcome::refused(reason, note, Some(asked.action));
    }
    ask_policies(snapshot, bound, asked)
}

fn sessions_own(name: &str) -> Error {
    Error::new(
        ErrorKind::RequestInvalid,
        format!("`{name}` of the context comes from the session"),
    )
    .help("leave it out of the request's context")
}

/// Up to so many parents are each looked at from every entity.
const FEW_PARENTS: usize = 16;

fn parents_of(entities: &[Entity<'_>]) -> usize {
    entities.iter().map(|entity| entity.parents().len()).sum()
}

/// Whether a request brings along no more than may be looked at.
fn is_bounded(entities: &[Entity<'_>]) -> bool {
    entities.len() <= MAX_REQUEST_ENTITIES && parents_of(entities) <= MAX_REQUEST_PARENTS
}

/// Looks up the resource of a request, with what the request brings along unless that is too much to be looked at.
#[inline]
pub(super) fn look_up<'r>(snapshot: &'r Snapshot, resource: &'r Resource<'r>) -> Object<'r> {
    let entities = Some(resource.entities()).filter(|entities| is_bounded(entities));
    snapshot
        .authorizer
        .object(resource.uid(), entities.unwrap_or_default())
}

/// What is wrong with the entities that a request brings along.
fn check_entities(snapshot: &Snapshot, object: &Object<'_>, entities: &[Entity<'_>]) -> Result<()> {
    for (index, entity) in entities.iter().enumerate() {
        snapshot.vocabulary.check_entity(entity)?;
        let earlier = entities.iter().take(index);
        if earlier.into_iter().any(|earlier| earlier.uid() == entity.uid()) {
            let message = format!("the request brings {} along twice", entity.uid());
            return Err(Error::new(ErrorKind::RequestInvalid, message).help("bring each entity along once"));
        }
    }
    let leads_back = |entity: &&Entity<'_>| {
        let uid = entity.uid();
        // An entity that nothing else knows can be nobody's ancestor.
        let is_known = entities.len() > 1 || object.is_stored(uid.as_ref());
        let mut parents = entity.parents().iter();
        parents.any(|parent| parent == uid || is_known && object.lies_in(parent.as_ref(), uid.as_ref()))
    };
    // Few are looked through without memory of what was seen.
    let cycle = if parents_of(entities) <= FEW_PARENTS {
        (entities.iter().find(leads_back)).map(|entity| entity.uid().as_ref())
    } else {
        object.cycle()
    };
    match cycle {
        None => Ok(()),
        Some(uid) => Err(Error::new(
            ErrorKind::RequestInvalid,
            format!("{uid}: its parents form a cycle"),
        )
        .help("bring parents that are not members of the entity")),
    }
}

fn is_uid(uid: EntityRef<'_>, other: &EntityUid<'_>) -> bool {
    same_text(uid.id, other.id()) && same_text(uid.type_name, other.type_name())
}

/// The resource must belong to the session's tenant and to no other.
pub(super) fn check_tenant(snapshot: &Snapshot, bound: &Bound, owner: Owner<'_>) -> Result<(), Reason> {
    match (&bound.tenant, snapshot.tenant_type(), owner) {
        (_, None, _) => Ok(()),
        (Some(tenant), Some(_), Owner::One(owner)) if is_uid(owner.uid(), &tenant.uid) => Ok(()),
        (Some(_), Some(_), Owner::One(_)) => Err(Reason::OtherTenant),
        // So does a schema that has gained tenants since the session was made, for all of its requests.
        _ => Err(Reason::NoTenant),
    }
}

/// What the policies say, strictly: a forbid that cannot be evaluated denies.
pub(super) fn ask_policies(snapshot: &Snapshot, bound: &Bound, asked: &Asked<'_>) -> Outcome {
    let verdict = snapshot.authorizer.decide_kept(
        &bound.principal,
        (asked.action.number(), &asked.target.kept),
        asked.object,
        asked.context,
    );
    let response = snapshot.authorizer.response(verdict);
    let reason = if response.allowed() {
        if response.has_erring_forbid() {
            Reason::PolicyError
        } else {
            Reason::Permitted
        }
    } else if !response.verdict.forbids.is_empty() {
        Reason::Forbidden
    } else if response.has_erring_forbid() {
        Reason::PolicyError
    } else {
        Reason::NotPermitted
    };
    Outcome {
        reason,
        action: Some(asked.action),
        verdict: response.verdict,
        note: None,
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
