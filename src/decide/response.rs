//! What is answered.

use std::fmt;

use smallvec::SmallVec;

use super::fault::{EvalError, Fault};
use crate::compile::policies::Policies;
use crate::compile::program::{Effect, RuleId};

/// The rules that decided, as numbers: what the machinery passes around, small enough to be copied in a few words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) permits: SmallVec<[RuleId; 6]>,
    pub(crate) forbids: SmallVec<[RuleId; 4]>,
    pub(crate) faults: SmallVec<[(RuleId, Fault); 1]>,
}

impl Verdict {
    #[inline]
    pub(crate) fn allowed(&self) -> bool {
        self.forbids.is_empty() && !self.permits.is_empty()
    }
}

/// Cedar's answer to a request, with the policies that determined it and those that erred.
///
/// It borrows the [`Authorizer`](super::Authorizer) that gave it, and allocates nothing as long as few policies
/// matched.
#[derive(Clone)]
pub struct Response<'s> {
    pub(crate) policies: &'s Policies,
    pub(crate) verdict: Verdict,
}

impl<'s> Response<'s> {
    /// True when a permit matched and no forbid did.
    #[inline]
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.verdict.allowed()
    }

    /// The policies that determined the answer: for a deny the forbids that matched, possibly none; for an allow the
    /// permits. In no particular order.
    pub fn determining(&self) -> impl Iterator<Item = PolicyRef<'s>> + '_ {
        let rules = if self.verdict.forbids.is_empty() {
            self.verdict.permits.as_slice()
        } else {
            self.verdict.forbids.as_slice()
        };
        rules.iter().map(|rule| PolicyRef {
            policies: self.policies,
            rule: *rule,
        })
    }

    /// The policies whose condition could not be evaluated. Cedar's answer skips them.
    pub fn erring(&self) -> impl Iterator<Item = (PolicyRef<'s>, EvalError<'s>)> + '_ {
        self.verdict.faults.iter().map(|(rule, fault)| {
            let error = EvalError {
                fault: *fault,
                template: self.policies.template_of(*rule),
            };
            (
                PolicyRef {
                    policies: self.policies,
                    rule: *rule,
                },
                error,
            )
        })
    }

    /// True when a forbid could not be evaluated: Cedar skips it, a strict caller denies.
    #[must_use]
    pub fn has_erring_forbid(&self) -> bool {
        self.verdict.faults.iter().any(|(rule, _)| {
            let template = self.policies.template_of(*rule);
            template.is_some_and(|template| template.effect == Effect::Forbid)
        })
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("allowed", &self.allowed())
            .field("determining", &self.determining().collect::<Vec<_>>())
            .field("erring", &self.erring().collect::<Vec<_>>())
            .finish()
    }
}

/// A policy or link that a response names. Its id is looked up when it is asked for.
#[derive(Clone, Copy)]
pub struct PolicyRef<'s> {
    policies: &'s Policies,
    rule: RuleId,
}

impl<'s> PolicyRef<'s> {
    pub(crate) fn new(policies: &'s Policies, rule: RuleId) -> Self {
        Self { policies, rule }
    }

    /// The id of the policy or link.
    #[must_use]
    pub fn id(&self) -> &'s str {
        self.policies.rule_name(self.rule)
    }

    /// The id of the template, for a link.
    #[must_use]
    pub fn template_id(&self) -> Option<&'s str> {
        let template = self.policies.template_of(self.rule)?;
        template.has_slots().then_some(&*template.id)
    }

    /// Permit or forbid.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.policies
            .template_of(self.rule)
            .map_or(Effect::Forbid, |template| template.effect)
    }

    /// An annotation of the policy or its template: `annotation("advice")` for `@advice("…")`.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&'s str> {
        let annotations = &self.policies.template_of(self.rule)?.annotations;
        let found = annotations.iter().find(|(known, _)| **known == *name);
        found.map(|(_, value)| &**value)
    }
}

impl PartialEq for PolicyRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.policies, other.policies) && self.rule == other.rule
    }
}

impl fmt::Debug for PolicyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.id())
    }
}
