//! Why a decision came out as it did: every ceiling, every candidate policy with its conditions, and the permits that
//! came close.

use serde::Serialize;

use crate::cedar::{ClosePolicy, Place, PolicyTrace, Trace};
use crate::policy::{ActionIndex, Origin};
use crate::value::Context;

use super::bound::Bound;
use super::decision::{Decision, Outcome, Reason, faults};
use super::judge::{Asked, ask_policies, check_tenant, look_up};
use super::placement::Placement;
use super::resource::Resource;
use super::session::Session;
use super::snapshot::Snapshot;

/// The explanation of one decision. Displayed as a tree; serialised for tools.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Whether the action may be done; always what [`Session::decide`] says.
    pub allowed: bool,
    /// The reason's name.
    pub reason: &'static str,
    /// The reason in a sentence.
    pub message: String,
    /// Who acts.
    pub principal: String,
    /// Through which app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// What is to be done.
    pub action: String,
    /// To what.
    pub resource: String,
    /// The native factors, in the order they are checked.
    pub ceilings: Vec<Ceiling>,
    /// What the policies say by themselves, even where a ceiling denies.
    pub policies: PolicyVerdict,
    /// The revision that was decided on.
    pub revision: u64,
}

/// One factor that a request must pass before the policies count.
#[derive(Clone, Debug, Serialize)]
pub struct Ceiling {
    /// Its name: `session`, `platform`, `request`, `tenant`, `scope`, `project`, `installation`, `grant`, `boundary`.
    pub name: &'static str,
    /// Whether the request passed it.
    pub held: bool,
    /// What was compared.
    pub detail: String,
}

/// What the policies say.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PolicyVerdict {
    /// Whether they were asked: an invalid request cannot be.
    pub asked: bool,
    /// Whether they permit.
    pub permits: bool,
    /// The policies that determine the answer, with the place where each is written.
    pub applied: Vec<AppliedPolicy>,
    /// The policies whose evaluation failed.
    pub failed: Vec<FailedPolicy>,
    /// The policies whose scope matches, each with its conditions and what decided them: those that apply, those that
    /// cannot be evaluated, then the others. Of very many, the first 64.
    pub candidates: Vec<PolicyTrace>,
    /// How many further candidates there are.
    pub left_out: usize,
    /// Where they do not permit and none forbids: the permits that came closest, closest first, and what each of them
    /// lacked.
    pub close: Vec<ClosePolicy>,
    /// Whether there were too many policies to look at all that might have come close.
    pub close_is_partial: bool,
}

