//! Many questions of one session, all decided on one state of the engine.

use std::sync::Arc;

use crate::value::{Context, EntityUid};

use super::decision::{Decision, Pinned};
use super::resource::Resource;
use super::session::Session;

impl Session {
    /// Decides several requests, each given as action, resource and context; the decisions come in their order and
    /// all of one revision.
    #[must_use]
    pub fn decide_many<'r, 'a: 'r>(
        &self,
        requests: impl IntoIterator<Item = (&'r str, &'r Resource<'a>, &'r Context<'a>)>,
    ) -> Vec<Decision> {
        let snapshot = self.engine.snapshot.load_full();
        let decide = |(action, resource, context)| Decision {
            outcome: self.judge_and_record(&snapshot, action, resource, context),
            snapshot: Pinned::Other(Arc::clone(&snapshot)),
        };
        requests.into_iter().map(decide).collect()
    }

    /// Those of some resources to which the action may be done, in their order: what a list may show.
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
    pub fn filter<'r, 'a>(
        &self,
        action: &str,
        resources: &'r [Resource<'a>],
        context: &Context<'_>,
    ) -> Vec<&'r Resource<'a>> {
        let snapshot = self.engine.snapshot.load();
        let is_allowed = |resource: &&Resource<'a>| {
            self.judge_and_record(&snapshot, action, resource, context)
                .allowed()
        };
        resources.iter().filter(is_allowed).collect()
    }

    /// The actions that may be done to a resource with this context, sorted by uid: what a page may offer.
    ///
    /// An action whose declared context the given one does not fit is left out.
    #[must_use]
    pub fn allowed_actions(&self, resource: &Resource<'_>, context: &Context<'_>) -> Vec<EntityUid<'static>> {
        let snapshot = self.engine.snapshot.load();
        let is_allowed = |uid: &&EntityUid<'static>| {
            let name = uid.to_string();
            self.judge(&snapshot, &name, resource, context).allowed()
        };
        let actions = snapshot.vocabulary.actions().map(|(_, uid)| uid);
        actions.filter(is_allowed).cloned().collect()
    }
}
