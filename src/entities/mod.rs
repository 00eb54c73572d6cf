//! The entity graph as an immutable snapshot with precomputed ancestors, and what a request lays over it.

pub(crate) mod graph;
pub(crate) mod handles;
pub(crate) mod overlay;
pub(crate) mod pages;
pub(crate) mod table;
