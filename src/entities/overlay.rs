//! What one request sees: the graph with the request's own entities laid over it.
//!
//! An entity of the request replaces the stored one of the same uid, parents and attributes alike. Ancestors are the
//! closure over both; while no entity of the request stands between a stored entity and its ancestors, those that the
//! graph has precomputed are taken as they are.

use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use super::graph::{Data, EntityType, Graph, Node, TypeId};
use super::handles::{Ancestors, Handle};
use crate::value::{Entity, EntityRef, Record, same_text};

/// The entities of a request over a graph.
pub(crate) struct View<'e> {
    pub(crate) graph: &'e Graph,
    entities: &'e [Entity<'e>],
    /// The handles of their uids, as far as those are interned.
    handles: SmallVec<[Option<Handle>; 4]>,
    /// Places by uid, when there are too many to look through.
    places: Option<HashMap<EntityRef<'e>, usize, foldhash::fast::RandomState>>,
}

/// An entity of a request or of the graph, looked up once.
///
/// It is large, and filled where it stays: a copy made right after a write waits for it.
pub(crate) struct Resolved<'e> {
    pub(crate) uid: EntityRef<'e>,
    pub(crate) node: Option<&'e Node>,
    pub(crate) brought: Option<&'e Entity<'e>>,
    pub(crate) type_id: Option<TypeId>,
    /// The ancestors that the graph has precomputed, where the request changes nothing about them.
    stored: Option<&'e Ancestors>,
    /// Otherwise those that follow from the entities of the request, if there are any.
    closure: Option<Closure<'e>>,
}

/// Ancestors found by walking.
struct Closure<'e> {
    interned: Ancestors,
    /// Uids that nothing else mentions.
    foreign: Vec<EntityRef<'e>>,
}

impl Closure<'_> {
    const NONE: Self = Self {
        interned: Ancestors::NONE,
        foreign: Vec::new(),
    };
}

/// An entity or one of its ancestors.
#[derive(Clone, Copy)]
pub(crate) enum Above<'e> {
    Interned(&'e Node),
    /// One whose uid nothing mentions but the request.
    Foreign(EntityRef<'e>),
}

impl<'e> Above<'e> {
    #[inline]
    pub(crate) fn uid(self) -> EntityRef<'e> {
        match self {
            Above::Interned(node) => node.uid(),
            Above::Foreign(uid) => uid,
        }
    }

    #[inline]
    pub(crate) fn is_of(self, wanted: EntityType<'_>) -> bool {
        match (self, wanted.id) {
            (Above::Interned(node), Some(id)) => node.type_id == id,
            _ => same_text(self.uid().type_name, wanted.name),
        }
    }
}

/// Where the attributes of an entity are found; those in the graph are in normal form.
#[derive(Clone, Copy)]
pub(crate) enum Found<'e> {
    Stored(&'e Data),
    Brought(&'e Entity<'e>),
}

impl<'e> Found<'e> {
    pub(crate) fn attrs(self) -> (&'e Record<'e>, bool) {
        match self {
            Found::Stored(data) => (&data.attrs, true),
            Found::Brought(entity) => (entity.attrs(), false),
        }
    }

    pub(crate) fn tags(self) -> (&'e Record<'e>, bool) {
        match self {
            Found::Stored(data) => (&data.tags, true),
            Found::Brought(entity) => (entity.tags(), false),
        }
    }
}

/// Up to this many entities of a request are looked through one by one.
const MAX_LOOKED_THROUGH: usize = 12;

