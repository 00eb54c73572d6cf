//! Many questions of one session, all decided on one state of the engine.

use std::sync::Arc;

use crate::value::{Context, EntityUid};

use super::bound::BoundRef;
use super::decision::{Decision, Outcome, Pinned};
use super::judge::{Question, Refusal};
use super::resource::Resource;
use super::session::Session;
use super::snapshot::Snapshot;

impl Session {
    /// Decides several requests, each given as action, resource and context; the decisions come in their order and
    /// all of one revision.
    #[must_use]
    pub fn decide_many<'r, 'a: 'r>(
        &self,
        requests: impl IntoIterator<Item = (&'r str, &'r Resource<'a>, &'r Context<'a>)>,
    ) -> Vec<Decision> {
        let snapshot = self.engine.snapshot.load_full();
        let judged = Judge::new(self, &snapshot);
        let mut last = None;
        let decide = |(action, resource, context)| Decision {
            outcome: judged.recorded(&mut last, action, resource, context),
            snapshot: Pinned::Other(Arc::clone(&snapshot)),
        };
        requests.into_iter().map(decide).collect()
    }

    /// Those of some resources to which the action may be done, in their order: what a list may show. Takes resources, or
    /// anything that has one at hand.
    ///
    /// ```
    /// # use bailiwick::{Context, Engine, Principal, Resource, Tenant};
    /// # let engine = Engine::builder().policies("policies/construction")?.build()?;
    /// let session = engine.session(Principal::user("ana"), Tenant::id("acme"))?;
    /// let rfis = ["42", "70"].map(|id| Resource::stored("Rfi", id));
    /// let visible = session.filter("rfis.view", &rfis, &Context::new());
    /// assert_eq!(visible.len(), 1);
    /// assert_eq!(visible[0].uid().id, "42");
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    #[must_use]
    pub fn filter<'a, T: AsRef<Resource<'a>>>(
        &self,
        action: &str,
        resources: impl IntoIterator<Item = T>,
        context: &Context<'_>,
    ) -> Vec<T> {
        let snapshot = self.engine.snapshot.load();
        let judged = Judge::new(self, &snapshot);
        let mut last = None;
        let is_allowed = |it: &T| judged.recorded(&mut last, action, it.as_ref(), context).allowed();
        resources.into_iter().filter(is_allowed).collect()
    }

    /// The actions that may be done to a resource with this context, sorted by uid: what a page may offer.
    ///
    /// An action whose declared context the given one does not fit is left out.
    #[must_use]
    pub fn allowed_actions(&self, resource: &Resource<'_>, context: &Context<'_>) -> Vec<EntityUid<'static>> {
        let snapshot = self.engine.snapshot.load();
        let judged = Judge::new(self, &snapshot);
        let is_allowed =
            |uid: &&EntityUid<'static>| judged.outcome(&uid.to_string(), resource, context).allowed();
        let actions = snapshot.vocabulary.actions().map(|(_, uid)| uid);
        actions.filter(is_allowed).cloned().collect()
    }
}

/// One session on one state, for many requests: whether it may ask at all is found out once.
struct Judge<'s> {
    session: &'s Session,
    snapshot: &'s Snapshot,
    /// Or why it may not ask.
    bound: Result<BoundRef, Refusal>,
}

/// A question that was found valid, told again by where its parts lie.
#[derive(Clone, Copy)]
struct Known<'r> {
    action: &'r str,
    context: &'r Context<'r>,
    question: Question<'r>,
}

impl<'s> Judge<'s> {
    fn new(session: &'s Session, snapshot: &'s Snapshot) -> Self {
        Self {
            session,
            snapshot,
            bound: session.admitted(snapshot),
        }
    }

    /// The outcome, once the audit is told of it. Mostly the question is the last one, about another resource.
    fn recorded<'r>(
        &'r self,
        last: &mut Option<Known<'r>>,
        action: &'r str,
        resource: &Resource<'_>,
        context: &'r Context<'r>,
    ) -> Outcome {
        let (session, snapshot) = (self.session, self.snapshot);
        match &self.bound {
            Ok(bound) => {
                let known = last.filter(|known| {
                    std::ptr::eq(known.action, action) && std::ptr::eq(known.context, context)
                });
                let question = known.map_or_else(
                    || session.question(snapshot, bound, action, context),
                    |known| Ok(known.question),
                );
                *last = question.as_ref().ok().map(|question| Known {
                    action,
                    context,
                    question: *question,
                });
                session.judge_admitted_and_record(snapshot, bound, question, action, resource)
            }
            Err(refusal) => session.refuse_and_record(snapshot, refusal.clone(), action, resource),
        }
    }

    fn outcome(&self, action: &str, resource: &Resource<'_>, context: &Context<'_>) -> Outcome {
        let (session, snapshot) = (self.session, self.snapshot);
        match &self.bound {
            Ok(bound) => session.judge_admitted(snapshot, bound, action, resource, context),
            Err((reason, note)) => Outcome::unadmitted(*reason, note.clone()),
        }
    }
}
