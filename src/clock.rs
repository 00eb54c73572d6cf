//! The one clock. Everything that depends on time asks it, so that tests decide what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from: the system's clock, or a hand-set one for tests.
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
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `seconds` since the Unix epoch until it is moved; clones share it.
    #[must_use]
    pub fn fixed(seconds: i64) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(seconds))))
    }

    /// Seconds since the Unix epoch. A system clock before the epoch reads as 0.
    #[must_use]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Source::Fixed(seconds) => seconds.load(Ordering::Acquire),
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok())
                .unwrap_or(0),
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
}
