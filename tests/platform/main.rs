//! The platform end to end: what administrators do counts at the very next decision.

mod scenarios;
mod world;
