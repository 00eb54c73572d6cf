//! What comes from cedar-policy: policy sets, entities and their values.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use cedar_policy::{EvalResult, pst};

use super::snapshot::{SchemaActions, Snapshot};
use crate::compile::lower;
use crate::entities::graph::Graph;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::PARSER_STACK_BYTES;
use crate::value::{Entity, EntityRef, EntityUid, Record, Value, literal};

/// Runs `work` on a thread with a stack that Cedar's recursion cannot exhaust within the limits on input.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let failed = |what: &str| Error::new(ErrorKind::Internal, format!("the compiler's thread {what}"));
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("bailiwick-compile".to_owned())
            .stack_size(PARSER_STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|_| failed("could not be started"))?
            .join()
            .map_err(|_| failed("panicked"))?
    })
}

/// Compiles every policy, template and link of a set into a snapshot.
pub(super) fn add_policy_set(policies: &cedar_policy::PolicySet, snapshot: &mut Snapshot) -> Result<()> {
    on_large_stack(|| {
        let set = policies.to_pst().map_err(|error| {
            Error::new(
                ErrorKind::PolicyUnsupported,
                format!("the policies cannot be taken apart: {error}"),
            )
        })?;
        for (id, template) in &set.templates {
            let known = policies.template(&cedar_policy::PolicyId::new(id.0.as_str()));
            let source = known.map(cedar_policy::Template::to_cedar);
            add_template(template, source, snapshot)?;
        }
        for (id, policy) in &set.policies {
            let known = policies.policy(&cedar_policy::PolicyId::new(id.0.as_str()));
            let source = known.and_then(cedar_policy::Policy::to_cedar);
            add_template(policy.body(), source, snapshot)?;
        }
        for link in &set.template_links {
            let principal = link.values.get(&pst::SlotId::Principal).map(uid);
            let resource = link.values.get(&pst::SlotId::Resource).map(uid);
            let Snapshot { policies, graph, .. } = snapshot;
            policies.link(
                &link.template_id.0,
                &link.new_id.0,
                principal.as_ref().map(EntityUid::as_ref),
                resource.as_ref().map(EntityUid::as_ref),
                graph,
            )?;
        }
        Ok(())
    })
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

fn uid(uid: &pst::EntityUID) -> EntityUid<'static> {
    EntityUid::new(uid.ty.0.to_string(), uid.eid.to_string())
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
