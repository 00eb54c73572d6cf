//! The platform with its authorization server, from the outside: administered, asked for tokens, attacked.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

mod administration;
mod invariants;
mod scenarios;
mod threats;
mod world;
