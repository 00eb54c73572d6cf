//! Two functions measured side by side in one process, in alternating blocks, so that both meet the same weather.

use std::fmt;
use std::time::{Duration, Instant};

/// How long one block runs: much less than a time slice, so that few blocks are interrupted.
const BLOCK: Duration = Duration::from_micros(500);

/// How many blocks of each are measured.
const BLOCKS: usize = 801;

/// One line of the table.
pub(crate) struct Row {
    name: String,
    peer: &'static str,
    ours_ns: f64,
    peer_ns: f64,
}

impl Row {
    /// Measures both and compares their median times.
    pub(crate) fn measure(
        name: impl Into<String>,
        mut ours: impl FnMut(),
        peer: &'static str,
        mut theirs: impl FnMut(),
    ) -> Self {
        let (our_runs, their_runs) = (runs_per_block(&mut ours), runs_per_block(&mut theirs));
        let (our_times, their_times) = (0..BLOCKS)
            .map(|_| (block(&mut ours, our_runs), block(&mut theirs, their_runs)))
            .unzip();
        Self {
            name: name.into(),
            peer,
            ours_ns: median(our_times),
            peer_ns: median(their_times),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            peer,
            ours_ns,
            peer_ns,
        } = self;
        write!(
            f,
            "{name}\t{ours_ns:.1}\t{peer}\t{peer_ns:.1}\t{:.3}",
            peer_ns / ours_ns
        )
    }
}

/// How many runs fill a block; also warms up.
fn runs_per_block(run: &mut impl FnMut()) -> u32 {
    let mut runs = 1;
    loop {
        let per_run = block(run, runs);
        if per_run * f64::from(runs) >= BLOCK.as_nanos() as f64 {
            return runs;
        }
        runs *= 2;
    }
}

/// Nanoseconds per run of one block.
fn block(run: &mut impl FnMut(), runs: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..runs {
        run();
    }
    start.elapsed().as_nanos() as f64 / f64::from(runs)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
