//! Counters of usage: how often, when and by how many users each app or account did each action in each project.
//!
//! Counters are only ever added, to a table of slots that are filled once, and changed with atomics: counting waits for
//! nobody.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use foldhash::fast::FixedState;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::error::Result;
use crate::store::Store;
use crate::value::same_text;

use super::actor::{Actor, Party};
use super::record::Decided;
use super::sketch::{SharedSketch, Sketch};

/// Slots that are made together. Half of them are used on average when there are as many counters as may be.
const SEGMENT: usize = 256;

/// All counters.
pub struct Usage {
    /// A power of two of them; the hash of a use says in which segment it is counted, and from which slot on it is looked
    /// for there.
    segments: Box<[OnceLock<Segment>]>,
    counters: AtomicUsize,
    max_counters: usize,
    uncounted: AtomicU64,
}

type Segment = Box<[OnceLock<Box<Counted>>]>;

/// A counter with what it counts, by the hash of that.
struct Counted {
    hash: u64,
    key: Key,
    counter: Counter,
}

/// The slots of a segment, from the one on in which a use is looked for.
#[inline]
fn slots(segment: &Segment, hash: u64) -> impl Iterator<Item = &OnceLock<Box<Counted>>> {
    let (before, from) = segment
        .split_at_checked(hash as usize % SEGMENT)
        .unwrap_or_default();
    from.iter().chain(before)
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key {
    tenant: String,
    party: Party,
    project: String,
    action: String,
}

#[derive(Clone, Copy)]
struct KeyRef<'a> {
    actor: &'a Actor,
    project: &'a str,
    action: &'a str,
}

impl KeyRef<'_> {
    fn to_key(self) -> Key {
        Key {
            tenant: self.actor.tenant.clone(),
            party: self.actor.party.clone(),
            project: self.project.to_owned(),
            action: self.action.to_owned(),
        }
    }

    #[inline]
    fn hash(&self) -> u64 {
        hash_of(self.actor.hash, self.project, self.action)
    }

    #[inline]
    fn is(&self, key: &Key) -> bool {
        same_text(&key.action, self.action)
            && same_text(&key.project, self.project)
            && same_text(&key.tenant, &self.actor.tenant)
            && key.party.is(&self.actor.party)
    }
}

impl Key {
    fn hash(&self) -> u64 {
        hash_of(
            Actor::hash_of(&self.tenant, &self.party),
            &self.project,
            &self.action,
        )
    }
}

/// The hash of what is counted together; that of the actor is known before.
#[inline]
fn hash_of(actor: u64, project: &str, action: &str) -> u64 {
    FixedState::default().hash_one((actor, project, action))
}

struct Counter {
    calls: AtomicU64,
    denies: AtomicU64,
    first: AtomicI64,
    last: AtomicI64,
    users: SharedSketch,
    /// Set while there is something that was not saved.
    changed: AtomicBool,
}

/// A counter as it is saved.
#[derive(Serialize, Deserialize)]
struct Saved {
    calls: u64,
    denies: u64,
    first: i64,
    last: i64,
    users: String,
}

impl Counter {
    fn new(at: i64) -> Self {
        Self::of(&Saved {
            calls: 0,
            denies: 0,
            first: at,
            last: at,
            users: String::new(),
        })
    }

    fn of(saved: &Saved) -> Self {
        let users = STANDARD
            .decode(&saved.users)
            .ok()
            .and_then(|bytes| Sketch::from_bytes(&bytes))
            .unwrap_or(Sketch::new());
        Self {
            calls: AtomicU64::new(saved.calls),
            denies: AtomicU64::new(saved.denies),
            first: AtomicI64::new(saved.first),
            last: AtomicI64::new(saved.last),
            users: SharedSketch::new(&users),
            changed: AtomicBool::new(false),
        }
    }

    #[inline]
    fn add(&self, actor: &Actor, decided: &Decided<'_>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if !decided.allowed {
            self.denies.fetch_add(1, Ordering::Relaxed);
        }
        // Seldom true: the clock counts seconds, and it may have been set back.
        if self.last.load(Ordering::Relaxed) < decided.at {
            self.last.fetch_max(decided.at, Ordering::Relaxed);
        }
        if self.first.load(Ordering::Relaxed) > decided.at {
            self.first.fetch_min(decided.at, Ordering::Relaxed);
        }
        self.users.add(actor.person);
        if !self.changed.load(Ordering::Relaxed) {
            self.changed.store(true, Ordering::Release);
        }
    }

    fn saved(&self) -> Saved {
        Saved {
            calls: self.calls.load(Ordering::Relaxed),
            denies: self.denies.load(Ordering::Relaxed),
            first: self.first.load(Ordering::Relaxed),
            last: self.last.load(Ordering::Relaxed),
            users: STANDARD.encode(self.users.rest().as_bytes()),
        }
    }

    fn row(&self, key: &Key) -> UsageRow {
        UsageRow {
            tenant: key.tenant.clone(),
            party: key.party.clone(),
            project: key.project.clone(),
            action: key.action.clone(),
            calls: self.calls.load(Ordering::Relaxed),
            denies: self.denies.load(Ordering::Relaxed),
            first: self.first.load(Ordering::Relaxed),
            last: self.last.load(Ordering::Relaxed),
            sketch: self.users.rest(),
        }
    }
}

