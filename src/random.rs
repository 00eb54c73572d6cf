//! Randomness from the system.

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::error::{Error, ErrorKind, Result};

/// Fills bytes from the system's source of randomness.
///
/// # Errors
///
/// [`ErrorKind::Internal`] when it fails.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system's source of randomness failed"))
}
