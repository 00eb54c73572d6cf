//! From cedar-policy's public syntax tree to a program: lowered conditions and a candidate index.

pub(crate) mod image;
pub(crate) mod index;
pub(crate) mod locate;
pub(crate) mod lower;
pub(crate) mod pattern;
pub(crate) mod policies;
pub(crate) mod program;
pub(crate) mod render;
pub(crate) mod scope;
mod sound;
pub(crate) mod tree;