impl Usage {
    pub(super) fn new(max_counters: usize) -> Self {
        let segments = (max_counters.saturating_mul(2) / SEGMENT).next_power_of_two();
        Self {
            segments: (0..segments).map(|_| OnceLock::new()).collect(),
            counters: AtomicUsize::new(0),
            max_counters,
            uncounted: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(super) fn count(&self, actor: &Actor, decided: &Decided<'_>) {
        let key = KeyRef {
            actor,
            project: decided.project,
            // Made-up names must not use up the counters.
            action: if decided.action_is_known {
                decided.action
            } else {
                ""
            },
        };
        let hash = key.hash();
        let known = self.find(hash, &key);
        let counted = known.or_else(|| self.add(hash, key.to_key(), Counter::new(decided.at)));
        match counted {
            Some(counted) => counted.counter.add(actor, decided),
            None => drop(self.uncounted.fetch_add(1, Ordering::Relaxed)),
        }
    }

    #[inline]
    fn segment(&self, hash: u64) -> Option<&OnceLock<Segment>> {
        // Their number is a power of two. The slots within one go by the lowest bits.
        self.segments
            .get((hash >> 32) as usize & (self.segments.len() - 1))
    }

    #[inline]
    fn find(&self, hash: u64, key: &KeyRef<'_>) -> Option<&Counted> {
        slots(self.segment(hash)?.get()?, hash)
            .map_while(OnceLock::get)
            .find(|it| it.hash == hash && key.is(&it.key))
            .map(|it| &**it)
    }

    /// The counter of a use: the one that is there by now, or `counter`, or none when there are too many.
    #[cold]
    fn add(&self, hash: u64, key: Key, counter: Counter) -> Option<&Counted> {
        let room = (self.counters).fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
            (count < self.max_counters).then_some(count + 1)
        });
        room.ok()?;
        let segment = self.segment(hash)?;
        let segment = segment.get_or_init(|| (0..SEGMENT).map(|_| OnceLock::new()).collect());
        let mut fresh = Box::new(Counted { hash, key, counter });
        for slot in slots(segment, hash) {
            match slot.set(fresh) {
                Ok(()) => return slot.get().map(|it| &**it),
                Err(refused) => fresh = refused,
            }
            // Somebody may have added it meanwhile.
            if let Some(it) = slot.get().filter(|it| it.key == fresh.key) {
                self.counters.fetch_sub(1, Ordering::AcqRel);
                return Some(it);
            }
        }
        self.counters.fetch_sub(1, Ordering::AcqRel);
        None
    }

    /// How many decisions found no counter, because there are as many as were asked for.
    #[must_use]
    pub fn uncounted(&self) -> u64 {
        self.uncounted.load(Ordering::Relaxed)
    }

    /// The counters of one tenant; with an empty name those of a schema without tenants.
    #[must_use]
    pub fn report(&self, tenant: &str) -> UsageReport {
        let mut rows = vec![];
        self.each(&mut |it| {
            if it.key.tenant == tenant {
                rows.push(it.counter.row(&it.key));
            }
        });
        UsageReport::new(rows)
    }

    fn each<'u>(&'u self, each: &mut dyn FnMut(&'u Counted)) {
        let segments = self.segments.iter().filter_map(OnceLock::get);
        let slots = segments.flat_map(|segment| segment.iter());
        slots.filter_map(OnceLock::get).for_each(|it| each(it));
    }

