//! Why the policies answer as they do: every candidate with its conditions, and what decided them.

use std::fmt;

use serde::Serialize;

use super::authorizer::Authorizer;
use super::fault::EvalError;
use super::machine::{Asked, Layers, Machine};
use super::reading::Reading;
use super::request::Request;
use super::snapshot::{Kept, Object, Snapshot};
use crate::compile::index::Candidate;
use crate::compile::program::{Effect, Template};
use crate::entities::overlay::View;

/// Most policies that a trace describes; further ones are counted.
const MAX_TRACED: usize = 64;
/// Most text that a trace holds, in bytes, before further policies are only counted.
const MAX_TEXT: usize = 256 << 10;

/// What the policies say to a request, and why.
///
/// What is described is bounded in number and in length; longer texts end in an ellipsis, and texts that have the form
/// or the name of a secret are hidden.
///
/// ```
/// use bailiwick::cedar::{Authorizer, PolicyOutcome, Request};
/// use bailiwick::{EntityRef, context};
///
/// let policies = r#"permit(principal, action, resource) when { context.mfa && context.level > 3 };"#.parse()?;
/// let authorizer = Authorizer::compile(&policies, None)?;
/// let context = context! { "mfa": true, "level": 2 };
/// let ana = EntityRef::new("User", "ana");
/// let trace = authorizer.explain(&Request::new(ana, EntityRef::new("Action", "view"), ana, &context));
/// assert!(!trace.allowed);
/// let policy = trace.policies.first().ok_or("no candidate")?;
/// assert_eq!(policy.outcome, PolicyOutcome::DoesNotApply);
/// let condition = policy.conditions.first().ok_or("no condition")?;
/// assert_eq!(condition.to_string(), "when context.mfa && context.level > 3: context.level > 3 is false (context.level was 2)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// Cedar's answer.
    pub allowed: bool,
    /// The policies whose scope matches: those that apply, then those that cannot be evaluated, then the others; each
    /// by id.
    pub policies: Vec<PolicyTrace>,
    /// How many further ones there are.
    pub left_out: usize,
    /// For a deny that no forbid caused: the permits that came closest, closest first.
    pub close: Vec<ClosePolicy>,
    /// Whether there were too many policies to look at all that might have come close.
    pub close_is_partial: bool,
}

/// A policy whose scope matches the request.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyTrace {
    /// The id of the policy or link.
    pub id: String,
    /// The id of the template, for a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// File and line, where it came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Permit or forbid.
    pub effect: Effect,
    /// What became of it.
    pub outcome: PolicyOutcome,
    /// What failed, when it could not be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its conditions, in order.
    pub conditions: Vec<ConditionTrace>,
}

/// What became of a policy whose scope matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOutcome {
    /// Its conditions hold.
    Applies,
    /// It cannot be evaluated.
    Fails,
    /// One of its conditions does not hold.
    DoesNotApply,
}

/// The keyword of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clause {
    /// `when`: holds when its expression is true.
    When,
    /// `unless`: holds when its expression is false.
    Unless,
}

/// What became of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionOutcome {
    /// It holds.
    Holds,
    /// It does not hold, so the policy does not apply.
    DoesNotHold,
    /// It cannot be evaluated.
    Fails,
    /// An earlier condition decided.
    NotReached,
}

/// A `when` or `unless` of a policy.
#[derive(Clone, Debug, Serialize)]
pub struct ConditionTrace {
    /// Its keyword.
    pub clause: Clause,
    /// Its expression in Cedar's syntax.
    pub expression: String,
    /// The value of its expression; none when it was not reached or cannot be evaluated.
    pub value: Option<bool>,
    /// What became of it.
    pub outcome: ConditionOutcome,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The part of the expression that decided, or that cannot be evaluated; none when it was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Deciding>,
    /// The attributes and tags that were looked at, with their values.
    pub seen: Vec<Seen>,
}

/// The part of an expression that made its value what it is.
#[derive(Clone, Debug, Serialize)]
pub struct Deciding {
    /// The part in Cedar's syntax.
    pub expression: String,
    /// Its value; none when it cannot be evaluated.
    pub value: Option<bool>,
    /// Where it is written, when it stands once in its condition and as it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// An attribute or tag that was looked at, or that was asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The access in Cedar's syntax.
    pub expression: String,
    /// Its value in Cedar's syntax.
    pub value: String,
    /// Whether it lies within the part that decided.
    pub decisive: bool,
}

/// A place in a policy's text, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file; none where the policies came from no file: the place is one in the text of the policy alone then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A permit that nearly applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosePolicy {
    /// Its id.
    pub id: String,
    /// File and line, where it came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What it lacked: a part of its scope, or its conditions.
    pub lacks: Vec<String>,
}