/// A policy that applies to the request.
#[derive(Clone, Debug, Serialize)]
pub struct AppliedPolicy {
    /// Its id.
    pub id: String,
    /// File and line, where it came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// A policy whose evaluation failed.
#[derive(Clone, Debug, Serialize)]
pub struct FailedPolicy {
    /// Its id.
    pub id: String,
    /// What failed.
    pub message: String,
}

impl Explanation {
    pub(super) fn of(
        session: &Session,
        action: &str,
        resource: &Resource<'_>,
        context: &Context<'_>,
    ) -> Self {
        let decision = session.decide(action, resource, context);
        let snapshot = &decision.snapshot;
        let bound = session.bound(snapshot);
        let mut ceilings = vec![session_ceiling(session)];
        let mut policies = PolicyVerdict::default();
        if let Some((_, detail)) = bound.ceilings.refusal() {
            ceilings.push(Ceiling {
                name: "platform",
                held: false,
                detail: detail.to_string(),
            });
        }
        let object = look_up(snapshot, resource);
        let question = session.question(snapshot, &bound, action, context);
        match question.and_then(|question| session.ask(snapshot, &bound, question, resource, &object)) {
            Err(error) => {
                ceilings.push(Ceiling {
                    name: "request",
                    held: false,
                    detail: error.message().to_owned(),
                });
            }
            Ok(asked) => {
                ceilings.push(Ceiling {
                    name: "request",
                    held: true,
                    detail: format!("{action} applies to {}", resource.uid()),
                });
                let placement = Placement::of(snapshot, &object);
                ceilings.push(tenant_ceiling(
                    session,
                    check_tenant(snapshot, &bound, placement.owner),
                ));
                ceilings.push(scope_ceiling(session, snapshot, &bound, asked.action));
                ceilings.extend(bound.ceilings.each(snapshot, asked.action, &placement));
                policies = verdict(snapshot, &bound, &asked);
            }
        }
        Self {
            allowed: decision.allowed(),
            reason: decision.reason().name(),
            message: Decision::message(&decision),
            principal: session.principal().to_string(),
            app: session.app().map(ToString::to_string),
            action: action.to_owned(),
            resource: resource.uid().to_string(),
            ceilings,
            policies,
            revision: decision.revision(),
        }
    }
}

fn session_ceiling(session: &Session) -> Ceiling {
    let (held, detail) = match session.expires() {
        None => (
            true,
            "first-party session: no token, no app, no limit by scopes".to_owned(),
        ),
        Some(_) if session.is_expired() => (false, "the token has expired".to_owned()),
        Some(expires) => {
            let left = (expires - session.now()).max(0);
            let scopes = session.scopes().unwrap_or_default().join(" ");
            let scopes = if scopes.is_empty() {
                "no scopes".to_owned()
            } else {
                format!("scopes {scopes}")
            };
            (true, format!("token valid, {} left, {scopes}", span(left)))
        }
    };
    Ceiling {
        name: "session",
        held,
        detail,
    }
}

fn tenant_ceiling(session: &Session, checked: Result<(), Reason>) -> Ceiling {
    let (held, detail) = match (checked, session.tenant()) {
        (Ok(()), Some(tenant)) => (true, format!("the resource belongs to {tenant}")),
        (Ok(()), None) => (true, "the schema has no tenants".to_owned()),
        (Err(Reason::OtherTenant), Some(tenant)) => {
            (false, format!("the resource does not belong to {tenant}"))
        }
        (Err(_), _) => (
            false,
            "the resource belongs to no tenant, or to several".to_owned(),
        ),
    };
    Ceiling {
        name: "tenant",
        held,
        detail,
    }
}

fn scope_ceiling(session: &Session, snapshot: &Snapshot, bound: &Bound, action: ActionIndex) -> Ceiling {
    let covering = snapshot.vocabulary.scopes_covering(action).join(" or ");
    let held = bound.covers(action);
    let detail = match (session.scopes(), held) {
        (None, _) => "no token, so no scopes apply".to_owned(),
        (Some(scopes), true) => {
            let by = scopes.iter().find(|scope| {
                snapshot
                    .vocabulary
                    .scope(scope)
                    .is_some_and(|actions| actions.contains(action))
            });
            format!("covered by {}", by.map_or("", String::as_str))
        }
        (Some(_), false) if covering.is_empty() => "no scope of the schema covers this action".to_owned(),
        (Some(_), false) => format!("needs {covering}; the token's scopes do not cover it"),
    };
    Ceiling {
        name: "scope",
        held,
        detail,
    }
}

fn verdict(snapshot: &Snapshot, bound: &Bound, asked: &Asked<'_>) -> PolicyVerdict {
    let outcome = ask_policies(snapshot, bound, asked);
    let authorizer = &snapshot.authorizer;
    let Trace {
        policies: mut candidates,
        left_out,
        mut close,
        close_is_partial,
        ..
    } = authorizer.explain_kept(
        &bound.principal.kept,
        &asked.target.kept,
        asked.object,
        asked.context,
    );
    let origin = |id: &str| snapshot.policies.origin(id).map(|origin| origin.to_string());
    for policy in &mut candidates {
        policy.origin = origin(&policy.id);
        // The conditions of a link are written in its template.
        if let Some(written) = snapshot
            .policies
            .origin(policy.template.as_deref().unwrap_or(&policy.id))
        {
            for condition in &mut policy.conditions {
                let deciding = condition.decided_by.as_mut();
                let places = [&mut condition.place]
                    .into_iter()
                    .chain(deciding.map(|part| &mut part.place));
                places.flatten().for_each(|place| locate(place, written));
            }
        }
    }
    for policy in &mut close {
        policy.origin = origin(&policy.id);
    }
    PolicyVerdict {
        asked: true,
        permits: outcome.reason == Reason::Permitted,
        applied: applied(snapshot, &outcome)
            .into_iter()
            .map(|id| AppliedPolicy {
                id: id.to_owned(),
                origin: origin(id),
            })
            .collect(),
        failed: faults(snapshot, &outcome)
            .into_iter()
            .map(|fault| FailedPolicy {
                id: fault.policy.to_owned(),
                message: fault.message,
            })
            .collect(),
        candidates,
        left_out,
        close,
        close_is_partial,
    }
}

/// Turns a place in the text of a policy into one in its file.
fn locate(place: &mut Place, policy: Origin<'_>) {
    place.file = Some(policy.file.display().to_string());
    if place.line == 1 {
        place.column = place.column.saturating_add(policy.column.saturating_sub(1));
    }
    place.line = place.line.saturating_add(policy.line.saturating_sub(1));
}

/// The forbids that match, or else the permits, sorted.
fn applied<'s>(snapshot: &'s Snapshot, outcome: &Outcome) -> Vec<&'s str> {
    let mut ids: Vec<&str> = snapshot
        .authorizer
        .response(outcome.verdict.clone())
        .determining()
        .map(|policy| policy.id())
        .collect();
    ids.sort_unstable();
    ids
}

/// Seconds as a person says them.
fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
