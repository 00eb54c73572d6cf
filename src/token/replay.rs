//! What was used once and must not be used again, in bounded memory.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use hashbrown::HashSet;
use ring::digest;

use crate::error::{Error, ErrorKind, Result};

/// Names of things that were used, each remembered for its lifetime. When all places are taken by what still lives, a
/// new name is refused: forgetting an old one early would let it be used again.
pub(crate) struct ReplayStore {
    shards: Box<[Mutex<Shard>]>,
    capacity: usize,
}

/// Threads meet in one shard only by chance.
const SHARDS: usize = 16;

#[derive(Default)]
struct Shard {
    seen: HashSet<[u8; 32]>,
    /// In the order in which they came, which is that in which they end.
    ends: VecDeque<(i64, [u8; 32])>,
}

impl ReplayStore {
    /// Room for about so many names, rounded up to a multiple of the shards.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            capacity: capacity.div_ceil(SHARDS),
        }
    }

    /// Remembers a name of several parts until `now + lifetime`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ProofReplayed`] if it is remembered already, [`ErrorKind::ProofUnrecorded`] if there is no room.
    pub(crate) fn record(&self, name: &[&[u8]], now: i64, lifetime: i64) -> Result<()> {
        let name = digest_of(name);
        let [first, ..] = name;
        let shard = self.shards.get(usize::from(first) % SHARDS).ok_or_else(no_room)?;
        // Nothing here leaves a shard half changed, so one that a panic has passed through is sound.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget_ended(now);
        if shard.seen.contains(&name) {
            return Err(
                Error::new(ErrorKind::ProofReplayed, "the DPoP proof was used before")
                    .help("make a proof with a new `jti` for each request"),
            );
        }
        if shard.ends.len() >= self.capacity {
            return Err(no_room());
        }
        shard.ends.push_back((now.saturating_add(lifetime), name));
        shard.seen.insert(name);
        Ok(())
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap().seen.len())
            .sum()
    }
}

impl Shard {
    fn forget_ended(&mut self, now: i64) {
        while let Some((end, name)) = self.ends.front() {
            if *end > now {
                break;
            }
            self.seen.remove(name);
            self.ends.pop_front();
        }
    }
}

/// Each part with its length before it, so that no two names of different parts are one text.
fn digest_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut name = [0; 32];
    let digest = context.finish();
    name.iter_mut()
        .zip(digest.as_ref())
        .for_each(|(to, byte)| *to = *byte);
    name
}

fn no_room() -> Error {
    Error::new(
        ErrorKind::ProofUnrecorded,
        "the DPoP proof cannot be remembered: too many were used within the window",
    )
    .help("give the store more room or shorten the window: `Dpop::new().remember(…).window(…)`")
}

impl fmt::Debug for ReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayStore")
            .field("capacity", &(self.capacity * SHARDS))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
