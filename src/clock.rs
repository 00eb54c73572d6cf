//! The one clock. Everything that depends on time asks it, so that tests decide what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
#[cfg(not(target_os = "linux"))]
use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

/// Where the time comes from: the system's clock, or a hand-set one for tests.
///
/// The system's time is read such that it never runs backwards within a process, whoever sets the machine's clock: what
/// has expired stays so, and what has not expires when it would have. A clock that is set forth is believed at once. If
/// that was a mistake and it is set back, time goes on from the mistake, which ends tokens too early and never too late,
/// until the process is told to [`believe`](Clock::believe_system) the system again, or is started anew.
///
/// ```
/// use bailiwick::Clock;
///
/// let clock = Clock::fixed(1_800_000_000);
/// clock.advance(60);
/// assert_eq!(clock.now(), 1_800_000_060);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Fixed(Arc<AtomicI64>),
    #[cfg(test)]
    Simulated(Arc<Simulated>),
}

/// The system's time as this process has seen it.
static SYSTEM: LazyLock<Steady> = LazyLock::new(Steady::default);
/// What the time that passes is counted from.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `seconds` since the Unix epoch until it is moved; clones share it. Unlike the system's it may
    /// be moved back.
    #[must_use]
    pub fn fixed(seconds: i64) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(seconds))))
    }

    /// Seconds since the Unix epoch. A system clock before the epoch reads as 0.
    #[must_use]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Source::Fixed(seconds) => seconds.load(Ordering::Acquire),
            Source::System => SYSTEM.read(system_seconds(), || START.elapsed()),
            #[cfg(test)]
            Source::Simulated(simulated) => simulated.now(),
        }
    }

    /// Moves a fixed clock by `seconds`, backwards when negative; the system's clock is left alone.
    pub fn advance(&self, seconds: i64) {
        if let Source::Fixed(now) = &self.0 {
            // The closure always returns Some, so the update always succeeds.
            let _ = now.fetch_update(Ordering::AcqRel, Ordering::Acquire, |at| {
                Some(at.saturating_add(seconds))
            });
        }
    }

    /// Takes the system's time as it is from now on, though it may be earlier than what was read before: for operators who
    /// have corrected a machine's clock that ran ahead. Tokens that have expired in between may count again. Other clocks
    /// are left alone.
    pub fn believe_system(&self) {
        match &self.0 {
            Source::System => SYSTEM.believe(system_seconds(), START.elapsed()),
            Source::Fixed(_) => {}
            #[cfg(test)]
            Source::Simulated(simulated) => simulated.believe(),
        }
    }
}

/// The time of the last tick of the system's timer, at most ten milliseconds ago: seconds are all that is asked for, and
/// most decisions of a token's session ask.
#[cfg(target_os = "linux")]
fn system_seconds() -> i64 {
    clock_gettime(ClockId::RealtimeCoarse).tv_sec.max(0)
}

#[cfg(not(target_os = "linux"))]
fn system_seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok())
        .unwrap_or(0)
}

/// Time that never runs backwards, and never slower than time passes.
#[derive(Debug, Default)]
struct Steady {
    /// What the clock read last.
    clock: AtomicI64,
    /// The time that it was then; written before the clock's.
    latest: AtomicI64,
    /// A time that was read from the clock, and how long the process ran by then.
    anchor: Mutex<Option<(i64, Duration)>>,
}

impl Steady {
    /// The time, if the clock reads `clock`. How long the process runs is asked when the second is another than last time, so
    /// a clock that was set back is found out at once or at its next tick.
    fn read(&self, clock: i64, running: impl FnOnce() -> Duration) -> i64 {
        if clock == self.clock.load(Ordering::Acquire) {
            return self.latest.load(Ordering::Acquire);
        }
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running();
        let now = match *anchor {
            None => {
                *anchor = Some((clock, running));
                clock
            }
            Some((seconds, at)) => {
                let passed = running.saturating_sub(at).as_secs();
                let expected = seconds.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
                if clock >= expected {
                    *anchor = Some((clock, running));
                }
                clock.max(expected).max(self.latest.load(Ordering::Acquire))
            }
        };
        self.latest.store(now, Ordering::Release);
        self.clock.store(clock, Ordering::Release);
        now
    }

    fn believe(&self, clock: i64, running: Duration) {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        *anchor = Some((clock, running));
        self.latest.store(clock, Ordering::Release);
        self.clock.store(clock, Ordering::Release);
    }
}

/// A machine whose clock a test sets apart from the time that passes.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Simulated {
    steady: Steady,
    clock: AtomicI64,
    running: AtomicI64,
}

#[cfg(test)]
impl Simulated {
    pub(crate) fn new(clock: i64) -> Arc<Self> {
        Arc::new(Self {
            clock: AtomicI64::new(clock),
            ..Self::default()
        })
    }

    pub(crate) fn clock(self: &Arc<Self>) -> Clock {
        Clock(Source::Simulated(Arc::clone(self)))
    }

    /// Time passes, and the clock goes with it.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
        self.running.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Somebody sets the clock by so much.
    pub(crate) fn set(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn running(&self) -> Duration {
        Duration::from_secs(self.running.load(Ordering::SeqCst).unsigned_abs())
    }

    fn now(&self) -> i64 {
        self.steady
            .read(self.clock.load(Ordering::SeqCst), || self.running())
    }

    fn believe(&self) {
        self.steady
            .believe(self.clock.load(Ordering::SeqCst), self.running());
    }
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
