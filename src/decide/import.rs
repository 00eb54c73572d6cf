//! What comes from cedar-policy: policy sets, entities and their values.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use cedar_policy::{EvalResult, SlotId, pst};

use super::snapshot::{SchemaActions, Snapshot};
use crate::compile::lower;
use crate::entities::graph::Graph;
use crate::error::{Error, ErrorKind, Result};
use crate::stack::{in_parallel, on_parser_stack};
use crate::value::{Entity, EntityRef, EntityUid, Record, Value, literal};

/// Compiles every policy, template and link of a set into a snapshot.
pub(super) fn add_policy_set(policies: &cedar_policy::PolicySet, snapshot: &mut Snapshot) -> Result<()> {
    on_parser_stack(|| {
        let unreadable = |error: pst::PstConstructionError| {
            let message = format!("the policies cannot be taken apart: {error}");
            Error::new(ErrorKind::PolicyUnsupported, message)
        };
        for template in policies.templates() {
            let tree = template.to_pst().map_err(unreadable)?;
            add_template(&tree, Some(template.to_cedar()), snapshot)?;
        }
        let fixed: Vec<_> = policies.policies().filter(|policy| policy.is_static()).collect();
        // Cedar parses the text of a policy once more to take it apart; that is most of the work.
        let trees = in_parallel(&fixed, |policy| policy.to_pst())?;
        for (policy, tree) in fixed.into_iter().zip(trees) {
            let pst::Policy::Static(tree) = tree.map_err(unreadable)? else {
                return Err(Error::new(ErrorKind::Internal, "a static policy has slots"));
            };
            add_template(tree.body(), policy.to_cedar(), snapshot)?;
        }
        add_links(policies, snapshot)
    })?
}

/// Adds the links of a set to a snapshot that has their templates.
pub(super) fn add_links(policies: &cedar_policy::PolicySet, snapshot: &mut Snapshot) -> Result<()> {
    for link in policies.policies().filter(|policy| !policy.is_static()) {
        let template = link.template_id().map_or("", AsRef::as_ref);
        let slots = link.template_links().unwrap_or_default();
        let filled = |slot| slots.get(&slot).map(EntityUid::from);
        let (principal, resource) = (filled(SlotId::principal()), filled(SlotId::resource()));
        let Snapshot { policies, graph, .. } = &mut *snapshot;
        policies.link(
            template,
            link.id().as_ref(),
            principal.as_ref().map(EntityUid::as_ref),
            resource.as_ref().map(EntityUid::as_ref),
            graph,
        )?;
    }
    Ok(())
}

pub(super) fn add_template(
    policy: &pst::Template,
    source: Option<String>,
    snapshot: &mut Snapshot,
) -> Result<()> {
    let source = source.unwrap_or_else(|| policy.to_string());
    let template = lower::template(policy, Arc::from(source), &mut snapshot.graph)?;
    snapshot.policies.add_template(template, &mut snapshot.graph)?;
    Ok(())
}

/// The actions of a schema, put into a graph and kept there.
pub(super) fn schema_actions(schema: &cedar_policy::Schema, graph: &mut Graph) -> Result<SchemaActions> {
    let actions = schema.action_entities().map_err(|error| {
        Error::new(
            ErrorKind::SchemaInvalid,
            format!("the schema's actions cannot be read: {error}"),
        )
    })?;
    for type_name in schema.entity_types() {
        graph.intern_type(&type_name.to_string());
    }
    let mut entities = read_entities(&actions)?;
    entities.sort_by(|a, b| a.uid().cmp(b.uid()));
    let mut handles = Vec::with_capacity(entities.len());
    for entity in &entities {
        handles.push(graph.mention(entity.uid().as_ref())?);
        graph.upsert(entity)?;
    }
    Ok(SchemaActions { entities, handles })
}

/// Cedar's entities as ours. Of the ancestors of each, those that are ancestors of another are left out.
pub(super) fn read_entities(entities: &cedar_policy::Entities) -> Result<Vec<Entity<'static>>> {
    entities
        .iter()
        .map(|entity| {
            let cedar_uid = entity.uid();
            let ancestors: Vec<&cedar_policy::EntityUid> = match entities.ancestors(&cedar_uid) {
                Some(ancestors) => ancestors.collect(),
                None => Vec::new(),
            };
            let indirect: HashSet<&cedar_policy::EntityUid> = ancestors
                .iter()
                .filter_map(|ancestor| entities.ancestors(ancestor))
                .flatten()
                .collect();
            let mut ours = Entity::with_uid(EntityUid::from(&cedar_uid));
            let parents = ancestors.iter().filter(|uid| !indirect.contains(**uid));
            ours.parents = parents.map(|uid| EntityUid::from(*uid)).collect();
            let unreadable = |name: &str, what: &str| {
                Error::new(
                    ErrorKind::EntityInvalid,
                    format!("`{name}` of {} {what}", ours_name(&cedar_uid)),
                )
            };
            let read = |name: &str, result: Option<EvalResult>| {
                let result = result.ok_or_else(|| unreadable(name, "is unknown"))?;
                value(&result).ok_or_else(|| unreadable(name, "is of a kind that is not known here"))
            };
            let mut attrs = Record::new();
            for (name, result) in entity.attrs() {
                attrs.set(name.to_owned(), read(name, result.ok())?);
            }
            let mut tags = Record::new();
            for (name, result) in entity.tags() {
                tags.set(name.to_owned(), read(name, result.ok())?);
            }
            ours.attrs = attrs;
            ours.tags = tags;
            Ok(ours)
        })
        .collect()
}

fn ours_name(uid: &cedar_policy::EntityUid) -> String {
    EntityRef::new(&uid.type_name().to_string(), uid.id().unescaped()).to_string()
}

/// A value of Cedar's as ours.
pub(super) fn value(result: &EvalResult) -> Option<Value<'static>> {
    Some(match result {
        EvalResult::Bool(value) => Value::Bool(*value),
        EvalResult::Long(value) => Value::Long(*value),
        EvalResult::String(value) => Value::String(Cow::Owned(value.clone())),
        EvalResult::EntityUid(uid) => Value::Entity(EntityUid::from(uid)),
        EvalResult::Set(set) => Value::Set(set.iter().map(value).collect::<Option<_>>()?),
        EvalResult::Record(record) => {
            let members = record
                .iter()
                .map(|(name, member)| Some((name.clone(), value(member)?)));
            Value::Record(members.collect::<Option<Vec<_>>>()?.into_iter().collect())
        }
        EvalResult::ExtensionValue(call) => extension(call)?,
    })
}

/// An extension value as Cedar prints it: a constructor, or the epoch with an offset.
fn extension(call: &str) -> Option<Value<'static>> {
    let (function, rest) = call.trim_start_matches('(').split_once("(\"")?;
    let (argument, rest) = rest.split_once("\")")?;
    let constructed = match function {
        "ip" => Value::Ip(literal::ip(argument)?),
        "decimal" => Value::Decimal(literal::decimal(argument)?),
        "duration" => Value::Duration(literal::duration(argument)?),
        "datetime" => Value::Datetime(literal::datetime(argument)?),
        _ => return None,
    };
    match (constructed, rest.split_once("duration(\"")) {
        (Value::Datetime(at), Some((_, offset))) => {
            let (offset, _) = offset.split_once("\")")?;
            Some(Value::Datetime(at.offset(literal::duration(offset)?)?))
        }
        (plain, None) => Some(plain),
        _ => None,
    }
}
