//! How failed attempts to authenticate are slowed, client by client.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicI64, Ordering};

use foldhash::quality::RandomState;

/// Failures in a row that nobody is made to wait for.
const BURST: i64 = 10;

/// Seconds until one more failure is forgiven.
const INTERVAL: i64 = 6;

/// Clients are hashed onto this many budgets, so that memory is bounded whatever ids are tried.
const SLOTS: usize = 4_096;

/// A budget of failures for each client: once it is used up, further failures are told to wait.
///
/// The right credential is never refused for it, so nobody locks the owner out by failing in their name. A secret has 256
/// random bits: no rate of guessing finds it, and what needs bounding is the noise. Two clients that share a budget lose
/// nothing by that, since only failures are slowed.
pub(crate) struct Throttle {
    seed: RandomState,
    /// For each budget the time at which it is whole again (the generic cell rate algorithm).
    whole_again: Box<[AtomicI64]>,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            seed: RandomState::default(),
            whole_again: (0..SLOTS).map(|_| AtomicI64::new(0)).collect(),
        }
    }

    /// Counts a failure in a client's name. Gives the seconds to wait when the budget is used up.
    pub(crate) fn failed(&self, client: &str, now: i64) -> Option<u32> {
        let at = self.seed.hash_one(client) % (SLOTS as u64);
        let slot = self.whole_again.get(usize::try_from(at).ok()?)?;
        let longest = now.saturating_add(BURST * INTERVAL);
        let mut wait = None;
        // The closure always returns Some, so the update always succeeds.
        let _ = slot.fetch_update(Ordering::AcqRel, Ordering::Acquire, |whole| {
            // A clock that was moved back leaves no more than a used-up budget.
            let next = whole.clamp(now, longest).saturating_add(INTERVAL);
            wait = u32::try_from(next.saturating_sub(longest))
                .ok()
                .filter(|seconds| *seconds > 0);
            Some(next.min(longest))
        });
        wait
    }
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
