//! What library this is.

use std::ffi::{CStr, c_char};

use crate::boundary::total;
use crate::text::bw_str;

/// The version of the library, such as `0.1.0`. A C string that lives forever. `BW_VERSION` is that of the header.
#[unsafe(no_mangle)]
pub extern "C" fn bw_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Whether the library was built with a feature: `sqlite`, the store of `bw_config_store`. False for a name that it does not
/// know.
#[unsafe(no_mangle)]
pub extern "C" fn bw_has_feature(name: bw_str<'_>) -> bool {
    total(false, || {
        Some(cfg!(feature = "sqlite") && name.text("name").ok()? == "sqlite")
    })
}
