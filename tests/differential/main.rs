//! Generated cases: decision, determining policies and erring policies equal cedar-policy's.
//!
//! `BAILIWICK_DIFFERENTIAL_CASES` sets how many requests are compared (100,000 unless set),
//! `BAILIWICK_DIFFERENTIAL_SECONDS` for how long instead, `BAILIWICK_DIFFERENTIAL_SEED` where they begin,
//! `BAILIWICK_DIFFERENTIAL_THREADS` how many threads compare. A failure prints the seed and the case.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]
#![allow(unreachable_pub, reason = "the modules of one test binary")]

mod check;
mod compare;
mod explanation;
mod expressions;
mod generate;
mod rng;
mod words;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use check::check;
use generate::Generator;
use rng::Rng;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// What was compared.
#[derive(Default)]
struct Counts {
    cases: AtomicU64,
    allowed: AtomicU64,
    erring: AtomicU64,
    /// Sets of policies, and those of them with permits and forbids.
    sets: AtomicU64,
    mixed: AtomicU64,
    /// Sets that Cedar does not accept.
    refused: AtomicU64,
}

/// Compares every request of one case.
fn compare(seed: u64, counts: &Counts) {
    let add = |count: &AtomicU64, condition: bool| count.fetch_add(u64::from(condition), Ordering::Relaxed);
    let case = Generator::case(&mut Rng::new(seed));
    let Some(answers) = check(&case, seed) else {
        add(&counts.refused, true);
        return;
    };
    let has = |effect: &str| case.policies.iter().any(|policy| policy.text.starts_with(effect));
    add(&counts.sets, true);
    add(&counts.mixed, has("permit") && has("forbid"));
    for answer in answers {
        add(&counts.cases, true);
        add(&counts.allowed, answer.allowed);
        add(&counts.erring, !answer.erring.is_empty());
    }
}

#[test]
fn every_answer_equals_cedars() {
    let wanted = setting("BAILIWICK_DIFFERENTIAL_CASES", 100_000);
    let first = setting("BAILIWICK_DIFFERENTIAL_SEED", 1);
    let next = AtomicU64::new(first);
    let counts = Counts::default();
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let threads = setting("BAILIWICK_DIFFERENTIAL_THREADS", cores as u64);
    let seconds = setting("BAILIWICK_DIFFERENTIAL_SECONDS", 0);
    let start = Instant::now();
    let unfinished = || match seconds {
        0 => counts.cases.load(Ordering::Relaxed) < wanted,
        seconds => start.elapsed() < Duration::from_secs(seconds),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let work = || {
                while unfinished() {
                    compare(next.fetch_add(1, Ordering::Relaxed), &counts);
                }
            };
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let [cases, allowed, erring] = [&counts.cases, &counts.allowed, &counts.erring].map(read);
    let [sets, mixed, refused] = [&counts.sets, &counts.mixed, &counts.refused].map(read);
    println!(
        "{cases} cases in {sets} sets of policies compared without a disagreement, seeds {first} to {}: {allowed} allowed, \
         {erring} with errors; {mixed} sets mix permits and forbids; Cedar refuses {refused} more",
        read(&next)
    );
    // The generator must reach all kinds of answers, or the comparison proves little.
    assert!(
        allowed * 20 > cases && erring * 20 > cases,
        "{allowed} allowed, {erring} erring of {cases}"
    );
    assert!(
        mixed * 2 > sets && refused * 20 < sets,
        "{mixed} mixed of {sets}, {refused} refused"
    );
}
