//! The permits that came closest to allowing a request, and what they lacked.
//!
//! Candidates whose conditions do not hold came close, and permits of whose scope one part does not match: another
//! action, resource or principal. The index leads to them from the request's own keys, so that among very many policies
//! those that name the principal or the resource are found.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::machine::{Asked, Machine};
use super::reading::Reading;
use super::snapshot::{Snapshot, side};
use super::trace::{ClosePolicy, ConditionOutcome, PolicyOutcome};
use crate::compile::index::Actions;
use crate::compile::index::near::Near;
use crate::compile::program::{Effect, NO_HANDLE, Rule, RuleId, Template};
use crate::compile::scope::{ActionScope, Scope, Target};
use crate::entities::graph::{Graph, TypeId};
use crate::entities::handles::Handle;
use crate::entities::overlay::Resolved;
use crate::value::text::{Short, quote};

/// Most rules that are looked at in each of the three ways that lead to them.
const MAX_LOOKED_AT: usize = 4_000;
/// Most candidates whose conditions are looked at.
const MAX_CANDIDATES: usize = 64;
/// Most near misses that are told.
const MAX_TOLD: usize = 5;
/// Most actions of a policy that are named.
const MAX_ACTIONS: usize = 8;
/// Longest uid that is quoted, in characters.
const MAX_QUOTED: usize = 160;

/// What keeps a rule from applying; the order is that of closeness.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missed {
    Condition,
    Resource,
    Principal,
    Action,
}

/// A permit that does not apply, but for one part of its scope or for its conditions.
struct NearMiss {
    rule: RuleId,
    missed: Missed,
    lacks: Vec<String>,
}

impl Snapshot {
    /// The closest permits, closest first: those that lack one thing before those whose conditions do not hold either.
    /// Also whether there were more rules than could be looked at.
    pub(super) fn near_misses<'e>(
        &'e self,
        asked: &Asked<'e, '_>,
        candidates: impl Iterator<Item = (PolicyOutcome, RuleId, &'e Template)>,
    ) -> (Vec<ClosePolicy>, bool) {
        let mut machine = Machine::new(asked);
        let mut found: Vec<NearMiss> = candidates
            .filter(|(outcome, _, template)| {
                // What cannot be evaluated is told as a failure already.
                *outcome == PolicyOutcome::DoesNotApply && template.effect == Effect::Permit
            })
            .take(MAX_CANDIDATES)
            .map(|(_, rule, template)| NearMiss {
                rule,
                missed: Missed::Condition,
                lacks: condition_lack(&mut machine, template).into_iter().collect(),
            })
            .collect();
        let mut looked_at = HashSet::new();
        let mut is_partial = false;
        for near in [Near::Both, Near::Principal, Near::Resource] {
            let mut left = MAX_LOOKED_AT;
            let flow = self.policies.index.visit_near(
                near,
                &side(asked.principal),
                &side(asked.resource),
                self.graph.type_count(),
                &mut |rule| {
                    if looked_at.insert(rule) {
                        let Some(rest) = left.checked_sub(1) else {
                            return ControlFlow::Break(());
                        };
                        left = rest;
                        found.extend(self.near_miss(asked, &mut machine, rule));
                    }
                    ControlFlow::Continue(())
                },
            );
            is_partial |= flow.is_break();
        }
        found.sort_by_key(|miss| (miss.lacks.len(), miss.missed, miss.rule));
        found.truncate(MAX_TOLD);
        let told = found.into_iter().map(|miss| ClosePolicy {
            id: self.policies.rule_name(miss.rule).to_owned(),
            origin: None,
            lacks: miss.lacks,
        });
        (told.collect(), is_partial)
    }

