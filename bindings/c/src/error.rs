//! Errors. A call that fails returns the kind as its status and, unless `err` is NULL, an error that knows more.
//!
//! An error belongs to the caller, who frees it with `bw_error_free`. It never changes: every thread may read it. No error
//! holds a token, a key or a secret.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use bailiwick::{Error, ErrorKind};

use crate::boundary::total;
use crate::object::{Tagged, free, maybe, object};
use crate::text::{bw_str, c_string};

/// The outcome of a call: `BW_OK`, or the kind of the error. Numbers never change their meaning, and new ones may appear:
/// treat an unknown one as a failure.
pub type bw_status = u32;

/// Success.
pub(crate) const BW_OK: bw_status = 0;

/// An error: what went wrong, where, and what can be done about it.
pub struct bw_error(Tagged<Explained>);

pub struct Explained {
    error: Error,
    message: CString,
    report: OnceLock<CString>,
    related: OnceLock<Vec<bw_error>>,
    file: Option<String>,
}

object!(bw_error of Explained, "error");

impl bw_error {
    pub(crate) fn new(error: Error) -> Self {
        let file = error
            .location()
            .map(|location| location.file.display().to_string())
            .filter(|file| !file.is_empty());
        Self::from(Explained {
            message: c_string(error.message()),
            report: OnceLock::new(),
            related: OnceLock::new(),
            file,
            error,
        })
    }
}

/// The kind, the same number that the call returned; `BW_OK` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_code(error: Option<&bw_error>) -> bw_status {
    total(BW_OK, || Some(maybe(error)?.error.kind().code()))
}

/// What was found and what was expected, in one line. A C string that lives as long as the error; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_message(error: Option<&bw_error>) -> *const c_char {
    total(c"".as_ptr(), || Some(maybe(error)?.message.as_ptr()))
}

/// Several lines for a log or a terminal: message, source excerpt with a marker, help, and related errors. A C string
/// that lives as long as the error; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_report(error: Option<&bw_error>) -> *const c_char {
    total(c"".as_ptr(), || {
        let error = maybe(error)?;
        let report = error.report.get_or_init(|| c_string(&error.error.report()));
        Some(report.as_ptr())
    })
}

/// What can be done about it; absent when there is no advice.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_help(error: Option<&bw_error>) -> bw_str<'_> {
    total(bw_str::NONE, || maybe(error)?.error.help_text().map(bw_str::lend))
}

/// The file or text that the error points at; absent when it points at none.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_file(error: Option<&bw_error>) -> bw_str<'_> {
    total(bw_str::NONE, || maybe(error)?.file.as_deref().map(bw_str::lend))
}

/// The line within that text, counted from 1; 0 when the error points at no line.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_line(error: Option<&bw_error>) -> usize {
    total(0, || Some(maybe(error)?.error.location()?.line))
}

/// The column within that line in characters, counted from 1; 0 when the error points at no line.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_column(error: Option<&bw_error>) -> usize {
    total(0, || Some(maybe(error)?.error.location()?.column))
}

/// How many errors were found together with this one: a load reports everything that is wrong at once.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_related_count(error: Option<&bw_error>) -> usize {
    total(0, || Some(maybe(error)?.error.related().len()))
}

/// The related error at `index`, which belongs to `error` and must not be freed; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_related(error: Option<&bw_error>, index: usize) -> Option<&bw_error> {
    total(None, || {
        let error = maybe(error)?;
        let all = error.related.get_or_init(|| {
            let related = error.error.related().iter();
            related.cloned().map(bw_error::new).collect()
        });
        Some(all.get(index))
    })
}

/// Frees an error; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_error_free(error: *mut bw_error) {
    free(error);
}

/// The name of a status, such as `token_expired`; `ok` for `BW_OK` and `unknown` for a number without a meaning. A C
/// string that lives forever.
#[unsafe(no_mangle)]
pub extern "C" fn bw_status_name(status: bw_status) -> *const c_char {
    static NAMES: OnceLock<Vec<(u32, CString)>> = OnceLock::new();
    total(c"unknown".as_ptr(), || {
        let names = NAMES.get_or_init(|| {
            let kinds = ErrorKind::ALL.iter();
            kinds.map(|kind| (kind.code(), c_string(kind.name()))).collect()
        });
        if status == BW_OK {
            return Some(c"ok".as_ptr());
        }
        let (_, name) = names.iter().find(|(code, _)| *code == status)?;
        Some(name.as_ptr())
    })
}
