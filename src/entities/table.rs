//! A persistent hash table: a copy costs one reference count, a change copies only the path it touches.
//!
//! Slots lie in small open-addressed leaves under nodes of 64 children, so that a reader follows two or three
//! pointers and a writer copies a few kilobytes, however large the table is. Removing shifts later slots back, so
//! nothing piles up. A table may hold several slots of the same hash, and equal slots too.

use std::sync::Arc;

/// Something a [`Table`] holds. The hash must not change while the slot is in the table.
pub(crate) trait Slot: Clone {
    /// The hash by which the slot is found: well mixed in all 64 bits.
    fn hash(&self) -> u64;
}

/// The table; cloning it is cheap, and clones do not see each other's changes.
pub(crate) struct Table<T> {
    root: Node<T>,
    len: usize,
}

enum Node<T> {
    Leaf { slots: Arc<[Option<T>]>, used: u32 },
    Inner(Arc<[Node<T>]>),
}

/// A leaf that grows beyond this splits into [`FAN_OUT`] leaves.
const MAX_LEAF: u32 = 256;
const FAN_OUT_BITS: u32 = 6;
const FAN_OUT: usize = 1 << FAN_OUT_BITS;
/// Beyond this many levels the leading bits of the hash are used up: equal hashes share one leaf of any size.
const MAX_LEVELS: u32 = 7;

/// Which child of an inner node on `level` leads to `hash`: the leading bits first, while leaves use the trailing.
#[inline]
fn child_index(hash: u64, level: u32) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "six bits are left")]
    let index = (hash >> (64 - FAN_OUT_BITS * (level + 1))) as usize;
    index & (FAN_OUT - 1)
}

#[inline]
fn home(hash: u64, capacity: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only the trailing bits are wanted"
    )]
    let hash = hash as usize;
    hash & capacity.wrapping_sub(1)
}

impl<T: Slot> Table<T> {
    pub(crate) fn new() -> Self {
        Self {
            root: Node::empty(),
            len: 0,
        }
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The slots that may have this hash; the caller compares. Never empty-handed work: a miss costs one probe.
    #[inline]
    pub(crate) fn probe(&self, hash: u64) -> Probe<'_, T> {
        let mut node = &self.root;
        let mut level = 0;
        loop {
            match node {
                Node::Leaf { slots, .. } => {
                    return Probe {
                        slots,
                        at: home(hash, slots.len()),
                        left: slots.len(),
                    };
                }
                Node::Inner(children) => match children.get(child_index(hash, level)) {
                    Some(child) => node = child,
                    None => return Probe::none(),
                },
            }
            level += 1;
        }
    }

    /// The first slot with this hash that `same` accepts.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut same: impl FnMut(&T) -> bool) -> Option<&T> {
        self.probe(hash).find(|slot| same(slot))
    }

    /// Adds a slot, beside equal ones if there are any.
    pub(crate) fn insert(&mut self, slot: T) {
        self.root.insert(slot, 0);
        self.len += 1;
    }

    /// Takes out the first slot with this hash that `same` accepts.
    pub(crate) fn remove(&mut self, hash: u64, same: impl Fn(&T) -> bool) -> Option<T> {
        // Looking first keeps a miss from copying anything.
        self.find(hash, &same)?;
        let removed = self.root.remove(hash, &same, 0);
        if removed.is_some() {
            self.len -= 1;
        }
        removed
    }

    /// Puts `slot` in the place of the first slot with its hash that `same` accepts; adds it when there is none.
    pub(crate) fn replace(&mut self, slot: T, same: impl Fn(&T) -> bool) -> Option<T> {
        let old = self.remove(slot.hash(), same);
        self.insert(slot);
        old
    }

    /// Visits every slot, in no particular order.
    pub(crate) fn for_each<'t>(&'t self, visit: &mut impl FnMut(&'t T)) {
        self.root.for_each(visit);
    }
}

impl<T: Slot> Node<T> {
    fn empty() -> Self {
        Node::Leaf {
            slots: Arc::from(Vec::new()),
            used: 0,
        }
    }

    fn insert(&mut self, slot: T, level: u32) {
        match self {
            Node::Inner(children) => {
                let index = child_index(slot.hash(), level);
                if let Some(child) = Arc::make_mut(children).get_mut(index) {
                    child.insert(slot, level + 1);
                }
            }
            Node::Leaf { slots, used } if *used < MAX_LEAF || level >= MAX_LEVELS => {
                if (*used as usize + 1) * 4 > slots.len() * 3 {
                    *slots = rehashed(slots, (slots.len() * 2).max(4));
                }
                place(Arc::make_mut(slots), slot);
                *used += 1;
            }
            Node::Leaf { slots, .. } => {
                let mut children: Vec<Node<T>> = (0..FAN_OUT).map(|_| Node::empty()).collect();
                for slot in slots.iter().flatten() {
                    if let Some(child) = children.get_mut(child_index(slot.hash(), level)) {
                        child.insert(slot.clone(), level + 1);
                    }
                }
                *self = Node::Inner(Arc::from(children));
                self.insert(slot, level);
            }
        }
    }

