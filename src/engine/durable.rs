//! The engine and its store: what is committed there before it counts, and how it is read back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use serde_json::Value as Json;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{Change, State};
use crate::policy::Policies;
use crate::store::{Entry, Item, SealingKey, Store, Transaction};

use super::admin::ChangeRecord;
use super::snapshot::Snapshot;
use super::{Engine, Inner, administration, keys};

/// Named values of the store: the key of secrets where the host has none, and what the host's key is recognised by.
const PEPPER: &str = "pepper";
const HOST_KEY: &str = "host-key";

/// A store, and how far the engine has come in it.
pub(super) struct Durable {
    pub(super) store: Box<dyn Store>,
    /// The store's revision that the current snapshot stands at. Only who holds the writer lock changes it.
    at: AtomicU64,
}

impl Durable {
    /// The state that the store holds.
    pub(super) fn load(store: Box<dyn Store>) -> Result<(Self, State)> {
        let mut state = State::new();
        let at = read_all(store.as_ref(), &mut state)?;
        let at = AtomicU64::new(at);
        Ok((Self { store, at }, state))
    }

    pub(super) fn at(&self) -> u64 {
        self.at.load(Ordering::Acquire)
    }

    /// The key that protects secrets: the host's, which must be the one that the store was made with, or one that is kept
    /// in the store where the host has none.
    pub(super) fn host_key(&self, host_key: Option<Zeroizing<[u8; 32]>>) -> Result<Zeroizing<[u8; 32]>> {
        let (mark, kept) = (self.store.meta(HOST_KEY)?, self.store.meta(PEPPER)?);
        let refused = |message: &str, help: &str| {
            Err(Error::new(ErrorKind::Configuration, message.to_owned()).help(help.to_owned()))
        };
        match (host_key, mark, kept) {
            (Some(key), Some(mark), _) => {
                SealingKey::from_bytes(key.as_ref())?.open(HOST_KEY, "", 0, &mark)?;
                Ok(key)
            }
            (Some(_), None, Some(_)) => refused(
                "the store was made without a host's key, and one is given",
                "leave the host's key out, or begin a new store with it",
            ),
            (Some(key), None, None) => {
                let mark = SealingKey::from_bytes(key.as_ref())?.seal(HOST_KEY, "", 0, b"")?;
                self.store.set_meta(HOST_KEY, &mark)?;
                Ok(key)
            }
            (None, Some(_), _) => refused(
                "the store was made with a host's key, and none is given",
                "give the engine the host's key",
            ),
            (None, None, Some(kept)) => {
                let kept = Zeroizing::new(kept);
                let key = SealingKey::from_bytes(&kept)?;
                Ok(Zeroizing::new(*key.expose()))
            }
            (None, None, None) => {
                let key = SealingKey::generate()?;
                self.store.set_meta(PEPPER, key.expose())?;
                Ok(Zeroizing::new(*key.expose()))
            }
        }
    }

    /// Makes a change durable.
    pub(super) fn append(&self, record: &ChangeRecord, audit: &Json) -> Result<()> {
        let unwritable = |_| Error::new(ErrorKind::Internal, "a change cannot be written as JSON");
        let mut transaction = Transaction::new().audit(serde_json::to_vec(audit).map_err(unwritable)?);
        for change in &record.changes {
            transaction = transaction.change(serde_json::to_vec(change).map_err(unwritable)?);
        }
        let at = self.store.append(self.at(), &[transaction])?;
        self.at.store(at, Ordering::Release);
        Ok(())
    }
}

fn read_all(store: &dyn Store, state: &mut State) -> Result<u64> {
    store.load(&mut |item| match item {
        Item::Row(_, row) => state.restore(row),
        Item::Entry(entry) => {
            for change in changes_of(&entry)? {
                state.apply(&change).map_err(|error| unfit(&entry, &error))?;
            }
            Ok(())
        }
    })
}

fn changes_of(entry: &Entry<'_>) -> Result<Vec<Change>> {
    let read = |payload: &[u8]| {
        serde_json::from_slice(payload).map_err(|error| {
            Error::new(
                ErrorKind::StoreVersion,
                format!(
                    "a change of revision {} cannot be read: {error}",
                    entry.revision()
                ),
            )
            .help("use the version of the library that wrote the store, or a newer one")
        })
    };
    entry.changes().map(read).collect()
}

