//! Templates as a precompiled file holds them: entities and types by their numbers in that file.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use super::program::{Condition, Effect, Op, Template};
use super::scope::{ActionScope, Scope};
use crate::artifact::{Flat, damaged};
use crate::entities::graph::{Graph, TypeId};
use crate::entities::handles::Handle;
use crate::error::Result;

/// Numbers of entities and types for others: of a file for those of a graph, or the other way round.
pub(crate) trait Numbers {
    /// The number of an entity; when it is one of a graph, the entity is mentioned once more.
    fn handle(&mut self, handle: Handle) -> Result<Handle>;

    /// The number of a type.
    fn type_id(&self, id: TypeId) -> Result<TypeId>;

    fn scope(&mut self, scope: Scope) -> Result<Scope>
    where
        Self: Sized,
    {
        // The type first, for `handle` takes the numbers for itself.
        let of_type = match scope {
            Scope::Is(id) | Scope::IsIn(id, _) => Some(self.type_id(id)?),
            _ => None,
        };
        scope.renumbered(|handle| self.handle(handle), |id| Ok(of_type.unwrap_or(id)))
    }
}

/// A policy or template in a file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TemplateImage<'a> {
    pub(crate) id: &'a str,
    effect: Effect,
    principal: Scope,
    action: ActionScope,
    resource: Scope,
    #[serde(borrow)]
    condition: Option<ConditionImage<'a>>,
    source: &'a str,
    annotations: Vec<(&'a str, &'a str)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ConditionImage<'a> {
    code: Box<[Op]>,
    #[serde(borrow)]
    names: Vec<&'a str>,
    values: Vec<Vec<Flat<'a>>>,
    entities: Vec<Handle>,
    /// The pieces of each pattern around its wildcards.
    patterns: Vec<Vec<&'a str>>,
}

impl<'a> TemplateImage<'a> {
    /// The image of a template; `graph` is the graph of its handles.
    pub(crate) fn of(template: &'a Template, graph: &Graph, numbers: &mut impl Numbers) -> Result<Self> {
        // Handles differ from one process to the next; files of the same policies do not.
        let mut action = template.action.clone();
        if let ActionScope::In(listed) = &mut action {
            listed.sort_by_key(|handle| graph.node(*handle).map(|node| node.uid()));
        }
        let annotations = template.annotations.iter();
        Ok(Self {
            id: &template.id,
            effect: template.effect,
            principal: numbers.scope(template.principal)?,
            action: actions(action, numbers)?,
            resource: numbers.scope(template.resource)?,
            condition: (template.condition.as_ref())
                .map(|condition| ConditionImage::of(condition, numbers))
                .transpose()?,
            source: &template.source,
            annotations: annotations.map(|(name, value)| (&**name, &**value)).collect(),
        })
    }

    /// The template; `graph` gives the uids of the handles that `numbers` gives.
    pub(crate) fn template<N: Numbers>(
        &self,
        numbers: &mut N,
        graph: impl Fn(&N) -> &Graph,
    ) -> Result<Template> {
        let mut action = actions(self.action.clone(), numbers)?;
        if let ActionScope::In(listed) = &mut action {
            listed.sort_unstable();
            if listed.windows(2).any(|pair| pair.first() == pair.last()) {
                return Err(damaged("a policy names an action twice"));
            }
        }
        let annotations = self.annotations.iter();
        Ok(Template {
            id: self.id.into(),
            effect: self.effect,
            principal: numbers.scope(self.principal)?,
            action,
            resource: numbers.scope(self.resource)?,
            condition: (self.condition.as_ref())
                .map(|condition| condition.condition(numbers, graph))
                .transpose()?,
            source: Arc::from(self.source),
            annotations: annotations
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        })
    }
}

fn actions(scope: ActionScope, numbers: &mut impl Numbers) -> Result<ActionScope> {
    Ok(match scope {
        ActionScope::Any => ActionScope::Any,
        ActionScope::Eq([one]) => ActionScope::Eq([numbers.handle(one)?]),
        ActionScope::In(listed) => {
            let listed = listed.iter().map(|handle| numbers.handle(*handle));
            ActionScope::In(listed.collect::<Result<_>>()?)
        }
    })
}

impl<'a> ConditionImage<'a> {
    fn of(condition: &'a Condition, numbers: &mut impl Numbers) -> Result<Self> {
        let entities = condition.entities.iter();
        Ok(Self {
            code: condition.code.clone(),
            names: condition.names.iter().map(|name| &**name).collect(),
            values: condition.values.iter().map(Flat::of).collect(),
            entities: entities
                .map(|(_, handle)| numbers.handle(*handle))
                .collect::<Result<_>>()?,
            patterns: condition.patterns.iter().map(Pattern::pieces).collect(),
        })
    }

    fn condition<N: Numbers>(&self, numbers: &mut N, graph: impl Fn(&N) -> &Graph) -> Result<Condition> {
        let mut entities = Vec::with_capacity(self.entities.len());
        for number in &self.entities {
            let handle = numbers.handle(*number)?;
            let node = graph(numbers).node(handle);
            let uid = node.ok_or_else(|| damaged("an entity is missing"))?.uid();
            entities.push((uid.to_uid().into_owned(), handle));
        }
        let patterns = self.patterns.iter().map(|pieces| {
            if pieces.is_empty() {
                return Err(damaged("a pattern is empty"));
            }
            Ok(Pattern::from_pieces(
                pieces.iter().map(|piece| (*piece).to_owned()).collect(),
            ))
        });
        let condition = Condition {
            code: self.code.clone(),
            names: self.names.iter().map(|name| Arc::from(*name)).collect(),
            values: (self.values.iter())
                .map(|steps| Flat::build(steps))
                .collect::<Result<_>>()?,
            entities: entities.into(),
            patterns: patterns.collect::<Result<_>>()?,
        };
        if !condition.is_sound() {
            return Err(damaged("a condition is not what the compiler makes"));
        }
        Ok(condition)
    }
}