impl Authorizer {
    /// Decides and explains; the answer is always that of [`is_authorized`](Authorizer::is_authorized).
    ///
    /// This is for people and their tools, not for the hot path: it takes some microseconds for each candidate, and up
    /// to some milliseconds to find what came close among very many policies.
    #[must_use]
    pub fn explain(&self, request: &Request<'_>) -> Trace {
        let view = View::new(&self.snapshot.graph, request.entities);
        self.snapshot.trace(&Asked {
            view: &view,
            principal: &view.resolve(request.principal),
            action: &view.resolve(request.action),
            resource: &view.resolve(request.resource),
            context: Layers::of(request.context),
        })
    }

    /// The same for what was kept and looked up.
    pub(crate) fn explain_kept<'s>(
        &'s self,
        principal: &'s Kept,
        action: &'s Kept,
        object: &Object<'s>,
        context: Layers<'s>,
    ) -> Trace {
        self.snapshot.trace(&Asked {
            view: &object.view,
            principal: &principal.within(&object.view),
            action: &action.within(&object.view),
            resource: &object.resolved,
            context,
        })
    }
}

impl Snapshot {
    fn trace<'e>(&'e self, asked: &Asked<'e, '_>) -> Trace {
        let verdict = self.verdict(asked);
        let mut found: Vec<(PolicyOutcome, &str, Candidate, &Template)> = Vec::new();
        self.candidates(asked, &mut |candidate, template| {
            let rule = candidate.rule;
            let outcome = if verdict.faults.iter().any(|(failed, _)| *failed == rule) {
                PolicyOutcome::Fails
            } else if verdict.permits.contains(&rule) || verdict.forbids.contains(&rule) {
                PolicyOutcome::Applies
            } else {
                PolicyOutcome::DoesNotApply
            };
            found.push((outcome, self.policies.rule_name(rule), candidate, template));
        });
        found.sort_unstable_by_key(|(outcome, id, ..)| (*outcome, *id));
        let mut machine = Machine::new(asked);
        let (mut policies, mut text) = (Vec::new(), 0);
        for (outcome, id, _, template) in found.iter().take(MAX_TRACED) {
            let policy = policy(&mut machine, id, *outcome, template);
            text += policy.text_len();
            policies.push(policy);
            if text > MAX_TEXT {
                break;
            }
        }
        let (close, close_is_partial) = if verdict.allowed() || !verdict.forbids.is_empty() {
            (Vec::new(), false)
        } else {
            let candidates = found
                .iter()
                .map(|(outcome, _, candidate, template)| (*outcome, candidate.rule, *template));
            self.near_misses(asked, candidates)
        };
        Trace {
            allowed: verdict.allowed(),
            left_out: found.len() - policies.len(),
            policies,
            close,
            close_is_partial,
        }
    }
}

/// Runs a candidate once more, watched.
fn policy<'e>(
    machine: &mut Machine<'e, '_>,
    id: &str,
    outcome: PolicyOutcome,
    template: &'e Template,
) -> PolicyTrace {
    let reading = template
        .condition
        .as_ref()
        .map(|condition| Reading::of(machine, condition));
    let error = reading.as_ref().and_then(|reading| reading.fault).map(|fault| {
        let template = Some(template);
        EvalError { fault, template }.to_string()
    });
    PolicyTrace {
        id: id.to_owned(),
        template: template.has_slots().then(|| template.id.to_string()),
        origin: None,
        effect: template.effect,
        outcome,
        error,
        conditions: reading.map_or_else(Vec::new, |reading| reading.conditions(&template.source)),
    }
}

impl PolicyTrace {
    fn text_len(&self) -> usize {
        let seen = |seen: &Seen| seen.expression.len() + seen.value.len();
        let condition = |condition: &ConditionTrace| {
            condition.expression.len() + condition.seen.iter().map(seen).sum::<usize>()
        };
        self.id.len() + self.conditions.iter().map(condition).sum::<usize>()
    }
}

impl ConditionTrace {
    /// The values that the deciding part looked at, unless its own value says as much: `context.mfa was false`.
    pub(crate) fn telling(&self) -> String {
        let Some(deciding) = &self.decided_by else {
            return String::new();
        };
        let is_told = |seen: &&Seen| {
            seen.decisive && (seen.expression != deciding.expression || deciding.value.is_none())
        };
        let told: Vec<String> = (self.seen.iter().filter(is_told))
            .map(|seen| format!("{} was {}", seen.expression, seen.value))
            .collect();
        told.join(", ")
    }
}

impl Clause {
    /// The keyword.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Clause::When => "when",
            Clause::Unless => "unless",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl fmt::Display for ConditionTrace {
    /// The condition, the part that decided it, and the values that this part looked at.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.clause.keyword(), self.expression)?;
        let Some(deciding) = &self.decided_by else {
            return Ok(());
        };
        if deciding.expression != self.expression {
            match deciding.value {
                Some(value) => write!(f, ": {} is {value}", deciding.expression)?,
                None => write!(f, ": {} cannot be evaluated", deciding.expression)?,
            }
        }
        match self.telling() {
            told if told.is_empty() => Ok(()),
            told => write!(f, " ({told})"),
        }
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