    /// What a permit lacks, when exactly one part of its scope does not match.
    fn near_miss<'e>(
        &'e self,
        asked: &Asked<'e, '_>,
        machine: &mut Machine<'e, '_>,
        id: RuleId,
    ) -> Option<NearMiss> {
        let rule = self.policies.rule(id)?;
        let template = self.policies.template(rule.template()?)?;
        if template.effect != Effect::Permit {
            return None;
        }
        let mut missing = missing(asked, rule, template).into_iter();
        let (Some((missed, lack)), None) = (missing.next(), missing.next()) else {
            return None;
        };
        let condition = condition_lack(machine, template);
        Some(NearMiss {
            rule: id,
            missed,
            lacks: std::iter::once(lack).chain(condition).collect(),
        })
    }
}

/// The condition of a policy that does not hold.
fn condition_lack<'e>(machine: &mut Machine<'e, '_>, template: &'e Template) -> Option<String> {
    let condition = template.condition.as_ref()?;
    match machine.run(condition, &mut ()) {
        Ok(false) => {}
        Ok(true) | Err(_) => return None,
    }
    let conditions = Reading::of(machine, condition).conditions("");
    let decided = (conditions.iter()).find(|condition| condition.outcome == ConditionOutcome::DoesNotHold);
    Some(match decided {
        Some(condition) => format!("its condition does not hold: {condition}"),
        None => "its condition does not hold".to_owned(),
    })
}

/// Every part of a rule's scope that does not match.
fn missing(asked: &Asked<'_, '_>, rule: &Rule, template: &Template) -> Vec<(Missed, String)> {
    let graph = asked.view.graph;
    let actions = Actions {
        own: asked.action.node.map(|node| node.handle),
        ancestors: asked.action.ancestors(),
    };
    let action = (!actions.within(&template.action)).then(|| action_lack(graph, &template.action));
    let lack = |var, scope, slot, resolved| scope_lack(graph, var, scope, slot, resolved);
    let resource = lack("resource", template.resource, rule.resource, asked.resource);
    let principal = lack("principal", template.principal, rule.principal, asked.principal);
    [
        (Missed::Resource, resource),
        (Missed::Principal, principal),
        (Missed::Action, action),
    ]
    .into_iter()
    .filter_map(|(missed, lack)| Some((missed, lack?)))
    .collect()
}

fn name(graph: &Graph, handle: Handle) -> String {
    let mut out = Short::new(MAX_QUOTED);
    if let Some(node) = graph.node(handle) {
        out.push(node.uid().type_name);
        out.push("::");
        quote(node.uid().id, &mut out);
    }
    out.finish()
}

fn action_lack(graph: &Graph, scope: &ActionScope) -> String {
    let named = scope.handles().iter().take(MAX_ACTIONS);
    let named: Vec<String> = named.map(|handle| name(graph, *handle)).collect();
    let more = if scope.handles().len() > MAX_ACTIONS {
        ", …"
    } else {
        ""
    };
    format!("it is for {}{more}", named.join(", "))
}

/// What keeps an entity out of a scope.
fn scope_lack(
    graph: &Graph,
    var: &str,
    scope: Scope,
    slot: Handle,
    resolved: &Resolved<'_>,
) -> Option<String> {
    let of = |target: Target| match target {
        Target::Slot => slot,
        Target::Entity(handle) => handle,
    };
    let own = resolved.node.map(|node| node.handle);
    let is = |id: TypeId| resolved.type_id == Some(id);
    let within = |target: Target| {
        let handle = of(target);
        handle != NO_HANDLE && (own == Some(handle) || resolved.ancestors().contains(handle))
    };
    let type_name = |id: TypeId| graph.type_name(id).unwrap_or_default();
    match scope {
        Scope::Any => None,
        Scope::Is(id) => (!is(id)).then(|| format!("the {var} is no {}", type_name(id))),
        Scope::Eq(target) => {
            (own != Some(of(target))).then(|| format!("the {var} is not {}", name(graph, of(target))))
        }
        Scope::In(target) => {
            (!within(target)).then(|| format!("the {var} is not in {}", name(graph, of(target))))
        }
        Scope::IsIn(id, target) => (!is(id) || !within(target))
            .then(|| format!("the {var} is no {} in {}", type_name(id), name(graph, of(target)))),
    }
}
