//! The rules that reach one principal, found once for many decisions about it.
//!
//! A session asks about the same principal again and again. While few rules can match it, looking through those is
//! quicker than asking the index for each pair of keys.

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use super::machine::Asked;
use super::response::Verdict;
use super::snapshot::{Kept, Snapshot, Tally, own, side};
use crate::compile::index::{Actions, Side};
use crate::compile::program::{RuleId, TemplateId};
use crate::compile::scope::{Key, KeyClass, Scope};
use crate::entities::overlay::Resolved;

/// Of more rules than this the index finds those that match sooner.
const MAX_RULES: usize = Rules::BITS as usize;
/// A principal with more keys than this is left to the index.
const MAX_KEYS: usize = 64;
/// Finding the rules takes as long as some decisions: they are looked for when so many have been made.
pub(super) const WORTHWHILE: usize = 4;

/// A rule whose principal matches.
#[derive(Clone, Copy)]
struct Reached {
    rule: RuleId,
    template: TemplateId,
    /// What it is filed under, and what that has to be to the resource.
    resource: (Key, Scope),
}

/// Every rule whose principal matches, whatever its action and resource; one bit stands for each.
pub(crate) struct Reach {
    rules: Box<[Reached]>,
}

/// Some of the rules.
pub(super) type Rules = u64;

/// A principal that was looked up once and kept beside its snapshot, with what is found out about it on the way.
pub(crate) struct KeptPrincipal {
    pub(crate) kept: Kept,
    /// Decisions made before the rules were looked for.
    decided: AtomicU8,
    /// Nothing in it when there are too many.
    found: OnceLock<Option<Found>>,
    /// How many actions it may be asked about.
    actions: usize,
}

/// The rules that reach a principal.
struct Found {
    reach: Reach,
    /// By the number of an action: those that concern it.
    of_action: Box<[OnceLock<Rules>]>,
}

impl KeptPrincipal {
    pub(super) fn new(kept: Kept, actions: usize) -> Self {
        Self {
            kept,
            actions,
            decided: AtomicU8::new(0),
            found: OnceLock::new(),
        }
    }

    /// The verdict of the rules that reach it, once it has been asked about often enough and if they are few. `action` is
    /// the number of the request's action.
    #[inline]
    pub(super) fn verdict<'e>(
        &self,
        snapshot: &'e Snapshot,
        asked: &Asked<'e, '_>,
        action: usize,
    ) -> Option<Verdict> {
        if !asked.principal.is_as_stored() {
            return None;
        }
        let found = match self.found.get() {
            Some(found) => found,
            None if usize::from(self.decided.fetch_add(1, Ordering::Relaxed)) < WORTHWHILE => return None,
            None => self.found.get_or_init(|| {
                let reach = Reach::of(snapshot, asked.principal)?;
                let of_action = (0..self.actions).map(|_| OnceLock::new()).collect();
                Some(Found { reach, of_action })
            }),
        };
        let Found { reach, of_action } = found.as_ref()?;
        let find = || reach.of_action(snapshot, asked);
        let rules = match of_action.get(action) {
            Some(known) if asked.action.is_as_stored() => *known.get_or_init(find),
            _ => find(),
        };
        Some(reach.verdict(snapshot, asked, rules))
    }
}

impl Reach {
    /// The rules that reach a principal as it is stored; nothing when they are many.
    pub(super) fn of(snapshot: &Snapshot, principal: &Resolved<'_>) -> Option<Self> {
        let side = side(principal);
        if side.len() > MAX_KEYS {
            return None;
        }
        let mut found: Vec<RuleId> = Vec::new();
        let walked =
            (snapshot.policies.index).visit_of_principal(&side, snapshot.graph.type_count(), &mut |rule| {
                found.push(rule);
                match found.len() {
                    len if len > 8 * MAX_RULES => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                }
            });
        found.sort_unstable();
        found.dedup();
        if walked.is_break() || found.len() > MAX_RULES {
            return None;
        }
        let reached = found.into_iter().filter_map(|number| {
            let rule = snapshot.policies.rule(number)?;
            let template = rule.template()?;
            let scopes = snapshot.policies.template(template)?;
            let key = scopes.principal.key(rule.principal);
            let accepts = scopes.principal.accepts(key, own(principal), principal.type_id);
            accepts.then(|| Reached {
                rule: number,
                template,
                resource: (scopes.resource.key(rule.resource), scopes.resource),
            })
        });
        Some(Self {
            rules: reached.collect(),
        })
    }

    /// Those that concern the action of a request.
    pub(super) fn of_action(&self, snapshot: &Snapshot, asked: &Asked<'_, '_>) -> Rules {
        let actions = Actions::of(asked.action);
        let concerns = |reached: &Reached| {
            let template = snapshot.policies.template(reached.template);
            template.is_some_and(|template| actions.within(&template.action))
        };
        let rules = self.rules.iter().enumerate();
        rules
            .filter(|(_, reached)| concerns(reached))
            .fold(0, |rules, (place, _)| rules | 1 << place)
    }

    /// The verdict on a request of this principal, by those rules that concern its action.
    pub(super) fn verdict<'e>(
        &self,
        snapshot: &'e Snapshot,
        asked: &Asked<'e, '_>,
        mut rules: Rules,
    ) -> Verdict {
        let resource = side(asked.resource);
        let mut tally = Tally::new(asked);
        while rules != 0 {
            let place = rules.trailing_zeros() as usize;
            rules &= rules - 1;
            let Some(reached) = self.rules.get(place) else {
                break;
            };
            let (key, scope) = reached.resource;
            if matches(key, &resource)
                && scope.accepts(key, own(asked.resource), asked.resource.type_id)
                && let Some(template) = snapshot.policies.template(reached.template)
            {
                tally.take(reached.rule, template);
            }
        }
        tally.verdict
    }
}

/// Whether a rule filed under a key may match.
#[inline]
fn matches(key: Key, side: &Side<'_>) -> bool {
    match key.class() {
        KeyClass::Any => true,
        KeyClass::Type => side.of_type == Some(key),
        KeyClass::Entity => side.has(key.0),
    }
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod tests;
