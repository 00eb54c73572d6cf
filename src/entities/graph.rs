//! The graph of one snapshot: interned uids, entities, their ancestors, and the changes that yield the next one.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::quality::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::handles::{Ancestors, Handle, HandleSet, MAX_HANDLES};
use super::pages::Pages;
use super::table::{Slot, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_ANCESTORS, MAX_ENTITY_DEPTH, MAX_NAME_BYTES};
use crate::value::{Entity, EntityRef, Record, same_text};

/// The number of an entity type, dense from 0.
pub(crate) type TypeId = u32;

/// An entity type: its name, and its number if any interned uid or policy names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityType<'t> {
    pub(crate) name: &'t str,
    pub(crate) id: Option<TypeId>,
}

/// One interned uid: an entity, or only a name that a policy or another entity mentions.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) handle: Handle,
    pub(crate) type_id: TypeId,
    type_name: Arc<str>,
    /// Short ids lie within the node: comparing one costs no further cache line.
    id: SmolStr,
    pub(crate) ancestors: Ancestors,
    pub(crate) parents: SmallVec<[Handle; 2]>,
    /// Longest chain of parents above.
    depth: u16,
    /// Attributes and tags; nothing when the uid is only mentioned.
    pub(crate) data: Option<Arc<Data>>,
    named: Flag,
}

/// Set once and seen by every copy that is made later; never unset.
#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Clone for Flag {
    fn clone(&self) -> Self {
        Self(AtomicBool::new(self.0.load(Ordering::Relaxed)))
    }
}

/// Attributes and tags of an entity, in normal form.
#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) attrs: Record<'static>,
    pub(crate) tags: Record<'static>,
}

impl Node {
    pub(crate) fn uid(&self) -> EntityRef<'_> {
        EntityRef::new(&self.type_name, &self.id)
    }

    /// Longest chain of parents above.
    pub(crate) fn depth(&self) -> u16 {
        self.depth
    }

    /// False when no policy or link has ever named this uid: then no rule is filed under it.
    #[inline]
    pub(crate) fn is_named(&self) -> bool {
        self.named.0.load(Ordering::Relaxed)
    }
}

/// The hash beside the pointer: a slot of another uid is passed over without following it.
#[derive(Clone)]
struct UidSlot {
    hash: u64,
    node: Arc<Node>,
}

impl Slot for UidSlot {
    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }
}

#[derive(Clone, Default)]
struct Types {
    names: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, TypeId, foldhash::fast::RandomState>,
}

/// The graph. A clone is a few reference counts, and clones do not see each other's changes.
#[derive(Clone)]
pub(crate) struct Graph {
    seed: RandomState,
    uids: Table<UidSlot>,
    nodes: Pages<Option<Arc<Node>>>,
    /// How often each handle is mentioned: by rules, constants and children, and once more when it is an entity.
    mentions: Pages<u32>,
    children: Pages<HandleSet>,
    free: Pages<Handle>,
    types: Arc<Types>,
    entities: usize,
    no_data: Arc<Data>,
}

impl Graph {
    pub(crate) fn new() -> Self {
        Self {
            seed: RandomState::default(),
            uids: Table::new(),
            nodes: Pages::new(),
            mentions: Pages::new(),
            children: Pages::new(),
            free: Pages::new(),
            types: Arc::new(Types::default()),
            entities: 0,
            no_data: Arc::new(Data::default()),
        }
    }

    /// Number of entities, without names that are only mentioned.
    pub(crate) fn len(&self) -> usize {
        self.entities
    }

    #[inline]
    fn hash(&self, uid: EntityRef<'_>) -> u64 {
        let mut hasher = self.seed.build_hasher();
        hasher.write(uid.id.as_bytes());
        hasher.write(uid.type_name.as_bytes());
        hasher.finish()
    }

    /// The node of a uid, if it is interned.
    #[inline]
    pub(crate) fn find(&self, uid: EntityRef<'_>) -> Option<&Node> {
        self.find_hashed(self.hash(uid), uid)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, uid: EntityRef<'_>) -> Option<&Node> {
        let same = |slot: &&UidSlot| {
            slot.hash == hash
                && same_text(&slot.node.id, uid.id)
                && same_text(&slot.node.type_name, uid.type_name)
        };
        self.uids.probe(hash).find(same).map(|slot| &*slot.node)
    }