    /// Saves what has changed since it was saved last.
    ///
    /// # Errors
    ///
    /// Those of [`Store::save_usage`]; what could not be saved is tried again the next time.
    pub fn save(&self, store: &dyn Store) -> Result<()> {
        let mut rows = vec![];
        let mut unsaved = vec![];
        self.each(&mut |Counted { key, counter, .. }| {
            if counter.changed.swap(false, Ordering::AcqRel) {
                unsaved.push(counter);
                // Both are plain structures of texts and numbers, which JSON can always hold.
                if let (Ok(key), Ok(value)) = (serde_json::to_vec(key), serde_json::to_vec(&counter.saved()))
                {
                    rows.push((key, value));
                }
            }
        });
        if rows.is_empty() {
            return Ok(());
        }
        let result = store.save_usage(&mut rows.into_iter());
        if result.is_err() {
            unsaved
                .iter()
                .for_each(|counter| counter.changed.store(true, Ordering::Release));
        }
        result
    }

    /// Takes over what was saved; meant for the beginning, before anything is counted.
    ///
    /// # Errors
    ///
    /// Those of [`Store::usage`]. A row of another version of this library is passed over.
    pub fn load(&self, store: &dyn Store) -> Result<()> {
        store.usage(&mut |key, value| {
            let (Ok(key), Ok(saved)) = (
                serde_json::from_slice::<Key>(key),
                serde_json::from_slice::<Saved>(value),
            ) else {
                return Ok(());
            };
            let hash = key.hash();
            self.add(hash, key, Counter::of(&saved));
            Ok(())
        })
    }
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usage")
            .field("counters", &self.counters.load(Ordering::Relaxed))
            .field("uncounted", &self.uncounted())
            .finish_non_exhaustive()
    }
}

/// What one app or account did with one action in one project, or a sum of such rows.
#[derive(Clone)]
pub struct UsageRow {
    /// The tenant; empty where the schema has none.
    pub tenant: String,
    /// The app or account.
    pub party: Party,
    /// The project; empty for none, and in sums over projects.
    pub project: String,
    /// The action; empty for unknown ones, and in sums over actions.
    pub action: String,
    /// Decisions.
    pub calls: u64,
    /// Those of them that were denied.
    pub denies: u64,
    /// When it was first decided, in seconds since the Unix epoch.
    pub first: i64,
    /// When it was last decided.
    pub last: i64,
    sketch: Sketch,
}

impl UsageRow {
    /// About how many distinct principals there were: exact to some 3 % up to a few hundred, to some 6.5 % beyond.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.sketch.estimate()
    }

    fn merge(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.denies = self.denies.saturating_add(other.denies);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.sketch.merge(&other.sketch);
    }
}

impl Serialize for UsageRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("UsageRow", 9)?;
        row.serialize_field("tenant", &self.tenant)?;
        row.serialize_field("party", &self.party)?;
        row.serialize_field("project", &self.project)?;
        row.serialize_field("action", &self.action)?;
        row.serialize_field("calls", &self.calls)?;
        row.serialize_field("denies", &self.denies)?;
        row.serialize_field("users", &self.users())?;
        row.serialize_field("first", &self.first)?;
        row.serialize_field("last", &self.last)?;
        row.end()
    }
}

impl fmt::Debug for UsageRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsageRow")
            .field("tenant", &self.tenant)
            .field("party", &self.party)
            .field("project", &self.project)
            .field("action", &self.action)
            .field("calls", &self.calls)
            .field("denies", &self.denies)
            .field("users", &self.users())
            .finish_non_exhaustive()
    }
}

/// The counters of one tenant, in the order of party, project and action.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct UsageReport {
    rows: Vec<UsageRow>,
}

impl UsageReport {
    fn new(mut rows: Vec<UsageRow>) -> Self {
        let order = |row: &UsageRow| (row.party.clone(), row.project.clone(), row.action.clone());
        rows.sort_by_cached_key(order);
        Self { rows }
    }

    /// Every counter.
    #[must_use]
    pub fn rows(&self) -> &[UsageRow] {
        &self.rows
    }

    /// Sums for each app, account and the first party.
    #[must_use]
    pub fn by_app(&self) -> Vec<UsageRow> {
        self.sums(|row| (row.party.clone(), String::new(), String::new()))
    }

    /// Sums for each project of each app, account and the first party.
    #[must_use]
    pub fn by_project(&self) -> Vec<UsageRow> {
        self.sums(|row| (row.party.clone(), row.project.clone(), String::new()))
    }

    fn sums(&self, group: impl Fn(&UsageRow) -> (Party, String, String)) -> Vec<UsageRow> {
        let mut sums: BTreeMap<(Party, String, String), UsageRow> = BTreeMap::new();
        for row in &self.rows {
            let (party, project, action) = group(row);
            sums.entry((party.clone(), project.clone(), action.clone()))
                .and_modify(|sum| sum.merge(row))
                .or_insert_with(|| UsageRow {
                    party,
                    project,
                    action,
                    ..row.clone()
                });
        }
        sums.into_values().collect()
    }
}
