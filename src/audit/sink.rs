//! From the rings to the sinks, on a thread of its own.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::error::{Error, Result};

use super::record::Record;
use super::ring::{Found, Ring};

/// Takes records, one after the other, on a thread that decides nothing.
pub trait Sink: Send {
    /// Takes one record.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from doing so; the record then counts as lost.
    fn write(&mut self, record: &Record) -> Result<()>;

    /// Hands on what it has held back.
    ///
    /// # Errors
    ///
    /// As [`Sink::write`].
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl<F: FnMut(&Record) -> Result<()> + Send> Sink for F {
    fn write(&mut self, record: &Record) -> Result<()> {
        self(record)
    }
}

/// How long a record waits at most, unless the ring fills before.
const PAUSE: Duration = Duration::from_millis(200);

/// Changes that wait for a sink at most. They are kept in the store whether a sink gets them or not.
const MAX_WAITING: usize = 65_536;

/// The rings' way out.
pub(super) struct Outlet {
    shared: Arc<Shared>,
    has_sinks: bool,
    /// None without sinks.
    thread: Option<Thread>,
}

struct Shared {
    drain: Mutex<Drain>,
    /// Changes that no sink has got yet, the oldest first. Never held while a sink is called: whoever makes a change waits
    /// for no sink.
    changes: Mutex<VecDeque<Json>>,
    /// For each ring, up to where it has been drained, in the order of the rings.
    drained: Vec<(Arc<Ring>, AtomicU64)>,
    /// Set while the thread has been woken and has not come yet.
    woken: AtomicBool,
    lost: AtomicU64,
}

struct Drain {
    sinks: Vec<Box<dyn Sink>>,
    /// Records that were begun but not finished when they were looked for.
    unfinished: Vec<BTreeSet<u64>>,
    failure: Option<Error>,
}

impl Outlet {
    pub(super) fn start(rings: Vec<Arc<Ring>>, sinks: Vec<Box<dyn Sink>>) -> Self {
        let has_sinks = !sinks.is_empty();
        let shared = Arc::new(Shared {
            drain: Mutex::new(Drain {
                sinks,
                unfinished: rings.iter().map(|_| BTreeSet::new()).collect(),
                failure: None,
            }),
            drained: rings.into_iter().map(|ring| (ring, AtomicU64::new(0))).collect(),
            changes: Mutex::default(),
            woken: AtomicBool::new(false),
            lost: AtomicU64::new(0),
        });
        let thread = has_sinks.then(|| spawn(Arc::downgrade(&shared))).flatten();
        Self {
            shared,
            has_sinks,
            thread,
        }
    }

    /// Wakes the thread early when half of a ring waits for it.
    #[inline]
    pub(super) fn wake_if_filling(&self, ring: &Arc<Ring>) {
        let Some(thread) = &self.thread else { return };
        let waiting = |drained: &AtomicU64| ring.last().saturating_sub(drained.load(Ordering::Relaxed));
        let fills = self
            .shared
            .drained
            .iter()
            .any(|(known, drained)| Arc::ptr_eq(known, ring) && waiting(drained) > ring.capacity() / 2);
        if fills && !self.shared.woken.swap(true, Ordering::AcqRel) {
            thread.unpark();
        }
    }

    /// Lets a change wait for the thread.
    pub(super) fn push(&self, change: Json) {
        if !self.has_sinks {
            return;
        }
        let mut changes = self.shared.waiting();
        if changes.len() < MAX_WAITING {
            changes.push_back(change);
        } else {
            self.shared.lost.fetch_add(1, Ordering::AcqRel);
        }
        drop(changes);
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }

    pub(super) fn flush(&self) {
        self.shared.run();
    }

    pub(super) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Acquire)
    }

    pub(super) fn failure(&self) -> Option<Error> {
        self.shared.lock().failure.clone()
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.shared.run();
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

/// A thread that lives as long as the outlet. Where none can be started, `flush` does its work alone.
fn spawn(shared: Weak<Shared>) -> Option<Thread> {
    let run = move || {
        loop {
            std::thread::park_timeout(PAUSE);
            match shared.upgrade() {
                Some(shared) => shared.run(),
                None => return,
            }
        }
    };
    std::thread::Builder::new()
        .name("bailiwick-audit".to_owned())
        .spawn(run)
        .ok()
        .map(|handle| handle.thread().clone())
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Drain> {
        // A sink that has panicked may be in any state, but the records that it had not seen are not lost for that.
        self.drain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Json>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries everything that is in the rings, and the changes that wait, to the sinks.
    fn run(&self) {
        let mut drain = self.lock();
        if drain.sinks.is_empty() {
            return;
        }
        self.woken.store(false, Ordering::Release);
        for (index, (ring, drained)) in self.drained.iter().enumerate() {
            let last = ring.last();
            let from = drained.load(Ordering::Relaxed) + 1;
            let earlier = drain.unfinished.get_mut(index).map(std::mem::take);
            let mut unfinished = BTreeSet::new();
            for number in earlier.unwrap_or_default().into_iter().chain(from..=last) {
                match ring.find(number) {
                    Found::Record(record) => self.hand_on(&mut drain, &Record::Decision(record)),
                    // In a whole round it would have been written.
                    Found::Missing if number + ring.capacity() > last => drop(unfinished.insert(number)),
                    Found::Missing | Found::Overwritten => {
                        self.lost.fetch_add(1, Ordering::AcqRel);
                    }
                }
            }
            if let Some(kept) = drain.unfinished.get_mut(index) {
                *kept = unfinished;
            }
            drained.store(last, Ordering::Release);
        }
        let changes = std::mem::take(&mut *self.waiting());
        for change in changes {
            self.hand_on(&mut drain, &Record::Change(change));
        }
        drain.finish();
    }

    fn hand_on(&self, drain: &mut Drain, record: &Record) {
        // A sink that takes the record does not undo that another has not.
        drain.failure = None;
        for sink in &mut drain.sinks {
            if let Err(error) = sink.write(record) {
                drain.failure = Some(error);
                self.lost.fetch_add(1, Ordering::AcqRel);
            }
        }
    }
}

impl Drain {
    fn finish(&mut self) {
        for sink in &mut self.sinks {
            if let Err(error) = sink.flush() {
                self.failure = Some(error);
            }
        }
    }
}