    /// The node of a handle.
    #[inline]
    pub(crate) fn node(&self, handle: Handle) -> Option<&Node> {
        self.nodes.get(handle)?.as_deref()
    }

    /// The id of an entity type, if any interned uid or policy names it.
    #[inline]
    pub(crate) fn type_id(&self, name: &str) -> Option<TypeId> {
        self.types.ids.get(name).copied()
    }

    /// Number of entity types; their ids are dense from 0.
    pub(crate) fn type_count(&self) -> TypeId {
        TypeId::try_from(self.types.names.len()).unwrap_or(TypeId::MAX)
    }

    /// The name of an entity type.
    pub(crate) fn type_name(&self, id: TypeId) -> Option<&str> {
        self.types.names.get(id as usize).map(|name| &**name)
    }

    /// The names of all entity types, in the order of their ids.
    pub(crate) fn type_names(&self) -> impl Iterator<Item = &str> {
        self.types.names.iter().map(|name| &**name)
    }

    /// Every entity, without names that are only mentioned.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes
            .iter()
            .filter_map(|(_, node)| node.as_deref())
            .filter(|node| node.data.is_some())
    }

    /// The id of an entity type, made if need be.
    pub(crate) fn intern_type(&mut self, name: &str) -> TypeId {
        if let Some(id) = self.type_id(name) {
            return id;
        }
        let types = Arc::make_mut(&mut self.types);
        let id = TypeId::try_from(types.names.len()).unwrap_or(TypeId::MAX);
        let name: Arc<str> = Arc::from(name);
        types.names.push(Arc::clone(&name));
        types.ids.insert(name, id);
        id
    }

    /// The handle of a uid that a policy or link names, made if need be, mentioned once more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`] for names that are too long, and when there are too many of them.
    pub(crate) fn mention(&mut self, uid: EntityRef<'_>) -> Result<Handle> {
        self.mention_as(uid, true)
    }

    /// The same for a uid that an entity names as its parent.
    fn mention_parent(&mut self, uid: EntityRef<'_>) -> Result<Handle> {
        self.mention_as(uid, false)
    }

    fn mention_as(&mut self, uid: EntityRef<'_>, named: bool) -> Result<Handle> {
        let hash = self.hash(uid);
        let handle = match self.find_hashed(hash, uid) {
            Some(node) => {
                if named {
                    node.named.0.store(true, Ordering::Relaxed);
                }
                node.handle
            }
            None => self.intern(hash, uid, named)?,
        };
        self.mention_handle(handle);
        Ok(handle)
    }

    pub(crate) fn mention_handle(&mut self, handle: Handle) {
        if let Some(count) = self.mentions.get_mut(handle) {
            *count = count.saturating_add(1);
        }
    }

    fn intern(&mut self, hash: u64, uid: EntityRef<'_>, named: bool) -> Result<Handle> {
        check_name(uid)?;
        if self.free.len() == 0 && self.nodes.len() >= MAX_HANDLES {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("more than {MAX_HANDLES} entity uids"),
            ));
        }
        let handle = self.free.pop().unwrap_or(self.nodes.len());
        let type_id = self.intern_type(uid.type_name);
        let type_name = match self.types.names.get(type_id as usize) {
            Some(name) => Arc::clone(name),
            None => Arc::from(uid.type_name),
        };
        let node = Arc::new(Node {
            handle,
            type_id,
            type_name,
            id: SmolStr::new(uid.id),
            ancestors: Ancestors::default(),
            parents: SmallVec::new(),
            depth: 0,
            data: None,
            named: Flag(AtomicBool::new(named)),
        });
        self.uids.insert(UidSlot {
            hash,
            node: Arc::clone(&node),
        });
        self.nodes.set(handle, Some(node));
        self.mentions.set(handle, 0);
        Ok(handle)
    }

    /// One mention less; the last one gives the handle back.
    pub(crate) fn release(&mut self, handle: Handle) {
        let Some(count) = self.mentions.get_mut(handle) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count > 0 {
            return;
        }
        if let Some(node) = self.nodes.get_mut(handle).and_then(Option::take) {
            let hash = self.hash(node.uid());
            self.uids
                .remove(hash, |slot| slot.hash == hash && slot.node.handle == handle);
            self.free.push(handle);
        }
    }

    fn put(&mut self, node: Node) {
        let (hash, handle) = (self.hash(node.uid()), node.handle);
        let node = Arc::new(node);
        let slot = UidSlot {
            hash,
            node: Arc::clone(&node),
        };
        self.uids
            .replace(slot, |slot| slot.hash == hash && slot.node.handle == handle);
        self.nodes.set(handle, Some(node));
    }

    /// Adds an entity or replaces the one of the same uid.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::EntityCycle`], or [`ErrorKind::LimitExceeded`] for too many or too long chains of ancestors, too
    /// long names and too deep values; the graph is then as it was.
    pub(crate) fn upsert(&mut self, entity: &Entity<'_>) -> Result<()> {
        let attrs = entity.attrs().clone().into_owned().normalized()?;
        let tags = entity.tags().clone().into_owned().normalized()?;
        let data = if attrs.is_empty() && tags.is_empty() {
            Arc::clone(&self.no_data)
        } else {
            Arc::new(Data { attrs, tags })
        };
        let parents: SmallVec<[EntityRef<'_>; 4]> =
            entity.parents().iter().map(|parent| parent.as_ref()).collect();
        self.place(entity.uid().as_ref(), &parents, Some(data))
    }

    /// Removes an entity; false when there was none. Its children stay members of its uid, which needs no entity, but
    /// no longer of what was above it.
    pub(crate) fn remove(&mut self, uid: EntityRef<'_>) -> Result<bool> {
        let Some(node) = self.find(uid) else {
            return Ok(false);
        };
        if node.data.is_none() {
            return Ok(false);
        }
        let handle = node.handle;
        self.place(uid, &[], None)?;
        self.release(handle);
        Ok(true)
    }

    /// Changes the parents of an entity, keeping its attributes; an unknown uid becomes an entity without attributes.
    ///
    /// # Errors
    ///
    /// As for [`Graph::upsert`].
    pub(crate) fn set_parents(&mut self, uid: EntityRef<'_>, parents: &[EntityRef<'_>]) -> Result<()> {
        let known = self.find(uid).and_then(|node| node.data.clone());
        let data = known.unwrap_or_else(|| Arc::clone(&self.no_data));
        self.place(uid, parents, Some(data))
    }

    /// Gives a uid its data and parents, or leaves the graph as it was.
    fn place(
        &mut self,
        uid: EntityRef<'_>,
        parents: &[EntityRef<'_>],
        data: Option<Arc<Data>>,
    ) -> Result<()> {
        let known = self.find(uid);
        let reaches = |parent: &EntityRef<'_>| {
            let (Some(node), Some(parent)) = (known, self.find(*parent)) else {
                return false;
            };
            parent.handle == node.handle || parent.ancestors.contains(node.handle)
        };
        if parents.iter().any(|parent| *parent == uid || reaches(parent)) {
            return Err(Error::new(
                ErrorKind::EntityCycle,
                format!("{uid} would become its own ancestor"),
            )
            .help("take it out of the parents of its ancestors"));
        }
        self.room_for(uid, parents)?;
        // Without children nothing can fail any more; a copy would make every page shared and bulk loads slow.
        let has_children = known
            .and_then(|node| self.children.get(node.handle))
            .is_some_and(|children| children.len() > 0);
        let before = has_children.then(|| self.clone());
        let placed = self.place_unchecked(uid, parents, data);
        if let (Err(_), Some(before)) = (&placed, before) {
            *self = before;
        }
        placed
    }

    /// Checks everything about one entity that does not concern its descendants.
    fn room_for(&self, uid: EntityRef<'_>, parents: &[EntityRef<'_>]) -> Result<()> {
        let mut ancestors = 0;
        for parent in parents {
            check_name(*parent)?;
            if let Some(parent) = self.find(*parent) {
                ancestors += parent.ancestors.as_slice().len();
                if usize::from(parent.depth) >= MAX_ENTITY_DEPTH {
                    return Err(too_many_ancestors(uid));
                }
            }
        }
        check_name(uid)?;
        let room = u64::from(MAX_HANDLES - self.nodes.len()) > parents.len() as u64 + 1;
        // Shared ancestors count more than once here: exact enough for a bound that only guards memory.
        if ancestors + parents.len() > MAX_ANCESTORS || !room {
            return Err(too_many_ancestors(uid));
        }
        Ok(())
    }

    fn place_unchecked(
        &mut self,
        uid: EntityRef<'_>,
        parents: &[EntityRef<'_>],
        data: Option<Arc<Data>>,
    ) -> Result<()> {
        let handle = match self.find(uid) {
            Some(node) => node.handle,
            None => self.intern(self.hash(uid), uid, false)?,
        };
        let mut handles: SmallVec<[Handle; 2]> = SmallVec::new();
        for parent in parents {
            let parent = self.mention_parent(*parent)?;
            if handles.contains(&parent) {
                self.release(parent);
            } else {
                handles.push(parent);
            }
        }
        let Some(mut node) = self.node(handle).cloned() else {
            return Ok(());
        };
        for old in &node.parents {
            if !handles.contains(old)
                && let Some(siblings) = self.children.get_mut(*old)
            {
                siblings.remove(handle);
            }
        }
        for new in &handles {
            if !node.parents.contains(new)
                && let Some(siblings) = self.children.get_mut(*new)
            {
                siblings.insert(handle);
            }
        }
        if node.data.is_none() && data.is_some() {
            self.mention_handle(handle);
            self.entities += 1;
        } else if node.data.is_some() && data.is_none() {
            self.entities -= 1;
        }
        node.data = data;
        let old_parents = std::mem::replace(&mut node.parents, handles);
        self.put(node);
        for old in old_parents {
            self.release(old);
        }
        self.settle(handle)
    }

    /// Recomputes the ancestors of a node and of everything below it that changes thereby.
    fn settle(&mut self, handle: Handle) -> Result<()> {
        let mut queue = VecDeque::from([handle]);
        while let Some(handle) = queue.pop_front() {
            let Some(node) = self.node(handle) else { continue };
            let (ancestors, depth) = self.above(node)?;
            if depth == node.depth && ancestors.as_slice() == node.ancestors.as_slice() {
                continue;
            }
            let mut changed = node.clone();
            changed.ancestors = ancestors;
            changed.depth = depth;
            self.put(changed);
            if let Some(children) = self.children.get(handle) {
                children.for_each(&mut |child| queue.push_back(child));
            }
        }
        Ok(())
    }

    /// The ancestors that follow from the parents of a node, and the depth.
    fn above(&self, node: &Node) -> Result<(Ancestors, u16)> {
        let mut handles: SmallVec<[Handle; 16]> = SmallVec::new();
        let mut depth = 0;
        for parent in &node.parents {
            handles.push(*parent);
            if let Some(parent) = self.node(*parent) {
                depth = depth.max(parent.depth.saturating_add(1));
                handles.extend_from_slice(parent.ancestors.as_slice());
            }
        }
        let ancestors = Ancestors::new(handles);
        if usize::from(depth) > MAX_ENTITY_DEPTH || ancestors.as_slice().len() > MAX_ANCESTORS {
            return Err(too_many_ancestors(node.uid()));
        }
        Ok((ancestors, depth))
    }
}

fn check_name(uid: EntityRef<'_>) -> Result<()> {
    if uid.id.len() <= MAX_NAME_BYTES && uid.type_name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitExceeded,
        format!("an entity uid with more than {MAX_NAME_BYTES} bytes in its type or id"),
    ))
}

fn too_many_ancestors(uid: EntityRef<'_>) -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!(
            "{uid} has more than {MAX_ANCESTORS} ancestors or a chain of more than {MAX_ENTITY_DEPTH} of them"
        ),
    )
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
