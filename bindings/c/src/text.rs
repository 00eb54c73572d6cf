//! Text in both directions: `bw_str`, and strings that C owns.

use std::ffi::{CString, c_char};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use bailiwick::limits::MAX_DOCUMENT_BYTES;
use bailiwick::{Error, ErrorKind, Result};
use zeroize::Zeroize as _;

use crate::boundary::null;

/// Text: `len` bytes of UTF-8 at `ptr`, not necessarily followed by a NUL. Passed by value; the library copies what it
/// keeps, so the bytes need to live only until the call returns.
///
/// `ptr` may be NULL if `len` is 0. Where a function says that an argument may be absent, a NULL `ptr` means absent and
/// anything else means present, even when empty. `BW_STR("…")` makes one of a literal, `bw_cstr(s)` of a C string.
///
/// Text that a function returns belongs to the object it was asked of, and lives as long as that.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct bw_str<'a> {
    /// The first byte.
    ptr: *const c_char,
    /// Number of bytes.
    len: usize,
    life: PhantomData<&'a c_char>,
}

impl<'a> bw_str<'a> {
    /// What C is given where there is no text.
    pub(crate) const NONE: Self = Self {
        ptr: std::ptr::null(),
        len: 0,
        life: PhantomData,
    };

    /// Lends text to C.
    pub(crate) const fn lend(text: &'a str) -> Self {
        Self {
            ptr: text.as_ptr().cast(),
            len: text.len(),
            life: PhantomData,
        }
    }

    /// The bytes; `name` is what messages call the argument.
    #[inline]
    pub(crate) fn bytes(self, name: &'static str) -> Result<&'a [u8]> {
        match (self.ptr.is_null(), self.len) {
            (_, 0) => Ok(&[]),
            (true, _) => Err(null(name)),
            (false, 1..=MAX_DOCUMENT_BYTES) => {
                // SAFETY: a `bw_str<'a>` comes from C, which promises `len` readable bytes at `ptr` for the time of the
                // call, here 'a; the length is below `isize::MAX`.
                Ok(unsafe { std::slice::from_raw_parts(self.ptr.cast(), self.len) })
            }
            (false, _) => Err(too_long(name, self.len)),
        }
    }

    /// The text, which must be UTF-8.
    #[inline]
    pub(crate) fn text(self, name: &'static str) -> Result<&'a str> {
        let bytes = self.bytes(name)?;
        if is_short_ascii(bytes) {
            // SAFETY: ASCII is UTF-8.
            return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
        }
        std::str::from_utf8(bytes).map_err(|error| not_utf8(name, error.valid_up_to()))
    }

    /// The text, or none when it is absent.
    pub(crate) fn optional(self, name: &'static str) -> Result<Option<&'a str>> {
        if self.ptr.is_null() && self.len == 0 {
            return Ok(None);
        }
        self.text(name).map(Some)
    }
}

/// Whether this is ASCII of at most two words, as nearly all names and ids are: told without a loop.
#[inline]
fn is_short_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let word = |chunk: Option<&[u8; 8]>| chunk.map_or(HIGH_BITS, |bytes| u64::from_le_bytes(*bytes));
    let half = |chunk: Option<&[u8; 4]>| chunk.map_or(HIGH_BITS, |bytes| u32::from_le_bytes(*bytes).into());
    // The first and the last word overlap or meet.
    let all = match bytes.len() {
        0..4 => bytes.iter().fold(0, |all, byte| all | u64::from(*byte)),
        4..8 => half(bytes.first_chunk()) | half(bytes.last_chunk()),
        8..=16 => word(bytes.first_chunk()) | word(bytes.last_chunk()),
        _ => HIGH_BITS,
    };
    all & HIGH_BITS == 0
}

/// An array of texts; `name` is what messages call it.
pub(crate) fn texts<'a>(items: *const bw_str<'a>, count: usize, name: &'static str) -> Result<Vec<&'a str>> {
    match (items.is_null(), count) {
        (_, 0) => Ok(Vec::new()),
        (true, _) => Err(null(name)),
        (false, 1..=MAX_ITEMS) => {
            // SAFETY: C promises `count` readable texts at `items` for the time of the call; their size is far below
            // `isize::MAX`.
            let items = unsafe { std::slice::from_raw_parts(items, count) };
            items.iter().map(|item| item.text(name)).collect()
        }
        (false, _) => Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("`{name}` has {count} items; at most {MAX_ITEMS} are accepted"),
        )),
    }
}

/// Most items of one array of texts.
const MAX_ITEMS: usize = 65_536;

#[cold]
fn too_long(name: &str, len: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!("`{name}` has {len} bytes; at most {MAX_DOCUMENT_BYTES} are accepted"),
    )
}

#[cold]
fn not_utf8(name: &str, at: usize) -> Error {
    Error::new(ErrorKind::NotUtf8, format!("`{name}` is not UTF-8 at byte {at}"))
        .help("pass UTF-8; the length is in bytes, without a terminating NUL")
}

/// A C string of the text; a NUL within it becomes U+FFFD.
///
/// It takes a reference: what is appended to a `String` may leave a copy behind that nobody wipes.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text)
        .or_else(|error| {
            let text = String::from_utf8_lossy(&error.into_vec()).replace('\0', "\u{fffd}");
            CString::new(text)
        })
        .unwrap_or_default()
}

/// Gives a string to C, which frees it with `bw_string_free`.
pub(crate) fn hand_out_string(out: &mut MaybeUninit<*mut c_char>, text: &str) {
    out.write(c_string(text).into_raw());
}

/// Wipes and frees a string that the library handed out as `char **`; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: by contract the string came from `CString::into_raw` behind a `char **` and is freed once.
        let string = unsafe { CString::from_raw(string) };
        string.into_bytes_with_nul().zeroize();
    }
}
