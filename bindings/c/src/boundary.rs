//! The one place where a call from C enters: it catches panics, turns errors into statuses, and finds missing arguments.

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bailiwick::{Error, ErrorKind, Result};

use crate::error::{BW_OK, bw_error, bw_status};
use crate::object::Object;

/// Where C wants an error: `bw_error **err`, which may be NULL.
pub(crate) type ErrorOut<'a> = Option<&'a mut MaybeUninit<*mut bw_error>>;

/// Where C wants a handle: `bw_thing **out`.
pub(crate) type HandleOut<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;

/// Runs a fallible call. Whatever goes wrong becomes a status, and an error in `err` unless that is NULL.
pub(crate) fn fallible(err: ErrorOut<'_>, body: impl FnOnce() -> Result<()>) -> bw_status {
    match catch(body).unwrap_or_else(|| Err(internal())) {
        Ok(()) => {
            if let Some(err) = err {
                err.write(std::ptr::null_mut());
            }
            BW_OK
        }
        Err(error) => failed(err, error),
    }
}

/// Writes the error where C wants it and gives its status.
#[cold]
pub(crate) fn failed(err: ErrorOut<'_>, error: Error) -> bw_status {
    let status = error.kind().code();
    if let Some(err) = err {
        // Building the error formats text; should even that panic, the status still says what happened.
        let handle = catch(|| Box::into_raw(Box::new(bw_error::new(error))));
        err.write(handle.unwrap_or(std::ptr::null_mut()));
    }
    status
}

/// Runs a call that cannot fail; a missing argument or a panic yields `otherwise`.
pub(crate) fn total<T>(otherwise: T, body: impl FnOnce() -> Option<T>) -> T {
    catch(body).flatten().unwrap_or(otherwise)
}

/// Runs code that may panic; nothing when it does.
pub(crate) fn catch<T>(body: impl FnOnce() -> T) -> Option<T> {
    // Nothing that a panic has left half-changed is seen again: a builder keeps the error and fails from then on, and
    // everything else behind the boundary is immutable or swapped in as a whole.
    let entered = || {
        #[cfg(feature = "fault-injection")]
        crate::fault::strike();
        body()
    };
    catch_unwind(AssertUnwindSafe(entered)).ok()
}

#[cold]
pub(crate) fn internal() -> Error {
    Error::new(ErrorKind::Internal, "the library failed where it should not")
        .help("report it with what was asked; the answer was a deny")
}

#[cold]
pub(crate) fn null(name: &str) -> Error {
    Error::new(ErrorKind::NullArgument, format!("`{name}` is NULL")).help("pass a valid pointer")
}

/// An output that must be given; it is NULL until the call succeeds.
pub(crate) fn handle_out<'a, T>(
    out: HandleOut<'a, T>,
    name: &'static str,
) -> Result<&'a mut MaybeUninit<*mut T>> {
    let out = out.ok_or_else(|| null(name))?;
    out.write(std::ptr::null_mut());
    Ok(out)
}

/// Gives a new object to C, which frees it with the type's `_free`.
pub(crate) fn hand_out<T: Object>(out: &mut MaybeUninit<*mut T>, object: T) {
    out.write(Box::into_raw(Box::new(object)));
}
