//! The threads that follow a store for an engine, and their end with it.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

use super::{Engine, Inner};

/// What the handles and sessions of an engine share. With the last of them the threads that follow its store have ended.
pub(crate) struct Shared {
    inner: Arc<Inner>,
    followers: Mutex<Vec<Follower>>,
}

/// A thread that follows the store.
struct Follower {
    /// Dropped to end the thread.
    alive: Sender<Infallible>,
    thread: JoinHandle<()>,
    /// The process that the thread runs in: a fork takes the engine along, but not the thread.
    process: u32,
}

impl Shared {
    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            followers: Mutex::new(vec![]),
        }
    }
}

impl Deref for Shared {
    type Target = Inner;

    #[inline]
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let followers = self.followers.get_mut().unwrap_or_else(PoisonError::into_inner);
        followers.drain(..).for_each(Follower::end);
    }
}

impl Follower {
    fn end(self) {
        if self.process != std::process::id() {
            // Locks that the thread held at the fork are held forever here.
            std::mem::forget(self);
            return;
        }
        drop(self.alive);
        // What the thread calls might hold the last handle, and no thread can wait for itself.
        if self.thread.thread().id() != thread::current().id() {
            let _ = self.thread.join();
        }
    }
}

impl Engine {
    /// Calls [`Engine::follow`] every so often, on a thread of its own that ends with the last handle and session of the
    /// engine: whoever drops that one waits until a reading under way is done.
    ///
    /// A reading that fails is tried again the next time, and so an engine that was stale recovers by itself. Meanwhile
    /// [`Engine::followed`] says why it fails.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when the system starts no further thread.
    pub fn follow_store(&self, every: Duration) -> Result<()> {
        let inner = Arc::clone(&self.inner.inner);
        let (alive, ended) = channel::<Infallible>();
        let follow = move || {
            loop {
                // A failure is remembered, and the staleness tells for how long it has lasted.
                let _ = inner.follow();
                if ended.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        };
        let thread = thread::Builder::new()
            .name("bailiwick-store".to_owned())
            .spawn(follow)
            .map_err(|_| Error::new(ErrorKind::Internal, "the system starts no further thread"))?;
        let follower = Follower {
            alive,
            thread,
            process: std::process::id(),
        };
        let mut followers = self
            .inner
            .followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        followers.push(follower);
        Ok(())
    }
}
