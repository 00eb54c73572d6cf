//! Two functions measured side by side in one process, in alternating blocks, so that both meet the same weather.

use std::fmt;
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long one block runs: much less than a time slice, so that few blocks are interrupted.
const BLOCK: Duration = Duration::from_micros(500);

/// How many blocks of each are measured.
const BLOCKS: usize = 801;

/// How long one row may take: a slow peer gets fewer blocks, but never fewer than [`LEAST_BLOCKS`].
const ROW: Duration = Duration::from_millis(2_500);

const LEAST_BLOCKS: usize = 21;

/// The row whose instructions are counted, and how often its side of ours runs; then nothing is measured.
///
/// A tool like callgrind counts what is executed within [`run_counted`].
pub(crate) static COUNTED: OnceLock<(String, u32)> = OnceLock::new();

/// Whether a case is to be set up: all are, unless another one is counted.
pub(crate) fn is_wanted(name: &str) -> bool {
    COUNTED.get().is_none_or(|(counted, _)| counted == name)
}

/// One line of the table.
pub(crate) struct Row {
    name: String,
    ours_ns: f64,
    peer: Option<(&'static str, f64)>,
}

impl Row {
    /// Measures both and compares their median times.
    pub(crate) fn measure<A, B>(
        name: impl Into<String>,
        mut ours: impl FnMut() -> A,
        peer: &'static str,
        mut theirs: impl FnMut() -> B,
    ) -> Self {
        let name = name.into();
        if let Some((_, runs)) = COUNTED.get() {
            if is_wanted(&name) {
                run_counted(*runs, &mut ours);
            }
            return Self::of_one(name, f64::NAN);
        }
        let (our_runs, their_runs) = (runs_per_block(&mut ours), runs_per_block(&mut theirs));
        let start = Instant::now();
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        while unfinished(start, our_times.len()) {
            our_times.push(block(&mut ours, our_runs));
            their_times.push(block(&mut theirs, their_runs));
        }
        Self::of(name, median(our_times), peer, median(their_times))
    }

    /// Measures what has no peer.
    pub(crate) fn alone<A>(name: impl Into<String>, mut ours: impl FnMut() -> A) -> Self {
        let name = name.into();
        if let Some((_, runs)) = COUNTED.get() {
            if is_wanted(&name) {
                run_counted(*runs, &mut ours);
            }
            return Self::of_one(name, f64::NAN);
        }
        let runs = runs_per_block(&mut ours);
        let start = Instant::now();
        let mut times = Vec::new();
        while unfinished(start, times.len()) {
            times.push(block(&mut ours, runs));
        }
        Self::of_one(name, median(times))
    }

    /// A row of times that were measured elsewhere.
    pub(crate) fn of(name: impl Into<String>, ours_ns: f64, peer: &'static str, peer_ns: f64) -> Self {
        Self {
            name: name.into(),
            ours_ns,
            peer: Some((peer, peer_ns)),
        }
    }

    /// The same without a peer.
    pub(crate) fn of_one(name: impl Into<String>, ours_ns: f64) -> Self {
        Self {
            name: name.into(),
            ours_ns,
            peer: None,
        }
    }
}

impl Row {
    /// Our time, for rows that are made of others.
    pub(crate) fn ours_ns(&self) -> f64 {
        self.ours_ns
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ours_ns, peer } = self;
        write!(f, "{name}\t{ours_ns:.1}\t")?;
        match peer {
            Some((peer, peer_ns)) => write!(f, "{peer}\t{peer_ns:.1}\t{:.3}", peer_ns / ours_ns),
            None => f.write_str("-\t-\t-"),
        }
    }
}

/// Items in turn, without an end.
pub(crate) struct Stream<'a, T> {
    items: &'a [T],
    at: usize,
}

impl<'a, T> Stream<'a, T> {
    /// A stream of at least one item.
    pub(crate) fn new(items: &'a [T]) -> Self {
        assert!(!items.is_empty());
        Self { items, at: 0 }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> &'a T {
        self.at = if self.at + 1 < self.items.len() {
            self.at + 1
        } else {
            0
        };
        &self.items[self.at]
    }
}

/// What `benches/instructions.sh` counts, found by its name.
#[inline(never)]
fn run_counted<A>(runs: u32, ours: &mut impl FnMut() -> A) {
    for _ in 0..runs {
        black_box(ours());
    }
}

fn unfinished(start: Instant, blocks: usize) -> bool {
    blocks < LEAST_BLOCKS || blocks < BLOCKS && start.elapsed() < ROW
}

/// How many runs fill a block; also warms up.
fn runs_per_block<A>(run: &mut impl FnMut() -> A) -> u32 {
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
fn block<A>(run: &mut impl FnMut() -> A, runs: u32) -> f64 {
    // What runs in between takes the caches: the first half of a block is not counted.
    for _ in 0..runs {
        black_box(run());
    }
    let start = Instant::now();
    for _ in 0..runs {
        black_box(run());
    }
    start.elapsed().as_nanos() as f64 / f64::from(runs)
}

/// The middle one.
pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
