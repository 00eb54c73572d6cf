//! Reading the vocabulary from a schema's JSON form, which carries annotations and declared types.

use cedar_policy::{EntityUid as CedarUid, Schema};
use hashbrown::HashMap;
use serde_json::{Map, Value as Json};

use crate::error::{Error, ErrorKind, Location, Result};
use crate::value::{EntityUid, shorten};

use super::action_set::{ActionIndex, ActionSet};
use super::shape::{RecordShape, Shape};
use super::source::Document;
use super::vocabulary::{Action, EntityShape, Parts, SessionAttributes, Vocabulary};

/// Reads the vocabulary from the schema's JSON form, which carries annotations and declared types.
pub(super) struct Reader<'a> {
    schema: &'a Schema,
    documents: &'a [(&'a Document, Json)],
    /// Common types by full name, with the namespace in which their own names are resolved.
    common: HashMap<String, (&'a str, &'a Json)>,
    /// Entity types by full name, with the ids of those that are enumerated.
    entity_types: HashMap<String, Option<Vec<Box<str>>>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(schema: &'a Schema, documents: &'a [(&'a Document, Json)]) -> Self {
        let mut common = HashMap::new();
        let mut entity_types = HashMap::new();
        for (_, namespace, declared) in namespaces(documents) {
            for (name, json) in members(declared, "entityTypes") {
                entity_types.insert(qualify(namespace, name), enumerated(json));
            }
            for (name, json) in members(declared, "commonTypes") {
                common.insert(qualify(namespace, name), (namespace, json));
            }
        }
        Self {
            schema,
            documents,
            common,
            entity_types,
        }
    }

    pub(super) fn read(&self) -> Result<Vocabulary> {
        let mut vocabulary = Vocabulary::default();
        for (document, namespace, declared) in namespaces(self.documents) {
            for (name, json) in members(declared, "entityTypes") {
                let name = qualify(namespace, name);
                let shape = self.entity(namespace, &name, json)?;
                if let Some(part) = annotation(json) {
                    set_part(&mut vocabulary.parts, document, part, &name)?;
                }
                vocabulary.entities.insert(name.into(), shape);
            }
        }
        self.read_actions(&mut vocabulary)?;
        Ok(vocabulary)
    }

    fn read_actions(&self, vocabulary: &mut Vocabulary) -> Result<()> {
        for (document, namespace, declared) in namespaces(self.documents) {
            for (id, json) in members(declared, "actions") {
                let is_scope = match annotation(json) {
                    None => false,
                    Some("scope") => true,
                    Some(part) => return Err(unknown_part(document, part, "an action", "scope")),
                };
                let uid = EntityUid::new(qualify(namespace, "Action"), id.clone());
                let cedar = uid.as_ref().to_cedar()?;
                let context = self.context(namespace, json)?;
                vocabulary.actions.push(Action {
                    is_scope,
                    principals: type_names(self.schema.principals_for_action(&cedar)),
                    resources: type_names(self.schema.resources_for_action(&cedar)),
                    declares: SessionAttributes::declared_by(&context),
                    context,
                    covers: ActionSet::new(),
                    uid,
                });
            }
        }
        vocabulary.actions.sort_by(|a, b| a.uid.cmp(&b.uid));
        vocabulary.index_actions()?;
        let by_uid: HashMap<EntityUid<'static>, ActionIndex> = (vocabulary.actions())
            .map(|(index, uid)| (uid.clone(), index))
            .collect();
        let entities = self.schema.action_entities().map_err(|error| {
            Error::new(
                ErrorKind::SchemaInvalid,
                format!("the actions of the schema form no hierarchy: {error}"),
            )
            .help("remove the cycle between action groups")
        })?;
        let index_of = |uid: &CedarUid| by_uid.get(&EntityUid::from(uid)).copied();
        for entity in entities.iter() {
            let uid = entity.uid();
            let Some(member) = index_of(&uid) else { continue };
            let groups = entities
                .ancestors(&uid)
                .into_iter()
                .flatten()
                .filter_map(index_of);
            for group in groups.chain([member]) {
                if let Some(action) = vocabulary.actions.get_mut(group.number()) {
                    action.covers.insert(member);
                }
            }
        }
        Ok(())
    }

    fn entity(&self, namespace: &str, full_name: &str, json: &Json) -> Result<EntityShape> {
        let ids = enumerated(json);
        let ancestors = full_name
            .parse()
            .ok()
            .and_then(|name| self.schema.ancestors(&name).map(|names| type_names(Some(names))))
            .unwrap_or_default();
        let attributes = match json.get("shape") {
            None => RecordShape::default(),
            Some(shape) => self.record(namespace, shape)?,
        };
        let tags = json
            .get("tags")
            .map(|tags| self.shape(namespace, tags))
            .transpose()?;
        Ok(EntityShape {
            attributes,
            tags,
            ancestors,
            ids,
        })
    }

    fn context(&self, namespace: &str, json: &Json) -> Result<RecordShape> {
        match json.get("appliesTo").and_then(|applies| applies.get("context")) {
            None => Ok(RecordShape::default()),
            Some(context) => self.record(namespace, context),
        }
    }

    fn record(&self, namespace: &str, json: &Json) -> Result<RecordShape> {
        match self.shape(namespace, json)? {
            Shape::Record(record) => Ok(record),
            other => Err(unreadable(&format!("{other} where a record belongs"))),
        }
    }

    /// Cedar has accepted the schema, so common types are acyclic and every name resolves.
    fn shape(&self, namespace: &str, json: &Json) -> Result<Shape> {
        let kind = json
            .get("type")
            .and_then(Json::as_str)
            .ok_or_else(|| unreadable("a type without `type`"))?;
        let name = || {
            json.get("name")
                .and_then(Json::as_str)
                .ok_or_else(|| unreadable("a type without `name`"))
        };
        match kind {
            "Set" => {
                let element = json
                    .get("element")
                    .ok_or_else(|| unreadable("a set without `element`"))?;
                Ok(Shape::Set(Box::new(self.shape(namespace, element)?)))
            }
            "Record" => {
                let mut attributes = Vec::new();
                for (name, json) in members(json, "attributes") {
                    let required = json.get("required").and_then(Json::as_bool).unwrap_or(true);
                    attributes.push((name.clone(), self.shape(namespace, json)?, required));
                }
                Ok(Shape::Record(RecordShape::new(attributes)))
            }
            "Entity" | "EntityOrCommon" | "Extension" => self.named(namespace, name()?),
            other => self.named(namespace, other),
        }
    }

    /// Resolves a name as Cedar does: common types before entity types, the own namespace before the empty one,
    /// built-in types last.
    fn named(&self, namespace: &str, name: &str) -> Result<Shape> {
        let own = qualify(namespace, name);
        let candidates: &[&str] = if name.contains("::") {
            &[name]
        } else {
            &[&own, name]
        };
        for candidate in candidates {
            if let Some((home, json)) = self.common.get(*candidate) {
                return self.shape(home, json);
            }
            if let Some(ids) = self.entity_types.get(*candidate) {
                let name: Box<str> = (*candidate).into();
                return Ok(match ids {
                    Some(ids) => Shape::Enumerated(name, ids.clone().into()),
                    None => Shape::Entity(name),
                });
            }
        }
        match name.strip_prefix("__cedar::").unwrap_or(name) {
            "Bool" | "Boolean" => Ok(Shape::Bool),
            "Long" => Ok(Shape::Long),
            "String" => Ok(Shape::String),
            "ipaddr" => Ok(Shape::Ip),
            "decimal" => Ok(Shape::Decimal),
            "datetime" => Ok(Shape::Datetime),
            "duration" => Ok(Shape::Duration),
            _ => Err(unreadable(&format!("the unknown type `{}`", shorten(name)))),
        }
    }
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::SchemaInvalid, format!("the schema has {what}"))
        .help("declare the type, or use one of Cedar's: Bool, Long, String, Set<…>, records, ipaddr, decimal, datetime, duration")
}

