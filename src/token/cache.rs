//! What was verified already, so that a token that comes again need not be.
//!
//! An entry is found by a hash of the whole token and the tenant under a key of this process, and is the right one only
//! if both are equal byte by byte. Who takes an entry out checks that it still holds: see the engine.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use hashbrown::HashTable;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

use super::signing_key::no_randomness;

/// Entries of a token cache unless told otherwise.
pub(crate) const DEFAULT_ENTRIES: usize = 100_000;
/// Bytes of a token cache unless told otherwise (512 MiB): enough for as many entries of tokens of 800 bytes.
pub(crate) const DEFAULT_BYTES: usize = 512 << 20;

const MAX_SHARDS: usize = 64;
/// A shard for fewer entries than this is not worth its while.
const MIN_SHARD_ENTRIES: usize = 64;
/// How long a refusal is remembered, in seconds.
const REFUSAL_SECONDS: i64 = 2;
const REFUSALS: usize = 256;
/// Longer tokens are not remembered when refused.
const MAX_REFUSED_BYTES: usize = 4_096;

/// A bounded cache. When it is full, a token is kept only if it was seen not long before, and what has not been asked for
/// since the hand last passed makes room for it (CLOCK). So a working set larger than the cache costs no more than no
/// cache, even if it comes in turn, and tokens seen once push nothing out.
pub(crate) struct TokenCache<V> {
    hasher: SeedableRandomState,
    shards: Box<[RwLock<Shard<V>>]>,
    refusals: RwLock<Vec<Option<Refusal>>>,
}

struct Shard<V> {
    /// Places of slots, by hash.
    index: HashTable<u32>,
    slots: Vec<Option<Slot<V>>>,
    free: Vec<u32>,
    /// Parts of the hashes of tokens that were turned away, each in the place of its hash; made when the shard is full.
    turned_away: Vec<u32>,
    /// The next slot that may have to go.
    hand: usize,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

struct Slot<V> {
    hash: u64,
    token: Zeroizing<Box<str>>,
    tenant: Option<Box<str>>,
    value: V,
    bytes: usize,
    /// Asked for since the hand last passed.
    visited: AtomicBool,
}

struct Refusal {
    hash: u64,
    token: Zeroizing<Box<str>>,
    error: Error,
    at: i64,
}

/// How full a token cache is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCacheUsage {
    /// Entries held.
    pub entries: usize,
    /// Bytes held, as far as they can be counted.
    pub bytes: usize,
}

impl<V: Clone> TokenCache<V> {
    /// A cache for so many entries and bytes; without either it stays empty.
    pub(crate) fn new(entries: usize, bytes: usize) -> Result<Self> {
        let mut seed = [0; 8];
        SystemRandom::new().fill(&mut seed).map_err(|_| no_randomness())?;
        let count = (entries / MIN_SHARD_ENTRIES).clamp(1, MAX_SHARDS);
        let shards = (0..count).map(|_| {
            RwLock::new(Shard {
                index: HashTable::new(),
                slots: vec![],
                free: vec![],
                turned_away: vec![],
                hand: 0,
                bytes: 0,
                max_entries: entries / count,
                max_bytes: bytes / count,
            })
        });
        Ok(Self {
            hasher: SeedableRandomState::with_seed(u64::from_le_bytes(seed), SharedSeed::global_random()),
            shards: shards.collect(),
            refusals: RwLock::default(),
        })
    }

    /// What was kept for exactly this token in exactly this tenant.
    pub(crate) fn get(&self, token: &str, tenant: Option<&str>) -> Option<V> {
        let hash = self.hash(token, tenant);
        let shard = self.shard(hash)?.read().unwrap_or_else(PoisonError::into_inner);
        let slot = shard.slot(shard.find(hash, token, tenant)?)?;
        // A hit on a busy token must not write what all processors read.
        if !slot.visited.load(Ordering::Relaxed) {
            slot.visited.store(true, Ordering::Relaxed);
        }
        Some(slot.value.clone())
    }

    /// Keeps a value that weighs `weight` bytes, in place of an earlier one.
    pub(crate) fn insert(&self, token: &str, tenant: Option<&str>, value: V, weight: usize) {
        let hash = self.hash(token, tenant);
        let Some(shard) = self.shard(hash) else { return };
        let bytes = token.len() + tenant.map_or(0, str::len) + weight + Self::SLOT_BYTES;
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = shard.find(hash, token, tenant) {
            shard.remove(at);
        } else if !shard.has_room(bytes) && !shard.comes_again(hash) {
            return;
        }
        shard.insert(Slot {
            hash,
            token: Zeroizing::new(token.into()),
            tenant: tenant.map(Into::into),
            value,
            bytes,
            visited: AtomicBool::new(false),
        });
    }

    /// A slot, its place in the index with the index's spare room, and what allocators add.
    const SLOT_BYTES: usize = size_of::<Option<Slot<V>>>() * 2 + 16 + 64;

    /// Forgets a token.
    pub(crate) fn remove(&self, token: &str, tenant: Option<&str>) {
        let hash = self.hash(token, tenant);
        let Some(shard) = self.shard(hash) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = shard.find(hash, token, tenant) {
            shard.remove(at);
        }
    }

