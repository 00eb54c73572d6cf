//! An engine on a store: what was acknowledged is there whatever happens, and every process sees it.
//!
//! Other processes are this very program: with `BAILIWICK_STORE_CHILD` set it plays the part that it names.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod crash;
mod engine;
mod keys;
mod processes;
mod secrets;
mod support;

/// The part of another process. Does nothing in the process of the tests.
#[test]
fn child() {
    if let Ok(part) = std::env::var("BAILIWICK_STORE_CHILD") {
        processes::play(&part);
    }
}
