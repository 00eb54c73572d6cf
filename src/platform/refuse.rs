//! The errors of the platform's state machines.

use crate::error::{Error, ErrorKind};
use crate::value::shorten;

/// The platform has no such thing.
pub(crate) fn unknown(noun: &str, id: &str) -> Error {
    Error::new(
        ErrorKind::PlatformUnknown,
        format!("there is no {noun} `{}`", shorten(id)),
    )
}

/// The state does not allow the change.
pub(crate) fn conflict(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::PlatformConflict, message)
}

/// The id is in use, or was.
pub(crate) fn taken(noun: &str, id: &str) -> Error {
    conflict(format!("there is or was a {noun} `{}` already", shorten(id)))
        .help("choose another id; ids are never reused")
}

/// An argument has an impossible value.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::PlatformInvalid, message)
}

/// More is asked for than may be given.
pub(crate) fn exceeded(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::PlatformExceeded, message)
}
