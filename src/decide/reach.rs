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
use crate::compile::scope::{Key, KeyClass};
use crate::entities::overlay::Resolved;

/// Of more rules than this the index finds those that match sooner.
const MAX_RULES: usize = 64;
/// A principal with more keys than this is left to the index.
const MAX_KEYS: usize = 64;
/// Finding the rules takes as long as some decisions: they are looked for when so many have been made.
pub(super) const WORTHWHILE: usize = 4;

/// A rule whose principal matches.
#[derive(Clone, Copy)]
struct Reached {
    rule: RuleId,
    template: TemplateId,
    resource: Key,
}

/// Every rule whose principal matches, whatever its action and resource.
pub(crate) struct Reach {
    rules: Box<[Reached]>,
}

/// A principal that was looked up once and kept beside its snapshot, with what is found out about it on the way.
pub(crate) struct KeptPrincipal {
    pub(crate) kept: Kept,
    /// Decisions made before the rules were looked for.
    decided: AtomicU8,
    /// Nothing in it when there are too many.
    reach: OnceLock<Option<Reach>>,
}

impl KeptPrincipal {
    pub(super) fn new(kept: Kept) -> Self {
        Self {
            kept,
            decided: AtomicU8::new(0),
            reach: OnceLock::new(),
        }
    }

    /// The rules that reach it, once it has been asked about often enough and if they are few.
    #[inline]
    pub(super) fn reach(&self, snapshot: &Snapshot, principal: &Resolved<'_>) -> Option<&Reach> {
        if !principal.is_as_stored() {
            return None;
        }
        if let Some(reach) = self.reach.get() {
            return reach.as_ref();
        }
        if usize::from(self.decided.fetch_add(1, Ordering::Relaxed)) < WORTHWHILE {
            return None;
        }
        self.reach.get_or_init(|| Reach::of(snapshot, principal)).as_ref()
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
                resource: scopes.resource.key(rule.resource),
            })
        });
        Some(Self {
            rules: reached.collect(),
        })
    }

    /// The verdict on a request of this principal.
    pub(super) fn verdict<'e>(&self, snapshot: &'e Snapshot, asked: &Asked<'e, '_>) -> Verdict {
        let actions = Actions::of(asked.action);
        let resource = side(asked.resource);
        let mut tally = Tally::new(asked);
        for reached in &self.rules {
            if !matches(reached.resource, &resource) {
                continue;
            }
            let Some(template) = snapshot.policies.template(reached.template) else {
                continue;
            };
            let applies = actions.within(&template.action)
                && template
                    .resource
                    .accepts(reached.resource, own(asked.resource), asked.resource.type_id);
            if applies {
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
