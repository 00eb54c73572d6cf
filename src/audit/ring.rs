//! The ring: a fixed number of slots that are filled in place, the oldest first.
//!
//! A slot is taken with `try_lock` alone, so a decision never waits for a reader or for another decision. Numbers tell
//! which record a slot holds; a reader that finds another number knows that the record was overwritten.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::limits::MAX_NAME_BYTES;

use super::actor::Actor;
use super::record::{Decided, DecisionRecord};

/// How often a slot that is busy is tried before the record is given up. A slot is held for some tens of nanoseconds.
const TRIES: usize = 64;

/// Texts up to this length together are held without allocating anew.
const TEXT_BYTES: usize = 128;

pub(super) struct Ring {
    slots: Box<[Mutex<Slot>]>,
    /// The number of the last record that was begun; the first is 1.
    last: AtomicU64,
}

struct Slot {
    /// The record that it holds; 0 for none.
    number: u64,
    at: i64,
    revision: u64,
    actor: Option<Arc<Actor>>,
    /// The action, the type of the resource and its id, one behind the other: a record that is written for the first time
    /// in a while waits for every line of memory that it touches.
    texts: String,
    /// Where the first two of them end.
    ends: [usize; 2],
    allowed: bool,
    reason: &'static str,
    administration: bool,
}

/// What a reader finds where it looks for a record.
pub(super) enum Found {
    Record(DecisionRecord),
    /// The record has not been written yet, or was given up.
    Missing,
    /// A later record has taken its place.
    Overwritten,
}

impl Ring {
    pub(super) fn new(records: usize) -> Self {
        Self {
            slots: (0..records.max(1).next_power_of_two())
                .map(|_| Mutex::new(Slot::empty()))
                .collect(),
            last: AtomicU64::new(0),
        }
    }

    /// How many records it holds at most.
    pub(super) fn capacity(&self) -> u64 {
        self.slots.len() as u64
    }

    /// The number of the last record.
    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    fn slot(&self, number: u64) -> Option<&Mutex<Slot>> {
        // The number of slots is a power of two.
        self.slots.get((number & (self.capacity() - 1)) as usize)
    }

    pub(super) fn record(&self, actor: &Arc<Actor>, decided: &Decided<'_>) {
        let number = self.last.fetch_add(1, Ordering::AcqRel) + 1;
        let Some(slot) = self.slot(number) else { return };
        for _ in 0..TRIES {
            match slot.try_lock() {
                Ok(mut slot) => return slot.fill(number, actor, decided),
                Err(TryLockError::Poisoned(slot)) => {
                    return slot.into_inner().fill(number, actor, decided);
                }
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
        if decided.administration {
            // Nothing of these is ever given up, and they are few.
            lock(slot).fill(number, actor, decided);
        }
    }

    pub(super) fn find(&self, number: u64) -> Found {
        let Some(slot) = self.slot(number) else {
            return Found::Missing;
        };
        let slot = lock(slot);
        match slot.number.cmp(&number) {
            std::cmp::Ordering::Less => Found::Missing,
            std::cmp::Ordering::Greater => Found::Overwritten,
            std::cmp::Ordering::Equal => slot.read().map_or(Found::Missing, Found::Record),
        }
    }

    /// The latest records of those that are wanted, the newest first.
    pub(super) fn recent(
        &self,
        limit: usize,
        is_wanted: impl Fn(&DecisionRecord) -> bool,
    ) -> Vec<DecisionRecord> {
        let last = self.last();
        let oldest = last.saturating_sub(self.capacity()) + 1;
        (oldest..=last)
            .rev()
            .filter_map(|number| match self.find(number) {
                Found::Record(record) => Some(record),
                _ => None,
            })
            .filter(is_wanted)
            .take(limit)
            .collect()
    }
}

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    fn empty() -> Self {
        Self {
            number: 0,
            at: 0,
            revision: 0,
            actor: None,
            texts: String::with_capacity(TEXT_BYTES),
            ends: [0; 2],
            allowed: false,
            reason: "",
            administration: false,
        }
    }

    fn fill(&mut self, number: u64, actor: &Arc<Actor>, decided: &Decided<'_>) {
        if self.number > number {
            // A whole round has passed meanwhile.
            return;
        }
        self.number = number;
        self.at = decided.at;
        self.revision = decided.revision;
        if !self.actor.as_ref().is_some_and(|held| Arc::ptr_eq(held, actor)) {
            self.actor = Some(Arc::clone(actor));
        }
        let texts = [decided.action, decided.resource.type_name, decided.resource.id].map(cut);
        self.set_texts(texts);
        self.allowed = decided.allowed;
        self.reason = decided.reason;
        self.administration = decided.administration;
    }

    fn set_texts(&mut self, [action, resource_type, resource]: [&str; 3]) {
        let len = action.len() + resource_type.len() + resource.len();
        if self.texts.capacity() > TEXT_BYTES && len <= TEXT_BYTES {
            // Long texts of long ago must not keep their memory for ever.
            self.texts = String::with_capacity(TEXT_BYTES);
        }
        self.texts.clear();
        self.texts.push_str(action);
        self.texts.push_str(resource_type);
        self.texts.push_str(resource);
        self.ends = [action.len(), action.len() + resource_type.len()];
    }

    fn read(&self) -> Option<DecisionRecord> {
        let actor = self.actor.as_ref()?;
        let [action, resource_type] = self.ends;
        let (head, resource) = self.texts.split_at_checked(resource_type)?;
        let (action, resource_type) = head.split_at_checked(action)?;
        let resource = crate::value::EntityUid::new(resource_type, resource);
        Some(DecisionRecord {
            at: self.at,
            revision: self.revision,
            tenant: actor.tenant.clone(),
            principal: actor.principal.to_string(),
            party: actor.party.clone(),
            grant_type: actor.grant_type.clone(),
            action: action.to_owned(),
            resource: resource.to_string(),
            allowed: self.allowed,
            reason: self.reason,
            administration: self.administration,
        })
    }
}

/// What a valid request may name is kept whole; anything longer is cut.
#[inline]
fn cut(text: &str) -> &str {
    if text.len() <= MAX_NAME_BYTES {
        return text;
    }
    let mut end = MAX_NAME_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