fn namespaces<'a>(
    documents: &'a [(&'a Document, Json)],
) -> impl Iterator<Item = (&'a Document, &'a str, &'a Json)> {
    documents.iter().flat_map(|(document, json)| {
        let members = json.as_object().into_iter().flatten();
        members.map(move |(namespace, declared)| (*document, namespace.as_str(), declared))
    })
}

fn members<'a>(json: &'a Json, name: &str) -> impl Iterator<Item = (&'a String, &'a Json)> + use<'a> {
    json.get(name)
        .and_then(Json::as_object)
        .map(Map::iter)
        .into_iter()
        .flatten()
}

fn qualify(namespace: &str, name: &str) -> String {
    if namespace.is_empty() || name.contains("::") {
        name.to_owned()
    } else {
        format!("{namespace}::{name}")
    }
}

/// The ids of an entity type that enumerates them.
fn enumerated(json: &Json) -> Option<Vec<Box<str>>> {
    let ids = json.get("enum")?.as_array()?;
    Some(ids.iter().filter_map(Json::as_str).map(Into::into).collect())
}

fn annotation(json: &Json) -> Option<&str> {
    json.get("annotations")?.get("bailiwick")?.as_str()
}

fn type_names<'a>(names: Option<impl Iterator<Item = &'a cedar_policy::EntityTypeName>>) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = names
        .into_iter()
        .flatten()
        .map(|name| name.to_string().into())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn set_part(parts: &mut Parts, document: &Document, part: &str, type_name: &str) -> Result<()> {
    let slot = match part {
        "tenant" => &mut parts.tenant,
        "project" => &mut parts.project,
        "user" => &mut parts.user,
        "service_account" => &mut parts.service_account,
        "app" => &mut parts.app,
        _ => {
            let known = "tenant, project, user, service_account or app";
            return Err(unknown_part(document, part, "an entity type", known));
        }
    };
    if let Some(other) = slot {
        return Err(Error::new(
            ErrorKind::SchemaInvalid,
            format!("both {other} and {type_name} are annotated @bailiwick(\"{part}\")"),
        )
        .at(annotation_place(document, part))
        .help("one entity type plays the part; remove one annotation"));
    }
    *slot = Some(type_name.to_owned());
    Ok(())
}

fn unknown_part(document: &Document, part: &str, what: &str, known: &str) -> Error {
    Error::new(
        ErrorKind::SchemaInvalid,
        format!(
            "@bailiwick(\"{}\") is no part that {what} can play",
            shorten(part)
        ),
    )
    .at(annotation_place(document, part))
    .help(format!("use {known}"))
}

fn annotation_place(document: &Document, part: &str) -> Location {
    match document.text.rfind(&format!("\"{part}\"")) {
        Some(at) => document.place(at, part.len() + 2),
        None => Location::file(&document.name),
    }
}
