//! Seed entities from JSON: bounded, checked for cycles, conforming to the schema, each finding at its place.

use std::collections::HashMap;

use cedar_policy::{Entities, Entity, Schema};
use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Location, Result};
use crate::json;
use crate::limits::MAX_ENTITY_DEPTH;
use crate::value::EntityUid;

use super::source::{Document, Kind, Source};

/// Loads every entity document. Action entities come from the schema.
pub(super) fn load(source: &Source, schema: Option<&Schema>, errors: &mut Vec<Error>) -> Entities {
    let before = errors.len();
    let mut entities = Vec::new();
    let mut graph = Graph::default();
    for document in source.of(Kind::Entities) {
        if let Err(error) = read(document, schema, &mut entities, &mut graph, errors) {
            errors.push(error);
        }
    }
    errors.extend(graph.check());
    if errors.len() > before {
        return Entities::empty();
    }
    Entities::from_entities(entities, schema).unwrap_or_else(|error| {
        errors.push(Error::new(ErrorKind::EntityInvalid, full_message(&error)).help("correct the entities"));
        Entities::empty()
    })
}

fn read<'a>(
    document: &'a Document,
    schema: Option<&Schema>,
    entities: &mut Vec<Entity>,
    graph: &mut Graph<'a>,
    errors: &mut Vec<Error>,
) -> Result<()> {
    let Json::Array(items) = json::parse(&document.label(), document.text.as_bytes())? else {
        return Err(Error::new(ErrorKind::JsonInvalid, "entities are a JSON array")
            .at(document.place(0, 1))
            .help("write [{\"uid\": {\"type\": …, \"id\": …}, \"attrs\": {}, \"parents\": []}]"));
    };
    let places = array_elements(&document.text);
    for (index, item) in items.into_iter().enumerate() {
        let (offset, len) = places.get(index).copied().unwrap_or((0, 0));
        let place = Place {
            document,
            offset,
            len,
        };
        let result = graph.add(&item, place).and_then(|()| {
            Entity::from_json_value(item, schema).map_err(|error| {
                Error::new(ErrorKind::EntityInvalid, full_message(&error))
                    .help("bring the entity as the schema declares its type")
            })
        });
        match result {
            Ok(entity) => entities.push(entity),
            Err(error) => errors.push(error.at(element_place(document, offset, len))),
        }
    }
    Ok(())
}

/// The message of an error with those of its causes: Cedar's outer ones say little.
fn full_message(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = inner.to_string();
        cause = inner.source();
    }
    message
}

#[derive(Clone, Copy)]
struct Place<'a> {
    document: &'a Document,
    offset: usize,
    len: usize,
}

/// Who is whose parent. Cedar's own loader recurses once for each link of a chain, so cycles and long chains are
/// found here, without recursion.
#[derive(Default)]
struct Graph<'a> {
    numbers: HashMap<EntityUid<'static>, usize>,
    nodes: Vec<Node<'a>>,
}

struct Node<'a> {
    uid: EntityUid<'static>,
    place: Option<Place<'a>>,
    parents: Vec<usize>,
}

impl<'a> Graph<'a> {
    fn number(&mut self, uid: EntityUid<'static>) -> usize {
        let next = self.nodes.len();
        *self.numbers.entry(uid.clone()).or_insert_with(|| {
            self.nodes.push(Node {
                uid,
                place: None,
                parents: Vec::new(),
            });
            next
        })
    }

    fn add(&mut self, item: &Json, place: Place<'a>) -> Result<()> {
        let uid = item.get("uid").ok_or_else(|| {
            Error::new(
                ErrorKind::EntityInvalid,
                "an entity is a JSON object with a `uid`",
            )
            .help("write {\"uid\": {\"type\": …, \"id\": …}, \"attrs\": {}, \"parents\": []}")
        })?;
        let uid = EntityUid::from_json(uid)?;
        let parents = match item.get("parents") {
            None => Vec::new(),
            Some(Json::Array(items)) => items.iter().map(EntityUid::from_json).collect::<Result<_>>()?,
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::EntityInvalid,
                    "`parents` is a JSON array of entity uids",
                ));
            }
        };
        let parents = parents.into_iter().map(|parent| self.number(parent)).collect();
        let number = self.number(uid);
        let Some(node) = self.nodes.get_mut(number) else {
            return Ok(());
        };
        if let Some(first) = node.place {
            let first = first.document.place(first.offset, first.len);
            return Err(Error::new(
                ErrorKind::EntityDuplicate,
                format!("{} is defined twice: here and at {first}", node.uid),
            )
            .help("remove one of the two"));
        }
        node.place = Some(place);
        node.parents = parents;
        Ok(())
    }

    /// Depth-first with a stack of its own; a node's depth is one more than its deepest parent's.
    fn check(&self) -> Option<Error> {
        const UNSEEN: usize = usize::MAX;
        const OPEN: usize = usize::MAX - 1;
        let mut depth = vec![UNSEEN; self.nodes.len()];
        for root in 0..self.nodes.len() {
            let mut stack = vec![root];
            while let Some(&number) = stack.last() {
                let node = self.nodes.get(number)?;
                let state = depth.get(number).copied()?;
                if state != UNSEEN && state != OPEN {
                    stack.pop();
                    continue;
                }
                let mut deepest = 0;
                let mut ready = true;
                for &parent in &node.parents {
                    match depth.get(parent).copied()? {
                        OPEN => return Some(node.error(ErrorKind::EntityCycle, "its parents form a cycle")),
                        UNSEEN => {
                            ready = false;
                            stack.push(parent);
                            break;
                        }
                        known => deepest = deepest.max(known),
                    }
                }
                *depth.get_mut(number)? = if ready { deepest + 1 } else { OPEN };
                if ready {
                    stack.pop();
                    if deepest + 1 > MAX_ENTITY_DEPTH {
                        let message = format!("it has a chain of more than {MAX_ENTITY_DEPTH} parents");
                        return Some(node.error(ErrorKind::LimitExceeded, &message));
                    }
                }
            }
        }
        None
    }
}

impl Node<'_> {
    fn error(&self, kind: ErrorKind, problem: &str) -> Error {
        let error = Error::new(kind, format!("{}: {problem}", self.uid)).help(match kind {
            ErrorKind::EntityCycle => "take one of them out of the parents",
            _ => "flatten the hierarchy",
        });
        match self.place {
            Some(Place {
                document,
                offset,
                len,
            }) => error.at(element_place(document, offset, len)),
            None => error,
        }
    }
}

/// The place of an element, marked along its first line.
pub(super) fn element_place(document: &Document, offset: usize, len: usize) -> Location {
    document.place(offset, len)
}

/// Byte offset and length of each element of a JSON array that is known to parse.
pub(super) fn array_elements(text: &str) -> Vec<(usize, usize)> {
    let mut elements = Vec::new();
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut start = None;
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        let closes = matches!(byte, b']' | b'}');
        if depth == 1 && (byte == b',' || closes) {
            elements.extend(
                start
                    .take()
                    .map(|start: usize| (start, text.get(start..at).unwrap_or("").trim_end().len())),
            );
        } else if depth == 1 && !byte.is_ascii_whitespace() {
            start = start.or(Some(at));
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            _ if closes => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    elements
}