impl<'e> View<'e> {
    #[inline]
    pub(crate) fn new(graph: &'e Graph, entities: &'e [Entity<'e>]) -> Self {
        match entities {
            [] => Self {
                graph,
                entities,
                handles: SmallVec::new(),
                places: None,
            },
            _ => Self::with(graph, entities),
        }
    }

    fn with(graph: &'e Graph, entities: &'e [Entity<'e>]) -> Self {
        let handles = entities
            .iter()
            .map(|entity| Some(graph.find(entity.uid().as_ref())?.handle))
            .collect();
        let places = (entities.len() > MAX_LOOKED_THROUGH).then(|| {
            // Of two entities with the same uid the first counts, as it does when they are looked through.
            let indexed = entities.iter().enumerate().rev();
            indexed.map(|(at, entity)| (entity.uid().as_ref(), at)).collect()
        });
        Self {
            graph,
            entities,
            handles,
            places,
        }
    }

    /// The entity that the request brings along under this uid.
    #[inline]
    pub(crate) fn brought(&self, uid: EntityRef<'_>) -> Option<&'e Entity<'e>> {
        self.entities.get(self.place(uid)?)
    }

    /// The place of an entity among those that the request brings along.
    #[inline]
    fn place(&self, uid: EntityRef<'_>) -> Option<usize> {
        match &self.places {
            _ if self.entities.is_empty() => None,
            None => (self.entities.iter()).position(|entity| {
                same_text(entity.uid().id(), uid.id) && same_text(entity.uid().type_name(), uid.type_name)
            }),
            // The key borrows for 'e, the question need not: hashing goes by content.
            Some(places) => places.get(&Shortened(uid)).copied(),
        }
    }

    /// The same when the node of the uid is known: handles are compared more quickly than texts.
    #[inline]
    fn place_of(&self, uid: EntityRef<'_>, node: Option<&Node>) -> Option<usize> {
        match node {
            Some(node) if self.places.is_none() => {
                (self.handles.iter()).position(|handle| *handle == Some(node.handle))
            }
            _ => self.place(uid),
        }
    }

    #[inline]
    pub(crate) fn resolve(&self, uid: EntityRef<'e>) -> Resolved<'e> {
        self.resolve_node(uid, self.graph.find(uid))
    }

    /// Fills in what this view knows of a uid that the request is likely to bring along: that is looked at first.
    #[inline]
    pub(crate) fn look_up(&self, resolved: &mut Resolved<'e>) {
        let place = self.place(resolved.uid);
        let node = match place.and_then(|place| self.handles.get(place)) {
            Some(handle) => handle.and_then(|handle| self.graph.node(handle)),
            None => self.graph.find(resolved.uid),
        };
        self.look_up_at(resolved, place, node);
    }

    /// The same when the node of the uid is known.
    #[inline]
    pub(crate) fn resolve_node(&self, uid: EntityRef<'e>, node: Option<&'e Node>) -> Resolved<'e> {
        let mut resolved = Resolved::new(uid);
        self.look_up_at(&mut resolved, self.place_of(uid, node), node);
        resolved
    }

    #[inline]
    fn look_up_at(&self, resolved: &mut Resolved<'e>, place: Option<usize>, node: Option<&'e Node>) {
        let brought = place.and_then(|place| self.entities.get(place));
        resolved.node = node;
        resolved.brought = brought;
        resolved.type_id = match node {
            Some(node) => Some(node.type_id),
            None => self.graph.type_id(resolved.uid.type_name),
        };
        match (brought, node) {
            (None, None) => {}
            (None, Some(node)) if !self.touches(node) => resolved.stored = Some(&node.ancestors),
            (Some(entity), _) if entity.parents().is_empty() => {}
            _ => self.close(brought, node, resolved.closure.insert(Closure::NONE)),
        }
    }

    /// Whether what was resolved without the entities of this request may look different with them.
    #[inline]
    pub(crate) fn covers(&self, resolved: &Resolved<'_>) -> bool {
        if self.entities.is_empty() {
            return false;
        }
        self.brought(resolved.uid).is_some() || resolved.node.is_some_and(|node| self.touches(node))
    }

    /// Whether an entity of the request stands among the stored ancestors of a node.
    #[inline]
    fn touches(&self, node: &Node) -> bool {
        self.handles
            .iter()
            .flatten()
            .any(|handle| node.ancestors.contains(*handle))
    }

    fn close(&self, brought: Option<&'e Entity<'e>>, node: Option<&'e Node>, closure: &mut Closure<'e>) {
        let Closure { interned, foreign } = closure;
        let mut walked: Option<Walked<'e>> = None;
        let mut work: SmallVec<[(Option<&'e Entity<'e>>, Option<&'e Node>); 8]> = SmallVec::new();
        work.push((brought, node));
        while let Some((brought, node)) = work.pop() {
            let mut reach = |uid: EntityRef<'e>, node: Option<&'e Node>| {
                if walked.is_none() && interned.as_slice().len() + foreign.len() > MAX_COMPARED {
                    walked = Some(Walked::new(interned.as_slice(), foreign));
                }
                let is_new = match (&mut walked, node) {
                    (Some(walked), Some(node)) => walked.handles.insert(node.handle),
                    (Some(walked), None) => walked.uids.insert(uid),
                    (None, Some(node)) => !interned.as_slice().contains(&node.handle),
                    (None, None) => !foreign.contains(&uid),
                };
                if !is_new {
                    return;
                }
                match node {
                    Some(node) => interned.push(node.handle),
                    None => foreign.push(uid),
                }
                let brought = (self.place_of(uid, node)).and_then(|place| self.entities.get(place));
                match (brought, node) {
                    (None, Some(node)) if !self.touches(node) => {
                        // What is reached this way need not be walked: nothing of the request stands above it.
                        interned.extend(&node.ancestors);
                    }
                    (None, None) => {}
                    (brought, node) => work.push((brought, node)),
                }
            };
            match (brought, node) {
                (Some(entity), _) => {
                    for parent in entity.parents() {
                        let parent = parent.as_ref();
                        reach(parent, self.graph.find(parent));
                    }
                }
                (None, Some(node)) => {
                    for parent in &node.parents {
                        if let Some(parent) = self.graph.node(*parent) {
                            reach(parent.uid(), Some(parent));
                        }
                    }
                }
                (None, None) => {}
            }
        }
        interned.arrange();
    }

    /// A uid that the entities of the request make its own ancestor, if there is one.
    pub(crate) fn cycle(&self) -> Option<EntityRef<'e>> {
        let mut states: HashMap<Vertex, State, foldhash::fast::RandomState> = HashMap::default();
        // Depth first: each vertex on the way with the number of the parent that comes next.
        let mut way: Vec<(Vertex, usize)> = Vec::new();
        for place in 0..self.entities.len() {
            let start = Vertex::Brought(place);
            if states.contains_key(&start) {
                continue;
            }
            states.insert(start, State::OnTheWay);
            way.push((start, 0));
            while let Some((vertex, number)) = way.last_mut() {
                let (of, at) = (*vertex, *number);
                *number += 1;
                let Some(parent) = self.parent(of, at) else {
                    states.insert(of, State::Done);
                    way.pop();
                    continue;
                };
                let Some(above) = self.vertex(parent) else {
                    continue;
                };
                match states.get(&above) {
                    Some(State::OnTheWay) => return Some(parent),
                    Some(State::Done) => {}
                    None => {
                        states.insert(above, State::OnTheWay);
                        way.push((above, 0));
                    }
                }
            }
        }
        None
    }

    fn parent(&self, of: Vertex, number: usize) -> Option<EntityRef<'e>> {
        match of {
            Vertex::Brought(place) => {
                let parent = self.entities.get(place)?.parents().get(number)?;
                Some(parent.as_ref())
            }
            Vertex::Stored(handle) => {
                let parent = self.graph.node(handle)?.parents.get(number)?;
                Some(self.graph.node(*parent)?.uid())
            }
        }
    }

    /// What stands for a uid on a walk towards entities of the request; none where there is none above.
    fn vertex(&self, uid: EntityRef<'_>) -> Option<Vertex> {
        let node = self.graph.find(uid);
        match (self.place_of(uid, node), node) {
            (Some(place), _) => Some(Vertex::Brought(place)),
            (None, Some(node)) if self.touches(node) => Some(Vertex::Stored(node.handle)),
            _ => None,
        }
    }
}

/// An entity on a walk upwards.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Vertex {
    /// One of the request, by its place.
    Brought(usize),
    Stored(Handle),
}

/// How far a walk has come with an entity.
enum State {
    OnTheWay,
    Done,
}

/// Up to this many ancestors are compared one by one with another.
const MAX_COMPARED: usize = 32;

/// What a walk has reached already, when that is much.
struct Walked<'e> {
    handles: HashSet<Handle, foldhash::fast::RandomState>,
    uids: HashSet<EntityRef<'e>, foldhash::fast::RandomState>,
}

