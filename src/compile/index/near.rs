//! Rules that match a request on one side at least: for explanations, which look for what came close.

use std::ops::ControlFlow;

use super::{Index, LIST, List, Neighbours, Side, hash};
use crate::compile::program::RuleId;
use crate::compile::scope::Key;
use crate::entities::graph::TypeId;

/// Which side of a rule matches for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Near {
    /// Principal and resource; the action may be another.
    Both,
    Principal,
    Resource,
}

impl Index {
    /// Visits every rule that is filed under a key of the sides that match, whatever its action: those of the entity
    /// itself before those of its ancestors, its type, and anything. A rule may be visited several times; a break ends
    /// the walk. `types` is the number of entity types.
    pub(crate) fn visit_near(
        &self,
        near: Near,
        principal: &Side<'_>,
        resource: &Side<'_>,
        types: TypeId,
        visit: &mut impl FnMut(RuleId) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match near {
            Near::Both => {
                for a in keys(principal) {
                    let paired = self.by_principal.get(a);
                    for b in keys(resource) {
                        // A pair of two entities is known to the neighbours, which is cheaper than to look it up.
                        let known = |b| paired.is_some_and(|paired| paired.contains(b));
                        if b.handle().is_none_or(known) {
                            self.visit_filed(a, b, visit)?;
                        }
                    }
                }
                ControlFlow::Continue(())
            }
            Near::Principal => self.visit_paired(principal, &self.by_principal, types, |a, b| (a, b), visit),
            Near::Resource => self.visit_paired(resource, &self.by_resource, types, |a, b| (b, a), visit),
        }
    }

    /// Visits the rules under a key of one side and any entity or type of the other.
    fn visit_paired(
        &self,
        side: &Side<'_>,
        neighbours: &Neighbours,
        types: TypeId,
        order: fn(Key, Key) -> (Key, Key),
        visit: &mut impl FnMut(RuleId) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for own in keys(side) {
            let mut flow = ControlFlow::Continue(());
            let mut look = |other: Key| {
                if flow.is_continue() {
                    let (a, b) = order(own, other);
                    flow = self.visit_filed(a, b, visit);
                }
            };
            if let Some(paired) = neighbours.get(own) {
                paired.for_each(&mut |handle| look(Key(handle)));
            }
            (0..types).for_each(|id| look(Key::of_type(id)));
            flow?;
        }
        ControlFlow::Continue(())
    }

    /// Visits every rule that is filed under a key of a principal, whatever its action and resource. A rule may be visited
    /// several times; a break ends the walk. `types` is the number of entity types.
    pub(crate) fn visit_of_principal(
        &self,
        principal: &Side<'_>,
        types: TypeId,
        visit: &mut impl FnMut(RuleId) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.visit_paired(principal, &self.by_principal, types, |a, b| (a, b), visit)?;
        keys(principal).try_for_each(|own| self.visit_filed(own, Key::ANY, visit))
    }

    /// Visits every rule under one pair of keys.
    fn visit_filed(
        &self,
        principal: Key,
        resource: Key,
        visit: &mut impl FnMut(RuleId) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for slot in self.pairs.probe(hash(principal, resource)) {
            if slot.principal != principal || slot.resource != resource {
                continue;
            }
            if slot.rule != LIST {
                visit(slot.rule)?;
            } else if let Some(Some(list)) = self.lists.get(slot.number.get() - 1) {
                list.visit_all(visit)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl List {
    fn visit_all(&self, visit: &mut impl FnMut(RuleId) -> ControlFlow<()>) -> ControlFlow<()> {
        for (rule, _) in self.rest.iter().chain(self.by_action.values().flatten()) {
            visit(*rule)?;
        }
        ControlFlow::Continue(())
    }
}

fn keys<'k>(side: &'k Side<'_>) -> impl Iterator<Item = Key> + 'k {
    side.keys().chain(side.of_type).chain([Key::ANY])
}
