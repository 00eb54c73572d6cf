//! Faults for tests, behind the feature `fault-injection`: a panic where the boundary enters the library.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many entries are left until the fault; 0 when none is armed.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Makes the entry of the library after which `entries` have passed a fault: 1 is the very next. Not part of the interface.
#[unsafe(no_mangle)]
pub extern "C" fn bw_fault_arm(entries: u32) {
    // What a panic prints would hide what the test prints.
    std::panic::set_hook(Box::new(|_| {}));
    LEFT.store(entries, Ordering::Relaxed);
}

/// Panics when the armed entry is reached.
pub(crate) fn strike() {
    let reached = LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    assert!(reached != Ok(1), "a fault of the test");
}
