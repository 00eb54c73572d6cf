//! The permits that came closest to allowing a request, and what they lacked.

use super::machine::{Asked, Layers, Machine};
use super::snapshot::{Kept, Object, Snapshot};
use crate::compile::index::Actions;
use crate::compile::program::{Effect, NO_HANDLE, Rule, RuleId, Template};
use crate::compile::scope::{ActionScope, Scope, Target};
use crate::entities::graph::{Graph, TypeId};
use crate::entities::handles::Handle;
use crate::entities::overlay::Resolved;

/// Most rules that are looked at: an explanation must not take as long as there are policies.
const MAX_SCANNED: usize = 10_000;
/// Most near misses that are told.
const MAX_TOLD: usize = 5;
/// Most actions of a policy that are named.
const MAX_ACTIONS: usize = 8;
/// Longest uid or condition that is quoted, in characters.
const MAX_QUOTED: usize = 160;

/// A permit that does not apply, but for one part of its scope or for its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NearMiss {
    pub(crate) rule: RuleId,
    /// What it lacked, in words.
    pub(crate) lacks: Vec<String>,
}

/// What keeps a rule from applying; the order is that of closeness.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missed {
    Condition,
    Resource,
    Principal,
    Action,
}

impl Snapshot {
    /// The closest permits, closest first: those that lack one thing before those whose condition does not hold either.
    pub(crate) fn near_misses<'e>(
        &self,
        principal: &'e Kept,
        action: &'e Kept,
        object: &Object<'e>,
        context: Layers<'e>,
    ) -> Vec<NearMiss> {
        let (principal, action) = (principal.within(&object.view), action.within(&object.view));
        let asked = Asked {
            view: &object.view,
            principal: &principal,
            action: &action,
            resource: &object.resolved,
            context,
        };
        let mut machine = Machine::new(&asked);
        let mut found: Vec<(usize, Missed, RuleId, Vec<String>)> = Vec::new();
        for (id, rule, template) in self.policies.rules().take(MAX_SCANNED) {
            if template.effect != Effect::Permit {
                continue;
            }
            let mut missing = missing(&asked, rule, template).into_iter();
            let (scope, further) = (missing.next(), missing.next());
            if further.is_some() {
                continue;
            }
            // A condition that cannot be evaluated is told as a failure already.
            let holds = (template.condition.as_ref())
                .is_none_or(|condition| machine.run(condition, &mut ()).unwrap_or(true));
            let condition = (!holds).then(|| (Missed::Condition, condition_lack(template)));
            let lacks: Vec<_> = scope.into_iter().chain(condition).collect();
            if let Some((missed, _)) = lacks.first() {
                found.push((
                    lacks.len(),
                    *missed,
                    id,
                    lacks.into_iter().map(|(_, lack)| lack).collect(),
                ));
            }
        }
        found.sort_by_key(|(count, missed, rule, _)| (*count, *missed, *rule));
        found.truncate(MAX_TOLD);
        let told = found
            .into_iter()
            .map(|(_, _, rule, lacks)| NearMiss { rule, lacks });
        told.collect()
    }
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

/// The `when` and `unless` clauses as they are written, on one line.
fn condition_lack(template: &Template) -> String {
    let source = &template.source;
    let clauses = [source.find("when {"), source.find("unless {")];
    let start = clauses.into_iter().flatten().min();
    let text = start.and_then(|start| source.get(start..)).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "its condition does not hold: {}",
        quoted(text.trim_end_matches(';'))
    )
}

fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(MAX_QUOTED).collect();
    if text.chars().nth(MAX_QUOTED).is_some() {
        quoted.push('…');
    }
    quoted
}

fn name(graph: &Graph, handle: Handle) -> String {
    let uid = graph.node(handle).map(|node| node.uid().to_string());
    quoted(&uid.unwrap_or_default())
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