fn unfit(entry: &Entry<'_>, error: &Error) -> Error {
    Error::new(
        ErrorKind::StoreCorrupt,
        format!(
            "revision {} of the store does not follow from the one before: {}",
            entry.revision(),
            error.message()
        ),
    )
    .help("restore the store from a backup, or import its last export")
}

impl Inner {
    /// Takes in what others have written to the store, and remembers how that went.
    pub(super) fn follow(&self) -> Result<()> {
        let outcome = self.read_on();
        *self.unheard.lock().unwrap_or_else(PoisonError::into_inner) = outcome.as_ref().err().cloned();
        outcome
    }

    fn read_on(&self) -> Result<()> {
        let Some(durable) = &self.durable else {
            return Ok(());
        };
        // Asked for outside of the lock: mostly nothing is new.
        if durable.store.head()? != durable.at() {
            self.catch_up(durable)?;
        }
        self.heard.store(self.clock.now(), Ordering::Release);
        Ok(())
    }

    fn catch_up(&self, durable: &Durable) -> Result<()> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.snapshot.load_full();
        let mut changes = vec![];
        let read = durable.store.read_after(durable.at(), &mut |entry| {
            changes.append(&mut changes_of(&entry)?);
            Ok(())
        });
        let mut has_keys = keys::concern_keys(&changes);
        let (next, at) = match read {
            Ok(at) => (current.after(&changes)?, at),
            Err(error) if error.kind() == ErrorKind::StoreCompacted => {
                let mut state = State::new();
                let at = read_all(durable.store.as_ref(), &mut state)?;
                has_keys = true;
                let fresh = Snapshot::of(Policies::clone(&current.policies), current.revision + 1)?;
                (fresh.with_platform(&state, Some(administration::shipped()?))?, at)
            }
            Err(error) => return Err(error),
        };
        durable.at.store(at, Ordering::Release);
        self.swap(Arc::new(next), has_keys)
    }

    /// Carries audit records to their sinks and counters to the store.
    fn flush(&self) -> Result<()> {
        let Some(audit) = &self.audit else { return Ok(()) };
        audit.flush();
        match (audit.usage(), &self.durable) {
            (Some(usage), Some(durable)) => usage.save(durable.store.as_ref()),
            _ => Ok(()),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody is left to be told of a failure; the host that wants to know calls `flush` itself.
        let _ = self.flush();
    }
}

impl Engine {
    /// Takes in what other processes have written to the store since; the very next decision counts it.
    ///
    /// For an engine on a store that it follows. [`Engine::follow_store`] calls it again and again.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read_after`]; the engine then stays as it was, and denies once that has lasted longer than its
    /// [maximum staleness](super::EngineBuilder::max_staleness).
    pub fn follow(&self) -> Result<()> {
        self.inner.follow()
    }

    /// How the last reading of the store went, whether it was [`follow`](Self::follow) or the thread of
    /// [`follow_store`](Self::follow_store) that read.
    ///
    /// # Errors
    ///
    /// That of the last reading, until one succeeds.
    pub fn followed(&self) -> Result<()> {
        let unheard = self.inner.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        unheard.clone().map_or(Ok(()), Err)
    }

    /// Shortens the store's log: the state as it is becomes a snapshot, after which the log begins anew.
    ///
    /// Changes can be made meanwhile. Audit records stay.
    ///
    /// # Errors
    ///
    /// Those of [`Store::compact`].
    pub fn compact(&self) -> Result<()> {
        let Some(durable) = &self.inner.durable else {
            return Ok(());
        };
        let (at, state) = {
            let _writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
            (durable.at(), self.platform())
        };
        durable.store.compact(at, &mut state.rows()?.into_iter())
    }

    /// The store that the engine was built on.
    #[must_use]
    pub fn store(&self) -> Option<&dyn Store> {
        self.inner.durable.as_ref().map(|durable| durable.store.as_ref())
    }

    /// Carries the audit records so far to their sinks, and the counters of usage to the store. The engine does it once
    /// more when it is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`Store::save_usage`].
    pub fn flush(&self) -> Result<()> {
        self.inner.flush()
    }
}
