//! Bytes that are wiped when dropped, many at once: tokens are made and dropped by the thousand, and a byte at a time
//! costs more than to encrypt them.

use std::fmt;
use std::ops::{Deref, DerefMut};

use zeroize::optimization_barrier;

/// Secret bytes. Their memory is overwritten when they are dropped; `Debug` does not show them.
pub(crate) struct Wiped(Vec<u8>);

/// A secret text, likewise.
pub(crate) struct WipedText(String);

impl Wiped {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, which have become none that need be wiped.
    pub(crate) fn harmless(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl WipedText {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

fn wipe(mut bytes: Vec<u8>) {
    bytes.clear();
    bytes.resize(bytes.capacity(), 0);
    // Or the compiler would find that nobody reads the zeros.
    optimization_barrier(bytes.as_slice());
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0));
    }
}

impl Drop for WipedText {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0).into_bytes());
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Deref for WipedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secret bytes", self.0.len())
    }
}
