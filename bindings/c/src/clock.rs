//! Clocks for tests. Without one an engine reads the system's clock.

use bailiwick::{Clock, Result};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out};
use crate::error::bw_status;
use crate::object::{Tagged, free, given, object};

/// A clock that stands still until it is moved. Engines that were given one share it, and it may be freed before them.
pub struct bw_clock(Tagged<Clock>);

object!(bw_clock of Clock, "clock");

impl bw_clock {
    pub(crate) fn clock(&self) -> Clock {
        self.0.clone()
    }
}

/// Makes a clock that stands at `seconds` since the Unix epoch. Freed with `bw_clock_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_clock_fixed(seconds: i64, out: HandleOut<'_, bw_clock>, err: ErrorOut<'_>) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, Clock::fixed(seconds).into());
        Ok(())
    })
}

/// Moves the clock by `seconds`, backwards when negative. Any thread may do so at any time.
#[unsafe(no_mangle)]
pub extern "C" fn bw_clock_advance(clock: Option<&bw_clock>, seconds: i64) -> bw_status {
    fallible(None, || -> Result<()> {
        given(clock)?.advance(seconds);
        Ok(())
    })
}

/// Frees a clock; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_clock_free(clock: *mut bw_clock) {
    free(clock);
}
