//! The platform end to end: what administrators do counts at the very next decision.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

mod credentials;
mod invariants;
mod model;
mod people;
mod races;
mod scenarios;
mod world;
