//! A store that lives as long as the process: for tests, and for hosts that keep their state elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;

use super::record::{
    Entry, Payloads, Transaction, check_compaction, check_size, compacted, conflict, gone_back, pack,
};
use super::{EachPair, Item, Store, StoreId};

/// Keeps everything in memory; nothing outlives the process. Clones are the same store.
#[derive(Clone)]
pub struct Memory {
    id: StoreId,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// The revision of the snapshot, after which the log begins.
    base: u64,
    rows: Vec<u8>,
    log: Vec<Vec<u8>>,
    audit: BTreeMap<u64, Vec<u8>>,
    meta: BTreeMap<String, Vec<u8>>,
    usage: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Memory {
    /// An empty store.
    ///
    /// Its identity is random where the system has randomness, and zero otherwise: it is compared with nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            id: StoreId::generate().unwrap_or(StoreId::from_bytes([0; 16])),
            inner: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change below is a single step, so a panic elsewhere leaves nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    fn head(&self) -> u64 {
        self.base + self.log.len() as u64
    }

    fn entries_after(&self, revision: u64) -> Vec<(u64, Vec<u8>)> {
        let numbered = (self.base + 1..).zip(&self.log);
        numbered
            .filter(|(number, _)| *number > revision)
            .map(|(number, changes)| (number, changes.clone()))
            .collect()
    }
}

impl Store for Memory {
    fn id(&self) -> StoreId {
        self.id
    }

    fn head(&self) -> Result<u64> {
        Ok(self.lock().head())
    }

    fn base(&self) -> Result<u64> {
        Ok(self.lock().base)
    }

    fn append(&self, expected: u64, transactions: &[Transaction]) -> Result<u64> {
        transactions.iter().try_for_each(Transaction::check_size)?;
        let mut inner = self.lock();
        let head = inner.head();
        if head != expected {
            return Err(conflict(expected, head));
        }
        for (revision, transaction) in (head + 1..).zip(transactions) {
            inner.log.push(transaction.packed().to_vec());
            if let Some(record) = transaction.audit_record() {
                inner.audit.insert(revision, record.to_vec());
            }
        }
        Ok(inner.head())
    }

    fn load(&self, each: &mut dyn FnMut(Item<'_>) -> Result<()>) -> Result<u64> {
        // The copies let `each` use the store.
        let (base, rows, entries, head) = {
            let inner = self.lock();
            (
                inner.base,
                inner.rows.clone(),
                inner.entries_after(inner.base),
                inner.head(),
            )
        };
        for row in Payloads::of(&rows) {
            each(Item::Row(base, row))?;
        }
        for (revision, changes) in &entries {
            each(Item::Entry(Entry::new(*revision, changes)))?;
        }
        Ok(head)
    }

    fn read_after(&self, revision: u64, each: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<u64> {
        let (base, entries, head) = {
            let inner = self.lock();
            (inner.base, inner.entries_after(revision), inner.head())
        };
        if revision < base {
            return Err(compacted(revision, base));
        }
        if revision > head {
            return Err(gone_back(revision, head));
        }
        for (revision, changes) in &entries {
            each(Entry::new(*revision, changes))?;
        }
        Ok(head)
    }

    fn compact(&self, revision: u64, rows: &mut dyn Iterator<Item = Vec<u8>>) -> Result<()> {
        let mut packed = vec![];
        for row in rows {
            check_size("a row of a snapshot", row.len())?;
            pack(&mut packed, &row);
        }
        let mut inner = self.lock();
        check_compaction(revision, inner.base, inner.head())?;
        let dropped = usize::try_from(revision - inner.base).unwrap_or(usize::MAX);
        inner.log.drain(..dropped);
        inner.base = revision;
        inner.rows = packed;
        Ok(())
    }

    fn audit_after(&self, revision: u64, each: &mut dyn FnMut(u64, &[u8]) -> Result<bool>) -> Result<()> {
        let records = self
            .lock()
            .audit
            .range(revision.saturating_add(1)..)
            .map(|(revision, record)| (*revision, record.clone()))
            .collect::<Vec<_>>();
        for (revision, record) in &records {
            if !each(*revision, record)? {
                break;
            }
        }
        Ok(())
    }

    fn drop_audit(&self, revision: u64) -> Result<u64> {
        let mut inner = self.lock();
        let kept = inner.audit.split_off(&revision.saturating_add(1));
        let dropped = std::mem::replace(&mut inner.audit, kept);
        Ok(dropped.len() as u64)
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.lock().meta.get(name).cloned())
    }

    fn each_meta(&self, each: &mut dyn FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
        let values = self.lock().meta.clone();
        values.iter().try_for_each(|(name, value)| each(name, value))
    }

    fn set_meta(&self, name: &str, value: &[u8]) -> Result<()> {
        self.lock().meta.insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    fn usage(&self, each: &mut EachPair<'_>) -> Result<()> {
        let rows = self.lock().usage.clone();
        rows.iter().try_for_each(|(key, value)| each(key, value))
    }

    fn save_usage(&self, rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<()> {
        let rows: Vec<_> = rows.collect();
        self.lock().usage.extend(rows);
        Ok(())
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("id", &self.id)
            .field("revision", &self.lock().head())
            .finish_non_exhaustive()
    }
}