    pub(crate) fn usage(&self) -> TokenCacheUsage {
        let mut usage = TokenCacheUsage::default();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            usage.entries += shard.index.len();
            usage.bytes += shard.bytes;
        }
        usage
    }

    /// Remembers for a moment that a signature did not verify, so that the same forgery sent over and over costs little.
    pub(crate) fn refuse(&self, token: &str, error: &Error, now: i64) {
        if token.len() > MAX_REFUSED_BYTES {
            return;
        }
        let hash = self.hash(token, None);
        let mut refusals = self.refusals.write().unwrap_or_else(PoisonError::into_inner);
        if refusals.is_empty() {
            refusals.resize_with(REFUSALS, || None);
        }
        if let Some(place) = refusals.get_mut(refusal_place(hash)) {
            *place = Some(Refusal {
                hash,
                token: Zeroizing::new(token.into()),
                error: error.clone(),
                at: now,
            });
        }
    }

    /// The error with which exactly this token was refused a moment ago.
    pub(crate) fn refused(&self, token: &str, now: i64) -> Option<Error> {
        let hash = self.hash(token, None);
        let refusals = self.refusals.read().unwrap_or_else(PoisonError::into_inner);
        let refusal = refusals.get(refusal_place(hash))?.as_ref()?;
        let is_recent = now.saturating_sub(refusal.at).unsigned_abs() < REFUSAL_SECONDS.unsigned_abs();
        (refusal.hash == hash && is_recent && **refusal.token == *token).then(|| refusal.error.clone())
    }

    fn hash(&self, token: &str, tenant: Option<&str>) -> u64 {
        self.hasher.hash_one((token, tenant))
    }

    fn shard(&self, hash: u64) -> Option<&RwLock<Shard<V>>> {
        // The leading bits lie in the index's tags, the trailing ones in its places: take some in between.
        #[expect(clippy::cast_possible_truncation, reason = "sixteen bits are left")]
        let at = (hash >> 32) as u16 as usize % self.shards.len();
        self.shards.get(at)
    }
}

fn refusal_place(hash: u64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
    let place = (hash % REFUSALS as u64) as usize;
    place
}

impl<V> Shard<V> {
    fn slot(&self, at: u32) -> Option<&Slot<V>> {
        self.slots.get(at as usize)?.as_ref()
    }

    fn find(&self, hash: u64, token: &str, tenant: Option<&str>) -> Option<u32> {
        let is_it = |at: &u32| {
            self.slot(*at).is_some_and(|slot| {
                slot.hash == hash && **slot.token == *token && slot.tenant.as_deref() == tenant
            })
        };
        self.index.find(hash, is_it).copied()
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.index.len() < self.max_entries && bytes <= self.max_bytes.saturating_sub(self.bytes)
    }

    /// Whether a token of this hash was turned away not long ago; if not, it is now.
    fn comes_again(&mut self, hash: u64) -> bool {
        if self.turned_away.is_empty() {
            // No more places than there are entries, though the bound on entries may be none.
            self.turned_away
                .resize(self.index.len().next_power_of_two().max(MIN_SHARD_ENTRIES), 0);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
        let at = (hash % self.turned_away.len() as u64) as usize;
        let part = (hash >> 32) as u32;
        let Some(place) = self.turned_away.get_mut(at) else {
            return false;
        };
        std::mem::replace(place, part) == part
    }

    fn insert(&mut self, slot: Slot<V>) {
        if slot.bytes > self.max_bytes || self.max_entries == 0 {
            return;
        }
        while !self.has_room(slot.bytes) {
            if !self.evict() {
                return;
            }
        }
        let (hash, bytes) = (slot.hash, slot.bytes);
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.slots.get_mut(at as usize) {
                    *place = Some(slot);
                }
                at
            }
            None => {
                let Ok(at) = u32::try_from(self.slots.len()) else {
                    return;
                };
                self.slots.push(Some(slot));
                at
            }
        };
        self.bytes += bytes;
        let slots = &self.slots;
        let hash_of = |at: &u32| {
            slots
                .get(*at as usize)
                .and_then(Option::as_ref)
                .map_or(0, |slot| slot.hash)
        };
        self.index.insert_unique(hash, at, hash_of);
    }

    /// Makes room by one entry: the first from the hand on that was not asked for since the hand last passed.
    fn evict(&mut self) -> bool {
        // After one round no slot counts as visited any more.
        for _ in 0..self.slots.len() * 2 + 1 {
            let at = self.hand;
            self.hand = if at + 1 < self.slots.len() { at + 1 } else { 0 };
            let Some(Some(slot)) = self.slots.get(at) else {
                continue;
            };
            if !slot.visited.swap(false, Ordering::Relaxed) {
                #[expect(clippy::cast_possible_truncation, reason = "slots are counted in 32 bits")]
                self.remove(at as u32);
                return true;
            }
        }
        false
    }

    fn remove(&mut self, at: u32) {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::take) else {
            return;
        };
        self.bytes -= slot.bytes;
        self.free.push(at);
        if let Ok(entry) = self.index.find_entry(slot.hash, |it| *it == at) {
            entry.remove();
        }
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
