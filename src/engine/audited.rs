//! What the audit is told of each decision.

use std::sync::Arc;

use crate::audit::{Actor, Audit, Decided, Party};
use crate::decide::Object;
use crate::error::{ErrorKind, Result};
use crate::token::{Claims, PrincipalKind};
use crate::value::{Context, EntityRef, EntityUid};

use super::bound::Bound;
use super::decision::{Outcome, Reason};
use super::judge::{Question, Refusal, judge_asked, look_up};
use super::placement::Placement;
use super::resource::Resource;
use super::session::{Session, SessionInner};
use super::snapshot::Snapshot;
use super::{Engine, Inner};

impl Session {
    /// Judges and leaves the record of it.
    #[inline]
    pub(super) fn judge_and_record(
        &self,
        snapshot: &Snapshot,
        action: &str,
        resource: &Resource<'_>,
        context: &Context<'_>,
    ) -> Outcome {
        match self.admitted(snapshot) {
            Ok(bound) => {
                let question = self.question(snapshot, &bound, action, context);
                self.judge_admitted_and_record(snapshot, &bound, question, action, resource)
            }
            Err(refusal) => self.refuse_and_record(snapshot, refusal, action, resource),
        }
    }

    /// The same for a session that may ask.
    #[inline]
    pub(super) fn judge_admitted_and_record(
        &self,
        snapshot: &Snapshot,
        bound: &Bound,
        question: Result<Question<'_>>,
        action: &str,
        resource: &Resource<'_>,
    ) -> Outcome {
        let object = look_up(snapshot, resource);
        match question.and_then(|question| self.ask(snapshot, bound, question, resource, &object)) {
            Ok(asked) => {
                let placement = Placement::of(snapshot, &object);
                let outcome = judge_asked(snapshot, bound, &asked, &placement);
                if let Some(audit) = &self.engine.audit {
                    let (resource, project) = (object.uid(), placement.project_ids().next());
                    self.record(audit, snapshot, action, resource, project, &outcome);
                }
                outcome
            }
            Err(error) => {
                let outcome = Outcome::invalid(error);
                self.record_unjudged(snapshot, action, &object, &outcome);
                outcome
            }
        }
    }

    /// The same for one that may not.
    #[cold]
    pub(super) fn refuse_and_record(
        &self,
        snapshot: &Snapshot,
        (reason, note): Refusal,
        action: &str,
        resource: &Resource<'_>,
    ) -> Outcome {
        let outcome = Outcome::unadmitted(reason, note);
        if self.engine.audit.is_some() {
            self.record_unjudged(snapshot, action, &look_up(snapshot, resource), &outcome);
        }
        outcome
    }

    /// Leaves the record of an outcome for which the resource was of no account.
    #[cold]
    fn record_unjudged(&self, snapshot: &Snapshot, action: &str, object: &Object<'_>, outcome: &Outcome) {
        if let Some(audit) = &self.engine.audit {
            let project = Placement::of(snapshot, object).project_ids().next();
            self.record(audit, snapshot, action, object.uid(), project, outcome);
        }
    }

    fn record(
        &self,
        audit: &Audit,
        snapshot: &Snapshot,
        action: &str,
        resource: EntityRef<'_>,
        project: Option<&str>,
        outcome: &Outcome,
    ) {
        let decided = Decided {
            at: self.now(),
            revision: snapshot.revision,
            action,
            action_is_known: outcome.action.is_some() || snapshot.vocabulary.action(action).is_some(),
            resource,
            project: project.unwrap_or_default(),
            allowed: outcome.reason == Reason::Permitted,
            reason: outcome.reason.name(),
            administration: snapshot.is_administration(),
        };
        audit.decided(self.inner.audited(), &decided);
    }
}

impl SessionInner {
    /// The caller as the audit names it.
    fn audited(&self) -> &Arc<Actor> {
        self.actor.get_or_init(|| {
            let party = match (&self.caller.app, &self.caller.account) {
                (Some(app), _) => Party::App(app.to_string()),
                (None, Some(account)) => Party::ServiceAccount(account.to_string()),
                (None, None) => Party::FirstParty,
            };
            let tenant = self.tenant.as_ref().map_or("", |tenant| tenant.id());
            let actor = Actor::new(self.principal.clone(), tenant, party);
            Arc::new(match &self.grant_type {
                Some(grant_type) => actor.grant_type(grant_type.as_str()),
                None => actor,
            })
        })
    }
}

impl Inner {
    /// Records that a good token of one tenant was presented in another, where its admins see it.
    #[cold]
    pub(super) fn note_foreign(&self, claims: &Claims, tenant: &str) {
        let Some(audit) = &self.audit else { return };
        let named = |type_name: &str, id: &str| EntityUid::new(type_name.to_owned(), id.to_owned());
        let party = match (claims.principal_kind(), claims.client_id()) {
            (PrincipalKind::ServiceAccount, _) => Party::ServiceAccount(claims.subject().to_owned()),
            (_, Some(app)) => Party::App(app.to_owned()),
            (_, None) => Party::FirstParty,
        };
        let token = named("Bailiwick::AccessToken", claims.token_id().unwrap_or_default());
        let decided = Decided {
            at: self.clock.now(),
            revision: self.snapshot.load().revision,
            action: "authenticate",
            action_is_known: true,
            resource: token.as_ref(),
            project: "",
            allowed: false,
            reason: ErrorKind::TokenTenant.name(),
            administration: false,
        };
        let principal = named("Bailiwick::Principal", claims.subject());
        audit.noted(&Arc::new(Actor::new(principal, tenant, party)), &decided);
    }
}

impl Engine {
    /// The audit that the engine was built with.
    #[must_use]
    pub fn audit(&self) -> Option<&Audit> {
        self.inner.audit.as_ref()
    }
}
