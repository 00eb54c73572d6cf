//! The stack on which Cedar's recursive parser, validator and entity loader run.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::PARSER_STACK_BYTES;

/// Runs `work` on a thread of its own with a stack large enough for the deepest input that the limits let through,
/// so that loading does not depend on the caller's stack. A panic comes back as an error.
pub(crate) fn on_parser_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("bailiwick-load".to_owned())
            .stack_size(PARSER_STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| {
                Error::new(
                    ErrorKind::Internal,
                    format!("cannot start a thread for loading: {error}"),
                )
                .help("raise the process's limit of threads or address space")
            })?;
        thread.join().map_err(|_| {
            Error::new(
                ErrorKind::Internal,
                "loading failed unexpectedly; nothing was loaded",
            )
            .help("please report it together with the policy files")
        })
    })
}
