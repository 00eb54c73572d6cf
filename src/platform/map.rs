//! Persistent maps and sets: a copy costs a reference count, a change copies the path it touches.

use std::borrow::Borrow;
use std::hash::{BuildHasher as _, Hash};

use foldhash::quality::RandomState;

use crate::entities::table::{Slot, Table};

#[derive(Clone)]
struct Entry<K, V> {
    hash: u64,
    key: K,
    value: V,
}

impl<K: Clone, V: Clone> Slot for Entry<K, V> {
    fn hash(&self) -> u64 {
        self.hash
    }
}

/// A map. Hashed with a seed of its own: keys come from outside.
pub(crate) struct Map<K, V> {
    seed: RandomState,
    table: Table<Entry<K, V>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Map<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            seed: RandomState::default(),
            table: Table::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    #[inline]
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let hash = self.seed.hash_one(key);
        let found = self
            .table
            .find(hash, |entry| entry.hash == hash && entry.key.borrow() == key)?;
        Some(&found.value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let hash = self.seed.hash_one(&key);
        let entry = Entry {
            hash,
            key: key.clone(),
            value,
        };
        if self
            .table
            .find(hash, |old| old.hash == hash && old.key == key)
            .is_none()
        {
            self.table.insert(entry);
        } else {
            self.table
                .replace(entry, |old| old.hash == hash && old.key == key);
        }
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let hash = self.seed.hash_one(key);
        let removed = self
            .table
            .remove(hash, |entry| entry.hash == hash && entry.key.borrow() == key)?;
        Some(removed.value)
    }

    /// Visits every key and value, in no particular order.
    pub(crate) fn for_each<'m>(&'m self, visit: &mut impl FnMut(&'m K, &'m V)) {
        self.table.for_each(&mut |entry| visit(&entry.key, &entry.value));
    }

    /// Every key and value, sorted by key, so that nothing depends on the seed.
    pub(crate) fn sorted(&self) -> Vec<(&K, &V)>
    where
        K: Ord,
    {
        let mut entries = Vec::with_capacity(self.len());
        self.table
            .for_each(&mut |entry| entries.push((&entry.key, &entry.value)));
        entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
        entries
    }
}

impl<K, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self {
            seed: self.seed.clone(),
            table: self.table.clone(),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// What lies under each key: sets of ids, kept only while they are not empty.
#[derive(Clone)]
pub(crate) struct Index<K: Clone + Eq + Hash, V: Clone + Eq + Hash>(Map<K, Map<V, ()>>);

impl<K: Clone + Eq + Hash, V: Clone + Eq + Hash + Ord> Index<K, V> {
    pub(crate) fn insert(&mut self, key: &K, member: V) {
        // Taken out first, so that the set is not shared with its own map while it changes.
        let mut members = self.0.remove(key).unwrap_or_default();
        members.insert(member, ());
        self.0.insert(key.clone(), members);
    }

    pub(crate) fn remove(&mut self, key: &K, member: &V) {
        let Some(mut members) = self.0.remove(key) else {
            return;
        };
        members.remove(member);
        if members.len() > 0 {
            self.0.insert(key.clone(), members);
        }
    }

    /// The members under a key, sorted.
    pub(crate) fn of<Q>(&self, key: &Q) -> Vec<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let members = self.0.get(key).map(Map::sorted).unwrap_or_default();
        members.into_iter().map(|(member, ())| member).collect()
    }

    pub(crate) fn count<Q>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.get(key).map_or(0, Map::len)
    }
}

impl<K: Clone + Eq + Hash, V: Clone + Eq + Hash> Default for Index<K, V> {
    fn default() -> Self {
        Self(Map::new())
    }
}
