//! What one request sees: the graph with the request's own entities laid over it.
//!
//! An entity of the request replaces the stored one of the same uid, parents and attributes alike. Ancestors are the
//! closure over both; while no entity of the request stands between a stored entity and its ancestors, those that the
//! graph has precomputed are taken as they are.

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::graph::{Data, Graph, Node, TypeId};
use super::handles::{Ancestors, Handle};
use crate::value::{Entity, EntityRef, Record};

/// The entities of a request over a graph.
pub(crate) struct View<'e> {
    pub(crate) graph: &'e Graph,
    entities: &'e [Entity<'e>],
    /// Handles of those whose uid is interned.
    handles: SmallVec<[Handle; 4]>,
    /// Places by uid, when there are too many to look through.
    places: Option<HashMap<EntityRef<'e>, usize, foldhash::fast::RandomState>>,
}

/// An entity of a request or of the graph, looked up once.
pub(crate) struct Resolved<'e> {
    pub(crate) uid: EntityRef<'e>,
    pub(crate) node: Option<&'e Node>,
    pub(crate) brought: Option<&'e Entity<'e>>,
    pub(crate) type_id: Option<TypeId>,
    pub(crate) above: Above<'e>,
}

/// The ancestors of a resolved entity.
pub(crate) enum Above<'e> {
    /// Those precomputed in the graph.
    Stored(&'e Ancestors),
    /// Those that follow from the entities of the request.
    Closure(Closure<'e>),
    /// None.
    Nothing,
}

/// Ancestors found by walking.
#[derive(Default)]
pub(crate) struct Closure<'e> {
    interned: Ancestors,
    /// Uids that nothing else mentions.
    foreign: Vec<EntityRef<'e>>,
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

static NO_ANCESTORS: Ancestors = Ancestors::NONE;

impl<'e> View<'e> {
    pub(crate) fn new(graph: &'e Graph, entities: &'e [Entity<'e>]) -> Self {
        let handles = entities
            .iter()
            .filter_map(|entity| graph.find(entity.uid().as_ref()))
            .map(|node| node.handle)
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
        if self.entities.is_empty() {
            return None;
        }
        match &self.places {
            None => self.entities.iter().find(|entity| entity.uid().as_ref() == uid),
            // The key borrows for 'e, the question need not: hashing goes by content.
            Some(places) => {
                let at = places.get(&Shortened(uid)).copied()?;
                self.entities.get(at)
            }
        }
    }

    #[inline]
    pub(crate) fn resolve(&self, uid: EntityRef<'e>) -> Resolved<'e> {
        self.resolve_node(uid, self.graph.find(uid))
    }

    /// The same when the node of the uid is known.
    #[inline]
    pub(crate) fn resolve_node(&self, uid: EntityRef<'e>, node: Option<&'e Node>) -> Resolved<'e> {
        let brought = self.brought(uid);
        let above = match (brought, node) {
            (None, None) => Above::Nothing,
            (None, Some(node)) if !self.touches(node) => Above::Stored(&node.ancestors),
            (Some(entity), _) if entity.parents().is_empty() => Above::Nothing,
            _ => Above::Closure(self.closure(brought, node)),
        };
        let type_id = node.map(|node| node.type_id);
        let type_id = type_id.or_else(|| self.graph.type_id(uid.type_name));
        Resolved {
            uid,
            node,
            brought,
            type_id,
            above,
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
        self.handles.iter().any(|handle| node.ancestors.contains(*handle))
    }

    fn closure(&self, brought: Option<&'e Entity<'e>>, node: Option<&'e Node>) -> Closure<'e> {
        let mut interned: SmallVec<[Handle; 16]> = SmallVec::new();
        let mut foreign: Vec<EntityRef<'e>> = Vec::new();
        let mut work: SmallVec<[(Option<&'e Entity<'e>>, Option<&'e Node>); 8]> = SmallVec::new();
        work.push((brought, node));
        while let Some((brought, node)) = work.pop() {
            let mut reach = |uid: EntityRef<'e>, node: Option<&'e Node>| {
                match node {
                    Some(node) if interned.contains(&node.handle) => return,
                    Some(node) => interned.push(node.handle),
                    None if foreign.contains(&uid) => return,
                    None => foreign.push(uid),
                }
                match (self.brought(uid), node) {
                    (None, Some(node)) if !self.touches(node) => {
                        let ancestors = node.ancestors.as_slice().iter();
                        // What is reached this way need not be walked: nothing of the request stands above it.
                        interned.extend(ancestors.copied());
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
        Closure {
            interned: Ancestors::new(interned),
            foreign,
        }
    }
}

impl<'e> Resolved<'e> {
    /// The interned ancestors.
    #[inline]
    pub(crate) fn ancestors(&self) -> &Ancestors {
        match &self.above {
            Above::Stored(ancestors) => ancestors,
            Above::Closure(closure) => &closure.interned,
            Above::Nothing => &NO_ANCESTORS,
        }
    }

    /// Whether `uid` is among the ancestors; `handle` is its handle, if it is interned.
    #[inline]
    pub(crate) fn is_below(&self, uid: EntityRef<'_>, handle: Option<Handle>) -> bool {
        match (handle, &self.above) {
            (Some(handle), _) => self.ancestors().contains(handle),
            (None, Above::Closure(closure)) => closure.foreign.contains(&uid),
            (None, _) => false,
        }
    }

    /// Ancestors-or-self of an entity type, as uids.
    pub(crate) fn of_type<'r>(
        &'r self,
        graph: &'e Graph,
        type_name: &'r str,
    ) -> impl Iterator<Item = EntityRef<'e>> + 'r {
        let foreign = match &self.above {
            Above::Closure(closure) => closure.foreign.as_slice(),
            _ => &[],
        };
        let interned = self.ancestors().as_slice().iter();
        std::iter::once(self.uid)
            .chain(interned.filter_map(|handle| graph.node(*handle)).map(Node::uid))
            .chain(foreign.iter().copied())
            .filter(move |uid| uid.type_name == type_name)
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
