//! The threads on which Cedar's recursive parser, validator and entity loader run.

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

/// Fewer items than this are not worth a thread.
const LEAST_ITEMS: usize = 256;

/// Does `work` to every item, in their order, on as many threads as the machine has; few items are done here.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Result<Vec<R>> {
    runs_in_parallel(items, |run| run.iter().map(&work).collect())
}

/// The same to whole runs of neighbouring items, one for each thread.
pub(crate) fn runs_in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Result<Vec<R>> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.min(items.len() / LEAST_ITEMS);
    if threads < 2 {
        return Ok(work(items));
    }
    let failed = |what: &str| Error::new(ErrorKind::Internal, format!("a thread for loading {what}"));
    std::thread::scope(|scope| {
        let work = &work;
        let start = |run| {
            let thread = std::thread::Builder::new().stack_size(PARSER_STACK_BYTES);
            let thread = thread.name("bailiwick-load".to_owned());
            thread.spawn_scoped(scope, move || work(run))
        };
        let started: Vec<_> = items.chunks(items.len().div_ceil(threads)).map(start).collect();
        let mut done = Vec::with_capacity(items.len());
        for thread in started {
            let thread = thread.map_err(|_| failed("cannot be started"))?;
            done.append(&mut thread.join().map_err(|_| failed("failed unexpectedly"))?);
        }
        Ok(done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once_and_in_order() {
        for count in [0, 1, LEAST_ITEMS, 2 * LEAST_ITEMS + 1, 10 * LEAST_ITEMS] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(in_parallel(&items, |item| item * 2).unwrap(), doubled);
        }
    }

    #[test]
    fn a_panic_comes_back_as_an_error() {
        assert_eq!(
            on_parser_stack(|| panic!("no")).map(|()| 0).unwrap_err().kind(),
            ErrorKind::Internal
        );
    }
}
