//! Structs that C fills in and that may grow: each begins with its size, as the caller was compiled.

use std::mem::MaybeUninit;

use bailiwick::{Error, ErrorKind, Result};

use crate::boundary::null;

/// A struct of C's that begins with its size.
///
/// # Safety
///
/// The type is `#[repr(C)]`, its first field is a `usize` that holds the size, and zeroes are a value of every field. A field
/// that is added goes behind all others, never into their padding.
pub(crate) unsafe trait Growing: Copy {
    /// What C calls it.
    const NAME: &'static str;
    /// Where the last field of its first version ends; callers never pass less.
    const FIRST_SIZE: usize;
}

/// No version will be larger: a size beyond this was never set.
const LARGEST: usize = 4096;

/// Reads a struct that must be given. What an older caller does not know is zero; what a newer one knows must be, for it
/// asks for what this version cannot do.
pub(crate) fn given_struct<T: Growing>(place: *const T, name: &'static str) -> Result<T> {
    if place.is_null() {
        return Err(null(name));
    }
    // SAFETY: by contract C passes NULL or a `T` of its own version, and every version begins with the size.
    let size = unsafe { place.cast::<usize>().read() };
    let known = size_of::<T>();
    if !(T::FIRST_SIZE..=LARGEST).contains(&size) {
        let message = format!("`size` is {size}, but a {} has {known}", T::NAME);
        return Err(
            Error::new(ErrorKind::ArgumentInvalid, message).help(format!("set it to sizeof({})", T::NAME))
        );
    }
    let mut read = MaybeUninit::<T>::zeroed();
    // SAFETY: C's struct has `size` bytes, and `read` has room for `known` of them.
    unsafe {
        std::ptr::copy_nonoverlapping(
            place.cast::<u8>(),
            read.as_mut_ptr().cast::<u8>(),
            size.min(known),
        );
    }
    let unknown = size.saturating_sub(known);
    let rest = place.cast::<u8>().wrapping_add(size - unknown);
    // SAFETY: these are the last `unknown` of the `size` bytes of C's struct, which it has filled in.
    if unsafe { std::slice::from_raw_parts(rest, unknown) }
        .iter()
        .any(|byte| *byte != 0)
    {
        let message = format!(
            "the {} has fields that this version of the library does not know",
            T::NAME
        );
        return Err(Error::new(ErrorKind::ArgumentInvalid, message)
            .help("leave them zero, or use the version of the library that the header belongs to"));
    }
    // SAFETY: every field was filled in by C or is zero, and either is a value of it.
    Ok(unsafe { read.assume_init() })
}
