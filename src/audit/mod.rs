//! Audit: what was decided and changed, by whom and through what; and how often, for those who oversee apps.
//!
//! A decision leaves its record in a ring of slots that are filled in place: no allocation, no lock that is waited for.
//! A thread of its own carries the records from the ring to the sinks. Counters of usage are exact whatever is sampled.

mod actor;
mod file;
mod record;
mod ring;
mod sink;
mod sketch;
mod usage;

pub use actor::{Actor, Party};
pub use file::JsonLines;
pub use record::{Decided, DecisionRecord, Record};
pub use sink::Sink;
pub use usage::{Usage, UsageReport, UsageRow};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value as Json;

use crate::error::{Error, Result};

use ring::Ring;
use sink::Outlet;

/// Records of one ring, unless another number is asked for.
const RECORDS: usize = 4_096;

/// Records of one ring, or counters, at most.
const MOST: usize = 1 << 20;

/// Counters of usage, unless another number is asked for.
const COUNTERS: usize = 16_384;

/// Collects records and counters; the engine writes it, admins read it.
///
/// Denials are always recorded, and so is everything that administers the platform, in a ring of its own that no flood
/// of ordinary decisions can wash out. What strangers ask for, who have proved nothing, is in a ring of its own as well, so
/// that it washes out neither. Of ordinary allows each nth can be taken alone.
///
/// ```
/// use bailiwick::audit::{Audit, Record};
///
/// let audit = Audit::builder()
///     .records(1_024)
///     .sample_allows(10)
///     .sink(|record: &Record| { println!("{}", record.to_json()); Ok(()) })
///     .build();
/// assert!(audit.recent(5).is_empty());
/// audit.flush();
/// ```
#[derive(Clone)]
pub struct Audit {
    inner: Arc<Inner>,
}

struct Inner {
    decisions: Arc<Ring>,
    administration: Arc<Ring>,
    strangers: Arc<Ring>,
    outlet: Outlet,
    usage: Option<Usage>,
    /// Of how many ordinary allows one is recorded.
    every: u64,
    allows: AtomicU64,
}

/// Sets up an [`Audit`].
#[must_use = "records are collected once `build` is called"]
pub struct AuditBuilder {
    records: usize,
    counters: usize,
    every: u64,
    sinks: Vec<Box<dyn Sink>>,
}

impl AuditBuilder {
    /// How many records of decisions are kept in memory, and as many of administration and of strangers' requests; 4,096
    /// by default, a million at most.
    pub fn records(mut self, records: usize) -> Self {
        self.records = records.min(MOST);
        self
    }

    /// For how many different uses there are counters; 16,384 by default, a million at most, each of about 500 bytes; 0 for
    /// none.
    ///
    /// A use is a tenant, an app or account, a project and an action. What finds no counter is counted as
    /// [`Usage::uncounted`].
    pub fn counters(mut self, counters: usize) -> Self {
        self.counters = counters.min(MOST);
        self
    }

    /// Records one of `every` ordinary allows; denials and administration are always recorded.
    pub fn sample_allows(mut self, every: u32) -> Self {
        self.every = u64::from(every.max(1));
        self
    }

    /// Hands every record to a sink as well: a [`JsonLines`] file, or a function.
    pub fn sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Begins to collect; with sinks, a thread begins to carry records to them.
    #[must_use]
    pub fn build(self) -> Audit {
        let decisions = Arc::new(Ring::new(self.records));
        let administration = Arc::new(Ring::new(self.records));
        let strangers = Arc::new(Ring::new(self.records));
        let rings = [&administration, &decisions, &strangers].map(Arc::clone);
        Audit {
            inner: Arc::new(Inner {
                outlet: Outlet::start(rings.into(), self.sinks),
                decisions,
                administration,
                strangers,
                usage: (self.counters > 0).then(|| Usage::new(self.counters)),
                every: self.every,
                allows: AtomicU64::new(0),
            }),
        }
    }
}

impl Audit {
    /// Begins to set up an audit.
    pub fn builder() -> AuditBuilder {
        AuditBuilder {
            records: RECORDS,
            counters: COUNTERS,
            every: 1,
            sinks: vec![],
        }
    }

    /// Records a decision, and counts it.
    pub fn decided(&self, actor: &Arc<Actor>, decided: &Decided<'_>) {
        let inner = &*self.inner;
        if let Some(usage) = &inner.usage {
            usage.count(actor, decided);
        }
        if decided.administration {
            inner.administration.record(actor, decided);
            inner.outlet.wake_if_filling(&inner.administration);
            return;
        }
        let is_left_out = decided.allowed
            && inner.every > 1
            && !inner
                .allows
                .fetch_add(1, Ordering::Relaxed)
                .is_multiple_of(inner.every);
        if !is_left_out {
            inner.decisions.record(actor, decided);
            inner.outlet.wake_if_filling(&inner.decisions);
        }
    }

    /// Records a decision without counting it, as of somebody who is known but has no session.
    pub fn noted(&self, actor: &Arc<Actor>, decided: &Decided<'_>) {
        self.note(&self.inner.decisions, actor, decided);
    }

    /// Records what somebody asked for who has not proved who they are. It is not counted: a counter for each name that a
    /// stranger makes up would crowd out the others.
    pub fn noted_of_stranger(&self, actor: &Arc<Actor>, decided: &Decided<'_>) {
        self.note(&self.inner.strangers, actor, decided);
    }

    fn note(&self, ring: &Arc<Ring>, actor: &Arc<Actor>, decided: &Decided<'_>) {
        ring.record(actor, decided);
        self.inner.outlet.wake_if_filling(ring);
    }

    /// Hands a change to the thread of the sinks, and waits for none of them. Changes are kept in the store; here they
    /// only pass through.
    pub fn changed(&self, change: Json) {
        self.inner.outlet.push(change);
    }

    /// The latest records of decisions, the newest first: at most `limit` of administration, as many of strangers'
    /// requests, and as many of others.
    #[must_use]
    pub fn recent(&self, limit: usize) -> Vec<DecisionRecord> {
        self.recent_of(limit, |_| true)
    }

    /// The same of the records that are wanted.
    pub(crate) fn recent_of(
        &self,
        limit: usize,
        is_wanted: impl Fn(&DecisionRecord) -> bool,
    ) -> Vec<DecisionRecord> {
        let inner = &self.inner;
        let mut records = vec![];
        for ring in [&inner.administration, &inner.decisions, &inner.strangers] {
            records.append(&mut ring.recent(limit, &is_wanted));
        }
        records.sort_by_key(|record| std::cmp::Reverse(record.at));
        records
    }

    /// The counters of usage, unless they are off.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.inner.usage.as_ref()
    }

    /// Carries everything recorded so far to the sinks before it returns.
    pub fn flush(&self) {
        self.inner.outlet.flush();
    }

    /// How many records reached no sink, because they came faster than a sink took them or because it failed.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.inner.outlet.lost()
    }

    /// The last failure of a sink.
    ///
    /// # Errors
    ///
    /// That failure, until the next record is written well.
    pub fn healthy(&self) -> Result<()> {
        self.inner.outlet.failure().map_or(Ok(()), Err::<(), Error>)
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("sampled", &self.inner.every)
            .field("counts", &self.inner.usage.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
