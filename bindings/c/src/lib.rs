//! The C ABI of Bailiwick. `include/bailiwick.h` is generated from this crate and is its manual.
//!
//! One file for each C object. What they share: `boundary` (panics, nulls, outputs), `object` (handles and builders), `error`,
//! `text`, `sized` (structs that may grow), `options` (JSON objects) and `arena` (the texts of a request).
//!
//! Arguments are types that say what C must pass: `Option<&T>` a handle or NULL, `bw_str<'_>` text that lives as long as the
//! call. `unsafe` is what remains: reading texts, arrays and plain structs, writing plain structs, lending the arena's texts
//! to a request, calling the host's functions on whatever thread, and freeing.

#![allow(
    non_camel_case_types,
    reason = "the types carry the names that C knows them by"
)]
#![allow(
    unreachable_pub,
    reason = "what C links against is public by its symbol, not by its path"
)]
#![warn(clippy::undocumented_unsafe_blocks)]

#[cfg(panic = "abort")]
compile_error!("the C ABI turns panics into errors: build it with panic = \"unwind\"");

mod arena;
mod audit;
mod batch;
mod boundary;
mod clock;
mod config;
mod decision;
mod details;
mod engine;
mod entity;
mod error;
mod explain;
#[cfg(feature = "fault-injection")]
mod fault;
mod key_ring;
mod keys;
mod oauth;
mod object;
mod options;
mod platform;
mod profile;
mod request;
mod session;
mod signing_key;
mod sized;
mod source;
mod text;
mod version;