impl<'e> Walked<'e> {
    fn new(interned: &[Handle], foreign: &[EntityRef<'e>]) -> Self {
        Self {
            handles: interned.iter().copied().collect(),
            uids: foreign.iter().copied().collect(),
        }
    }
}

impl<'e> Resolved<'e> {
    /// A uid of which nothing is known.
    #[inline]
    pub(crate) fn new(uid: EntityRef<'e>) -> Self {
        Self {
            uid,
            node: None,
            brought: None,
            type_id: None,
            stored: None,
            closure: None,
        }
    }

    /// Whether the request changes nothing about it.
    #[inline]
    pub(crate) fn is_as_stored(&self) -> bool {
        self.brought.is_none() && (self.stored.is_some() || self.node.is_none())
    }

    /// The interned ancestors.
    #[inline]
    pub(crate) fn ancestors(&self) -> &Ancestors {
        static NONE: Ancestors = Ancestors::NONE;
        match (self.stored, &self.closure) {
            (Some(stored), _) => stored,
            (None, Some(closure)) => &closure.interned,
            (None, None) => &NONE,
        }
    }

    /// Ancestors that nothing else mentions.
    #[inline]
    fn foreign(&self) -> &[EntityRef<'e>] {
        self.closure.as_ref().map_or(&[], |closure| &closure.foreign)
    }

    /// Whether `uid` is among the ancestors; `handle` is its handle, if it is interned.
    #[inline]
    pub(crate) fn is_below(&self, uid: EntityRef<'_>, handle: Option<Handle>) -> bool {
        match handle {
            Some(handle) => self.ancestors().contains(handle),
            None => self.foreign().contains(&uid),
        }
    }

    /// Visits the entity itself and its ancestors.
    #[inline]
    pub(crate) fn each_above(&self, graph: &'e Graph, visit: &mut impl FnMut(Above<'e>)) {
        visit(self.node.map_or(Above::Foreign(self.uid), Above::Interned));
        for handle in self.ancestors().as_slice() {
            if let Some(node) = graph.node(*handle) {
                visit(Above::Interned(node));
            }
        }
        for uid in self.foreign() {
            visit(Above::Foreign(*uid));
        }
    }

    /// The entity itself, unless its uid names none.
    #[inline]
    pub(crate) fn found(&self) -> Option<Found<'e>> {
        match self.brought {
            Some(entity) => Some(Found::Brought(entity)),
            None => self.node?.data.as_deref().map(Found::Stored),
        }
    }
}

/// A uid of any lifetime as a question to a map whose keys live longer.
#[derive(Hash)]
struct Shortened<'q>(EntityRef<'q>);

impl hashbrown::Equivalent<EntityRef<'_>> for Shortened<'_> {
    fn equivalent(&self, key: &EntityRef<'_>) -> bool {
        self.0 == *key
    }
}
