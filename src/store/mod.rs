//! Durable state: a numbered log of changes, the snapshots that shorten it, and the audit records beside it.
//!
//! A store knows nothing of what it keeps: changes, snapshot rows and audit records are bytes. It promises that what it
//! has acknowledged is there after any crash, whole and in order, and that damage is noticed and never served.

mod cursor;
mod export;
mod memory;
mod record;
mod seal;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use cursor::Cursors;
pub use export::{export, import};
pub use memory::Memory;
pub use record::{Entry, Payloads, Transaction};
pub use seal::SealingKey;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;

use std::fmt;

use crate::error::Result;

/// Where an engine keeps its platform state.
///
/// Every transaction gets the number after the last one, its revision, from a counter that is changed in the same
/// transaction. So a reader that asks for what came after a revision never misses a change. A store has one writer.
///
/// ```
/// use bailiwick::store::{Memory, Store, Transaction};
///
/// let store = Memory::new();
/// let head = store.append(0, &[Transaction::new().change(b"first".to_vec()).audit(b"who and why".to_vec())])?;
/// assert_eq!(head, 1);
/// let mut seen = vec![];
/// store.read_after(0, &mut |entry| {
///     seen.extend(entry.changes().map(<[u8]>::to_vec));
///     Ok(())
/// })?;
/// assert_eq!(seen, [b"first"]);
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub trait Store: Send + Sync + fmt::Debug {
    /// The random identity that the store was given when it was made.
    fn id(&self) -> StoreId;

    /// The revision of the last transaction; 0 before the first.
    ///
    /// # Errors
    ///
    /// [`StoreIo`](crate::ErrorKind::StoreIo) and [`StoreCorrupt`](crate::ErrorKind::StoreCorrupt).
    fn head(&self) -> Result<u64>;

    /// The revision of the last snapshot, after which the log begins; 0 before the first.
    ///
    /// # Errors
    ///
    /// As [`Store::head`].
    fn base(&self) -> Result<u64>;

    /// Appends transactions as one durable batch and returns the new head.
    ///
    /// The first gets the revision `expected + 1`, each further one the next. When this returns, all of them are durable;
    /// when it fails, none is visible. After an I/O error nobody knows what the disk holds: then the store refuses
    /// further writes until it is opened again.
    ///
    /// # Errors
    ///
    /// [`StoreConflict`](crate::ErrorKind::StoreConflict) when `expected` is not the head,
    /// [`StoreFull`](crate::ErrorKind::StoreFull), [`StoreReadOnly`](crate::ErrorKind::StoreReadOnly),
    /// [`StoreIo`](crate::ErrorKind::StoreIo).
    fn append(&self, expected: u64, transactions: &[Transaction]) -> Result<u64>;

    /// Hands on the last snapshot and every transaction after it, in order, and returns the revision reached.
    ///
    /// # Errors
    ///
    /// [`StoreCorrupt`](crate::ErrorKind::StoreCorrupt) for damage, [`StoreIo`](crate::ErrorKind::StoreIo), and the first
    /// error of `each`. What was handed on before the error must not be used.
    fn load(&self, each: &mut dyn FnMut(Item<'_>) -> Result<()>) -> Result<u64>;

    /// Hands on every transaction after `revision`, in order, and returns the revision reached.
    ///
    /// # Errors
    ///
    /// As [`Store::load`]; [`StoreCompacted`](crate::ErrorKind::StoreCompacted) when the log no longer reaches back that
    /// far: load again.
    fn read_after(&self, revision: u64, each: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<u64>;

    /// Makes `rows`, which stand for all changes up to `revision`, the snapshot, and drops the log up to there.
    ///
    /// Changes may be appended meanwhile. Audit records stay.
    ///
    /// # Errors
    ///
    /// [`ArgumentInvalid`](crate::ErrorKind::ArgumentInvalid) for a revision before the last snapshot or after the head,
    /// and those of [`Store::append`]. The store then is as it was.
    fn compact(&self, revision: u64, rows: &mut dyn Iterator<Item = Vec<u8>>) -> Result<()>;

    /// Hands on the audit records of the revisions after `revision`, the oldest first, until `each` returns false.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    fn audit_after(&self, revision: u64, each: &mut dyn FnMut(u64, &[u8]) -> Result<bool>) -> Result<()>;

    /// Drops the audit records up to `revision`; returns how many those were.
    ///
    /// # Errors
    ///
    /// As [`Store::append`].
    fn drop_audit(&self, revision: u64) -> Result<u64>;

    /// A value that is no part of the numbered state, such as the pepper of secrets.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// Hands on all such values.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    fn each_meta(&self, each: &mut dyn FnMut(&str, &[u8]) -> Result<()>) -> Result<()>;

    /// Sets such a value, durably.
    ///
    /// # Errors
    ///
    /// As [`Store::append`].
    fn set_meta(&self, name: &str, value: &[u8]) -> Result<()>;

    /// Hands on the counters of usage: key and value as they were saved.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    fn usage(&self, each: &mut EachPair<'_>) -> Result<()>;

    /// Saves counters of usage, replacing those with equal keys.
    ///
    /// # Errors
    ///
    /// As [`Store::append`].
    fn save_usage(&self, rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<()>;

    /// Reads everything and compares every checksum.
    ///
    /// # Errors
    ///
    /// [`StoreCorrupt`](crate::ErrorKind::StoreCorrupt), naming what is damaged.
    fn check(&self) -> Result<()>;
}

/// What takes keys and values.
pub type EachPair<'e> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'e;

/// A piece of the state while it is loaded.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A row of the snapshot at this revision; all of them come before the first entry.
    Row(u64, &'a [u8]),
    /// A transaction after the snapshot.
    Entry(Entry<'a>),
}

/// The identity of a store: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId([u8; 16]);

impl StoreId {
    /// A fresh one.
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::ErrorKind::Internal) if the system has no randomness.
    pub fn generate() -> Result<Self> {
        random().map(Self)
    }

    /// An identity that was written down before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreId({self})")
    }
}

/// Bytes from the system's source of randomness.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    crate::random::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[path = "contract_tests.rs"]
mod contract_tests;