    fn remove(&mut self, hash: u64, same: &impl Fn(&T) -> bool, level: u32) -> Option<T> {
        match self {
            Node::Inner(children) => {
                let children = Arc::make_mut(children);
                let removed = children
                    .get_mut(child_index(hash, level))?
                    .remove(hash, same, level + 1);
                self.shrink();
                removed
            }
            Node::Leaf { slots, used } => {
                let removed = take(Arc::make_mut(slots), hash, same)?;
                *used -= 1;
                if slots.len() > 8 && *used as usize * 6 < slots.len() {
                    *slots = rehashed(slots, slots.len() / 2);
                }
                Some(removed)
            }
        }
    }

    /// Turns an inner node whose leaves hold little back into one leaf, so that memory comes back.
    fn shrink(&mut self) {
        let Node::Inner(children) = self else { return };
        let mut total = 0;
        for child in children.iter() {
            match child {
                Node::Leaf { used, .. } => total += used,
                Node::Inner(_) => return,
            }
            if total > MAX_LEAF / 4 {
                return;
            }
        }
        let mut leaf = Node::empty();
        for child in children.iter() {
            if let Node::Leaf { slots, .. } = child {
                slots
                    .iter()
                    .flatten()
                    .for_each(|slot| leaf.insert(slot.clone(), MAX_LEVELS));
            }
        }
        *self = leaf;
    }

    fn for_each<'t>(&'t self, visit: &mut impl FnMut(&'t T)) {
        match self {
            Node::Leaf { slots, .. } => slots.iter().flatten().for_each(visit),
            Node::Inner(children) => children.iter().for_each(|child| child.for_each(visit)),
        }
    }
}

/// Puts a slot into the first free place from its home on; the caller has made sure that there is one.
fn place<T: Slot>(slots: &mut [Option<T>], slot: T) {
    let capacity = slots.len();
    let mut at = home(slot.hash(), capacity);
    for _ in 0..capacity {
        match slots.get_mut(at) {
            Some(free @ None) => {
                *free = Some(slot);
                return;
            }
            _ => at = (at + 1) & (capacity - 1),
        }
    }
}

fn rehashed<T: Slot>(slots: &[Option<T>], capacity: usize) -> Arc<[Option<T>]> {
    let mut fresh: Vec<Option<T>> = vec![None; capacity];
    for slot in slots.iter().flatten() {
        place(&mut fresh, slot.clone());
    }
    Arc::from(fresh)
}

/// Takes a slot out and moves the slots behind it up, as linear probing wants it.
fn take<T: Slot>(slots: &mut [Option<T>], hash: u64, same: &impl Fn(&T) -> bool) -> Option<T> {
    let mask = slots.len().wrapping_sub(1);
    let mut at = home(hash, slots.len());
    loop {
        match slots.get(at)? {
            None => return None,
            Some(slot) if slot.hash() == hash && same(slot) => break,
            Some(_) => at = (at + 1) & mask,
        }
    }
    let removed = slots.get_mut(at)?.take();
    let mut hole = at;
    let mut next = (at + 1) & mask;
    while let Some(Some(slot)) = slots.get(next) {
        let wanted = home(slot.hash(), slots.len());
        // The slot may move into the hole when its home does not lie after the hole (cyclically).
        if (next.wrapping_sub(wanted) & mask) >= (next.wrapping_sub(hole) & mask) {
            slots.swap(hole, next);
            hole = next;
        }
        next = (next + 1) & mask;
    }
    removed
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
            len: self.len,
        }
    }
}

impl<T> Clone for Node<T> {
    fn clone(&self) -> Self {
        match self {
            Node::Leaf { slots, used } => Node::Leaf {
                slots: Arc::clone(slots),
                used: *used,
            },
            Node::Inner(children) => Node::Inner(Arc::clone(children)),
        }
    }
}

/// The slots of one cluster, from the home of a hash to the first free place.
pub(crate) struct Probe<'t, T> {
    slots: &'t [Option<T>],
    at: usize,
    left: usize,
}

impl<T> Probe<'_, T> {
    fn none() -> Self {
        Self {
            slots: &[],
            at: 0,
            left: 0,
        }
    }
}

impl<'t, T> Iterator for Probe<'t, T> {
    type Item = &'t T;

    #[inline]
    fn next(&mut self) -> Option<&'t T> {
        if self.left == 0 {
            return None;
        }
        let slot = self.slots.get(self.at)?.as_ref()?;
        self.left -= 1;
        self.at = (self.at + 1) & (self.slots.len() - 1);
        Some(slot)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
