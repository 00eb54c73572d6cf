//! Generated cases: decision, determining policies and erring policies equal cedar-policy's.
//!
//! `BAILIWICK_DIFFERENTIAL_CASES` sets how many requests are compared (100,000 unless set),
//! `BAILIWICK_DIFFERENTIAL_SEED` where they begin, `BAILIWICK_DIFFERENTIAL_THREADS` how many threads compare. A failure
//! prints the seed and the case.

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

mod compare;
mod explanation;
mod generate;
mod rng;

use std::sync::atomic::{AtomicU64, Ordering};

use compare::{Sides, our_answers};
use generate::{Case, Generator};
use rng::Rng;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn describe(case: &Case, request: usize) -> String {
    let mut out = String::new();
    for policy in &case.policies {
        out.push_str(&format!("{}: {}\n", policy.id, policy.text));
    }
    for link in &case.links {
        out.push_str(&format!(
            "{} = {} {:?} {:?}\n",
            link.id, link.template, link.principal, link.resource
        ));
    }
    for entity in &case.entities {
        out.push_str(&format!("{entity}\n"));
    }
    let request = &case.requests[request];
    out.push_str(&format!(
        "{:?} {:?} {:?}\ncontext {}\n",
        request.principal, request.action, request.resource, request.context
    ));
    for entity in &request.brought {
        out.push_str(&format!("brought {entity}\n"));
    }
    out
}

/// Compares every request of one case; returns how many there were, and how many were allowed and erred.
fn check(seed: u64) -> [u64; 3] {
    let case = Generator::case(&mut Rng::new(seed));
    let Some(sides) = Sides::new(&case) else {
        return [0; 3];
    };
    let from_cedar = sides.with_cedar_entities();
    let mut counts = [0; 3];
    for (number, request) in case.requests.iter().enumerate() {
        let expected = sides.cedar_answer(&case, request);
        counts[0] += 1;
        counts[1] += u64::from(expected.allowed);
        counts[2] += u64::from(!expected.erring.is_empty());
        // The deciding itself runs on a small stack.
        let mut found = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(64 << 10);
            thread
                .spawn_scoped(scope, || our_answers(&sides.ours, request))
                .unwrap()
                .join()
                .unwrap()
        });
        if request.brought.is_empty() {
            found.extend(our_answers(&from_cedar, request));
        }
        for answer in found {
            assert_eq!(answer, expected, "seed {seed}\n{}", describe(&case, number));
        }
    }
    counts
}

#[test]
fn every_answer_equals_cedars() {
    let wanted = setting("BAILIWICK_DIFFERENTIAL_CASES", 100_000);
    let first = setting("BAILIWICK_DIFFERENTIAL_SEED", 1);
    let next = AtomicU64::new(first);
    let totals = [const { AtomicU64::new(0) }; 3];
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let threads = setting("BAILIWICK_DIFFERENTIAL_THREADS", cores as u64);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let work = || {
                while totals[0].load(Ordering::Relaxed) < wanted {
                    let counts = check(next.fetch_add(1, Ordering::Relaxed));
                    for (total, count) in totals.iter().zip(counts) {
                        total.fetch_add(count, Ordering::Relaxed);
                    }
                }
            };
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
    let [cases, allowed, erring] = totals.map(|total| total.load(Ordering::Relaxed));
    println!("{cases} cases compared without a disagreement: {allowed} allowed, {erring} with errors");
    // The generator must reach all kinds of answers, or the comparison proves little.
    assert!(
        allowed * 20 > cases && erring * 20 > cases,
        "{allowed} allowed, {erring} erring of {cases}"
    );
}
